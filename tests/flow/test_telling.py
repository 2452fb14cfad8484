"""Holds that come again: told again where they are other news, and only there."""

from pathlib import Path

import pytest

from tests.flow.ways import CLEARED
from tests.flow.world import known_order


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
