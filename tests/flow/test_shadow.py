"""Shadow mode: look, decide, record, write nothing; and what becomes of that when the store goes live."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bridge.db.persons import approve, drop
from bridge.engine.cycles import look_around
from bridge.sandbox.faults import Fault
from tests.flow.ways import complete, lower
from tests.flow.world import MUG, TOTAL, Placed, ProviderName, World, known_order, until

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What is told of at level error."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with capture_logs() as logged:
        yield logged


@PROVIDERS
async def test_shadow_writes_nothing_and_records_what_it_would_do(tmp_path: Path, provider: ProviderName) -> None:
    async with known_order(tmp_path, provider, mode="shadow") as (w, it):
        await complete(w, it)
        cancelled = w.place()
        w.store.set_status(cancelled.id, "cancelled")
        for _ in range(2):
            await w.cycle()
        assert (w.calls(), w.writes()) == ([], [])
        assert await w.states(it.id) == [f"capture {TOTAL} ready"]
        assert await w.states(cancelled.id) == [f"cancel {TOTAL} ready"]


async def test_shadow_forgets_what_the_plugin_then_did_itself(tmp_path: Path) -> None:
    async with known_order(tmp_path, mode="shadow") as (w, it):
        await complete(w, it)
        w.side.capture(it.payment, TOTAL)
        await w.cycle()
        assert await w.states(it.id) == [f"capture {TOTAL} dropped"]


async def in_mode(w: World, mode: str) -> None:
    """The administrator has set the mode, and starts the bridge again."""
    await w.stop()
    w.changes["mode"] = mode


def plugin_captures(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")
    w.side.capture(it.payment, TOTAL)


@PROVIDERS
async def test_going_live_closes_what_others_did_and_holds_what_nobody_did(
    tmp_path: Path, provider: ProviderName, told: list[Any]
) -> None:
    async with known_order(tmp_path, provider, mode="shadow") as (w, forgotten):
        others = [w.place() for _ in range(4)]
        by_plugin, late, unseen, after = others
        await w.cycle()
        plugin_captures(w, by_plugin)
        for it in (forgotten, late):
            await complete(w, it)
        w.side.capture(late.payment, TOTAL)
        w.clock.advance(120)
        await w.stop()
        w.store.set_status(unseen.id, "completed")
        w.clock.advance(5)
        await in_mode(w, "live")
        await w.cycle()
        assert w.calls() == []
        assert {it.id: await w.states(it.id) for it in (by_plugin, late, forgotten, unseen)} == {
            by_plugin.id: [],
            late.id: [f"capture {TOTAL} dropped"],
            forgotten.id: [f"capture {TOTAL} held"],
            unseen.id: [f"capture {TOTAL} held"],
        }
        [bunch] = (await w.status())["bounded"]
        assert (bunch["kind"], bunch["reasons"], bunch["count"]) == ("capture", ["shadowed"], 2)
        assert [it["problem"][:73] for it in told] == [
            "2 capture actions held since they were asked for before the store went li"
        ]
        assert [w.notes(it.id) for it in (forgotten, *others)] == [[]] * 5, "staff can do nothing about the past"
        await complete(w, after)
        assert w.books(after) == (0, TOTAL, 0)
        for it in (forgotten, unseen):
            [action] = await w.actions(it.id)
            await approve(action["id"], w.clock.now())
        await w.cycle()
        assert [w.books(it) for it in (forgotten, unseen)] == [(0, TOTAL, 0)] * 2
        assert [len(w.notes(it.id)) for it in (forgotten, late)] == [1, 0]


async def test_daemon_that_goes_live_holds_what_shadow_recorded_at_its_first_turn(tmp_path: Path) -> None:
    """Also a refund, whose order is closed and no longer watched."""
    async with known_order(tmp_path, mode="shadow") as (w, it):
        plugin_captures(w, it)
        await w.cycle()
        w.store.refund(it.id, "125.00")
        await w.cycle()
        assert await w.states(it.id) == [f"refund {MUG} ready"]
        w.clock.advance(3600)
        await in_mode(w, "live")
        await look_around(await w.bridge(), sweeping=False)
        await w.work()
        assert await w.states(it.id) == [f"refund {MUG} held"]


async def test_what_had_still_to_settle_in_shadow_is_held_too(tmp_path: Path) -> None:
    async with known_order(tmp_path, mode="shadow", settle={"change": "5m"}) as (w, it):
        w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        assert await w.states(it.id) == []
        w.clock.advance(60)
        await in_mode(w, "live")
        await w.cycle()
        assert (await w.states(it.id), w.calls()) == ([f"capture {TOTAL} held"], [])


async def test_what_follows_from_an_approved_step_needs_no_other_word(tmp_path: Path) -> None:
    """Less was asked for and the order completed: a capture, and then the release of the rest."""
    async with known_order(tmp_path, mode="shadow", actions={"modify": {"enabled": False}}) as (w, it):
        w.store.set_quantity(it.id, "MUGG", 1)
        await complete(w, it)
        w.clock.advance(60)
        await in_mode(w, "live")
        await w.cycle()
        [action] = await w.actions(it.id)
        await approve(action["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL - MUG, 0)


async def test_dropped_after_shadow_is_given_up_for_good(tmp_path: Path) -> None:
    async with known_order(tmp_path, mode="shadow") as (w, it):
        await complete(w, it)
        w.clock.advance(60)
        await in_mode(w, "live")
        await w.cycle()
        [action] = await w.actions(it.id)
        await drop(action["id"], "it was paid in cash", w.clock.now())
        for _ in range(2):
            await w.cycle()
        assert (await w.states(it.id), w.calls()) == ([f"capture {TOTAL} dropped"], [])


# ---------------------------------------------------------------------- back to shadow


async def test_what_was_about_to_be_called_is_only_recorded_after_going_back(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.side.faults.plan(Fault.BUSY, method="POST", path="/capture", times=10**6)
        w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        w.clock.advance(10)
        await w.cycle(w.instant)
        assert await w.states(it.id) == [f"capture {TOTAL} waiting"]
        calls = w.calls()
        w.side.faults.planned.clear()
        await in_mode(w, "shadow")
        w.clock.advance(86400)
        await w.cycle()
        assert (await w.states(it.id), w.calls()) == ([f"capture {TOTAL} ready"], calls)
        assert (await w.status())["tried_long"] == []
        await in_mode(w, "live")
        await w.cycle()
        assert (await w.states(it.id), w.calls()) == ([f"capture {TOTAL} held"], calls)


async def test_call_of_unknown_outcome_is_looked_up_after_going_back_and_told_when_live_again(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        w.side.faults.plan(Fault.SLOW, method="POST", path="/capture")
        async with w.cycling() as cycle:
            await until(lambda: len(w.calls()) == 1)
            cycle.cancel()
        w.side.faults.release.set()
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]
        await in_mode(w, "shadow")
        await w.cycle()
        assert (await w.states(it.id), w.notes(it.id)) == ([f"capture {TOTAL} done"], [])
        await in_mode(w, "live")
        await w.cycle()
        [note] = w.notes(it.id)
        assert note.startswith("Resurs: successfully captured 811.25 kr")


async def test_what_is_held_stays_held_in_shadow_and_after_it(tmp_path: Path) -> None:
    async with known_order(tmp_path, place=lambda w: w.place(reserved=50000, limit=500)) as (w, it):
        await complete(w, it)
        notes = w.notes(it.id)
        for mode in ("shadow", "live"):
            await in_mode(w, mode)
            w.clock.advance(3600)
            await w.cycle()
            assert await w.states(it.id) == ["capture 50000 held"]
            assert await w.attention() == {it.id: "less-reserved"}
        assert w.notes(it.id) == notes


async def test_going_live_acts_on_what_comes_after(tmp_path: Path) -> None:
    async with known_order(tmp_path, mode="shadow") as (w, it):
        await lower(w, it)
        await w.stop()
        w.changes["mode"] = "live"
        await complete(w, it)
        assert w.books(it) == (0, TOTAL - MUG, 0), "the capture is another step than the one that shadow recorded"


async def test_a_note_left_over_from_live_is_not_written_in_shadow(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.faults.plan(Fault.ERROR_BEFORE, method="POST", path=r"/notes$", times=10**6)
        await complete(w, it)
        w.store.faults.planned.clear()
        await w.stop()
        w.changes["mode"] = "shadow"
        w.clock.advance(3600)
        w.store.swap_line(it.id, "LAMPA", "MUGG", 4)
        writes = w.writes()
        await w.cycle()
        assert w.writes() == writes
        await w.stop()
        w.changes["mode"] = "live"
        await w.cycle()
        assert len(w.notes(it.id)) == 1


async def test_the_word_for_one_refund_is_none_for_the_next(tmp_path: Path) -> None:
    """Of an order one step is held at a time: whoever approved the first refund was not shown the second."""
    async with known_order(tmp_path, mode="shadow") as (w, it):
        plugin_captures(w, it)
        await w.cycle()
        for amount in ("125.00", "300.00"):
            w.store.refund(it.id, amount)
            await w.cycle()
        w.clock.advance(3600)
        await in_mode(w, "live")
        await w.cycle()
        [first] = [action for action in await w.actions(it.id) if action["state"] == "held"]
        await approve(first["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 12500)
        assert await w.states(it.id) == ["refund 12500 done", "refund 30000 held"]
        [second] = [action for action in await w.actions(it.id) if action["state"] == "held"]
        await approve(second["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 42500)
