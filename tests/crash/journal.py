"""What a daemon's database says, read from outside while the daemon runs or after it was killed."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from bridge.db.urls import sqlite_path
from tests import databases

_LOCKED = (
    "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = $1"
)
_RELEASE = 10
"""Seconds in which a server notices that a client is gone."""

Row = Sequence[Any]


class Journal:
    """The database of the daemons of one folder; nothing in it stays open here."""

    def __init__(self, folder: Path) -> None:
        self.url = databases.url_in(folder)
        self._name = self.url.rpartition("/")[2]

    async def make(self, template: "Journal | None" = None) -> None:
        """Make it as the template is, else empty, for a daemon to make its tables."""
        path = sqlite_path(self.url)
        if template is None:
            await databases.make_empty(self.url)
        elif path is None:
            await databases.administer(f'CREATE DATABASE "{self._name}" TEMPLATE "{template._name}"')
            # A copy is refused until a person says rebind; this one is not yet bound to anything.
            await self.rows("UPDATE stores SET binding = ''")
        else:
            with (
                closing(sqlite3.connect(path)) as here,
                closing(sqlite3.connect(str(sqlite_path(template.url)))) as there,
            ):
                there.backup(here)

    async def rows(self, query: str) -> list[Row]:
        """The rows of a query; none where the tables are not made yet."""
        path = sqlite_path(self.url)
        try:
            if path is None:
                return await self._ask_server(query)
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as database:
                return database.execute(query).fetchall()
        except asyncpg.UndefinedTableError:
            return []
        except sqlite3.OperationalError as error:
            if "no such table" in str(error) or "unable to open" in str(error):
                return []
            raise

    async def _ask_server(self, query: str) -> list[Row]:
        server = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await server.fetch(query)]
        finally:
            await server.close()

    async def let_go(self) -> None:
        """Wait until the lock of a daemon that was killed is gone: the kernel's goes at once, the server's soon."""
        if sqlite_path(self.url) is not None:
            return
        async with asyncio.timeout(_RELEASE):
            while await databases.administer(_LOCKED, self._name):
                await asyncio.sleep(0.02)

    async def unfinished(self, since: datetime) -> list[str]:
        """What a daemon that was started at `since` has still to do."""
        stores = await self.rows("SELECT baseline_done, polled, swept FROM stores")
        looked = [done and _after(polled, since) and _after(swept, since) for done, polled, swept in stores]
        due = await self.rows(
            "SELECT 'order ' || order_id || ' is due' FROM orders WHERE due IS NOT NULL "
            "UNION ALL SELECT key || ' is ' || state FROM actions WHERE open_slot IS NOT NULL "
            "UNION ALL SELECT 'note ' || mark || ' is due' FROM notes WHERE next_try IS NOT NULL"
        )
        return [*([] if looked and all(looked) else ["it has not read the shop"]), *(text for (text,) in due)]


def moment(value: Any) -> datetime | None:
    """A moment as either kind of database gives it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _after(value: Any, since: datetime) -> bool:
    at = moment(value)
    return at is not None and at >= since
