"""A transaction that is cut off, wherever it is: the database is there for whoever comes next."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tortoise.exceptions import IntegrityError, TransactionManagementError
from tortoise.transactions import in_transaction

from bridge.db import statements
from bridge.db.connection import opened
from bridge.db.models import SettlementRow, StoreRow
from bridge.db.postgres import connect
from bridge.db.urls import sqlite_path
from tests import databases

Writes = Callable[[str], Awaitable[None]]


async def _one(name: str) -> None:
    async with in_transaction():
        await StoreRow.create(name=name)


async def _alone(name: str) -> None:
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
@pytest.mark.parametrize("writes", [_one, _alone, _several])
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


class _Back(Exception):
    """A transaction is to be rolled back."""


async def _two(name: str, reached: asyncio.Event, *, back: bool) -> None:
    async with in_transaction():
        await StoreRow.create(name=name)
        await statements.update(StoreRow, {"problem": "second"}, name=name)
        reached.set()
        if back:
            raise _Back


@pytest.mark.on_postgresql
@pytest.mark.parametrize("first_back", [False, True])
@pytest.mark.parametrize("next_back", [False, True])
async def test_who_is_next_has_a_transaction_of_its_own(
    tmp_path: Path, database: str, *, first_back: bool, next_back: bool
) -> None:
    """One is cut off while it commits, or takes back; the other waits for it."""
    url = databases.url_in(tmp_path)
    await databases.make(url)
    async with opened(url):
        for turns in range(12):
            reached = asyncio.Event()
            first = asyncio.create_task(_two(f"first {turns}", reached, back=first_back))
            await asyncio.sleep(0)
            after = asyncio.create_task(_two(f"two {turns}", asyncio.Event(), back=next_back))
            await reached.wait()
            for _ in range(turns % 4):
                await asyncio.sleep(0)
            first.cancel()
            _, ended = await asyncio.gather(first, after, return_exceptions=True)
            assert isinstance(ended, _Back) if next_back else ended is None
            assert await _others_see(url) == (0 if next_back else turns + 1)


async def test_while_another_process_has_the_lock_the_loop_goes_on(tmp_path: Path) -> None:
    """Also where somebody is cut off who waits for it: nobody else asks meanwhile."""
    path = tmp_path / "bridge.sqlite3"
    async with opened(f"sqlite://{path}"):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(_alone("one"))
            reading = asyncio.create_task(statements.select("SELECT count(*) AS rows FROM stores", []))
            for _ in range(20):
                await asyncio.sleep(0)
            waiting.cancel()
            for _ in range(20):
                await asyncio.sleep(0)
            assert not waiting.done()
            assert not reading.done()
            other.execute("COMMIT")
        assert [row["rows"] for row in await reading] == [1]  # what was on its way is written
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize("cut_off", [False, True])
async def test_who_waits_for_another_process_to_end_its_transaction_has_one_of_its_own_then(
    tmp_path: Path, *, cut_off: bool
) -> None:
    """The loop goes on meanwhile; whoever is cut off leaves nothing begun to the next one."""
    path = tmp_path / "bridge.sqlite3"
    async with opened(f"sqlite://{path}"):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(_one("one"))
            after = asyncio.create_task(_two("two", asyncio.Event(), back=True))
            for _ in range(20):
                await asyncio.sleep(0)
            if cut_off:
                waiting.cancel()
            assert not waiting.done()
            other.execute("COMMIT")
        one, two = await asyncio.gather(waiting, after, return_exceptions=True)
        assert isinstance(one, asyncio.CancelledError) if cut_off else one is None
        assert isinstance(two, _Back)
        assert [row.name for row in await StoreRow.all()] == ([] if cut_off else ["one"])


async def test_a_commit_that_fails_leaves_nothing_to_the_next_transaction(tmp_path: Path) -> None:
    async with opened(f"sqlite://{tmp_path / 'bridge.sqlite3'}"):
        await StoreRow.create(name="there")
        with suppress(IntegrityError):  # found out no earlier than by the commit
            async with in_transaction():
                await statements.run("PRAGMA defer_foreign_keys=ON", [])
                await statements.insert(SettlementRow, {"order_id": 999, "refund": 1, "how": "paid", "amount": 1})
        assert not await SettlementRow.all().count()
        await _one("next")
        assert {row.name for row in await StoreRow.all()} == {"there", "next"}


async def test_a_savepoint_is_part_of_the_transaction_that_begins_with_it(tmp_path: Path) -> None:
    async with opened(f"sqlite://{tmp_path / 'bridge.sqlite3'}"):
        with suppress(_Back):
            async with in_transaction():
                async with in_transaction():
                    await StoreRow.create(name="inner")
                raise _Back
        assert await StoreRow.all().count() == 0


@pytest.mark.parametrize("writes", [_alone, _one])
async def test_nothing_is_written_in_a_transaction_that_has_ended(tmp_path: Path, writes: Writes) -> None:
    """By a task that was begun within it, say: nobody would ever end what it began."""
    async with opened(f"sqlite://{tmp_path / 'bridge.sqlite3'}"):
        ended = asyncio.Event()

        async def late() -> None:
            await ended.wait()
            await writes("late")

        async with in_transaction():
            await StoreRow.create(name="in time")
            task = asyncio.create_task(late())
        async with in_transaction():  # in which it has no part
            ended.set()
            with pytest.raises(TransactionManagementError):
                await task
            await StoreRow.create(name="next")
        assert {row.name for row in await StoreRow.all()} == {"in time", "next"}


async def test_what_is_still_to_be_written_when_a_transaction_is_taken_back_is_not(tmp_path: Path) -> None:
    async with opened(f"sqlite://{tmp_path / 'bridge.sqlite3'}"):
        others = list[asyncio.Task[None]]()
        with suppress(_Back):
            async with in_transaction():
                others += [asyncio.create_task(_alone(f"{place}")) for place in range(4)]
                await asyncio.sleep(0)
                raise _Back
        await asyncio.gather(*others, return_exceptions=True)
        await _one("next")
        assert [row.name for row in await StoreRow.all()] == ["next"]


async def test_a_transaction_that_sqlite_takes_back_by_itself_does_not_go_on(tmp_path: Path) -> None:
    """As it does where the disk fails, whoever swallows what is raised then."""
    async with opened(f"sqlite://{tmp_path / 'bridge.sqlite3'}"):
        with pytest.raises(TransactionManagementError):
            await _taken_back()
        assert await StoreRow.all().count() == 0


async def _taken_back() -> None:
    async with in_transaction():
        await StoreRow.create(name="before")
        with suppress(sqlite3.IntegrityError, IntegrityError):
            await statements.run("INSERT OR ROLLBACK INTO stores (name) VALUES ('before')", [])
        for writes in (_alone, _one):
            with suppress(TransactionManagementError):
                await writes("after")
