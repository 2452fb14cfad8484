"""The daemon: a post for each store, a listener for hints, and an end that leaves no call without a record."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.app import Workplace, utc_now, workplace
from bridge.db.leases import Terms
from bridge.engine.progress import Listener
from bridge.errors import DatabaseError
from bridge.monitoring.monitor import Monitor
from bridge.posts import Post
from bridge.settings import Settings
from bridge.ticking import TICK
from bridge.web import monitoring, webhooks
from bridge.web.listener import listening

log = structlog.get_logger()

ASK = 5.0
"""Seconds from one time that other daemons are asked for stores to the next."""


async def serve(settings: Settings, progress: Listener | None = None, *, terms: Terms | None = None) -> None:
    """Run until SIGTERM or SIGINT. Then no new work begins, and running calls finish or are recorded as unknown.

    `progress` hears how far the first runs have come; None: the log does. `terms` are those of the leases.
    Raises AddressTaken where `web.listen` can't be had: a shop that delivers in vain gives its webhook up.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    token = settings.web.token.reveal() if settings.web.token else None
    monitor = Monitor({store.name: store.poll.interval for store in settings.stores}, utc_now)
    async with workplace(settings, terms=terms, edges=monitor.edges) as place, monitor.at_work():
        scheduler = AsyncIOScheduler(timezone=UTC)
        posts = [Post(place, store, scheduler, stopping, progress) for store in settings.stores]
        for post in posts:
            await post.take_up()
        routes = [
            *webhooks.routes({post.name: post.shop() for post in posts}),
            *monitoring.routes(monitor, token),
        ]
        async with listening(settings.web.listen, routes):
            scheduler.start()
            working = [post.name for post in posts if post.works]
            waiting = [post.name for post in posts if not post.works]
            log.info("daemon.started", stores=working, **({"waiting_for": waiting} if waiting else {}))
            keeping = [asyncio.create_task(post.keep()) for post in posts]
            keeping.append(asyncio.create_task(_ask_for_a_share(place, posts, stopping)))
            await _set_by_the_clock(scheduler, stopping)
            log.info("daemon.stopping")
            scheduler.shutdown(wait=False)
        await asyncio.gather(*keeping)
    log.info("daemon.stopped")


async def _ask_for_a_share(place: Workplace, posts: Sequence[Post], stopping: asyncio.Event) -> None:
    """While others work on more of our stores than we do, ask them for some."""
    while not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), ASK)
        waiting = [post.name for post in posts if not post.works]
        if waiting and not stopping.is_set():
            with suppress(DatabaseError):  # which the leases tell of
                await place.leases.ask_for(waiting)


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
