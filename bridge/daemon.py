"""The daemon: a clock for each store, signals, and an end that leaves no call without a record."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.app import units
from bridge.engine.cycles import look_around
from bridge.engine.unit import Unit
from bridge.engine.working import work_all_due
from bridge.settings import Settings, StoreSettings

log = structlog.get_logger()

GRACE = 8.0
"""Seconds that running calls get to finish; systemd's TimeoutStopSec must be longer."""
TICK = timedelta(seconds=1)
"""How often the journal is asked whether something is due."""


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Then no new work begins, and running calls finish or are recorded as unknown."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    async with units(settings) as made:
        clocks = [_Clock(unit, store, stopping) for unit, store in zip(made, settings.stores, strict=True)]
        scheduler = AsyncIOScheduler(timezone=UTC)
        for clock in clocks:
            clock.wind(scheduler)
        scheduler.start()
        log.info("daemon.started", stores=[unit.store.name for unit in made])
        await stopping.wait()
        log.info("daemon.stopping")
        # The scheduler's own shutdown would cancel what runs: it is drained first.
        scheduler.pause()
        await asyncio.gather(*(clock.drain() for clock in clocks))
        scheduler.shutdown(wait=False)
    log.info("daemon.stopped")


class _Clock:
    """The ticks of one store. A tick that comes while the one before still runs is left out."""

    def __init__(self, unit: Unit, store: StoreSettings, stopping: asyncio.Event) -> None:
        self._unit, self._store, self._stopping = unit, store, stopping
        self._swept: datetime | None = None
        self._running: set[asyncio.Task[None]] = set()

    def wind(self, scheduler: AsyncIOScheduler) -> None:
        """Let the scheduler tick for this store: at once, and then at the store's own pace."""
        settings = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        for job, every in ((self._poll, self._store.poll.interval), (self._work, TICK)):
            scheduler.add_job(
                self._tick,
                "interval",
                args=[job],
                seconds=every.total_seconds(),
                next_run_time=datetime.now(UTC),
                **settings,
            )

    async def _tick(self, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a job as a task of ours, so that the end can wait for it. A bug in it is told; the clock goes on."""
        if self._stopping.is_set():
            return
        task = asyncio.create_task(job())
        self._running.add(task)
        try:
            await asyncio.shield(task)
        except Exception:
            log.exception("tick.failed", store=self._unit.store.name)
        finally:
            self._running.discard(task)

    async def _poll(self) -> None:
        now = datetime.now(UTC)
        sweeping = self._swept is None or now - self._swept >= self._store.poll.sweep
        problem = await look_around(self._unit, sweeping=sweeping)
        if sweeping and not problem:
            self._swept = now

    async def _work(self) -> None:
        await work_all_due(self._unit, self._stopping)

    async def drain(self) -> None:
        """Let what runs finish within the grace; cut off the rest, which records its call as unknown."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
