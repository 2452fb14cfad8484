"""The bridge's SQLite file: the real database, without the driver's thread, and with the disk's troubles.

Each statement runs in the loop's own turn, so that its place among all that happens is the same at every run. The
troubles are SQLite's own: another process holds the lock, the file is read-only, or no page can be added to it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiosqlite

from tests.simulation.life import OWNER, Crashed


class Trouble(StrEnum):
    LOCKED = "locked by another process"
    READ_ONLY = "read-only"
    FULL = "full"


_SECONDS_TO_WAIT = 10
"""After which a statement gives up waiting for the lock, as the bridge asks for (`busy_timeout`); virtual ones."""


class Disk:
    """The file, and what is wrong with it now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._trouble: Trouble | None = None
        self._locker: sqlite3.Connection | None = None
        self._open: list[sqlite3.Connection] = []

    @contextmanager
    def driving(self) -> Iterator[None]:
        """Let every connection that is opened from now on be one of this disk."""

        def thread(connector: partial[sqlite3.Connection], iter_chunk_size: int) -> aiosqlite.Connection:
            return _Inline(self, partial(connector, timeout=0), iter_chunk_size)

        with patch("bridge.db.sqlite._Thread", thread), patch("bridge.db.connection._BUSY", 0):
            yield
        self.heal()

    def begin(self, trouble: Trouble) -> None:
        self.heal()
        if trouble is Trouble.LOCKED:
            self._locker = sqlite3.connect(self.path, isolation_level=None, timeout=0)
            try:
                self._locker.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:  # the bridge is in the middle of a transaction: it has the lock itself
                self.heal()
                return
        self._trouble = trouble
        for file in self._open:
            self._afflict(file)

    def heal(self) -> None:
        self._trouble = None
        if self._locker is not None:
            self._locker.close()
            self._locker = None
        for file in self._open:
            self._afflict(file)

    def opened(self, file: sqlite3.Connection) -> None:
        self._open.append(file)
        self._afflict(file)

    def closed(self, file: sqlite3.Connection) -> None:
        if file in self._open:
            self._open.remove(file)

    def _afflict(self, file: sqlite3.Connection) -> None:
        try:
            file.execute(f"PRAGMA query_only={'ON' if self._trouble is Trouble.READ_ONLY else 'OFF'}")
            pages = file.execute("PRAGMA page_count").fetchone()[0] if self._trouble is Trouble.FULL else 2**30
            file.execute(f"PRAGMA max_page_count={pages}")
        except sqlite3.ProgrammingError:  # closed by a crash
            self.closed(file)


class _Inline(aiosqlite.Connection):
    """aiosqlite's connection, whose statements run where they are awaited."""

    _disk: Disk

    def __init__(self, disk: Disk, connector: Callable[[], sqlite3.Connection], chunk: int) -> None:
        super().__init__(connector, chunk)
        self._disk = disk
        self._life = OWNER.get()

    def __await__(self) -> Generator[Any, None, "_Inline"]:
        return self._begin().__await__()

    async def _begin(self) -> "_Inline":
        self._check()
        file = self._connection = self._connector()
        self._disk.opened(file)
        if self._life is not None:
            self._life.files.append(file)
        return self

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)  # as with a thread: others get their turn
        file = self._connection
        if file is None:
            self._check()
            raise ValueError("Connection closed")
        if fn.__name__ == "close":
            self._disk.closed(file)
            return fn()
        self._check()
        commits = fn.__name__ == "commit" and file.in_transaction
        if commits:
            self._reach("before a commit")
        changes = file.total_changes
        result = await self._run(fn, args, kwargs)
        if commits or (file.total_changes != changes and not file.in_transaction):
            self._reach("after a commit")
        return result

    async def _run(self, fn: Any, args: Any, kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                await asyncio.sleep(_SECONDS_TO_WAIT)
                self._check()
            raise

    def _check(self) -> None:
        if self._life is not None and self._life.dead:
            raise Crashed

    def _reach(self, point: str) -> None:
        if self._life is not None and not self._life.reaches(point):
            raise Crashed

    def stop(self) -> None:
        if self._connection is not None:
            self._disk.closed(self._connection)
            self._connection.close()
            self._connection = None
