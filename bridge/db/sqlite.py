"""SQLite: how tortoise connects to it, what runs at once, and what becomes of a task that is cut off.

aiosqlite hands each statement to a thread and back, which takes longer than a small statement. What may wait stays
there: a transaction's first statement, which takes the lock, its commit, which waits for the disk, and all of the
ORM, which may ask for any number of rows. The plain statements of a look (see `statements`) run at once, where they
only read, or where the lock is had.

Whoever is cut off while the thread works for him waits until it has: what it does is under his lock, of which
tortoise lets go at the end of a transaction, and what is still on its way then would be part of the next one.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self, TypeVar, cast

import aiosqlite
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)
from tortoise.exceptions import TransactionManagementError

R = TypeVar("R")
Found = tuple[int, Sequence[Any]]
"""How many rows a statement changed, or found; and those that it found."""


class Client(SqliteClient):
    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002 (tortoise's signature)
        if self._connection is not None:
            return
        # Two threads use it, never at the same time: whoever does has the lock of this client.
        opened = partial(sqlite3.connect, self.filename, isolation_level=None, check_same_thread=False)
        self._connection = await _Thread(opened, iter_chunk_size=64)
        self._connection.row_factory = sqlite3.Row
        for pragma, value in self.pragmas.items():
            await self._connection.execute_fetchall(f"PRAGMA {pragma}={value}")
        await self._post_connect()

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(_Transaction(self), self._lock)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as connection:
            await connection.execute_many(query, values)

    @translate_exceptions
    async def at_once(self, query: str, values: list[Any]) -> Found:
        """Run a statement of few rows; in the thread, where it writes."""
        if not query.startswith("SELECT"):
            return cast(Found, await self.execute_query(query, values))
        async with self.acquire_connection() as connection:
            return _run(connection, query, values)


client_class = Client
"""Tortoise looks for this name."""


class _Thread(aiosqlite.Connection):
    """Whoever is cut off while it works for him waits until it has."""

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            behind = asyncio.ensure_future(super()._execute(int))  # type: ignore[no-untyped-call]
            while not behind.done():
                with suppress(asyncio.CancelledError):  # the first one is passed on
                    await asyncio.wait([behind])
            raise


class _Transaction(SqliteTransactionWrapper):
    """What is asked within a transaction. It begins with its first statement, in the same turn of the thread."""

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))

    async def begin(self) -> None:
        """Later."""

    async def savepoint(self) -> None:
        self._savepoint = f"savepoint_{id(self)}"
        async with self.acquire_connection() as connection:
            await connection.execute_fetchall(f"SAVEPOINT {self._savepoint}")

    def acquire_connection(self) -> Any:
        if self._finalized:  # a task that was begun within it still goes on: nobody would end what it began
            raise TransactionManagementError("this transaction has ended")
        return super().acquire_connection() if self._has_begun else _Beginning(self._connection)

    @property
    def _has_begun(self) -> bool:
        return self._connection._conn.in_transaction

    @translate_exceptions
    async def at_once(self, query: str, values: list[Any]) -> Found:
        """Run a statement of few rows; in the thread, where it is the first."""
        if not self._has_begun:
            return cast(Found, await self.execute_query(query, values))
        async with self.acquire_connection() as connection:
            return _run(connection, query, values)


def _run(connection: aiosqlite.Connection, query: str, values: list[Any]) -> Found:
    before = connection.total_changes
    rows = connection._conn.execute(query, values).fetchall()
    return connection.total_changes - before or len(rows), rows


class _Beginning:
    """What tortoise asks of aiosqlite's connection, each after BEGIN."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection, self._file = connection, connection._conn

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """It stays open."""

    @property
    def total_changes(self) -> int:
        return self._file.total_changes

    async def execute_fetchall(self, statement: str, values: Sequence[Any] | None = None) -> list[Any]:
        return await self._run(lambda: self._file.execute(statement, values or ()).fetchall())

    async def execute_insert(self, statement: str, values: Sequence[Any]) -> tuple[int | None]:
        return (await self._run(lambda: self._file.execute(statement, values).lastrowid),)

    async def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        await self._run(lambda: self._file.executemany(statement, values))

    async def _run(self, statement: Callable[[], R]) -> R:
        def begun() -> R:
            self._file.execute("BEGIN IMMEDIATE")
            return statement()

        return cast(R, await self._connection._execute(begun))  # type: ignore[no-untyped-call]
