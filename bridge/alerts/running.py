"""The alerts of one process: looked for, written down, and sent, beside the work and never in its way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp
import structlog

from bridge.alerts.channels import channels, host, ways
from bridge.alerts.delivery import OUTLETS, Delivery, Past, write_down
from bridge.alerts.heartbeat import Heartbeat
from bridge.alerts.watching import Begun, begun, tell_daily, watch_polls
from bridge.db import alerts
from bridge.engine.storage import is_failure
from bridge.engine.unit import Urgent
from bridge.settings import Settings

log = structlog.get_logger()

Job = Callable[[], Awaitable[None]]

_SEND, _BEAT, _WATCH = 2.0, 5.0, 10.0
"""Seconds from one look for alerts to send, for a good cycle, and for what burns or is due, to the next."""
_DATABASE = 15.0
"""Seconds after which the database counts as one that can't be used."""
_LAST = 1.0
"""Seconds for which what is cut off at the end is waited for: a database may be silent."""


class Lasting:
    """What outlives new settings: since when each store is worked on, what goes out past the database, and which
    channels are not what they were.
    """

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.past = {name: Past() for name in OUTLETS}
        self.other: set[str] = set()
        """The channels that go another way since the last settings, and whose rest is still to be ended."""
        self._begun: dict[str, Begun] = {}
        self._ways = ways(settings.alerts)
        self.take(settings, now)

    def take(self, settings: Settings, now: datetime) -> None:
        """These are the settings from now on."""
        self._begun = begun(settings.stores, self._begun, now)
        before, self._ways = self._ways, ways(settings.alerts)
        self.other |= {name for name, way in self._ways.items() if way != before[name]}
        for name, past in self.past.items():
            if name in self.other:
                past.rest_no_more()

    @property
    def since(self) -> dict[str, datetime]:
        return {name: it.at for name, it in self._begun.items()}


class Alarms:
    """`urgent` gets what the database could not take; it is sent all the same."""

    def __init__(
        self,
        settings: Settings,
        urgent: Urgent,
        session: aiohttp.ClientSession,
        lasting: Lasting,
        now: Callable[[], datetime],
    ) -> None:
        self._settings, self._urgent, self._lasting, self._now = settings, urgent, lasting, now
        there = channels(settings.alerts)
        self._deliveries = [
            Delivery(name, there.get(name), past, host(), now) for name, past in lasting.past.items()
        ]
        url = settings.alerts.heartbeat_url
        self._heartbeat = Heartbeat(session, url, lasting.since, now) if url and settings.stores else None

    @property
    def jobs(self) -> list[tuple[float, Job]]:
        """What is to be done, and how often, in seconds."""
        sending: list[tuple[float, Job]] = [(_SEND, delivery.go_on) for delivery in self._deliveries]
        beating: list[tuple[float, Job]] = [(_BEAT, self._heartbeat.beat)] if self._heartbeat else []
        return [(_SEND, self._take_urgent), (_WATCH, self._watch), *sending, *beating]

    async def _take_urgent(self) -> None:
        for alert in await write_down(self._urgent, _DATABASE):
            for past in self._lasting.past.values():
                past.alerts.append(alert)

    async def _watch(self) -> None:
        if self._lasting.other:
            await alerts.rest_no_more(self._lasting.other)
            self._lasting.other.clear()
        stores, since = self._settings.stores, self._lasting.since
        await watch_polls(stores, self._now(), since)
        await tell_daily(stores, self._now(), since, self._settings.alerts.daily_at)
        off = [name for name, delivery in zip(OUTLETS, self._deliveries, strict=True) if not delivery.is_set]
        await alerts.gone([*off, *([] if self._heartbeat else [alerts.HEARTBEAT])])

    async def once(self) -> None:
        """Do all of it one time."""
        for _, job in self.jobs:
            await _tried(job)


@asynccontextmanager
async def alarms(
    settings: Settings, urgent: Urgent, lasting: Lasting, now: Callable[[], datetime]
) -> AsyncIterator[Alarms]:
    async with aiohttp.ClientSession() as session:
        yield Alarms(settings, urgent, session, lasting, now)


@asynccontextmanager
async def alarming(
    settings: Callable[[], Settings], urgent: Urgent, now: Callable[[], datetime]
) -> AsyncIterator[None]:
    """Do all of it until the end, by the `settings` in force; what is not sent is sent after the next start."""
    keeping = asyncio.create_task(_by_those_in_force(settings, urgent, now))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping], timeout=_LAST)


async def _by_those_in_force(settings: Callable[[], Settings], urgent: Urgent, now: Callable[[], datetime]) -> None:
    lasting = Lasting(settings(), now())
    while True:
        these = settings()
        lasting.take(these, now())
        await _by(these, settings, urgent, lasting, now)


async def _by(
    these: Settings,
    settings: Callable[[], Settings],
    urgent: Urgent,
    lasting: Lasting,
    now: Callable[[], datetime],
) -> None:
    async with alarms(these, urgent, lasting, now) as made:
        running = (_again_and_again(seconds, job, lambda: settings() is these) for seconds, job in made.jobs)
        await asyncio.gather(*running)


async def _again_and_again(seconds: float, job: Job, goes_on: Callable[[], bool]) -> None:
    while goes_on():
        await _tried(job)
        await asyncio.sleep(seconds)


async def _tried(job: Job) -> None:
    """A database that fails is told of by whoever works; a bug must not end the alerts."""
    try:
        await job()
    except Exception as error:
        if not is_failure(error):
            log.exception("alerts.failed")
