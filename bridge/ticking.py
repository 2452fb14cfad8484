"""The ticks of one store: what a daemon does with it, and when, from when it takes it until it lets it go.

Each store is polled at its own pace. Whether there is work is asked of all of them together, once a second: of many
stores most are at rest, and those cost nothing then.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import apscheduler.job
import structlog
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.db.agendas import with_alerts, with_work
from bridge.engine import bugs, storage
from bridge.engine.cycles import look_around, tell, work_unless_resting
from bridge.engine.unit import Unit
from bridge.errors import LeaseLost
from bridge.liveness import Pulse
from bridge.settings import StoreSettings
from bridge.web.hints import Hints

GRACE = 5.0
"""Seconds that running calls get to finish; systemd's TimeoutStopSec must be longer."""
LAST = 1.0
"""Seconds in which what is cut off then writes down its call as unknown."""
TICK = timedelta(seconds=1)
"""How often the journals are asked whether something is due."""
ALERTS = timedelta(seconds=10)
"""How often they are asked whether there is anything to tell the administrator."""

_ANY = 0
"""Stands for all orders that are not known yet: no order has this id."""

Tasks = set[asyncio.Task[None]]


class Job:
    """What is done for a store over and over, one at a time: its tasks can be waited for at the end."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]], every: timedelta) -> None:
        self.work, self.every = work, every
        self.name = name
        self.running: Tasks = set()
        self.pulse = Pulse(name, every.total_seconds(), time.monotonic)

    async def do(self, store: str) -> None:
        self.pulse.begin()
        with structlog.contextvars.bound_contextvars(store=store):
            await self.work()


class Ticks:
    """The ticks of one store. No store waits for another."""

    def __init__(self, unit: Unit, store: StoreSettings) -> None:
        self.unit = unit
        self._store, self._stopping = store, asyncio.Event()
        self._scheduled: list[apscheduler.job.Job] = []
        self._swept: float | None = None
        """When, by the loop's clock, which nobody sets."""
        self.polled = False
        """Whether a poll has ended well since the store was taken."""
        self._polling = Job("poll", self._poll, store.poll.interval)
        self.working = Job("work", self._work, TICK)
        self.telling = Job("alerts", self._tell, ALERTS)
        self._jobs = (self._polling, self.working, self.telling)
        self._strangers = Hints(self._look_for_strangers)
        self._hints = Hints(self._look, partial(self._strangers.add, _ANY))

    @property
    def name(self) -> str:
        return self.unit.store.name

    @property
    def restless(self) -> bool:
        """Whether there is work of which the journal says nothing: a remote that is down, a failure to be told."""
        return self.unit.broken is not None or bool(self.unit.outages)

    def wind(self, scheduler: AsyncIOScheduler) -> None:
        """Let the scheduler tick for this store: at once, and then at the store's own pace.

        When the second poll comes is left to chance: stores that are taken up together are not polled together.
        """
        now, every = datetime.now(UTC), self._polling.every
        patient = {"coalesce": True, "misfire_grace_time": None}
        self._scheduled = [
            scheduler.add_job(self.poll, "date", run_date=now, **patient),
            scheduler.add_job(
                self.poll,
                "interval",
                seconds=every.total_seconds(),
                next_run_time=now + every * self.unit.chance(),
                **patient,
            ),
        ]

    async def poll(self) -> None:
        """Begin to poll, unless that is under way."""
        await self.begin(self._polling)

    @property
    def under_way(self) -> Tasks:
        return set().union(*(job.running for job in self._jobs))

    def rest(self, job: Job) -> None:
        """There is nothing to do, and nothing hangs."""
        if not job.running:
            job.pulse.beat()
            bugs.works(self.unit, job.name)

    def hanging(self, hung: float) -> list[str]:
        """Name the jobs whose pulse has not beaten for so many seconds."""
        return [job.pulse.job for job in self._jobs if job.pulse.hangs(hung)]

    async def begin(self, job: Job) -> None:
        """Start a job as a task of ours, so that the end can wait for it, unless the one before still runs."""
        if self._stopping.is_set() or job.running:
            return
        task = asyncio.create_task(job.do(self.unit.store.name))
        job.running.add(task)
        task.add_done_callback(job.running.discard)
        task.add_done_callback(partial(self._ended, job))

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failed(job, error)
        elif not task.cancelled():
            bugs.works(self.unit, job.name)

    def failed(self, job: Job, error: BaseException) -> None:
        """A bug in a job is told; the clock goes on. That the store is somebody else's is for the post to see."""
        if not isinstance(error, LeaseLost) and not storage.failed(self.unit, error):
            bugs.failed(self.unit, job.name, error)

    async def _poll(self) -> None:
        now = asyncio.get_running_loop().time()
        sweeping = self._swept is None or now - self._swept >= self._store.poll.sweep.total_seconds()
        problem = await look_around(self.unit, sweeping=sweeping)
        self.polled = self.polled or not problem
        if sweeping and not problem:
            self._swept = now
        if await with_work([self.name], self.unit.now()):
            await self.begin(self.working)  # what was found does not wait for the next tick

    async def _work(self) -> None:
        await work_unless_resting(self.unit, self._stopping)

    async def _tell(self) -> None:
        await tell(self.unit)

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
        await self.begin(self.working)
        return True

    async def _look_for_strangers(self, _: int) -> bool:
        """Poll now; not beside another poll, nor content with one that began before the shop spoke."""
        if self._polling.running:
            await asyncio.wait(self._polling.running)
        await self.poll()
        return True

    async def drain(self, grace: float) -> None:
        """Tick no more. Let calls finish within so many seconds; cut off the rest, which records them as unknown.

        Polls only read.
        """
        self._stopping.set()
        for scheduled in self._scheduled:
            with suppress(JobLookupError):  # the scheduler has ended
                scheduled.remove()
        await asyncio.gather(self._hints.close(), self._strangers.close())
        ending = (end(job.running, grace) for job in (self.working, self.telling))
        await asyncio.gather(*ending, end(self._polling.running, 0))


async def work_where_due(stores: Sequence[Ticks], now: datetime) -> None:
    """Begin to work in those stores where there is anything to do."""
    await _begin([(it, it.working) for it in stores], partial(with_work, now=now))


async def tell_where_due(stores: Sequence[Ticks]) -> None:
    """Begin to tell of those stores of which there may be anything to tell."""
    await _begin([(it, it.telling) for it in stores], with_alerts)


async def _begin(jobs: Sequence[tuple[Ticks, Job]], needed: Callable[[set[str]], Awaitable[set[str]]]) -> None:
    """Begin the job of each store that is restless, and where it is needed: that is asked of all others at once."""
    calm = {ticks.name for ticks, _ in jobs if not ticks.restless}
    try:
        calm -= await needed(calm)
    except Exception as error:  # noqa: BLE001 (each store tells of it)
        if not storage.is_failure(error):
            for ticks, job in jobs:
                ticks.failed(job, error)
        calm.clear()  # each finds out for itself
    for ticks, job in jobs:
        if ticks.name in calm:
            ticks.rest(job)
        else:
            await ticks.begin(job)


async def end(tasks: Collection[asyncio.Task[None]], grace: float) -> None:
    """Let these end within so many seconds; what is cut off then, and does not end even so, is left behind."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=LAST)
