"""A transaction that is cut off, wherever it is: the database is there for whoever comes next."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from bridge.db.connection import opened
from bridge.db.models import StoreRow
from bridge.db.postgres import connect
from bridge.db.urls import sqlite_path
from tests import databases

Writes = Callable[[str], Awaitable[None]]


async def _one(name: str) -> None:
    async with in_transaction():
        await StoreRow.create(name=name)


async def _several(name: str) -> None:
    await StoreRow.bulk_create([StoreRow(name=name), StoreRow(name=f"{name} beside it")])


async def _is_cut_off(writes: Writes, turns: int) -> bool:
    """Whether so many turns of the loop were too few for it; whoever was cut off writes once more."""

    async def goes_on() -> bool:
        try:
            await writes(f"one {turns}")
        except asyncio.CancelledError:
            await StoreRow.create(name=f"two {turns}")
            return True
        return False

    task = asyncio.create_task(goes_on())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    return await task


async def _others_see(url: str) -> int:
    """How many rows another process sees of those that were written by who had been cut off."""
    path, count = sqlite_path(url), "SELECT count(*) FROM stores WHERE name LIKE 'two%'"
    if path is not None:
        with closing(sqlite3.connect(path)) as file:
            return int(file.execute(count).fetchone()[0])
    server = await connect(url)
    try:
        return int(await server.fetchval(count))
    finally:
        await server.close()


@pytest.mark.on_postgresql
@pytest.mark.parametrize("writes", [_one, _several])
async def test_one_that_is_cut_off_leaves_nothing_locked(tmp_path: Path, database: str, writes: Writes) -> None:
    """After each turn of the loop that one takes, and more often than there are connections."""
    url = databases.url_in(tmp_path)
    await databases.make(url)
    async with opened(url):
        turns = 1  # it has begun
        async with asyncio.timeout(60):
            while await _is_cut_off(writes, turns):
                turns += 1
                assert await _others_see(url) == turns - 1
        assert turns > 5
