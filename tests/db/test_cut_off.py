"""A transaction that is cut off, wherever it is: the database is there for whoever comes next."""

import asyncio
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from bridge.db.connection import opened
from bridge.db.models import StoreRow


async def _writes(name: str) -> None:
    async with in_transaction():
        await StoreRow.create(name=name)


@pytest.mark.parametrize("turns", range(12))
async def test_one_that_is_cut_off_leaves_nothing_locked(tmp_path: Path, turns: int) -> None:
    """So many turns of the loop after it has begun."""
    async with opened(f"sqlite://{tmp_path}/bridge.sqlite3"):
        task = asyncio.create_task(_writes("one"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            await _writes("two")
            assert await StoreRow.filter(name="two").exists()
