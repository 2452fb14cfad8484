"""PostgreSQL: how tortoise connects to it, and a connection apart from tortoise's.

A transaction that is cut off while it begins gives its connection back: tortoise does so at the end of one that has
begun, and a few tasks that are cancelled in between would leave the pool empty for good.

asyncpg reads the URL itself, as libpq does: what it leaves open comes from PGHOST, PGPASSWORD, ~/.pgpass and the
like. This module needs asyncpg; tortoise loads it by its name, for a `postgresql://` URL alone.
"""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, TransactionManagementError

_WAIT = 10
"""Seconds that a connection may take, and a write may wait for another's."""
_ANSWER = 60
"""Seconds that any one statement may take: a server that went silent is not waited for for ever."""
_SETTINGS = {
    "application_name": "wc-bridge",
    "lock_timeout": f"{_WAIT}s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
_IDLE = {"idle_in_transaction_session_timeout": "10s"}
"""What a process that was stopped, or whose machine is gone, has locked is free again after this."""


class NotThere(DBConnectionError):
    """The server has no database of this name."""


class Client(AsyncpgDBClient):
    def __init__(self, url: str, *, read_only: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._url, self._read_only = url, read_only

    async def create_pool(self, **_: Any) -> Any:
        own = _IDLE | ({"default_transaction_read_only": "on"} if self._read_only else {})
        with _reached(self._url):
            return await asyncpg.create_pool(
                self._url,
                min_size=self.pool_minsize,
                max_size=self.pool_maxsize,
                timeout=_WAIT,
                command_timeout=_ANSWER,
                server_settings=_SETTINGS | own,
            )

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)


class _Transaction(TransactionContextPooled):
    async def __aenter__(self) -> TransactionalDBClient:
        try:
            return await super().__aenter__()
        except BaseException:
            if hasattr(self, "token"):  # the connection is ours, and nobody knows how far it came
                with suppress(asyncpg.InterfaceError):  # the server has closed it
                    self.client._connection.terminate()  # noqa: SLF001 (tortoise has no other word for it)
                await self.__aexit__(TransactionManagementError)
            raise

    async def __aexit__(self, raised: object, error: object = None, trace: object = None) -> None:
        token, self.token = self.token, None  # type: ignore[assignment]  # None resets nothing
        try:
            await super().__aexit__(raised, error, trace)
        finally:  # whoever is cut off while it gives the connection back may go on, and must not use it again
            get_connections().reset(token)


client_class = Client
"""Tortoise looks for this name."""


async def connect(url: str, database: str | None = None) -> Any:
    """Open a connection apart from the pool, to another `database` of the server if one is named."""
    with _reached(url):
        return await asyncpg.connect(url, database=database, timeout=_WAIT, server_settings=_SETTINGS)


@contextmanager
def _reached(url: str) -> Iterator[None]:
    """A server that can't be reached is the database's failure, whatever the system calls it."""
    try:
        yield
    except asyncpg.InvalidCatalogNameError as error:
        raise NotThere(f"{error}: `wc-bridge db create` makes it") from error
    except OSError as error:
        raise DBConnectionError(_unreached(url, error)) from error


def _unreached(url: str, error: OSError) -> str:
    """Why a server can't be reached, in plain words."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", [""])[0]
    host = host or os.environ.get("PGHOST", "localhost")
    if isinstance(error, socket.gaierror):
        return f"no machine is known by the name of {host}"
    if isinstance(error, ssl.SSLError | PermissionError):
        return str(error)
    port = "" if ":" in host.rpartition("]")[2] else f":{os.environ.get('PGPORT', '5432')}"
    return f"nobody answers at {host}{port}: does PostgreSQL run there?"
