"""Cycles: what a tick of the clock starts, and one full cycle for `wc-bridge once`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge.db import alone, modes, refusals, resyncs
from bridge.domain.alerts import Topic
from bridge.domain.outages import SHOP
from bridge.engine import outages, storage
from bridge.engine.alarm import pass_on
from bridge.engine.alerting import tell_alerts
from bridge.engine.binding import check, misplaced
from bridge.engine.polling import poll
from bridge.engine.rewinding import is_held
from bridge.engine.sweeping import sweep
from bridge.engine.unit import Unit
from bridge.engine.working import TICK, work_all_due
from bridge.errors import AccessDenied, Busy, RemoteError
from bridge.ports import Facts

log = structlog.get_logger()

AGAIN_A_TICK, AGAIN_AT_ONCE = 4, 500
"""Orders of a `resync` that a tick of the daemon takes up, and `once`."""
DAILY = timedelta(days=1)
"""How often a store is asked for its version, storage and language."""
AGAIN = timedelta(hours=1)
"""After which it is asked again where it gave no answer."""
DENIED = timedelta(minutes=15)
"""How long a store rests that refuses the key."""
ONCE = " (once so far; it is asked again)"
"""Stands behind the problem of a store that has refused the key for the first time."""
OFTEN = " (it is asked every 15 minutes)"
"""Stands behind one that has refused it again, and of which an alert was given."""
BEFORE = "; before that: "
"""Stands between what is wrong now and a refusal that nothing has shown to be over."""
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=10)
"""How long one rests that asks to wait."""
PATIENCE = timedelta(hours=1)
"""The longest wait that a store may ask for itself."""


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
    """Make the store known to the journal, and take calls that a crash, or whoever had the store before, cut off as
    unknown.
    """
    await _turn(unit, mode)
    state = await unit.standing.open(mode)
    unit.restored, unit.went_live = state.restored, state.went_live
    await refusals.in_force(unit.lease)
    await alone.live_since(unit.store.name, live=mode == "live", now=unit.now())
    await misplaced(unit)
    await outages.remember(unit)
    if await unit.standing.take_up(unit.rules, unit.now()):
        log.info("rules.changed", store=unit.store.name)
    cut_off = await unit.outbox.recover(unit.now())
    if cut_off:
        log.warning("actions.recovered", store=unit.store.name, count=cut_off)


async def _turn(unit: Unit, mode: str) -> None:
    """Take up that the store goes live, or back to shadow mode; what is not finished is then looked at at once."""
    store, now = unit.store.name, unit.now()
    if mode == "live" and await modes.go_live(store, unit.lease, now):
        await unit.agenda.wake_unfinished(now, bounded=True)
        log.info("store.went_live", store=store)
    elif mode == "shadow" and await modes.go_back(store, unit.lease):
        log.info("store.went_back", store=store)


async def look_around(unit: Unit, *, sweeping: bool, everything: bool = False, insisting: bool = False) -> str:
    """Poll, and sweep when it is time (`everything`: also what rests); return what kept it from that, or "".

    A store that rests is asked nothing, unless somebody is `insisting`. Raises what the database raises that fails.
    """
    state = await unit.standing.state()
    if not insisting and _rests(unit, state.rest_until):
        return state.problem
    unit.locale = state.locale
    try:
        if why := await _who_is_there(unit, state.asked):
            return why
        await poll(unit, sweeping=sweeping)
        if state.problem:
            await learn(unit)
        if sweeping:
            await sweep(unit, everything=everything)
    except RemoteError as error:
        down = unit.now() - state.polled if state.polled else LONGEST
        await _failed(unit, error, down, state.problem)
        if not isinstance(error, AccessDenied):  # of that the administrator is told at once
            await outages.not_answered(unit, SHOP, error)
        return str(error)
    except Exception as error:
        if storage.is_failure(error):
            raise
        # A bug must not end the watching unseen: it stands in `status` until a poll ends well.
        log.exception("poll.broken", store=unit.store.name)
        problem = f"wc-bridge itself failed while polling ({type(error).__name__}): its log says where"
        await unit.standing.store_problem(problem)
        return problem
    unit.failing = ""
    storage.works(unit)
    await outages.answered(unit, SHOP)
    if state.problem:
        log.info("store.recovered", store=unit.store.name, problem=state.problem)
    return ""


async def _who_is_there(unit: Unit, asked: datetime | None) -> str:
    """Before anything is read of a shop at the first time since the start, and daily, see that it is the one that
    the database belongs to; return why it is not, or "".
    """
    if not unit.bound and (why := await misplaced(unit)):
        return why
    if not unit.bound or asked is None or unit.now() - asked >= DAILY:
        return await learn(unit)
    return ""


async def work_unless_resting(unit: Unit, stopping: asyncio.Event | None = None) -> None:
    """Work on all that is due; while the store rests its orders wait with it, instead of each trying.

    Nor is anything done before the first run is through: only then is it known whose each payment is.
    """
    state = await unit.standing.state()
    await is_held(unit)  # so that it is live again as soon as nothing holds it, though no order be looked at
    if state.baseline_done and not _rests(unit, state.rest_until):
        await resyncs.take_up(unit.lease, state, AGAIN_A_TICK, unit.now())
        await work_all_due(unit, stopping)


async def tell(unit: Unit) -> None:
    """Tell the administrator what burns, beside the work: that may take all day."""
    storage.tell(unit)
    await is_held(unit)
    await tell_alerts(unit)


def _rests(unit: Unit, until: datetime | None) -> bool:
    """Whether it is left alone now; longer than may be only where our clock was set back, which is no reason."""
    return until is not None and unit.now() < until <= unit.now() + PATIENCE


async def _failed(unit: Unit, error: RemoteError, down: timedelta, before: str) -> None:
    """Keep what is wrong in `status`, and let the store rest; `before`: what was wrong at the poll before this.

    A key that is refused twice in a row is an alert, told once, whatever else goes wrong in between. Once may be a
    proxy's whim, or a signature that something on the way sent again.
    """
    problem, rest = str(error), rest_after(error, down)
    event, say = "poll.failed", log.warning
    told = before.rpartition(BEFORE)[2] if before.endswith(OFTEN) else ""
    if not isinstance(error, AccessDenied):
        kept = f"{problem}{BEFORE}{told}" if told else problem
    elif told == problem + OFTEN:
        kept = told
    elif before == problem + ONCE:
        kept, event, say = problem + OFTEN, "store.alert", log.error
    else:
        kept, rest = problem + ONCE, SHORTEST
    if kept == unit.failing:
        say = log.debug  # an outage is told when it begins, and at a start, not at every poll
    unit.failing = kept
    say(event, store=unit.store.name, problem=problem, who=error.who)
    if event == "store.alert":
        text = f"not polled, and nothing is done: {problem}. It is asked again every 15 minutes"
        await pass_on(unit, Topic.ACCESS_DENIED, text)
    await unit.standing.store_problem(kept, unit.now() + rest if rest else None)


def rest_after(error: RemoteError, down: timedelta) -> timedelta | None:
    """How long a store rests that refuses the key, or asks to wait and has done so for the time `down`.

    Longer, the longer that lasts; as long as it asks for itself, within reason. None: not at all.
    """
    if isinstance(error, AccessDenied):
        return DENIED
    if not isinstance(error, Busy):
        return None
    return max(SHORTEST, min(down / 2, LONGEST), min(error.after or SHORTEST, PATIENCE))


async def learn(unit: Unit) -> str:
    """Let the store tell its address, version, storage and language: at a start, daily, and after trouble.

    Return why it is not the shop that the database belongs to, or "". What else it does not tell is not needed: the
    sweep goes as posts storage needs it, and notes are in English. Raises RemoteError at a start: who gives no
    answer then may be anybody.
    """
    asked = unit.now()
    try:
        facts = await unit.store.facts()
    except RemoteError as error:
        if not unit.bound:
            raise
        log.warning("store.untold", store=unit.store.name, problem=str(error))
        facts = Facts()
    else:
        if why := await check(unit, facts):
            return why
    # Told nothing, it is asked again soon: what it is asked by may be broken where orders can be read.
    await unit.standing.learned(facts, asked if facts.version else asked - DAILY + AGAIN)
    unit.locale = facts.locale or unit.locale
    return ""


async def once(unit: Unit, wait: timedelta, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Ended:
    """One full cycle: poll, sweep, work, and go on while something is due within `wait` of the start."""
    structlog.contextvars.bind_contextvars(store=unit.store.name)
    until = unit.now() + wait
    problem = await look_around(unit, sweeping=True, everything=True, insisting=True)
    state = await unit.standing.state()
    begun = not state.baseline_done
    if not begun:
        await resyncs.take_up(unit.lease, state, AGAIN_AT_ONCE, unit.now())
    worked = done = 0 if begun else await work_all_due(unit)
    due = await unit.agenda.next_due(notes=unit.live)
    # A store that can't be read is not waited for; nor, beyond the time, what is due and yet can't be worked on.
    while not problem and due is not None and due <= until and (done or unit.now() < until):
        # What is due and yet was not worked on rests: no haste then, whatever the journal says.
        await sleep(max(0.0 if done else TICK, (due - unit.now()).total_seconds()))
        done = await work_all_due(unit)
        worked += done
        due = await unit.agenda.next_due(notes=unit.live)
    await tell_alerts(unit, ending=True)
    return Ended(
        store=unit.store.name,
        problem=problem,
        worked=worked,
        later=await unit.agenda.count_due(notes=unit.live),
        next_due=due,
    )
