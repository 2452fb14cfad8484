"""Several stores in one daemon: none waits for another, whatever becomes of that."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bridge.sandbox.faults import Fault
from bridge.ticking import GRACE, LAST
from tests.commands.shop import Daemon, Shop, open_shop, until
from tests.web.bridge import polls
from tests.web.test_daemon import captured

HUNG = 12
"""Stores that never answer."""


@asynccontextmanager
async def mute() -> AsyncIterator[str]:
    """A server that accepts, and never answers; gives its address."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for writer in writers:
            writer.transport.abort()
        server.close()


@pytest.fixture
async def shops(tmp_path: Path) -> AsyncIterator[tuple[Shop, Shop]]:
    async with AsyncExitStack() as stack:
        for name in ("well", "other"):
            (tmp_path / name).mkdir()
        well = await stack.enter_async_context(open_shop(tmp_path / "well", "well"))
        yield well, await stack.enter_async_context(open_shop(tmp_path / "other", "other"))


async def test_store_that_is_well_is_served_on_time_beside_many_that_are_not(shops: tuple[Shop, Shop]) -> None:
    well, busy = shops
    order, payment = await well.known()
    busy.store.mishaps.maintenance = True
    async with mute() as hangs:
        well.settings["stores"] += [
            busy.only,
            *({**busy.only, "name": f"hangs-{number}", "url": f"{hangs}/{number}"} for number in range(HUNG)),
        ]
        async with well.daemon() as daemon:
            await until(lambda: bool(busy.store.faults.seen))
            await served_on_time(well, order, payment)
            assert len(busy.store.faults.seen) == 1, "what asked to wait is left alone"
            await ends_in_time(daemon)


async def served_on_time(shop: Shop, order: int, payment: str) -> None:
    """Five polls come, a second apart, and what changed meanwhile is carried over."""
    polled, began = polls(shop), time.monotonic()
    shop.store.set_status(order, "completed")
    await until(lambda: polls(shop) >= polled + 5)
    assert time.monotonic() - began < 25
    assert captured(shop, payment)


async def test_provider_that_hangs_stops_no_polls_and_no_other_stores_work(shops: tuple[Shop, Shop]) -> None:
    well, other = shops
    order, payment = await well.known()
    waits, _ = await other.known()
    well.settings["stores"].append(other.only)
    other.resurs.faults.plan(Fault.SLOW, times=10**6)
    other.store.set_status(waits, "completed")
    async with well.daemon() as daemon:
        await until(lambda: any("/payments/" in path for _, path in other.resurs.faults.seen))
        theirs = polls(other)
        await served_on_time(well, order, payment)
        assert polls(other) >= theirs + 3
        await ends_in_time(daemon)


async def ends_in_time(daemon: Daemon) -> None:
    began = time.monotonic()
    assert (await daemon.stop()).code == 0
    assert time.monotonic() - began < GRACE + LAST + 15
