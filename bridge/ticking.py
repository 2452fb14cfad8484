"""The ticks of one store: what a daemon does with it, and when, from when it takes it until it lets it go."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.domain.alerts import Alert, Topic
from bridge.engine import storage
from bridge.engine.cycles import look_around, work_unless_resting
from bridge.engine.unit import Unit
from bridge.errors import LeaseLost
from bridge.settings import StoreSettings
from bridge.web.hints import Hints

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


class Ticks:
    """The ticks of one store. No store waits for another."""

    def __init__(self, unit: Unit, store: StoreSettings) -> None:
        self.unit = unit
        self._store, self._stopping = store, asyncio.Event()
        self._jobs: list[Job] = []
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
            added = scheduler.add_job(
                self._tick,
                "interval",
                args=[job, running],
                seconds=every.total_seconds(),
                next_run_time=datetime.now(UTC),
                coalesce=True,
                misfire_grace_time=None,
            )
            self._jobs.append(added)

    async def _tick(self, job: Callable[[], Coroutine[Any, Any, None]], running: Tasks) -> None:
        """Start a job as a task of ours, so that the end can wait for it, unless the one before still runs."""
        if self._stopping.is_set() or running:
            return
        task = asyncio.create_task(job())
        running.add(task)
        task.add_done_callback(running.discard)
        task.add_done_callback(self._tell)

    def _tell(self, task: asyncio.Task[None]) -> None:
        """A bug in a job is told; the clock goes on. That the store is somebody else's is for the post to see."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LeaseLost) and not storage.failed(self.unit, error):
            log.error("tick.failed", store=self.unit.store.name, exc_info=error)
            text = f"wc-bridge itself fails ({type(error).__name__}): its log says where, as tick.failed; report it"
            name, now = self.unit.store.name, self.unit.now()
            self.unit.urgent.add(Alert(topic=Topic.BUG, store=name, text=text, at=now))

    async def _poll(self) -> None:
        now = asyncio.get_running_loop().time()
        sweeping = self._swept is None or now - self._swept >= self._store.poll.sweep.total_seconds()
        problem = await look_around(self.unit, sweeping=sweeping)
        if sweeping and not problem:
            self._swept = now

    async def _work(self) -> None:
        await work_unless_resting(self.unit, self._stopping)

    def hint(self, order_id: int) -> None:
        """Somebody says that this order has changed."""
        self._hints.add(order_id)

    async def _look(self, order_id: int) -> bool:
        """Work on an order that the shop says has changed; one that is not known yet comes in by a poll.

        Not while it is worked on: to wake it then voids the look that is under way, and hints that come faster
        than the shop answers would void every one.
        """
        if await self.unit.journal.known(order_id) is None:
            self._strangers.add(_ANY)
            return True
        if order_id in self.unit.busy:
            return False
        await self.unit.agenda.wake([order_id], self.unit.now())
        await self._tick(self._work, self._working)
        return True

    async def _look_for_strangers(self, _: int) -> bool:
        """Poll now; not beside another poll, nor content with one that began before the shop spoke."""
        if self._polling:
            await asyncio.wait(self._polling)
        await self._tick(self._poll, self._polling)
        return True

    async def drain(self, grace: float) -> None:
        """Tick no more. Let calls finish within so many seconds; cut off the rest, which records them as unknown.

        Polls only read.
        """
        self._stopping.set()
        for job in self._jobs:
            with suppress(JobLookupError):  # the scheduler has ended
                job.remove()
        await asyncio.gather(self._hints.close(), self._strangers.close())
        await asyncio.gather(_end(self._working, grace), _end(self._polling, 0))


async def _end(tasks: Tasks, grace: float) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=LAST)
