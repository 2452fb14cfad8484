"""Plain statements find and write what the ORM would, and what of a transaction runs at once."""

import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, ValidationError
from tortoise.transactions import in_transaction

from bridge.db import statements
from bridge.db.connection import existing, opened
from bridge.db.models import NoteRow, OrderRow, StoreRow
from tests import databases

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
async def order(tmp_path: Path, database: str) -> AsyncIterator[int]:
    """The row of an order in an empty database."""
    url = databases.url_in(tmp_path)
    await databases.make(url)
    async with existing(url):
        await StoreRow.create(name="butiken")
        yield (await OrderRow.create(store_id="butiken", order_id=7)).id


def note(order: int, mark: str, next_try: datetime | None = None) -> dict[str, Any]:
    return {"order_id": order, "mark": mark, "text": "Done.", "created": NOW, "next_try": next_try}


@pytest.mark.on_postgresql
async def test_what_is_inserted_is_what_the_orm_reads(order: int) -> None:
    made = await statements.insert(NoteRow, note(order, "a", NOW), note(order, "b"))
    rows = await NoteRow.all().order_by("mark")
    assert [row.id for row in rows] == made
    assert [(row.mark, row.created, row.next_try, row.attempts, row.about) for row in rows] == [
        ("a", NOW, NOW, 0, ""),
        ("b", NOW, None, 0, ""),
    ]


@pytest.mark.on_postgresql
async def test_rows_are_those_that_the_orm_finds(order: int) -> None:
    for mark, moment in (("a", NOW), ("b", None), ("c", NOW)):
        await NoteRow.create(**note(order, mark, moment))
    found = await statements.rows(NoteRow, "id", order_id=order, mark=["a", "b"])
    assert [(row.mark, row.next_try) for row in found] == [("a", NOW), ("b", None)]
    assert [it.mark for it in await statements.rows(NoteRow, "mark", next_try=statements.GIVEN)] == ["a", "c"]
    assert await statements.columns(NoteRow, "mark", next_try=None) == [{"mark": "b"}]
    assert await statements.first(NoteRow, mark="d") is None


@pytest.mark.on_postgresql
async def test_an_update_writes_to_those_rows_alone_and_counts_them(order: int) -> None:
    for mark in ("a", "b"):
        await NoteRow.create(**note(order, mark))
    assert await statements.update(NoteRow, {"next_try": NOW, "text": "?"}, more="attempts", mark="a") == 1
    assert await statements.update(NoteRow, {"text": "x"}, mark="d") == 0
    rows = await NoteRow.all().order_by("mark")
    assert [(row.text, row.next_try, row.attempts) for row in rows] == [("?", NOW, 1), ("Done.", None, 0)]


@pytest.mark.on_postgresql
async def test_rows_that_would_be_there_twice_can_be_left_out(order: int) -> None:
    [made] = await statements.insert(NoteRow, note(order, "a"))
    twice = {"text": "Other.", **{name: it for name, it in note(order, "a").items() if name != "text"}}
    [other] = await statements.insert(NoteRow, twice, note(order, "b"), unless_there=True)
    assert {row.id: (row.mark, row.text) for row in await NoteRow.all()} == {
        made: ("a", "Done."),
        other: ("b", "Done."),
    }
    with pytest.raises(IntegrityError):
        await statements.insert(NoteRow, twice)


async def test_what_a_column_can_not_hold_is_refused(order: int) -> None:
    with pytest.raises(ValidationError):
        await statements.update(OrderRow, {"provider": "x" * 33}, id=order)
    with pytest.raises(ValidationError):
        await statements.insert(NoteRow, note(order, "x" * 65))


async def test_plain_statements_run_at_once_and_the_orms_in_the_thread(tmp_path: Path) -> None:
    async with opened(f"sqlite://{tmp_path / 'bridge.sqlite3'}"):
        connection: Any = get_connection("default")
        async with connection.acquire_connection() as driver:
            await driver.create_function("thread", 0, threading.get_ident)

        async def here() -> bool:
            [row] = await statements.select("SELECT thread() AS thread", [])
            return bool(row["thread"] == threading.get_ident())

        async def orm() -> bool:
            [row] = await get_connection("default").execute_query_dict("SELECT thread() AS thread")
            return bool(row["thread"] == threading.get_ident())

        assert [await here(), await orm()] == [True, False]
        async with in_transaction():
            assert [await here(), await orm()] == [True, False]
            async with in_transaction():
                assert await here()
        assert await here()


async def test_a_transaction_that_begins_with_a_read_has_the_lock_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "bridge.sqlite3"
    async with opened(f"sqlite://{file}"), in_transaction():
        await statements.select("SELECT 1", [])
        with (
            closing(sqlite3.connect(file, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")
