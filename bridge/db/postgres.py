"""PostgreSQL: how tortoise connects to it, and a connection apart from tortoise's.

asyncpg reads the URL itself, as libpq does: what it leaves open comes from PGHOST, PGPASSWORD, ~/.pgpass and the
like. This module needs asyncpg; tortoise loads it by its name, for a `postgresql://` URL alone.
"""

from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient

_WAIT = 10
"""Seconds that a connection may take, and a write may wait for another's."""
_ANSWER = 60
"""Seconds that any one statement may take: a server that went silent is not waited for for ever."""
_SETTINGS = {
    "application_name": "wc-bridge",
    "lock_timeout": f"{_WAIT}s",
    "tcp_keepalives_idle": "60",
    "timezone": "UTC",
}


class Client(AsyncpgDBClient):
    def __init__(self, url: str, *, read_only: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._url, self._read_only = url, read_only

    async def create_pool(self, **_: Any) -> Any:
        own = {"default_transaction_read_only": "on"} if self._read_only else {}
        return await asyncpg.create_pool(
            self._url,
            min_size=self.pool_minsize,
            max_size=self.pool_maxsize,
            timeout=_WAIT,
            command_timeout=_ANSWER,
            server_settings=_SETTINGS | own,
        )


client_class = Client
"""Tortoise looks for this name."""


async def connect(url: str, **options: Any) -> Any:
    """Open a connection apart from the pool."""
    return await asyncpg.connect(url, timeout=_WAIT, server_settings=_SETTINGS, **options)
