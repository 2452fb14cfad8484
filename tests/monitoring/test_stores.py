"""What is told of stores that are not well, over a whole bridge on a clock that the tests move."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from bridge.db import holds
from bridge.db.holds import Held
from bridge.monitoring import monitor
from bridge.monitoring.monitor import Monitor
from bridge.sandbox.faults import Fault
from bridge.web import monitoring
from bridge.web.listener import listening
from tests.flow.world import STORE, World, known_order, world
from tests.monitoring.scrape import Scrape, scraped
from tests.web.shop import ANY_PORT

INTERVAL = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody who asks how a world's bridge does."""

    address: str

    async def scrape(self) -> Scrape:
        return await scraped(self.address)

    async def ready(self) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.address}/readyz") as answer:
            return answer.status, await answer.json()

    async def wrong(self) -> tuple[int, str]:
        """The status, and what is wrong with the one store."""
        status, said = await self.ready()
        [store] = said["stores"]
        assert (store["ready"], said["ready"], said["database"]) == (status == 200, status == 200, USABLE)
        return status, store["wrong"]


USABLE = {"usable": True, "wrong": ""}


@asynccontextmanager
async def watched(w: World) -> AsyncIterator[Watch]:
    await w.bridge()
    it = Monitor(lambda: {STORE: INTERVAL}, w.clock.now)
    async with it.at_work(), listening(ANY_PORT, monitoring.routes(it, lambda: None)) as address:
        yield Watch(address)


@pytest.fixture(autouse=True)
def _read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "FRESH", 0.0)


async def test_store_is_ready_while_it_is_polled_in_time(tmp_path: Path) -> None:
    async with world(tmp_path) as w, watched(w) as watch:
        assert await watch.wrong() == (503, "never polled")
        await w.cycle()
        assert await watch.wrong() == (200, "")
        w.clock.advance(120)
        assert await watch.wrong() == (200, "")
        assert (await watch.scrape())("poll_age_seconds", store=STORE) == 120
        w.clock.advance(1)
        assert await watch.wrong() == (503, "not polled for 121 s")
        assert (await watch.scrape())("store_ready") == 0
        assert (await watch.ready())[1]["stores"][0]["poll_age"] == 121


async def test_trouble_of_a_poll_is_told_at_once_and_unready_when_it_lasts(tmp_path: Path) -> None:
    async with world(tmp_path) as w, watched(w) as watch:
        await w.cycle()
        w.store.faults.plan(Fault.ERROR_BEFORE, times=10**6)
        await w.cycle(w.instant)
        status, wrong = await watch.wrong()
        assert (status, "500" in wrong) == (200, True)
        w.clock.advance(121)
        assert await watch.wrong() == (503, wrong)


async def test_store_that_the_database_does_not_know_is_not_ready(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.bridge()
        it = Monitor(lambda: {"new": INTERVAL}, w.clock.now)
        async with it.at_work(), listening(ANY_PORT, monitoring.routes(it, lambda: None)) as address:
            assert await Watch(address).wrong() == (503, "not begun yet")
            assert (await Watch(address).scrape()).labels("store_live", "store") == set()


@pytest.mark.parametrize("by", Held)
async def test_store_that_is_held_whole_says_why(tmp_path: Path, by: Held) -> None:
    async with world(tmp_path) as w, watched(w) as watch:
        await w.cycle()
        await holds.hold(STORE, by, "order 7 went back")
        assert await watch.wrong() == (200, "order 7 went back"), "it is polled"
        assert (await watch.scrape()).labels("store_stopped", "why") == {by}


async def test_shop_that_is_another_one_is_told_as_stopped(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        await w.stop()
        w.store.home = "https://another.example"
        await w.cycle(w.instant)
        async with watched(w) as watch:
            assert (await watch.scrape()).labels("store_stopped", "why") == {"unbound"}
            assert "another.example" in (await watch.wrong())[1]


@pytest.mark.on_postgresql
@pytest.mark.usefixtures("database")
async def test_remote_that_is_down_is_told_until_it_answers(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, placed), watched(w) as watch:
        assert list((await watch.scrape()).each("outage_seconds")) == []
        w.resurs.faults.plan(Fault.ERROR_BEFORE, times=10**6)
        w.store.set_status(placed.id, "completed")
        await w.cycle(timedelta(minutes=2))
        lasts = (await watch.scrape())("outage_seconds", store=STORE, remote="Resurs")
        assert 0 < lasts <= 120
        w.clock.advance(600)
        it = await watch.scrape()
        assert it("outage_seconds") == lasts + 600
        assert it("orders_due") == 1
        assert 480 <= it("lag_seconds") <= 600, "it was to be looked at within two minutes"
        w.resurs.faults.planned.clear()
        await w.cycle()
        it = await watch.scrape()
        assert (list(it.each("outage_seconds")), it("lag_seconds"), it("orders_due")) == ([], 0, 0)


async def test_shop_that_is_down_goes_by_its_own_name(tmp_path: Path) -> None:
    async with world(tmp_path) as w, watched(w) as watch:
        await w.cycle()
        w.store.faults.plan(Fault.DROP_BEFORE, times=10**6)
        await w.cycle(w.instant)
        w.clock.advance(60)
        await w.cycle(w.instant)
        assert (await watch.scrape())("outage_seconds", store=STORE, remote=STORE) > 0


async def test_note_that_the_shop_does_not_take_is_waiting(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, placed), watched(w) as watch:
        w.store.faults.plan(Fault.ERROR_BEFORE, method="POST", path="/notes$", times=10**6)
        w.store.set_status(placed.id, "completed")
        await w.cycle(w.instant)
        await w.cycle(timedelta(seconds=10))
        w.clock.advance(3600)
        it = await watch.scrape()
        assert (it("notes_waiting"), it("open_actions")) == (1, 0)
        assert 3600 <= it("oldest_note_seconds") <= 3610


@pytest.mark.on_postgresql
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("mode", "live", "state", "attention"), [("live", 1, "held", 1), ("shadow", 0, "shadow", 0)]
)
async def test_what_bounds_hold_is_for_a_person_and_in_shadow_mode_for_nobody(
    tmp_path: Path, mode: str, live: int, state: str, attention: int
) -> None:
    async with known_order(tmp_path, mode=mode, surge={"capture": 0}) as (w, placed), watched(w) as watch:
        w.store.set_status(placed.id, "completed")
        await w.cycle()
        it = await watch.scrape()
        assert (it("store_live"), it("open_actions")) == (live, 1)
        assert it.labels("open_actions", "state") == {state}
        assert (it("attention_orders", reason="surge"), it("attention_orders")) == (attention, attention)


@pytest.mark.on_postgresql
@pytest.mark.usefixtures("database")
async def test_order_that_can_not_be_understood_needs_somebody(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, placed), watched(w) as watch:
        await broken(w, placed.id)
        assert (await watch.scrape())("attention_orders", reason="unreadable") == 1


async def broken(w: World, order: int) -> None:
    unit = await w.bridge()
    row = await unit.journal.known(order)
    assert row is not None
    await unit.journal.set_aside(row.row, "its total is no number", None, w.clock.now())


async def test_database_that_fails_is_told_and_nothing_old_with_it(tmp_path: Path) -> None:
    async with world(tmp_path) as w, watched(w) as watch:
        await w.cycle()
        assert (await watch.scrape()).labels("store_ready", "store") == {STORE}
        path = w.database.removeprefix("sqlite://")
        rename(path, "outages", "elsewhere")
        it = await watch.scrape()
        assert list(it.each("database_up")) == [0]
        assert list(it.each("store_ready")) == []
        assert it.labels("build_info", "version")
        status, said = await watch.ready()
        assert (status, said["ready"], said["stores"]) == (503, False, [])
        assert said["database"] == {"usable": False, "wrong": "no such table: outages"}
        rename(path, "elsewhere", "outages")
        assert await watch.wrong() == (200, "")


def rename(path: str, table: str, to: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO {to}")


async def test_database_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "_PATIENCE", 0.05)
    async with world(tmp_path) as w, watched(w) as watch:
        await w.cycle()
        async with in_transaction():
            status, said = await watch.ready()
            assert (status, said["database"]["wrong"]) == (503, "it does not answer")
        monkeypatch.setattr(monitor, "_PATIENCE", 5)
        assert await watch.wrong() == (200, "")


async def test_any_number_of_scrapes_at_once_is_one_read_of_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "FRESH", 60.0)
    async with world(tmp_path) as w, watched(w) as watch:
        await w.cycle()
        executed = await statements()
        await asyncio.gather(*(watch.scrape() for _ in range(20)), *(watch.ready() for _ in range(20)))
        assert 0 < len(executed) < 10
        w.clock.advance(60)
        assert (await watch.scrape())("poll_age_seconds") == 60, "ages go on all the same"


async def statements() -> list[str]:
    executed: list[str] = []
    connection: Any = get_connection("default")
    async with connection.acquire_connection() as driver:
        await driver.set_trace_callback(executed.append)
    return executed
