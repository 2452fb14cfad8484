"""The ticks of a daemon: stores at rest cost it nothing, and what is due is begun at once."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError

from bridge import ticking
from bridge.app import read_settings
from bridge.engine import cycles
from bridge.liveness import HUNG
from bridge.sandbox.faults import Fault
from bridge.ticking import Ticks, work_where_due
from tests.flow.world import TOTAL, World, all_done, known_order, to_their_end, until, world


async def _ticks(w: World) -> Ticks:
    unit, [store] = await w.bridge(), read_settings(w.folder / "settings.yaml").stores
    return Ticks(unit, store)


async def test_one_that_is_at_rest_is_worked_on_no_more_and_does_not_hang(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        ticks = await _ticks(w)
        for _ in range(30):
            w.clock.advance(1)
            await work_where_due([ticks], w.clock.now())
            assert not ticks.under_way
        ticks.working.pulse._last -= 2 * HUNG
        assert ticks.hanging(HUNG) == ["work"]
        await work_where_due([ticks], w.clock.now())
        assert ticks.hanging(HUNG) == []


@pytest.mark.parametrize("stores", [1, 50])
async def test_however_many_are_at_rest_it_is_as_few_questions(tmp_path: Path, stores: int) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        many = [await _ticks(w) for _ in range(stores)]
        await work_where_due(many, w.clock.now())
        connection: Any = get_connection("default")
        asked: list[str] = []
        async with connection.acquire_connection() as driver:
            await driver.set_trace_callback(asked.append)
        w.clock.advance(1)
        await work_where_due(many, w.clock.now())
        assert len(asked) == 3, asked


async def test_what_a_poll_finds_is_begun_without_waiting_for_a_tick(tmp_path: Path) -> None:
    async with known_order(tmp_path, settle={"change": "0s"}) as (w, it):
        w.clock.advance(60)
        w.store.set_status(it.id, "completed")
        ticks = await _ticks(w)
        await to_their_end(ticks, ticks.poll())
        assert w.books(it) == (0, TOTAL, 0)


async def test_one_whose_provider_is_down_is_worked_on_at_each_tick(tmp_path: Path) -> None:
    """Only the process knows that somebody should ask it again."""
    async with known_order(tmp_path, settle={"change": "0s"}) as (w, it):
        w.side.faults.plan(Fault.ERROR_BEFORE, path="/payments", times=1000)
        w.clock.advance(60)
        w.store.set_status(it.id, "completed")
        await cycles.look_around(await w.bridge(), sweeping=False)
        await w.work()
        assert (await w.bridge()).outages
        ticks = await _ticks(w)
        await work_where_due([ticks], w.clock.now())
        assert ticks.under_way
        await all_done(ticks)


async def test_what_need_not_settle_is_followed_by_the_first_look_that_shows_it(tmp_path: Path) -> None:
    """As after a hint: no poll has seen it before, and time passes while the payment is read."""
    async with known_order(tmp_path, settle={"change": "0s"}) as (w, it):
        w.clock.advance(60)
        w.store.set_status(it.id, "completed")
        unit = await w.bridge()
        await unit.agenda.wake([it.id], w.clock.now())
        w.side.faults.plan(Fault.SLOW, method="GET", path=f"{it.payment}$")
        working, asked = asyncio.create_task(w.work()), len(w.side.faults.seen)
        await until(lambda: len(w.side.faults.seen) > asked)
        w.clock.advance(1)
        w.side.faults.release.set()
        await working
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_question_to_the_database_that_fails_once_is_no_trouble_of_any_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each asks for itself then, and tells of what fails there."""

    async def fails(_: object, now: datetime) -> set[str]:
        raise OperationalError("server closed the connection unexpectedly")

    async with known_order(tmp_path, settle={"change": "0s"}) as (w, it):
        w.clock.advance(60)
        w.store.set_status(it.id, "completed")
        unit = await w.bridge()
        await unit.agenda.wake([it.id], w.clock.now())
        monkeypatch.setattr(ticking, "with_work", fails)
        await w.work()
        assert (w.books(it), unit.broken, unit.urgent.take()) == ((0, TOTAL, 0), None, [])


async def test_a_store_that_was_refused_meanwhile_is_live_again_as_soon_as_it_is_not(tmp_path: Path) -> None:
    """Only its notes are due, and no order is looked at that would notice."""
    async with known_order(tmp_path, settle={"change": "0s"}) as (w, it):
        unit = await w.bridge()
        w.clock.advance(60)
        w.store.faults.plan(Fault.ERROR_BEFORE, method="POST", path="/notes")
        w.store.set_status(it.id, "completed")
        await unit.agenda.wake([it.id], w.clock.now())
        await w.work()
        assert (w.books(it), w.notes(it.id)) == ((0, TOTAL, 0), [])
        unit.live = False  # by a look that came to its end while the shop was refused
        w.clock.advance(3600)
        await w.work()
        assert len(w.notes(it.id)) == 1
