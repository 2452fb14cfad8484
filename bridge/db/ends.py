"""The two ends of a copy: rows read from, or written to, a database of either kind, in its own types.

SQLite has numbers for truth and texts for moments; PostgreSQL has types for both, and no NUL in a text.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bridge.db.urls import sqlite_path

_BATCH = 1000
"""Rows that are held at a time."""

Row = Sequence[Any]
Columns = Mapping[str, str]
"""Name: type, as the database calls it."""


class End(Protocol):
    async def tables(self) -> list[str]:
        """In the order in which they were made: none refers to a later one."""

    async def columns(self, table: str) -> Columns: ...

    def read(self, table: str, columns: Iterable[str]) -> AsyncIterator[list[Row]]: ...

    async def clear(self, tables: Iterable[str]) -> None: ...

    async def write(self, table: str, columns: Columns, rows: list[Row]) -> None: ...


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[End]:
    """Read all as it is at one moment."""
    path = sqlite_path(url)
    if path is not None:
        with closing(silent(path)) as connection:
            connection.execute("BEGIN")
            yield _Sqlite(connection)
        return
    from bridge.db.postgres import connect  # noqa: PLC0415 (its driver is an extra)

    connection = await connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield _Postgresql(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def writing(url: str) -> AsyncIterator[End]:
    """Write in one transaction."""
    path = sqlite_path(url)
    if path is not None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield _Sqlite(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        return
    from bridge.db.postgres import connect  # noqa: PLC0415 (its driver is an extra)

    connection = await connect(url)
    try:
        async with connection.transaction():
            end = _Postgresql(connection)
            yield end
            await end.count_on()
    finally:
        await connection.close()


def silent(path: Path) -> sqlite3.Connection:
    """Open a file for writing, and have it write nothing (see `copy_sqlite`)."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection


class _Sqlite:
    """It blocks, which nobody minds: a copy is all that its process does."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def tables(self) -> list[str]:
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        return [name for (name,) in found if not name.startswith("sqlite_")]

    async def columns(self, table: str) -> Columns:
        return dict(self._connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall())

    async def read(self, table: str, columns: Iterable[str]) -> AsyncIterator[list[Row]]:
        found = self._connection.execute(f"SELECT {_list(columns)} FROM {_quoted(table)}")  # noqa: S608 (our own names)
        while rows := found.fetchmany(_BATCH):
            yield rows

    async def clear(self, tables: Iterable[str]) -> None:
        for table in tables:
            self._connection.execute(f"DELETE FROM {_quoted(table)}")  # noqa: S608 (our own names)

    async def write(self, table: str, columns: Columns, rows: list[Row]) -> None:
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {_quoted(table)} ({_list(columns)}) VALUES ({places})"  # noqa: S608 (our own names)
        self._connection.executemany(statement, [[_plain(value) for value in row] for row in rows])


def _plain(value: Any) -> Any:
    """The value as tortoise writes it to SQLite; moments are compared as texts there."""
    if isinstance(value, bool):
        return int(value)
    return value.astimezone(UTC).isoformat(" ") if isinstance(value, datetime) else value


class _Postgresql:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._written: dict[str, Columns] = {}

    async def tables(self) -> list[str]:
        found = await self._connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
            "ORDER BY oid"
        )
        return [row["relname"] for row in found]

    async def columns(self, table: str) -> Columns:
        found = await self._connection.fetch(
            "SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute "
            "WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            _quoted(table),
        )
        return {row["attname"]: row["type"] for row in found}

    async def read(self, table: str, columns: Iterable[str]) -> AsyncIterator[list[Row]]:
        found = await self._connection.cursor(f"SELECT {_list(columns)} FROM {_quoted(table)}")  # noqa: S608 (see above)
        while rows := await found.fetch(_BATCH):
            yield rows

    async def clear(self, tables: Iterable[str]) -> None:
        for table in tables:
            await self._connection.execute(f"DELETE FROM {_quoted(table)}")  # noqa: S608 (our own names)

    async def write(self, table: str, columns: Columns, rows: list[Row]) -> None:
        self._written[table] = columns
        typed = [_typed(type_) for type_ in columns.values()]
        records = [
            [None if value is None else of_type(value) for of_type, value in zip(typed, row, strict=True)]
            for row in rows
        ]
        await self._connection.copy_records_to_table(table, columns=list(columns), records=records)

    async def count_on(self) -> None:
        """Let new rows be numbered on from the highest number that was written."""
        for table, columns in self._written.items():
            for column in columns:
                found = "SELECT pg_get_serial_sequence($1, $2)"
                sequence = await self._connection.fetchval(found, _quoted(table), column)
                if sequence is not None:
                    highest = f"SELECT setval($1::regclass, max({_quoted(column)})) FROM {_quoted(table)}"  # noqa: S608 (see above)
                    await self._connection.execute(highest, sequence)


def _typed(type_: str) -> Callable[[Any], Any]:
    match type_:
        case "boolean":
            return bool
        case "timestamp with time zone":
            return _moment
        case "text" | "character varying":
            return lambda text: text.replace("\0", "\ufffd")
        case _:
            return lambda value: value


def _moment(value: str | datetime) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _list(columns: Iterable[str]) -> str:
    return ", ".join(_quoted(column) for column in columns)


def _quoted(name: str) -> str:
    return f'"{name}"'
