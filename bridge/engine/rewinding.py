"""A store that went back in time: how it is noticed and held whole (see `bridge.domain.rewinding`).

While it is held its database stays as it was when that was noticed, to be compared with what the store shows: no
look is committed, no call made, no note written. The poll goes on reading.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bridge.db import holds, rewinds
from bridge.db.holds import Held
from bridge.db.known import Known
from bridge.domain.orders import GONE, Order
from bridge.domain.rewinding import all_gone, gone_back
from bridge.engine.remedies import hold_told
from bridge.engine.unit import Unit
from bridge.errors import NotThere, RemoteError, Unreadable
from bridge.ports import Row

PAUSE = timedelta(minutes=10)
"""After which an order of a held store comes up again."""
LAG = timedelta(minutes=2)
"""How far a copy of the shop's database that answers in its place may be behind."""
AGAIN = timedelta(seconds=20)
"""After which an order is read again that may only be shown by such a copy."""
NEWEST = 100
"""How many of the newest orders are asked for when one is gone."""
FEW = 20
"""How many orders a sweep reads besides those that are open."""


async def may_act(unit: Unit) -> bool:
    """Whether calls may be made and notes written for the store."""
    return not await _held(unit) and unit.live


async def _held(unit: Unit) -> bool:
    """Whether the store is held for having gone back. Then it is as in shadow mode."""
    state = await unit.journal.state()
    back = state.held == Held.REWOUND
    unit.live = state.mode == "live" and not back
    return back


async def rests(unit: Unit, order_id: int) -> bool:
    """Whether the order rests because its store went back; it comes up again, in case somebody has said go."""
    if not await _held(unit):
        return False
    await unit.journal.rest(order_id, unit.now() + PAUSE)
    return True


async def suspects(unit: Unit, known: Mapping[int, Known], rows: Sequence[Row]) -> list[int]:
    """The listed orders which say that the store went back: not to be believed before a look says so too."""
    behind = timedelta()

    def said() -> list[int]:
        return [row.id for row in rows if _says(known.get(row.id), row, behind)]

    if said():
        behind = await _behind(unit)
    return said()


def _says(known: Known | None, row: Row, behind: timedelta) -> bool:
    if known is None or known.order is None or known.record is None or row.order is None:
        return False
    return bool(gone_back(known.order, known.record.changed - behind, row.order))


async def last_news_of(unit: Unit) -> list[int]:
    """The orders about which something was seen or done last: those are what a backup has forgotten first."""
    return await rewinds.last_touched(unit.store.name, FEW)


async def went_back(unit: Unit, known: Known, order: Order) -> bool:
    """Whether a fresh read of an order says that its store went back; if so, it is held.

    Not at once where the read is older than what is known, and that is young: the order alone waits until no copy
    of the shop's database that lags behind can be what answers.
    """
    if known.order is None or known.record is None:
        return False
    why = await _suspicion(unit, known.order, known.record.changed, order)
    if not why:
        return False
    now = unit.now()
    older = order.status == GONE or order.modified < known.order.modified
    if older and now - known.record.changed < LAG:
        await unit.journal.rest(order.id, now + AGAIN)
        return True
    first = await holds.hold(unit.store.name, Held.REWOUND, why)
    await rests(unit, order.id)
    if first:
        await unit.journal.set_aside(known.row, hold_told(Held.REWOUND, why, unit.store.name), None, now)
    return True


async def _suspicion(unit: Unit, before: Order, last_news: datetime, now: Order) -> str:
    """Why the store seems to have gone back; "" if it does not."""
    if now.status == GONE:
        return "" if before.status in ("trash", GONE) else await _all_gone(unit, now.id)
    if not gone_back(before, last_news, now):
        return ""
    # A store whose clock was put back dates all that is saved since as much earlier.
    return gone_back(before, last_news - await _behind(unit), now)


async def _behind(unit: Unit) -> timedelta:
    """By how much the store's clock is behind ours; nothing where it does not say."""
    try:
        clock = (await unit.store.facts()).clock
    except RemoteError:  # what it is asked by may be broken where orders can be read
        return timedelta()
    return max(timedelta(), unit.now() - clock) if clock is not None else timedelta()


async def _all_gone(unit: Unit, order_id: int) -> str:
    """Why the newest orders are gone and not just this one; "" if they are not."""
    known = await rewinds.newest(unit.store.name, NEWEST)
    there = {row.id for row in await unit.store.by_ids([order.id for order in known])}
    oldest = min(all_gone(known, there), default=None)
    for order in known:
        if oldest is None or order.id < oldest or order.id in there or order.status == GONE:
            continue
        try:  # what is in the trash is not listed
            there.add((await unit.store.order(order.id)).id)
        except Unreadable:
            there.add(order.id)
        except NotThere:
            continue
    found = all_gone(known, there)
    if order_id not in found:
        return ""
    return f"orders {min(found)} to {max(found)}, the newest {len(found)}, are gone while older ones are there"
