"""The daemon: a post for each store, a listener for hints, and an end that leaves no call without a record.

Where systemd has started it, it hears when the daemon is ready, when it ends, and all the while that it turns.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.alerts.channels import NOWHERE
from bridge.alerts.running import alarming
from bridge.app import Workplace, utc_now, workplace
from bridge.db.leases import Terms
from bridge.engine.progress import Listener
from bridge.errors import DatabaseError
from bridge.monitoring.monitor import Monitor
from bridge.roster import InForce, Read, Roster
from bridge.settings import Settings
from bridge.systemd import Patience, keep_informed
from bridge.ticking import ALERTS, TICK, end, tell_where_due, work_where_due
from bridge.web import monitoring, webhooks
from bridge.web.listener import listening

log = structlog.get_logger()

ASK = 5.0
"""Seconds from one time that other daemons are asked for stores to the next."""


async def serve(
    settings: Settings,
    progress: Listener | None = None,
    *,
    terms: Terms | None = None,
    read: Read | None = None,
    patience: Patience | None = None,
) -> None:
    """Run until SIGTERM or SIGINT. Then no new work begins, and running calls finish or are recorded as unknown.

    `progress` hears how far the first runs have come; None: the log does. `terms` are those of the leases. `read`
    reads the settings anew upon SIGHUP; None: nobody listens to that. `patience` is that with systemd.
    Raises AddressTaken where `web.listen` can't be had: a shop that delivers in vain gives its webhook up.
    """
    stopping, anew = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    if read is not None:
        loop.add_signal_handler(signal.SIGHUP, anew.set)
    in_force = InForce(settings)
    monitor = Monitor(lambda: in_force.intervals, utc_now)
    async with workplace(settings, terms=terms, edges=monitor.edges) as place, monitor.at_work():
        scheduler = AsyncIOScheduler(timezone=UTC)
        roster = Roster(place, in_force, scheduler, progress)
        async with alarming(lambda: in_force.settings, place.urgent, utc_now):
            await roster.begin()
            routes = [*webhooks.routes(roster.shops), *monitoring.routes(monitor, lambda: in_force.token)]
            async with listening(settings.web.listen, routes):
                scheduler.start()
                waiting = roster.waiting
                if settings.alerts.is_nowhere:
                    log.warning("alerts.nowhere", problem=NOWHERE)
                log.info("daemon.started", stores=roster.working, **({"waiting_for": waiting} if waiting else {}))
                roster.keep()
                asking = [
                    asyncio.create_task(_every(TICK, stopping, lambda: work_where_due(roster.ticks, utc_now()))),
                    asyncio.create_task(_every(ALERTS, stopping, lambda: tell_where_due(roster.ticks))),
                ]
                tending = [asyncio.create_task(_ask_for_a_share(place, roster, stopping))]
                informing = keep_informed(lambda: roster.posts, stopping, patience or Patience())
                tending.append(asyncio.create_task(informing))
                if read is not None:
                    tending.append(asyncio.create_task(_load_anew(roster, read, anew, stopping)))
                await _set_by_the_clock(scheduler, stopping)
                log.info("daemon.stopping")
                roster.leave()
                anew.set()
                scheduler.shutdown(wait=False)
            await end(asking, 0)  # a database that went silent is not waited for
            await asyncio.gather(*tending)
            await roster.end()
    log.info("daemon.stopped")


async def _every(interval: timedelta, stopping: asyncio.Event, tick: Callable[[], Awaitable[None]]) -> None:
    while not stopping.is_set():
        await tick()
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), interval.total_seconds())


async def _load_anew(roster: Roster, read: Read, anew: asyncio.Event, stopping: asyncio.Event) -> None:
    """Load the settings whenever somebody says so; what is said meanwhile counts once more."""
    while True:
        await anew.wait()
        if stopping.is_set():
            return
        anew.clear()
        await roster.load(read)


async def _ask_for_a_share(place: Workplace, roster: Roster, stopping: asyncio.Event) -> None:
    """While others work on more of our stores than we do, ask them for some."""
    while not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), ASK)
        if roster.waiting and not stopping.is_set():
            with suppress(DatabaseError):  # which the leases tell of
                await place.leases.ask_for(roster.waiting)


async def _set_by_the_clock(scheduler: AsyncIOScheduler, stopping: asyncio.Event) -> None:
    """Wait for the end; where the wall clock is set back, let all tick at once, and go on from there.

    The scheduler goes by it, and would wait until it is as late again as it was.
    """
    while not stopping.is_set():
        before = datetime.now(UTC)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), TICK.total_seconds())
        if datetime.now(UTC) < before:
            log.warning("clock.set_back")
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
