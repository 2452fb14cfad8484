"""The whole of a database for one process: a worker on SQLite, a `restore` or `upgrade` on either kind.

On PostgreSQL those who work hold the same lock in shared mode (`bridge.db.sharing`), so that they refuse, and are
refused by, who needs the database for itself.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog

from bridge.db.connection import check_folder, translated
from bridge.db.failures import FAILURES
from bridge.db.urls import shown, sqlite_path
from bridge.errors import DatabaseError

log = structlog.get_logger()

KEY = 0x77632D6272696467
"""Names the lock among the advisory locks of a PostgreSQL database: "wc-bridg" in ASCII."""
_AGAIN = 5.0
"""Seconds after which a lock that was lost with its connection is asked for again."""


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[None]:
    """Hold the database's lock. It is let go of when the process ends, however it ends.

    Raises DatabaseError where another process holds it.
    """
    path = sqlite_path(url)
    if path is not None:
        with _file_locked(path):
            yield
        return
    lock = _ServerLock(url)
    await lock.take()
    keeping = asyncio.create_task(lock.keep())
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        await lock.let_go()


@contextmanager
def _file_locked(database: Path) -> Iterator[None]:
    """The kernel lets go of the lock when the process ends."""
    check_folder(database)
    try:
        handle = database.with_name(f"{database.name}.lock").open("w")
    except OSError as error:
        raise DatabaseError(f"the database {database} can't be used: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _taken(str(database)) from error
        yield


class _ServerLock:
    """An advisory lock, held by a connection of its own: the server lets go of it when that ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None

    async def take(self) -> None:
        with translated(self._url):
            from bridge.db.postgres import connect  # noqa: PLC0415 (its driver is an extra)

            connection = await connect(self._url)
            taken = not await connection.fetchval("SELECT pg_try_advisory_lock($1)", KEY)
        if taken:
            await connection.close()
            raise _taken(shown(self._url))
        self._connection = connection

    async def keep(self) -> None:
        """Take it again where its connection was lost, as when the server restarts."""
        while True:
            lost = asyncio.Event()
            self._connection.add_termination_listener(lambda _, lost=lost: lost.set())
            if not self._connection.is_closed():
                await lost.wait()
            log.warning("database.lock_lost")
            while self._connection.is_closed():
                try:
                    await self.take()
                except DatabaseError as error:
                    log.warning("database.lock_lost", problem=str(error))
                    await asyncio.sleep(_AGAIN)

    async def let_go(self) -> None:
        with suppress(*FAILURES):
            await self._connection.execute("SELECT pg_advisory_unlock($1)", KEY, timeout=_AGAIN)
            await self._connection.close(timeout=_AGAIN)


def _taken(database: str) -> DatabaseError:
    return DatabaseError(f"another wc-bridge works on {database} already: stop it first (systemctl stop wc-bridge)")
