"""A transaction that is cut off, wherever it is: the database is there for whoever comes next."""

import asyncio
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from bridge.db.connection import opened
from bridge.db.models import StoreRow
from tests import databases


async def _writes(name: str) -> None:
    async with in_transaction():
        await StoreRow.create(name=name)


async def _is_cut_off(turns: int) -> bool:
    """Whether so many turns of the loop were too few for it; whoever was cut off writes once more."""

    async def goes_on() -> bool:
        try:
            await _writes(f"one {turns}")
        except asyncio.CancelledError:
            await _writes(f"two {turns}")
            return True
        return False

    task = asyncio.create_task(goes_on())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    return await task


@pytest.mark.on_postgresql
async def test_one_that_is_cut_off_leaves_nothing_locked(tmp_path: Path, database: str) -> None:
    """After each turn of the loop that one takes, and more often than there are connections."""
    url = databases.url_in(tmp_path)
    await databases.make(url)
    async with opened(url):
        turns = 1  # it has begun
        async with asyncio.timeout(60):
            while await _is_cut_off(turns):
                turns += 1
            await _writes("three")
        assert turns > 5
        assert await StoreRow.filter(name__startswith="two").count() == turns - 1
