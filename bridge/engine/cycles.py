"""Cycles: what a tick of the clock starts, and one full cycle for `wc-bridge once`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge.engine.polling import poll
from bridge.engine.sweeping import sweep
from bridge.engine.unit import Unit
from bridge.engine.working import TICK, work_all_due
from bridge.errors import DatabaseError, RemoteError

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
    if await unit.journal.take_up(unit.rules, unit.now()):
        log.info("rules.changed", store=unit.store.name)
    cut_off = await unit.outbox.recover(unit.now())
    if cut_off:
        log.warning("actions.recovered", store=unit.store.name, count=cut_off)


async def look_around(unit: Unit, *, sweeping: bool, everything: bool = False) -> str:
    """Poll, and sweep when it is time (`everything`: also what rests); return what kept it from that, or ""."""
    try:
        await learn_language(unit)
        await poll(unit)
        if sweeping:
            await sweep(unit, everything=everything)
    except RemoteError as error:
        log.warning("poll.failed", store=unit.store.name, problem=str(error), who=error.who)
        return str(error)
    except DatabaseError:
        raise
    except Exception as error:
        # A bug must not end the watching unseen: it stands in `status` until a poll ends well.
        log.exception("poll.broken", store=unit.store.name)
        problem = f"wc-bridge itself failed while polling ({type(error).__name__}): its log says where"
        await unit.journal.store_problem(problem)
        return problem
    return ""


async def learn_language(unit: Unit) -> None:
    """Ask the shop for its language where settings.yaml says `auto`, at every start until it says.

    Meanwhile it is the one it last said, or English.
    """
    if unit.language != "auto":
        return
    known = (await unit.journal.state()).locale
    try:
        locale = await unit.store.locale() or known
    except RemoteError as error:  # what it is asked by may be broken where orders can be read
        log.warning("language.unknown", store=unit.store.name, problem=str(error))
        if not known:
            return
        locale = known
    if not locale:
        problem = "the key may not read system_status: notes are English, unless settings.yaml sets language"
        log.warning("language.unknown", store=unit.store.name, problem=problem)
    await unit.journal.learned_locale(locale)
    unit.language = locale[:2] if locale[:2] in SPOKEN else "en"


async def once(unit: Unit, wait: timedelta, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Ended:
    """One full cycle: poll, sweep, work, and go on while something is due within `wait` of the start."""
    until = unit.now() + wait
    problem = await look_around(unit, sweeping=True, everything=True)
    worked = done = await work_all_due(unit)
    due = await unit.journal.next_due(notes=unit.live)
    # A store that can't be read is not waited for; nor, beyond the time, what is due and yet can't be worked on.
    while not problem and due is not None and due <= until and (done or unit.now() < until):
        # What is due and yet was not worked on rests: no haste then, whatever the journal says.
        await sleep(max(0.0 if done else TICK, (due - unit.now()).total_seconds()))
        done = await work_all_due(unit)
        worked += done
        due = await unit.journal.next_due(notes=unit.live)
    return Ended(
        store=unit.store.name,
        problem=problem,
        worked=worked,
        later=await unit.journal.count_due(notes=unit.live),
        next_due=due,
    )
