"""A daemon over a shop and its providers, with faults, watched over its own listener from its start."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError

from bridge.app import read_settings
from bridge.daemon import serve
from bridge.monitoring import monitor
from bridge.sandbox.faults import Fault
from tests.commands.shop import NAME, Shop, open_shop, started
from tests.monitoring.scrape import Scrape, scraped
from tests.web.bridge import listens

TOKEN = "a token of the tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    done: Scrape
    """One order was captured."""
    troubled: Scrape
    """Another was not, as too little is reserved; of a third one's call the answer was lost; one was decided on."""
    seen: dict[str, int]
    """The requests that came in by then, by remote."""
    restarted: Scrape
    """After a restart."""
    took: float
    """Seconds from the third one's call to the scrape after it, at most."""


async def day(folder: Path) -> Day:
    async with open_shop(folder) as shop:
        address = listens(shop)
        shop.settings["web"]["token"] = TOKEN
        async with daemon(shop, address):
            await told(address, lambda it: it("store_ready") == 1)
            order, _ = shop.place()
            shop.store.set_status(order, "completed")
            done = await told(
                address, lambda it: it("actions_ended_total", outcome="done") == 1 and not it("notes_waiting")
            )
            began = time.monotonic()
            await trouble(shop, address)
            troubled, seen = await at_rest(shop, address)
            took = time.monotonic() - began
        async with daemon(shop, address):
            restarted = await told(address, lambda it: it("request_duration_seconds_count", remote=NAME) > 0)
    return Day(done=done, troubled=troubled, seen=seen, restarted=restarted, took=took)


async def trouble(shop: Shop, address: str) -> None:
    """The shop fails once; two orders ask for too much, of which one is given up; of one the outcome is unknown."""
    shop.store.faults.plan(Fault.ERROR_BEFORE, path="/orders$")
    for _ in range(2):
        less, _ = shop.place(reserved="100.00")
        shop.store.set_status(less, "completed")
    await told(address, lambda it: it("attention_orders") == 2)
    words = ("drop", "--order", NAME, str(less), "--why", "a test", "--yes", "--settings", str(shop.path))
    async with started(*words) as command:
        assert (await command.ended()).code == 0
    shop.resurs.faults.plan(Fault.DROP_BEFORE, method="POST", path="/capture$")
    lost, _ = shop.place()
    shop.store.set_status(lost, "completed")
    await told(address, lambda it: it("open_actions", state="unknown") == 1 and it("attention_orders") == 1)


async def at_rest(shop: Shop, address: str) -> tuple[Scrape, dict[str, int]]:
    """A scrape between two requests of the daemon, and what the shop and Resurs have seen by then."""
    sandboxes = {NAME: shop.store.faults, "Resurs": shop.resurs.faults}

    def seen() -> dict[str, int]:
        return {name: len(faults.seen) for name, faults in sandboxes.items()}

    async with asyncio.timeout(60):
        while True:
            before = seen()
            it = await scraped(address, TOKEN)
            if before == seen() and not any(faults.under_way for faults in sandboxes.values()):
                return it, before
            await asyncio.sleep(0.01)


async def told(address: str, true: Callable[[Scrape], bool]) -> Scrape:
    """Scrape until it says so."""
    async with asyncio.timeout(60):
        while True:
            with suppress(ClientConnectorError):
                if true(it := await scraped(address, TOKEN)):
                    return it
            await asyncio.sleep(0.2)


@asynccontextmanager
async def daemon(shop: Shop, address: str) -> AsyncIterator[None]:
    """Run the daemon in this process; it is ended as systemd ends it."""
    running = asyncio.create_task(serve(read_settings(shop.path)))
    try:
        await told(address, lambda it: it("database_up") == 1)
        yield
    finally:
        if not running.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await running


def lived(folder: Path) -> Day:
    """Live through the day, with every scrape told anew what the database says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor, "FRESH", 0.0)
        return asyncio.run(day(folder))
