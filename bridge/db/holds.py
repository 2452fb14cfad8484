"""A store that is held whole: by what, why, and until a person says go."""

from datetime import datetime
from enum import StrEnum

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from bridge.db import statements
from bridge.db.models import ActionRow, OrderRow, StoreRow
from bridge.db.rows import of_store
from bridge.domain.reasons import Bound


class Held(StrEnum):
    REWOUND = "rewound"
    """It seems to have gone back in time: nothing is looked at, called or noted, so that what is known stays."""
    PLUGIN = "plugin"
    """The plugin's order management seems to be on: orders are looked at, and no call is made."""


async def held(store: str) -> tuple[Held | None, str]:
    """What holds the store, and why; None while nothing does, or it is not known."""
    rows = await statements.columns(StoreRow, "held", "held_why", name=store)
    return next(((Held(row["held"]), row["held_why"]) for row in rows if row["held"]), (None, ""))


async def hold(store: str, by: Held, why: str) -> bool:
    """Hold the store whole; False where it is already. One that has gone back is held by that above all."""
    rows = StoreRow.filter(name=store).exclude(held=Held.REWOUND).exclude(held=by)
    return bool(await rows.update(held=by, held_why=why, held_told=False))


async def let_go(store: str, now: datetime) -> None:
    """The store is held no more. What others did on it until now says nothing about what comes."""
    await StoreRow.filter(name=store).update(held="", held_why="", held_told=False, alone_since=now)


async def resume(store: str, now: datetime) -> int:
    """Let a store go on whose plugin is off, and have all that was held for it looked at; return how many."""
    async with in_transaction():
        await let_go(store, now)
        waiting = ActionRow.filter(open_slot__gt=0, reason=Bound.PLUGIN)
        rows = [it["open_slot"] for it in await of_store(store, waiting, "open_slot")]
        await OrderRow.filter(id__in=rows or [-1]).update(due=now, version=F("version") + 1)
        return len(rows)


async def untold(store: str) -> tuple[Held, str] | None:
    """What holds the store where the administrator has not been alerted to it yet, and why."""
    row = await StoreRow.get_or_none(name=store, held_told=False)
    return (Held(row.held), row.held_why) if row and row.held else None


async def told(store: str) -> None:
    await StoreRow.filter(name=store).update(held_told=True)
