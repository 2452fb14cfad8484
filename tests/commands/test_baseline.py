"""The first run of a big shop as its administrator meets it: a bar, a line in `status`, an end at any moment."""

import asyncio
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.sandbox.faults import Fault, Planned
from tests.commands.shop import Shop, started, until

COUNT = 1500
BELOW = COUNT - 1
"""Those of the newest second are read first, and counted apart."""


def fill(shop: Shop, count: int = COUNT) -> None:
    """Let the shop have so many orders of long ago."""
    like = shop.store.order(shop.store.create_order({"MUGG": 1}, payment_method="bacs", status="completed"))
    for number in range(count):
        order_id = next(shop.store.shop.ids)
        then = like.created - timedelta(days=400, minutes=count - number)
        order = replace(like, id=order_id, number=str(order_id), created=then, modified=then, completed=then)
        shop.store.shop.orders[order_id] = order
    del shop.store.shop.orders[like.id]


def pages(shop: Shop) -> list[int]:
    """The numbers of the pages that were asked for, in order."""
    queries = [parse_qs(urlsplit(address).query) for _, address in shop.store.faults.seen]
    return [int(query["page"][0]) for query in queries if query.get("orderby") == ["id"] and "exclude" not in query]


class _AfterPages:
    """Stands for a path: the listing of orders once so many pages of it were asked for."""

    def __init__(self, shop: Shop, many: int) -> None:
        self.shop, self.many = shop, many

    def search(self, path: str) -> bool:
        return path.endswith("/orders") and len(pages(self.shop)) > self.many


def hold_back(shop: Shop, after: int) -> None:
    """Let the shop give so many pages of orders, and then no answer any more."""
    path: Any = _AfterPages(shop, after)
    shop.store.faults.planned.append(
        Planned(fault=Fault.HELD_BACK, method="GET", path=path, times=10**6, retry_after=1)
    )


async def test_a_killed_first_run_goes_on_where_it_was(shop: Shop) -> None:
    fill(shop)
    hold_back(shop, 6)
    async with shop.daemon() as daemon:
        await until(lambda: len(pages(shop)) == 8)
        assert (await daemon.stop(signal.SIGKILL)).code == -signal.SIGKILL
    shop.store.faults.planned.clear()
    [told] = (await shop.types("status", "--json")).json
    before = told["baseline"]
    assert (before["done"], before["total"], told["polled"]) == (False, BELOW, None)
    assert 0 < before["read"] < COUNT
    assert told["orders"] - before["read"] in {1, 101}
    ran = await shop.types("status")
    assert f"baseline: {before['read']:,} of 1,499 orders read" in ran.out
    assert "never polled" not in ran.out
    assert "nothing needs attention" in ran.out
    shop.store.faults.seen.clear()
    assert (await shop.types("once", "--wait", "0s")).code == 0
    assert sorted(pages(shop), reverse=True) == [*range(-(-(BELOW - before["read"]) // 100), 0, -1), 1]
    [told] = (await shop.types("status", "--json")).json
    assert told["baseline"] == {"done": True, "read": BELOW, "total": BELOW}
    assert told["orders"] == COUNT
    assert "baseline" not in (await shop.types("status")).out


async def test_once_that_runs_out_of_time_says_how_far_it_came(shop: Shop) -> None:
    fill(shop)
    hold_back(shop, 6)
    ran = await shop.types("once", "--wait", "3s")
    assert "of 1,499 orders read; `once` and `run` go on from there" in ran.out


async def test_before_the_first_answer_there_is_no_count(shop: Shop) -> None:
    shop.store.mishaps.maintenance = True
    assert (await shop.types("once", "--wait", "0s")).code == 3
    [told] = (await shop.types("status", "--json")).json
    assert told["baseline"] is None
    assert "never polled" in (await shop.types("status")).out


@asynccontextmanager
async def on_a_terminal(*words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[str]]]:
    """Start a command whose stderr is a terminal; gives what that shows, as it comes."""
    terminal, end = pty.openpty()
    shown: list[str] = []
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            shown.append(os.read(terminal, 1 << 16).decode())
        except OSError:  # the last one who wrote to it is gone
            loop.remove_reader(terminal)

    environment = {**os.environ, "PYTHONWARNINGS": "default", "TERM": "xterm-256color", "COLUMNS": "100"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bridge",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=end,
        env=environment,
    )
    os.close(end)
    loop.add_reader(terminal, read)
    try:
        yield process, shown
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        loop.remove_reader(terminal)
        os.close(terminal)


@pytest.mark.parametrize("command", ["once", "run"])
async def test_a_terminal_shows_a_bar(shop: Shop, command: str) -> None:
    fill(shop)
    hold_back(shop, 9)
    async with on_a_terminal(command, "--settings", str(shop.path)) as (process, shown):
        await until(lambda: "of 1,499 orders" in "".join(shown))
        assert "butiken: baseline" in "".join(shown)
        shop.store.faults.planned.clear()
        shop.store.faults.release.set()
        if command == "run":
            await until(lambda: "baseline.done" in "".join(shown))
            process.send_signal(signal.SIGTERM)
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert "baseline" not in out.decode()


async def test_elsewhere_the_log_tells_and_no_bar_is_drawn(shop: Shop) -> None:
    fill(shop)
    async with started("run", "--settings", str(shop.path)) as daemon:
        await daemon.says("baseline.done")
        ran = await daemon.stop()
    assert '"event": "baseline.progress"' in ran.err
    assert "━" not in ran.err


async def test_a_shop_of_one_page_has_no_bar(shop: Shop) -> None:
    fill(shop, 60)
    async with on_a_terminal("once", "--settings", str(shop.path)) as (process, shown):
        await process.communicate()
    assert "".join(shown) == ""
