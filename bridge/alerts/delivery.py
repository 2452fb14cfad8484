"""Alerts go out: by each channel once, all that have come together in one message, again where it failed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from bridge.alerts.channels import TIMEOUT, Channel, NotDelivered
from bridge.db import alerts
from bridge.db.alerts import COMMAND, EMAIL, Outlet
from bridge.domain.alerts import Alert, message, wait_after
from bridge.engine.storage import is_failure
from bridge.engine.unit import Urgent

log = structlog.get_logger()

GAP = timedelta(minutes=1)
"""From one message of a channel to the next: what comes in between goes out in one."""
_TAKEN = timedelta(seconds=2 * TIMEOUT)
"""For how long a channel is somebody's who may have died with it."""
OUTLETS: Final[tuple[Outlet, ...]] = (EMAIL, COMMAND)


class Past:
    """What one channel has to tell past the database. It is written down nowhere, so it outlives new settings."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.failures = 0
        """How often in a row they did not go out."""
        self.next_try: datetime | None = None

    def rest_no_more(self) -> None:
        """It goes another way now, which may work."""
        if self.failures:
            self.next_try = None


class Delivery:
    """One channel's way out; `channel` is None where settings.yaml has none of the name."""

    def __init__(
        self, name: Outlet, channel: Channel | None, past: Past, host: str, now: Callable[[], datetime]
    ) -> None:
        self._name, self._channel, self._past, self._host, self._now = name, channel, past, host, now

    @property
    def is_set(self) -> bool:
        return self._channel is not None

    async def go_on(self) -> None:
        """Send what waits, where the channel does not rest. What fails is told in the log, and sent again."""
        if self._channel is None:
            self._past.alerts.clear()
        else:
            await self._send_past(self._channel)
        await self._deliver()

    async def _deliver(self) -> None:
        rows = await alerts.untold(self._name)
        if not rows:
            return
        if self._channel is None:
            await alerts.told(self._name, rows, self._now())
            return
        if not await alerts.claim(self._name, self._now(), self._now() + _TAKEN):
            return
        rows = await alerts.untold(self._name)  # whoever had it before may have told these
        if await self._send(self._channel, list(rows.values())):
            now = self._now()
            await alerts.told(self._name, rows, now)
            await alerts.worked(self._name, now, now + GAP)

    async def _send(self, channel: Channel, found: Sequence[Alert]) -> bool:
        if not found:
            return False
        before = await alerts.channel(self._name)
        try:
            await channel.send(message(found, self._host))
        except NotDelivered as error:
            self._say(error, len(found), news=before.problem != str(error))
            await alerts.failed(self._name, str(error), self._now())
            return False
        if before.problem:
            log.info("alerts.delivered_again", channel=self._name)
        return True

    def _say(self, error: NotDelivered, count: int, *, news: bool) -> None:
        say = log.error if news else log.debug
        say("alerts.not_delivered", channel=self._name, problem=str(error), alerts=count)

    async def _send_past(self, channel: Channel) -> None:
        """Send what the database could not take."""
        past = self._past
        if not past.alerts or (past.next_try is not None and self._now() < past.next_try):
            return
        count = len(past.alerts)
        try:
            await channel.send(message(past.alerts[:count], self._host))
        except NotDelivered as error:
            past.failures += 1
            past.next_try = self._now() + wait_after(past.failures)
            self._say(error, count, news=past.failures == 1)
        else:
            past.failures, past.next_try = 0, self._now() + GAP
            del past.alerts[:count]


async def write_down(urgent: Urgent, patience: float) -> list[Alert]:
    """Write down what could not be before; return what still can't, within so many seconds each."""
    left = []
    for alert in urgent.take():
        try:
            async with asyncio.timeout(patience):
                await alerts.add(alert)
        except Exception as error:
            if not is_failure(error):  # a bug must not cost those that come after it
                log.exception("alerts.failed")
            left.append(alert)
    return left
