"""A store that went back in time: how it is noticed and held whole (see `bridge.domain.rewinding`).

While it is held its database stays as it was when that was noticed, to be compared with what the store shows: no
look is committed, no call made, no note written. The poll only asks whether it is there.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bridge.db import rewinds
from bridge.db.holds import Held
from bridge.db.known import Known
from bridge.domain.orders import GONE, Order
from bridge.domain.rewinding import ON_END, all_gone, gone_back
from bridge.engine.remedies import hold_told
from bridge.engine.unit import Unit
from bridge.errors import NotThere, Unreadable
from bridge.ports import Row

PAUSE = timedelta(minutes=10)
"""After which an order of a held store comes up again."""
LAG = timedelta(minutes=2)
"""How far a copy of the shop's database that answers in its place may be behind."""
AGAIN = timedelta(seconds=20)
"""After which an order is read again that may only be shown by such a copy."""
NEWEST = 100
"""How many of the newest orders are asked for at once when one of them is gone."""
BATCHES = 10
"""How many times that, at most, until one is found that is there: an emptied shop has none."""
FEW = 20
"""How many orders a sweep reads besides those that are open."""


async def may_act(unit: Unit) -> bool:
    """Whether calls may be made and notes written for the store."""
    return not await is_held(unit) and unit.live


async def is_held(unit: Unit) -> bool:
    """Whether the store is held for having gone back, or refused as another's. Then it is as in shadow mode."""
    mode, held, unbound = await unit.standing.holding()
    back = held == Held.REWOUND or unbound != ""
    unit.live = mode == "live" and not back
    return back


async def rests(unit: Unit, order_id: int) -> bool:
    """Whether the order rests because its store went back; it comes up again, in case somebody has said go."""
    if not await is_held(unit):
        return False
    await unit.agenda.rest(order_id, unit.now() + PAUSE)
    return True


async def suspects(unit: Unit, known: Mapping[int, Known], rows: Sequence[Row]) -> list[int]:
    """The listed orders which say that the store went back: not to be believed before a look says so too."""
    both = [(known[row.id], row.order) for row in rows if row.id in known and row.order is not None]
    said = [(before, now) for before, now in both if _says(before, now)]
    behind = -await unit.ahead() if said else timedelta()
    return [now.id for before, now in said if _says(before, now, behind)]


def _says(known: Known, now: Order, behind: timedelta | None = None) -> str:
    """Why two looks at an order say that the store went back; "" if they do not.

    `behind` puts our last news of it into the store's time, by whose clock its dates are; None: any date that went
    back says so.
    """
    before, record = known.order, known.record
    if before is None or record is None:
        return ""
    return gone_back(before, before.modified if behind is None else record.changed - behind, now)


async def last_news_of(unit: Unit) -> list[int]:
    """The orders about which there was news last, and those the shop changed last: a backup forgets them first."""
    return await rewinds.last_touched(unit.store.name, FEW)


async def went_back(unit: Unit, known: Known, order: Order) -> bool:
    """Whether a fresh read of an order says that its store went back; if so, it is held.

    Not at once where the read is older than what is known, and that is young: the order alone waits until no copy
    of the shop's database that lags behind can be what answers.
    """
    if known.order is None or known.record is None:
        return False
    if order.status == GONE:
        why = "" if known.order.status in ("trash", GONE) else await _all_gone(unit, order.id)
    else:
        why = _says(known, order) and _says(known, order, -await unit.ahead())
    if not why:
        return False
    now = unit.now()
    older = order.status == GONE or order.modified < known.order.modified
    if older and now - known.record.changed < LAG:
        await unit.agenda.rest(order.id, now + AGAIN)
        return True
    name = unit.store.name
    async with unit.lease.guard():
        await rewinds.hold(name, why, known, hold_told(Held.REWOUND, why, name), now)
    return await rests(unit, order.id)


async def _all_gone(unit: Unit, order_id: int) -> str:
    """Why the newest orders are gone and not just this one, which is among them; "" if they are not."""
    known = await rewinds.newest(unit.store.name, NEWEST)
    if order_id not in [order.id for order in known]:
        return ""
    there = await _listed(unit, known)
    for _ in range(1, BATCHES):
        batch = [] if there else await rewinds.newest(unit.store.name, NEWEST, before=known[-1].id)
        if not batch:
            break
        known, there = known + batch, await _listed(unit, batch)
    found = all_gone(known, there)
    if order_id not in found:
        return ""
    sure = 0
    for order in known:  # what is in the trash is not listed
        if sure == ON_END or order.id in there:
            break
        if order.status != GONE and await _exists(unit, order.id):
            there.add(order.id)
            break
        sure += order.id in found
    found = all_gone(known, there)
    if order_id not in found:
        return ""
    return f"orders {min(found)} to {max(found)}, the newest {len(found)}, are gone while older ones are there"


async def _listed(unit: Unit, orders: Sequence[Order]) -> set[int]:
    return {row.id for row in await unit.store.by_ids([order.id for order in orders])}


async def _exists(unit: Unit, order_id: int) -> bool:
    try:
        await unit.store.order(order_id)
    except NotThere:
        return False
    except Unreadable:
        return True
    return True
