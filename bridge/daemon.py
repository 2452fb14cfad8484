"""The daemon: a clock for each store, a listener for its hints, and an end that leaves no call without a record."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.app import units
from bridge.engine.cycles import look_around, work_unless_resting
from bridge.engine.progress import Listener
from bridge.engine.unit import Unit
from bridge.settings import Settings, StoreSettings
from bridge.web import webhooks
from bridge.web.hints import Hints
from bridge.web.listener import listening
from bridge.web.webhooks import Shop

log = structlog.get_logger()

GRACE = 5.0
"""Seconds that running calls get to finish; systemd's TimeoutStopSec must be longer."""
LAST = 1.0
"""Seconds in which what is cut off then writes down its call as unknown."""
TICK = timedelta(seconds=1)
"""How often the journal is asked whether something is due."""

_ANY = 0
"""Stands for all orders that are not known yet: no order has this id."""

Tasks = set[asyncio.Task[None]]


async def serve(settings: Settings, progress: Listener | None = None) -> None:
    """Run until SIGTERM or SIGINT. Then no new work begins, and running calls finish or are recorded as unknown.

    `progress` hears how far the first runs have come; None: the log does.
    Raises AddressTaken where `web.listen` can't be had: a shop that delivers in vain gives its webhook up.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    async with units(settings) as made:
        for unit in made:
            unit.progress = progress or unit.progress
        clocks = [_Clock(unit, store, stopping) for unit, store in zip(made, settings.stores, strict=True)]
        shops = {unit.store.name: clock.shop() for unit, clock in zip(made, clocks, strict=True)}
        async with listening(settings.web.listen, webhooks.routes(shops)):
            scheduler = AsyncIOScheduler(timezone=UTC)
            for clock in clocks:
                clock.wind(scheduler)
            scheduler.start()
            log.info("daemon.started", stores=[unit.store.name for unit in made])
            await _set_by_the_clock(scheduler, stopping)
            log.info("daemon.stopping")
            scheduler.shutdown(wait=False)
        await asyncio.gather(*(clock.drain() for clock in clocks))
    log.info("daemon.stopped")


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


class _Clock:
    """The ticks of one store. No store waits for another."""

    def __init__(self, unit: Unit, store: StoreSettings, stopping: asyncio.Event) -> None:
        self._unit, self._store, self._stopping = unit, store, stopping
        self._swept: float | None = None
        """When, by the loop's clock, which nobody sets."""
        self._polling: Tasks = set()
        self._working: Tasks = set()
        self._strangers = Hints(self._look_for_strangers)
        self._hints = Hints(self._look, partial(self._strangers.add, _ANY))

    def wind(self, scheduler: AsyncIOScheduler) -> None:
        """Let the scheduler tick for this store: at once, and then at the store's own pace."""
        jobs = ((self._poll, self._polling, self._store.poll.interval), (self._work, self._working, TICK))
        for job, running, every in jobs:
            scheduler.add_job(
                self._tick,
                "interval",
                args=[job, running],
                seconds=every.total_seconds(),
                next_run_time=datetime.now(UTC),
                coalesce=True,
                misfire_grace_time=None,
            )

    async def _tick(self, job: Callable[[], Coroutine[Any, Any, None]], running: Tasks) -> None:
        """Start a job as a task of ours, so that the end can wait for it, unless the one before still runs."""
        if self._stopping.is_set() or running:
            return
        task = asyncio.create_task(job())
        running.add(task)
        task.add_done_callback(running.discard)
        task.add_done_callback(self._tell)

    def _tell(self, task: asyncio.Task[None]) -> None:
        """A bug in a job is told; the clock goes on."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("tick.failed", store=self._unit.store.name, exc_info=error)

    async def _poll(self) -> None:
        now = asyncio.get_running_loop().time()
        sweeping = self._swept is None or now - self._swept >= self._store.poll.sweep.total_seconds()
        problem = await look_around(self._unit, sweeping=sweeping)
        if sweeping and not problem:
            self._swept = now

    async def _work(self) -> None:
        await work_unless_resting(self._unit, self._stopping)

    def shop(self) -> Shop:
        """This store for the listener. Raises SettingsError where its secret can't be read."""
        given = self._store.webhook_secret.reveal() if self._store.webhook_secret else ""

        async def secret() -> str:
            return given or await self._unit.journal.webhook_secret()

        return Shop(secret=secret, hint=self._hints.add)

    async def _look(self, order_id: int) -> bool:
        """Work on an order that the shop says has changed; one that is not known yet comes in by a poll.

        Not while it is worked on: to wake it then voids the look that is under way, and hints that come faster
        than the shop answers would void every one.
        """
        if await self._unit.journal.known(order_id) is None:
            self._strangers.add(_ANY)
            return True
        if order_id in self._unit.busy:
            return False
        await self._unit.journal.wake([order_id], self._unit.now())
        await self._tick(self._work, self._working)
        return True

    async def _look_for_strangers(self, _: int) -> bool:
        """Poll now; not beside another poll, nor content with one that began before the shop spoke."""
        if self._polling:
            await asyncio.wait(self._polling)
        await self._tick(self._poll, self._polling)
        return True

    async def drain(self) -> None:
        """Let calls finish within the grace; cut off the rest, which records them as unknown. Polls only read."""
        await asyncio.gather(self._hints.close(), self._strangers.close())
        await _end(self._working, GRACE)
        await _end(self._polling, 0)


async def _end(tasks: Tasks, grace: float) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=LAST)
