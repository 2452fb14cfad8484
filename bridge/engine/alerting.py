"""Alerts that must not be lost: told from what the database holds, and marked as told after that.

Whoever dies in between tells it again; nobody is left untold. What is held by number or amount is told when the
wave has passed, so that one alert has the whole figures.
"""

from datetime import datetime, timedelta

from bridge.db import bounds, burning, firsts, holds
from bridge.db import outages as kept
from bridge.db.bounds import Untold
from bridge.db.outages import Tried
from bridge.domain.alerts import Topic, named
from bridge.domain.outages import LASTING, LONG, SHOP, Outage
from bridge.engine import outages
from bridge.engine.alarm import alarm
from bridge.engine.remedies import beyond, decides, first_decides, first_differed, hold_told
from bridge.engine.unit import Unit

QUIET = timedelta(seconds=30)
"""How long nothing more was held when the administrator is told."""
LONGEST = timedelta(minutes=2)
"""After which that is told although more is still coming."""
AGAIN = timedelta(days=1)
"""After which what came since is told, where what was told is still not decided."""


async def tell_alerts(unit: Unit, *, ending: bool = False) -> None:
    """Tell what is due; `ending`: also what more may come to. In shadow mode nobody is asked to act."""
    await outages.alert(unit)
    if unit.live:
        await _tell_bounds(unit, ending=ending)
        await _tell_firsts(unit)
        await _tell_tried(unit)
        await _tell_unknown(unit)
        await _tell_no_money(unit, ending=ending)
    await _tell_hold(unit)


async def _tell_bounds(unit: Unit, *, ending: bool) -> None:
    store, now = unit.store.name, unit.now()
    for it in await bounds.untold(store):
        if ending or _is_due(it, now):
            text = f"{beyond(it.bunch)}: {decides(store, it.bunch.kind, it.bunch.count)}"
            await alarm(unit, Topic.KIND_HELD, text)
            await bounds.tell(store, it.bunch.kind, it.newest)


def _is_due(it: Untold, now: datetime) -> bool:
    if it.told is not None and now - it.told < AGAIN:
        return False
    return _has_passed(it.oldest, it.newest, now)


def _has_passed(oldest: datetime, newest: datetime, now: datetime) -> bool:
    """Whether the wave has passed."""
    return now - newest >= QUIET or now - oldest >= LONGEST


async def _tell_firsts(unit: Unit) -> None:
    for it in await firsts.untold(unit.store.name):
        await alarm(unit, Topic.KIND_HELD, f"{first_differed(it)}; {first_decides(unit.store.name, it)}")
        await firsts.tell(it)


async def _tell_tried(unit: Unit) -> None:
    """Tell of single actions that are tried again and again, and staff on their orders: each once.

    Of what waits for a remote that gives nobody an answer it is told as an outage.
    """
    now = unit.now()
    for it in await kept.tried_since(unit.store.name, now - LASTING, now):
        if any(_covers(unit.outages.get(remote), it) for remote in (it.provider, SHOP)):
            continue
        if not it.told:
            since = it.created.isoformat(timespec="seconds")
            text = f"the {it.kind} for order {it.order_id} is tried since {since}, in vain: {it.why}"
            await alarm(unit, Topic.IN_VAIN, text, orders=(it.order_id,))
            await kept.alerted_to(it, now)
        if now - it.created >= LONG:
            await outages.tell_waiting(unit, [it.order_id], it.provider, it.created)


def _covers(outage: Outage | None, it: Tried) -> bool:
    """Whether the outage is, or is going to be, told of, and is what the action waits for."""
    return outage is not None and outage.paused and (outage.alerted or outage.since - it.created < LASTING)


async def _tell_unknown(unit: Unit) -> None:
    """Tell of calls of which nobody knows what they did, although their payments can be read."""
    now = unit.now()
    for it in await burning.unknown(unit.store.name, now - unit.rules.settle_unknown - LASTING):
        if any(_covers(unit.outages.get(remote), it) for remote in (it.provider, SHOP)):
            continue
        which = f"{unit.store.name} {it.order_id}"
        text = (
            f"what became of the {it.kind} for order {it.order_id} is not known; it was decided on at "
            f"{it.created:%Y-%m-%d %H:%M} UTC. Look into the portal of {it.provider}; `wc-bridge order {which}` "
            f"tells what was done, `wc-bridge retry --order {which}` looks again"
        )
        await alarm(unit, Topic.UNKNOWN, text, orders=(it.order_id,))
        await kept.alerted_to(it, now)


async def _tell_no_money(unit: Unit, *, ending: bool) -> None:
    """Tell of orders that somebody may be about to ship, and nobody pays: of a wave of them together."""
    now = unit.now()
    found = await burning.unpaid(unit.store.name, unit.rules.capture_on)
    moments = [it.since for it in found]
    if found and (ending or _has_passed(min(moments), max(moments), now)):
        orders = tuple(it.order_id for it in found)
        text = (
            f"do not ship {named(orders)}: completed, and no money is reserved. Let the customer pay in another "
            f"way, or cancel; `wc-bridge order {unit.store.name} {orders[0]}` tells more"
        )
        await alarm(unit, Topic.NO_MONEY, text, orders=orders)
        await burning.told([it.row for it in found], unit.now())  # by then each of them had been held


async def _tell_hold(unit: Unit) -> None:
    if it := await holds.untold(unit.store.name):
        by, why = it
        await alarm(unit, Topic.STORE_HELD, hold_told(by, why, unit.store.name))
        await holds.told(unit.store.name)
