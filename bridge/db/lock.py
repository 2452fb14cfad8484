"""One worker on one database: a second daemon, `once` beside the daemon, or a `restore` under it is refused.

Several daemons on one PostgreSQL database would hold its lock in shared mode, and part the work by leases; what
needs the database for itself would go on asking for the whole lock.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog

from bridge.db.connection import check_folder, translated
from bridge.db.urls import shown, sqlite_path
from bridge.errors import DatabaseError

log = structlog.get_logger()

_KEY = 0x77632D6272696467
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
    connection = await _locked(url)
    keeping = asyncio.create_task(_keep(url, connection))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


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


async def _locked(url: str) -> Any:
    """Return a connection that holds the lock: the server lets go of it when the connection ends."""
    with translated(url):
        from bridge.db.postgres import connect  # noqa: PLC0415 (its driver is an extra)

        connection = await connect(url)
        taken = not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _KEY)
    if taken:
        await connection.close()
        raise _taken(shown(url))
    return connection


async def _keep(url: str, connection: Any) -> None:
    """Ask for the lock again where its connection was lost, as when the server restarts."""
    try:
        while True:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _, lost=lost: lost.set())
            if not connection.is_closed():
                await lost.wait()
            log.warning("database.lock_lost")
            connection = await _locked_again(url)
    finally:
        if not connection.is_closed():
            connection.terminate()


async def _locked_again(url: str) -> Any:
    while True:
        try:
            return await _locked(url)
        except DatabaseError as error:
            log.warning("database.lock_lost", problem=str(error))
            await asyncio.sleep(_AGAIN)


def _taken(database: str) -> DatabaseError:
    return DatabaseError(f"another wc-bridge works on {database} already: stop it first (systemctl stop wc-bridge)")
