"""Cycles: what a tick of the clock starts, and one full cycle for `wc-bridge once`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge.engine.polling import poll
from bridge.engine.sweeping import sweep
from bridge.engine.unit import Unit
from bridge.engine.working import work_all_due
from bridge.errors import RemoteError

log = structlog.get_logger()

SPOKEN = ("sv", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What one full cycle of a store came to."""

    store: str
    problem: str
    """Why the store could not be read; "" when it could."""
    worked: int
    later: int
    """Orders that have something due later."""
    next_due: datetime | None


async def start(unit: Unit, mode: str) -> None:
    """Make the store known to the journal, and take calls that a crash cut off as unknown."""
    await unit.journal.open(mode)
    cut_off = await unit.journal.recover(unit.now())
    if cut_off:
        log.warning("actions.recovered", store=unit.store.name, count=cut_off)


async def look_around(unit: Unit, *, sweeping: bool) -> str:
    """Poll, and sweep when it is time; return what kept the store from being read, or ""."""
    try:
        await learn_language(unit)
        await poll(unit)
        if sweeping:
            await sweep(unit)
    except RemoteError as error:
        log.warning("poll.failed", store=unit.store.name, problem=str(error), who=error.who)
        return str(error)
    return ""


async def learn_language(unit: Unit) -> None:
    """Ask the shop once for its language where settings.yaml says `auto`."""
    if unit.language != "auto":
        return
    locale = (await unit.journal.state()).locale or await unit.store.locale()
    await unit.journal.learned_locale(locale)
    unit.language = locale[:2] if locale[:2] in SPOKEN else "en"


async def once(unit: Unit, wait: timedelta, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Ended:
    """One full cycle: poll, sweep, work, and go on while something is due within `wait` of the start."""
    until = unit.now() + wait
    problem = await look_around(unit, sweeping=True)
    worked = await work_all_due(unit)
    while (due := await unit.journal.next_due()) is not None and due <= until:
        await sleep(max(0.0, (due - unit.now()).total_seconds()))
        worked += await work_all_due(unit)
    return Ended(
        store=unit.store.name,
        problem=problem,
        worked=worked,
        later=await unit.journal.count_due(),
        next_due=due,
    )
