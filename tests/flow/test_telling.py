"""Holds that come again, told again where they are other news and only there; promises that no longer hold."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.db.persons import drop
from bridge.sandbox.faults import Fault
from tests.flow.test_outages import tick
from tests.flow.test_unknown import CALL
from tests.flow.ways import CLEARED, complete
from tests.flow.world import MUG, TOTAL, Placed, World, known_order


@pytest.mark.parametrize("status", ["completed", "on-hold"])
async def test_the_same_hold_in_another_status_is_told_again(tmp_path: Path, status: str) -> None:
    """Nobody who completes an order looks at a note from days ago."""
    async with known_order(tmp_path, "ecster") as (w, it):
        w.store.add_line(it.id, "MUGG")
        await w.cycle()
        before = w.notes(it.id)
        w.store.set_status(it.id, status)
        await w.cycle()
        told = w.notes(it.id)[len(before) :]
        assert len(told) == 1
        assert await w.attention() == {it.id: "less-reserved"}
        for _ in range(3):
            w.clock.advance(3600)
            await w.cycle()
        assert w.notes(it.id) == [*before, *told]


async def test_an_order_that_is_put_to_the_trash_again_is_told_of_again(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        for times in (1, 2):
            w.store.trash(it.id)
            for _ in range(3):
                await w.cycle()
                w.clock.advance(3600)
            w.store.restore(it.id)
            await w.cycle()
            assert [note[:20] for note in w.notes(it.id)] == ["The order is in the ", CLEARED[:20]] * times


# ---------------------------------------------------------------------- a refund that is going to be paid


@asynccontextmanager
async def unsaid_promise(folder: Path) -> AsyncIterator[tuple[World, Placed, int]]:
    """A refund that the bridge is about to pay, of an order on which no note can be written for now."""
    async with known_order(folder) as (w, it):
        await complete(w, it)
        w.store.faults.plan(Fault.ERROR_BEFORE, method="POST", path="/notes", times=10**6)
        w.side.faults.plan(Fault.BUSY, method="POST", path=CALL, times=10**6, retry_after=1)
        refund = w.store.refund(it.id, "125.00")
        await tick(w, 20, step=10)
        assert [promised(it["text"]) for it in (await w.story(it.id))["notes"]][-1], "it is written down"
        yield w, it, refund


def promised(note: str) -> bool:
    return "is going to pay refund" in note


async def notes_once_they_can_be_written(w: World, it: Placed) -> list[bool]:
    """Which of them are the promise."""
    w.store.faults.planned.clear()
    await tick(w, 1200, step=30)
    return [promised(note) for note in w.notes(it.id)]


async def staff_delete_it(w: World, it: Placed, refund: int) -> None:
    w.store.delete_refund(it.id, refund)


async def a_person_drops_it(w: World, it: Placed, refund: int) -> None:
    await tick(w, 90, step=10)
    await drop((await w.actions(it.id))[-1]["id"], "paid in cash", w.clock.now())


async def a_limit_holds_it(w: World, it: Placed, refund: int) -> None:
    await w.stop()
    w.changes["limits"] = {"refund_per_action": 100}


@pytest.mark.parametrize("why", [staff_delete_it, a_person_drops_it, a_limit_holds_it])
async def test_a_refund_that_is_not_paid_after_all_is_not_promised_late(
    tmp_path: Path, why: Callable[[World, Placed, int], Awaitable[None]]
) -> None:
    async with unsaid_promise(tmp_path) as (w, it, refund):
        await why(w, it, refund)
        await tick(w, 120, step=10)
        assert not any(await notes_once_they_can_be_written(w, it))
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_promise_that_still_holds_is_written_once_late_as_it_is(tmp_path: Path) -> None:
    async with unsaid_promise(tmp_path) as (w, it, _):
        await tick(w, 120, step=10)
        assert (await w.states(it.id))[-1] == f"refund {MUG} waiting"
        assert await notes_once_they_can_be_written(w, it) == [False, True]
        w.side.faults.planned.clear()
        await tick(w, 660, step=30)
        assert (w.books(it), len(w.notes(it.id))) == ((0, TOTAL, MUG), 3)
