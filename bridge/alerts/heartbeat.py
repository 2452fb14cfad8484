"""The heartbeat: silence says elsewhere that something is wrong here, also where nothing here can say so any more.

It beats after each good poll of every store, by whichever daemon, written down in the database each time. So it
falls silent when any store is not polled, when the database takes nothing, when no daemon runs, and also when an
alert can't be delivered for long.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import aiohttp
import structlog

from bridge.alerts.channels import NotDelivered, beat
from bridge.db import alerts, burning
from bridge.db.burning import NO_POLLS
from bridge.domain.outages import LASTING
from bridge.settings import Secret

log = structlog.get_logger()

EVERY = timedelta(seconds=30)
"""Beats come no faster, however fast the stores are polled."""


class Heartbeat:
    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: Secret,
        since: Mapping[str, datetime],
        now: Callable[[], datetime],
    ) -> None:
        """`since`: when this daemon began with each store, by name."""
        self._session, self._url, self._since, self._now = session, url, since, now

    async def beat(self) -> None:
        """Beat where every store was polled well since the last time, and since we began with it."""
        before, now = await alerts.channel(alerts.HEARTBEAT), self._now()
        polls = await burning.polls(self._since)
        for store, began in self._since.items():
            polled = polls.get(store, NO_POLLS).polled
            if polled is None or polled <= max(before.used or began, began):
                return
        mute = [it for it in await alerts.failing() if it.since is not None and it.name != alerts.HEARTBEAT]
        if any(now - it.since >= LASTING for it in mute if it.since is not None):
            return
        if not await alerts.claim(alerts.HEARTBEAT, now, now + EVERY):
            return
        try:
            await beat(self._session, self._url)
        except NotDelivered as error:
            say = log.debug if before.problem == str(error) else log.error
            say("alerts.not_delivered", channel=alerts.HEARTBEAT, problem=str(error))
            await alerts.failed(alerts.HEARTBEAT, str(error), self._now())
        else:
            await alerts.worked(alerts.HEARTBEAT, now, now + EVERY)
            if before.problem:
                log.info("alerts.delivered_again", channel=alerts.HEARTBEAT)
