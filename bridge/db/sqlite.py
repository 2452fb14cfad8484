"""SQLite: as tortoise connects to it, but that a transaction cut off while it begins leaves nothing locked.

Tortoise takes its lock before BEGIN, and lets go of it at the end of a transaction that has begun. A task that is
cancelled in between would keep everybody else from the database for good.
"""

import asyncio
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections


class Client(SqliteClient):
    def _in_transaction(self) -> TransactionContext:
        return _Transaction(SqliteTransactionWrapper(self), self._lock)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with self._in_transaction() as connection:
            await connection.execute_many(query, values)


client_class = Client
"""Tortoise looks for this name."""


class _Transaction(SqliteTransactionContext):
    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await super().__aenter__()
        except BaseException:
            if hasattr(self, "token"):  # the lock is ours
                get_connections().reset(self.token)
                await asyncio.shield(self._undo())
            raise

    async def _undo(self) -> None:
        """Take back what was begun: a BEGIN that is on its way comes before the ROLLBACK."""
        try:
            await self.connection.rollback()
        finally:
            self._trxlock.release()
