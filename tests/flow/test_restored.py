"""A backup of the database is put back: what the bridge did since is known again, what leaves no key waits."""

from pathlib import Path

import pytest

from bridge.db import upkeep
from bridge.db.persons import approve, drop
from bridge.engine.acting import act
from bridge.engine.looking import look
from bridge.engine.polling import poll
from tests.flow.ways import cancel, complete, higher, lower, refund_lines
from tests.flow.world import MUG, TOTAL, Placed, ProviderName, World, known_order

pytestmark = pytest.mark.on_postgresql
PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


async def _back_up(w: World) -> Path:
    file = w.folder / "backup.sqlite3"
    await upkeep.backup(w.database, file)
    return await _with_the_bridge(w, file)


async def _with_the_bridge(w: World, file: Path) -> Path:
    await w.stop()
    return file


async def _restore(w: World, file: Path) -> None:
    await w.stop()
    await upkeep.restore(w.database, file, w.folder / "aside.sqlite3", w.clock.now())


async def _held(w: World, it: Placed) -> int:
    [action] = [action for action in await w.actions(it.id) if action["state"] == "held"]
    return int(action["id"])


@PROVIDERS
@pytest.mark.parametrize("way", [complete, cancel, lower, higher, refund_lines], ids=lambda way: way.__name__)
async def test_what_was_done_since_is_not_done_again(tmp_path: Path, provider: ProviderName, way: object) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        file = await _back_up(w)
        await way(w, it)  # type: ignore[operator]
        before = (w.books(it), w.calls(), await w.attention())
        await _restore(w, file)
        await w.cycle()
        assert (w.books(it), w.calls(), await w.attention()) == before


async def test_a_note_that_was_written_since_is_not_written_again(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        unit = await w.bridge()
        await poll(unit)
        w.clock.advance(10)
        ready = await look(unit, it.id)
        assert ready is not None
        await act(unit, ready)
        await look(unit, it.id)
        file = await _back_up(w)
        await w.cycle()
        notes = w.notes(it.id)
        await _restore(w, file)
        await w.cycle()
        assert w.notes(it.id) == notes != []


async def test_an_order_that_came_since_is_found_and_not_captured_again(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _):
        file = await _back_up(w)
        new = w.place()
        await refund_lines(w, new)
        calls = w.calls()
        await _restore(w, file)
        await w.cycle()
        assert w.calls() == calls
        assert await w.attention() == {}
        assert [it["how"] for it in (await w.story(new.id))["settlements"]] == ["paid"]


async def test_a_refund_that_was_dropped_since_is_not_paid_but_waits(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        file = await _back_up(w)
        w.store.refund(it.id, lines={"MUGG": 1})
        w.clock.advance(5 * 86400)
        await w.cycle()
        await drop(await _held(w, it), "paid in cash", w.clock.now())
        await w.cycle()
        await _restore(w, file)
        w.changes["actions"] = {"refund": {"hold_older_than": "30d"}}
        await w.cycle()
        assert await w.attention() == {it.id: "restored"}
        assert w.books(it) == (0, TOTAL, 0)
        await drop(await _held(w, it), "paid in cash", w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.attention() == {}


async def test_a_refund_that_nobody_came_to_pay_waits_and_is_paid_when_it_is_approved(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        file = await _back_up(w)
        w.store.refund(it.id, lines={"MUGG": 1})
        await _restore(w, file)
        await w.cycle()
        assert await w.attention() == {it.id: "restored"}
        await approve(await _held(w, it), w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        assert await w.attention() == {}


async def test_an_approval_of_before_the_backup_is_asked_for_again(tmp_path: Path) -> None:
    """It was given, and then what it was given for was dropped."""
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.store.refund(it.id, lines={"MUGG": 1})
        w.clock.advance(5 * 86400)
        await w.cycle()
        action = await _held(w, it)
        await approve(action, w.clock.now())
        file = await _back_up(w)
        await _restore(w, file)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert list(await w.attention()) == [it.id]


async def test_what_staff_do_after_it_is_done_as_ever(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        file = await _back_up(w)
        await _restore(w, file)
        w.clock.advance(3600)
        await refund_lines(w, it)
        assert w.books(it) == (0, TOTAL, MUG)
        assert await w.attention() == {}


async def test_what_waits_goes_on_waiting_when_the_order_is_saved_again(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        file = await _back_up(w)
        w.store.set_status(it.id, "cancelled")
        await _restore(w, file)
        await w.cycle()
        assert await w.attention() == {it.id: "restored"}
        w.clock.advance(3600)
        w.store.set_meta(it.id, "something", "else")
        await w.cycle()
        assert await w.attention() == {it.id: "restored"}
        assert w.calls() == []
