"""Orders of which the administrator is told at once: what was told of each stands in its story."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.db.codec import ATTEMPT, load
from bridge.db.models import ActionRow, EventRow, OrderRow, OutageRow, StoreRow
from bridge.db.outages import ALERTED, Tried, open_since, tried
from bridge.db.rows import slices, tell
from bridge.domain.outages import SHOP
from bridge.domain.reasons import Reason
from bridge.domain.records import State


async def unknown(store: str, before: datetime) -> list[Tried]:
    """Return the actions, oldest first, whose call ended before then, whose outcome is not known yet, and that
    nobody was alerted to.
    """
    found = []
    for row in await open_since(store, before, ActionRow.filter(state=State.UNKNOWN)):
        attempt = load(ATTEMPT, row.attempt)
        if attempt is not None and attempt.ended is not None and attempt.ended <= before:
            found.append(await tried(row))
    return [it for it in found if not it.told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """An order that is completed, and for which no money is reserved."""

    row: int
    order_id: int
    since: datetime


async def unpaid(store: str, completed: Collection[str]) -> list[Unpaid]:
    """Return those in one of these statuses that nobody was alerted to since they are so, by their ids."""
    watched = OrderRow.filter(store_id=store, watched=True, attention=Reason.NO_MONEY, status__in=list(completed))
    rows = [row for row in await watched.order_by("order_id") if row.attention_since is not None]
    told: dict[int, datetime] = {}
    for some in slices([row.id for row in rows]):
        for event in await EventRow.filter(order_id__in=some, topic=ALERTED).order_by("id"):
            told[event.order_id] = event.at
    return [
        Unpaid(row=row.id, order_id=row.order_id, since=row.attention_since)
        for row in rows
        if row.attention_since and (row.id not in told or told[row.id] < row.attention_since)
    ]


async def told(rows: Sequence[int], now: datetime) -> None:
    """The administrator was alerted to these orders."""
    for row in rows:
        await tell(row, ((ALERTED, "no money is reserved: an alert was given"),), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """How the polls of a store go."""

    polled: datetime | None
    """When one last ended well."""
    problem: str
    reading: bool
    """Its first run is under way, which may take long."""
    down: bool
    """The shop is known to give no answer; of that is told as an outage."""


NO_POLLS = Polls(polled=None, problem="", reading=False, down=False)
"""Those of a store that is not known yet."""


async def polls(stores: Collection[str]) -> dict[str, Polls]:
    """Return how the polls go of those of these stores that are known, by name."""
    names = list(stores) or [""]
    rows = await StoreRow.filter(name__in=names)
    unanswered = OutageRow.filter(store_id__in=names, remote=SHOP, paused=True)
    down = {row["store_id"] for row in await unanswered.values("store_id")}
    return {
        row.name: Polls(
            polled=row.polled,
            problem=row.problem,
            reading=not row.problem and row.baseline_until is not None and not row.baseline_done,
            down=row.name in down,
        )
        for row in rows
    }
