"""Alerts that must not be lost: told from what the database holds, and marked as told after that.

Whoever dies in between tells it again; nobody is left untold. What is held by number or amount is told when the
wave has passed, so that one alert has the whole figures.
"""

from datetime import datetime, timedelta

import structlog

from bridge.db import bounds, firsts, holds
from bridge.db import outages as kept
from bridge.db.bounds import Untold
from bridge.db.outages import Tried
from bridge.domain.outages import LASTING, LONG, SHOP, Outage
from bridge.engine import outages
from bridge.engine.remedies import beyond, decides, first_decides, first_differed, hold_told
from bridge.engine.unit import Unit

log = structlog.get_logger()

QUIET = timedelta(seconds=30)
"""How long nothing more was held when the administrator is told."""
LONGEST = timedelta(minutes=2)
"""After which that is told although more is still coming."""
AGAIN = timedelta(days=1)
"""After which what came since is told, where what was told is still not decided."""


async def tell_alerts(unit: Unit, *, ending: bool = False) -> None:
    """Tell what is due; `ending`: also what more may come to. In shadow mode nobody is asked to act."""
    if unit.live:
        await _tell_bounds(unit, ending=ending)
        await _tell_firsts(unit)
        await _tell_tried(unit)
    await _tell_hold(unit)


async def _tell_bounds(unit: Unit, *, ending: bool) -> None:
    store, now = unit.store.name, unit.now()
    for it in await bounds.untold(store):
        if ending or _is_due(it, now):
            _alert(unit, f"{beyond(it.bunch)}: {decides(store, it.bunch.kind, it.bunch.count)}")
            await bounds.tell(store, it.bunch.kind, now)


def _is_due(it: Untold, now: datetime) -> bool:
    if it.told is not None and now - it.told < AGAIN:
        return False
    return now - it.newest >= QUIET or now - it.oldest >= LONGEST


async def _tell_firsts(unit: Unit) -> None:
    for it in await firsts.untold(unit.store.name):
        _alert(unit, f"{first_differed(it)}; {first_decides(unit.store.name, it)}")
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
            _alert(unit, f"the {it.kind} for order {it.order_id} is tried since {since}, in vain: {it.why}")
            await kept.alerted_to(it, now)
        if now - it.created >= LONG:
            await outages.tell_waiting(unit, [it.order_id], it.provider, it.created)


def _covers(outage: Outage | None, it: Tried) -> bool:
    """Whether the outage is, or is going to be, told of, and is what the action waits for."""
    return outage is not None and outage.paused and (outage.alerted or outage.since - it.created < LASTING)


async def _tell_hold(unit: Unit) -> None:
    if it := await holds.untold(unit.store.name):
        by, why = it
        _alert(unit, hold_told(by, why, unit.store.name))
        await holds.told(unit.store.name)


def _alert(unit: Unit, problem: str) -> None:
    log.error("store.alert", store=unit.store.name, problem=problem)
