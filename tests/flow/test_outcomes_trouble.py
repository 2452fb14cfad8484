"""Unknown calls and what else may happen to them: slow reads, persons' words, a database that can't be written."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError

from bridge.app import read_settings
from bridge.db.persons import Said, adopt_refund, adopt_returns, approve, drop, look_again, retry, unexplained
from bridge.engine import acting
from bridge.engine.working import work_all_due
from bridge.errors import UsageError
from bridge.sandbox.faults import Fault
from bridge.ticking import Ticks
from tests.flow.test_crash import _about_to_capture
from tests.flow.test_persons import _confirmed_but_not_shown, _reads_lag
from tests.flow.test_unknown import CALL
from tests.flow.world import (
    MUG,
    STORE,
    TOTAL,
    Placed,
    ProviderName,
    ResursSide,
    World,
    _settings,
    known_order,
    until,
)

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


async def _lost(w: World, it: Placed, fault: Fault) -> None:
    """The order is completed, and its capture ends so."""
    w.side.faults.plan(fault, method="POST", path=CALL)
    w.store.set_status(it.id, "completed")
    await w.cycle(w.instant)
    w.clock.advance(5)
    await w.cycle(w.instant)
    assert await w.states(it.id) == [f"capture {TOTAL} unknown"]


@PROVIDERS
async def test_a_read_that_began_too_early_does_not_say_that_nothing_was_done(
    tmp_path: Path, provider: ProviderName
) -> None:
    """It took long: what it shows was so when it began, and the call's effect was to be seen a little later."""
    async with known_order(tmp_path, provider) as (w, it):
        _reads_lag(w, timedelta(minutes=4, seconds=50))
        await _lost(w, it, Fault.DROP_AFTER)
        w.clock.advance(280)
        reads = len(w.side.faults.seen)
        w.side.faults.plan(Fault.SLOW, method="GET", path=it.payment)
        async with w.cycling():
            await until(lambda: len(w.side.faults.seen) > reads)
            w.clock.advance(30)
            w.side.faults.release.set()
        assert len(w.calls()) == 1
        assert await w.states(it.id) == [f"capture {TOTAL} done"]


@pytest.mark.parametrize("word", ["drop", "adopt"])
@PROVIDERS
async def test_what_a_person_gave_up_and_was_paid_all_the_same_needs_a_person(
    tmp_path: Path, provider: ProviderName, word: str
) -> None:
    """It was paid in cash meanwhile, say: then the customer has the money twice."""
    async with known_order(tmp_path, provider) as (w, it):
        action = (await _confirmed_but_not_shown(w, it))["id"]
        said = drop(action, "cash", w.clock.now()) if word == "drop" else adopt_refund(action, w.clock.now())
        await said
        await w.cycle()
        assert await w.attention() == {}
        w.clock.advance(3600)
        await look_again(STORE, it.id, w.clock.now())
        await w.cycle()
        assert await w.attention() == {it.id: "unmatched-return"}
        assert "refunded 125.00 kr that no refund in the shop explains" in w.notes(it.id)[-1]
        shown = await unexplained(STORE, it.id, "")
        await adopt_returns(STORE, it.id, "", shown, w.clock.now())
        await w.cycle()
        assert await w.attention() == {}
        assert w.books(it) == (0, TOTAL, MUG)


@pytest.mark.parametrize("word", [approve, adopt_refund], ids=["approve", "adopt"])
@PROVIDERS
async def test_a_person_can_only_have_an_unknown_call_looked_at(
    tmp_path: Path, provider: ProviderName, word: Callable[[int, datetime], Awaitable[Said]]
) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        await _lost(w, it, Fault.DROP_BEFORE)
        [action] = await w.actions(it.id)
        with pytest.raises(UsageError):
            await word(action["id"], w.clock.now())
        with pytest.raises(UsageError, match="may have taken effect"):
            await drop(action["id"], "no", w.clock.now())
        reads = len(w.side.faults.seen)
        await retry(action["id"], w.clock.now())
        await w.cycle(w.instant)
        assert [method for method, _ in w.side.faults.seen[reads:]] == ["GET"]
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]


async def _bridge_without_patience(w: World) -> None:
    """Its short pauses cost no time, and a lock that it meets is told at once."""

    async def at_once(_: float) -> None:
        pass

    (await w.bridge()).sleep = at_once
    await get_connection("default").execute_script("PRAGMA busy_timeout = 0")


async def _fill() -> None:
    """Use up what room is left in the pages that are there."""
    try:
        while True:
            await get_connection("default").execute_script(FILLER)
    except OperationalError as error:
        assert "full" in str(error)  # noqa: PT017 - how many rows it takes is not known


@asynccontextmanager
async def _cannot_write(w: World, how: str) -> AsyncIterator[None]:
    """As long as this lasts the bridge can read its database, and not write it."""
    ours = get_connection("default")
    with closing(sqlite3.connect(w.folder / "bridge.sqlite3", isolation_level=None)) as other:
        match how:
            case "locked":
                other.execute("BEGIN IMMEDIATE")
            case "read-only":
                await ours.execute_script("PRAGMA query_only = ON")
            case _:
                [[pages]] = other.execute("PRAGMA page_count").fetchall()
                await ours.execute_script(f"PRAGMA max_page_count = {pages}")
                await _fill()
        yield
        if how == "locked":
            other.execute("ROLLBACK")
        await ours.execute_script("PRAGMA query_only = OFF; PRAGMA max_page_count = 1000000")
        await ours.execute_script("DELETE FROM events WHERE topic = 'filler'")


HOW = pytest.mark.parametrize("how", ["locked", "read-only", "full"])
FILLER = "INSERT INTO events (order_id, at, topic, text) SELECT id, '2026', 'filler', 'filler' FROM orders"


@pytest.mark.on_sqlite
@HOW
@pytest.mark.parametrize(("fault", "calls"), [(Fault.SLOW, 1), (Fault.LOST, 2)], ids=["done", "not-done"])
async def test_a_call_whose_answer_cannot_be_written_is_settled_by_reading(
    tmp_path: Path, how: str, fault: Fault, calls: int
) -> None:
    async with known_order(tmp_path) as (w, it):
        await _bridge_without_patience(w)
        w.store.set_status(it.id, "completed")
        w.side.faults.plan(fault, method="POST", path=CALL)
        async with w.cycling() as cycle:
            await until(lambda: len(w.calls()) == 1)
            async with _cannot_write(w, how):
                w.side.faults.release.set()
                await asyncio.wait([cycle])
        assert len(w.calls()) == 1
        await w.stop()
        await w.cycle(timedelta(minutes=20))
        assert (w.books(it), len(w.calls())) == ((0, TOTAL, 0), calls)
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert len(w.notes(it.id)) == 1
        assert (await w.told(it.id, "answered"))[0].startswith("outcome unknown: ")


@pytest.mark.on_sqlite
@HOW
async def test_nothing_is_called_while_nothing_can_be_written(tmp_path: Path, how: str) -> None:
    async with known_order(tmp_path) as (w, it):
        await _bridge_without_patience(w)
        w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        w.clock.advance(10)
        async with _cannot_write(w, how):
            await work_all_due(await w.bridge())
            assert w.calls() == []
        w.clock.advance(120)
        await w.cycle()
        assert (w.books(it), len(w.calls())) == ((0, TOTAL, 0), 1)


async def test_a_call_to_a_provider_that_settings_have_lost_is_judged_by_no_other(tmp_path: Path) -> None:
    """The order names a payment of another provider meanwhile, which shows nothing of the call."""
    async with known_order(tmp_path, "ecster") as (w, it):
        ready = await _about_to_capture(w, it)
        unit = await w.bridge()
        assert await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), w.clock.now())
        await acting.call(unit, ready, acting.request(unit, ready))
        await w.stop()
        resurs = ResursSide(w.resurs)
        w.changes["providers"] = [{**_settings(w)["stores"][0]["providers"][0], "payment_methods": ["*"]}]
        w.store.set_meta(it.id, resurs.meta, resurs.pay(str(it.id), TOTAL))
        await w.cycle()
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]
        assert "settings.yaml does not name it any more" in (await w.status())["attention"][0]["text"]
        await w.stop()
        del w.changes["providers"]
        await w.cycle()
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert w.books(it) == (0, TOTAL, 0)


class Clocks:
    """Stands for the scheduler: what a daemon does at its ticks is done when a test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[..., Awaitable[None]], list[Any]]] = []

    def add_job(self, tick: Callable[..., Awaitable[None]], _: str, *, args: list[Any], **__: Any) -> "Clocks":
        self.jobs.append((tick, args))
        return self

    def remove(self) -> None:
        """A job does not tick by itself here."""

    async def tick(self) -> None:
        """Poll and work once, each to its end."""
        for tick, (job,) in self.jobs:
            await tick(job)
            await asyncio.wait(list(job.running))


async def _tick(w: World, clocks: Clocks, minutes: int) -> None:
    for _ in range(2 * minutes):
        w.clock.advance(30)
        await clocks.tick()


@pytest.mark.on_sqlite
@HOW
async def test_a_database_that_cannot_be_written_is_one_line_in_the_log(tmp_path: Path, how: str) -> None:
    """However often the daemon polls and tries; one more when it is over, and no order has anything of it."""
    async with known_order(tmp_path) as (w, it):
        await _bridge_without_patience(w)
        clocks = Clocks()
        Ticks(await w.bridge(), read_settings(w.folder / "settings.yaml").stores[0]).wind(clocks)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        with capture_logs() as log:
            async with _cannot_write(w, how):
                w.store.set_status(it.id, "completed")
                await _tick(w, clocks, minutes=10)
            told = [(line["event"], line["log_level"]) for line in log if line["event"] != "order.seen"]
            seen = [line["event"] for line in log if line["event"] == "order.seen"]
            assert told == [("database.unusable", "error")], log
            assert len(seen) <= 1
            await _tick(w, clocks, minutes=5)
        assert [line["event"] for line in log].count("database.usable") == 1
        assert (w.books(it), len(w.calls())) == ((0, TOTAL, 0), 1)
        assert await w.attention() == {}
        assert [line["event"] for line in log].count("order.seen") == 1
