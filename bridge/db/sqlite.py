"""SQLite: how tortoise connects to it, what runs at once, and what becomes of a task that is cut off.

aiosqlite hands each statement to a thread and back, which takes longer than a small statement. What may wait stays
there: a write outside a transaction, which takes the lock, a commit, which waits for the disk, and all of the ORM,
which may ask for any number of rows. The plain statements of a look (see `statements`) run at once, where they only
read, or where the lock is had; a transaction takes it at once, where no other process has it.

Whoever is cut off while the thread works for him waits until it has: what it does is under his lock, of which
tortoise lets go at the end of a transaction, and what is still on its way then would be part of the next one.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast

import aiosqlite
from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError, TransactionManagementError

Found = tuple[int, Sequence[Any]]
"""How many rows a statement changed, or found; and those that it found."""
_BEGIN = "BEGIN IMMEDIATE"


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
        return _Context(_Transaction(self), self._lock)

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


class _Context(SqliteTransactionContext):
    """A transaction from its begin to its end: whatever comes in between, it leaves nothing open."""

    connection: "_Transaction"

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return self.connection

    async def __aexit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        try:
            await self.connection.end(commit=exc_type is None)
        finally:
            self._trxlock.release()
            get_connections().reset(self.token)


class _Transaction(SqliteTransactionWrapper):
    """What is asked within a transaction, which has the file's lock from its begin."""

    _parent: SqliteClient

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))

    async def begin(self) -> None:
        """Take the lock: at once where nobody has it, in the thread where another process does."""
        file = self._connection._conn
        [patience] = file.execute("PRAGMA busy_timeout").fetchone()
        try:
            file.execute("PRAGMA busy_timeout=0")
            file.execute(_BEGIN)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # however it is busy
                raise OperationalError(error) from error
        finally:
            file.execute(f"PRAGMA busy_timeout={patience}")
        if not file.in_transaction:
            await self._wait()

    async def _wait(self) -> None:
        try:
            await self._connection.execute_fetchall(_BEGIN)
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        except asyncio.CancelledError:  # it may have begun all the same
            self._take_back()
            raise

    async def end(self, *, commit: bool) -> None:
        """Commit, or take back, what was asked until now: in the thread, after what is still on its way there."""
        if commit and not self._goes_on:
            raise TransactionManagementError("it is no more: SQLite took it back by itself, or was closed")
        self._finalized = True
        try:
            await self._in_thread("commit" if commit else "rollback")
        finally:
            self._take_back()

    @translate_exceptions
    async def _in_thread(self, how: str) -> None:
        if self._is_open:
            await getattr(self._connection, how)()

    def _take_back(self) -> None:
        """At once: its begin was cut off, or its commit failed."""
        if self._is_open and self._connection.in_transaction:
            self._connection._conn.execute("ROLLBACK")

    @property
    def _is_open(self) -> bool:
        return self._connection._connection is not None

    @property
    def _goes_on(self) -> bool:
        return not self._finalized and self._is_open and self._connection.in_transaction

    async def savepoint(self) -> None:
        self._savepoint = f"savepoint_{id(self)}"
        async with self._parent.acquire_connection():
            self._connection._conn.execute(f"SAVEPOINT {self._savepoint}")

    async def savepoint_rollback(self) -> None:
        if self._connection.in_transaction:  # else SQLite has taken all of it back by itself, for what is raised
            self._connection._conn.execute(f"ROLLBACK TO {self._savepoint}")

    async def release_savepoint(self) -> None:
        async with self._parent.acquire_connection():
            self._connection._conn.execute(f"RELEASE {self._savepoint}")

    def acquire_connection(self) -> Any:
        return _Asking(self._lock, self)

    @translate_exceptions
    async def at_once(self, query: str, values: list[Any]) -> Found:
        """Run a statement of few rows."""
        async with self.acquire_connection() as connection:
            return _run(connection, query, values)


class _Asking(ConnectionWrapper[aiosqlite.Connection]):
    """Whose turn it is to ask within a transaction."""

    client: _Transaction

    async def __aenter__(self) -> aiosqlite.Connection:
        connection = await super().__aenter__()
        if not self.client._goes_on:  # of a task that outlives it, say: nobody would end what it began
            self._lock.release()
            raise TransactionManagementError("this transaction has ended")
        return connection


def _run(connection: aiosqlite.Connection, query: str, values: list[Any]) -> Found:
    before = connection.total_changes
    rows = connection._conn.execute(query, values).fetchall()
    return connection.total_changes - before or len(rows), rows
