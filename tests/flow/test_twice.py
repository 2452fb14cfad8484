"""What is done is done once: however often the bridge looks, and whatever becomes of its database."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.flow.ways import complete, refund_elsewhere, refund_lines
from tests.flow.world import MUG, TOTAL, Placed, World, known_order

pytestmark = pytest.mark.on_postgresql


async def nothing_more_happens(w: World, it: Placed) -> None:
    """Another whole run on the same database calls nobody, writes nothing, and has nothing new to tell."""
    calls, writes, story = w.calls(), w.writes(), await w.told(it.id, "decided")
    await w.stop()
    await w.cycle()
    assert (w.calls(), w.writes()) == (calls, writes)
    assert await w.told(it.id, "decided") == story


async def test_a_database_lost_before_the_refund_pays_it_once(tmp_path: Path) -> None:
    """The refund came after the capture, which the new database has never heard of."""
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.lose_database()
        w.changes["start_from"] = "2026-11-01"
        await w.cycle()
        await w.lose_database()
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        assert len(w.calls()) == 2


async def test_a_database_lost_after_everything_takes_all_refunds_for_settled(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await refund_lines(w, it)
        await w.lose_database()
        await w.cycle()
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 2 * MUG)


async def test_a_payment_somebody_else_returned_is_known_again_without_the_database(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await refund_elsewhere(w, it)
        await w.lose_database()
        w.changes["start_from"] = "2026-11-01"
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


async def test_a_second_change_of_the_same_second_is_not_lost(tmp_path: Path) -> None:
    """The store's dates have one-second steps, and the first poll has seen this one."""
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "on-hold")
        await w.cycle(timedelta())
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
