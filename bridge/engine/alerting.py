"""Alerts that must not be lost: told from what the database holds, and marked as told after that.

Whoever dies in between tells it again; nobody is left untold. What is held by number or amount is told when the
wave has passed, so that one alert has the whole figures.
"""

from datetime import datetime, timedelta

import structlog

from bridge.db import bounds, firsts, holds
from bridge.db.bounds import Untold
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


async def _tell_hold(unit: Unit) -> None:
    if it := await holds.untold(unit.store.name):
        by, why = it
        _alert(unit, hold_told(by, why, unit.store.name))
        await holds.told(unit.store.name)


def _alert(unit: Unit, problem: str) -> None:
    log.error("store.alert", store=unit.store.name, problem=problem)
