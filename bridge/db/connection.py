"""Opening and closing the database, and its schema."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.exceptions import ConfigurationError, DBConnectionError, OperationalError
from tortoise.migrations.api import migrate
from tortoise.migrations.executor import MigrationExecutor

from bridge.errors import DatabaseError

_SQLITE = "sqlite://"
_BUSY = 10_000
"""Milliseconds that a write waits for another process's."""


def tortoise_config(url: str, *, read_only: bool = False) -> dict[str, Any]:
    """Turn the `database` of settings.yaml into tortoise's configuration.

    SQLite runs in WAL mode with full synchronisation: what is committed survives a power cut (design § 1,
    promise 1), and a command can read while the daemon writes.
    """
    connection: Any = url
    path = sqlite_path(url)
    if path is not None:
        credentials = {"file_path": str(path), "busy_timeout": _BUSY}
        modes = {"query_only": "ON"} if read_only else {"journal_mode": "WAL", "synchronous": "FULL"}
        connection = {
            "engine": "tortoise.backends.sqlite",
            "credentials": {**credentials, **modes, "foreign_keys": "ON"},
        }
    elif url.startswith("postgresql://"):
        connection = "asyncpg" + url.removeprefix("postgresql")
    return {
        "connections": {"default": connection},
        "apps": {"bridge": {"models": ["bridge.db.models"], "migrations": "bridge.db.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[None]:
    """Open the database, make it or bring its schema up to date, and close it at the end. Raises DatabaseError."""
    config = tortoise_config(url)

    async def prepare() -> None:
        path = sqlite_path(url)
        if path is not None:
            check_folder(path)
            await asyncio.to_thread(_probe, path, "rwc", "BEGIN IMMEDIATE")
        await migrate(config=config)
        await Tortoise.init(config=config)
        await _check_schema(url, config)

    async with _session(url, prepare):
        yield


@asynccontextmanager
async def existing(url: str, *, read_only: bool = False) -> AsyncIterator[None]:
    """Open a database that is there and has the schema of this version, for a command beside the daemon.

    It neither makes nor upgrades one: that is for `run` and `once`. Raises DatabaseError.
    """
    config = tortoise_config(url, read_only=read_only)

    async def prepare() -> None:
        path = sqlite_path(url)
        if path is not None:
            if not path.exists():
                raise DatabaseError(_not_there(url))
            await asyncio.to_thread(_probe, path, "rw", "SELECT 1 FROM sqlite_master")
        await Tortoise.init(config=config)
        await _check_schema(url, config)

    async with _session(url, prepare):
        yield


@asynccontextmanager
async def _session(url: str, prepare: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Close at the end, and turn what the database can't do (locked, full, gone, no database) into DatabaseError.

    A broken constraint or a query that makes no sense is our own mistake and stays what it is.
    """
    driver = True
    try:
        try:
            await prepare()
        except (ConfigurationError, OSError) as error:
            raise DatabaseError(f"the database {shown(url)} can't be used: {error}") from error
        except ImportError as error:
            driver = False
            raise DatabaseError(
                f"the database {shown(url)} needs a driver that is not installed: install wc-bridge[postgres]"
            ) from error
        yield
    except (OperationalError, DBConnectionError, sqlite3.Error) as error:
        raise DatabaseError(f"the database {shown(url)} can't be used: {error}") from error
    finally:
        if driver:  # closing would look for it again
            await Tortoise.close_connections()


def _probe(path: Path, mode: str, statement: str) -> None:
    """Try the file before tortoise does, which never lets go of its lock when opening a file fails."""
    address = f"{path.resolve().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY / 1000)) as database:
        database.execute(statement)


async def _check_schema(url: str, config: dict[str, Any]) -> None:
    executor = MigrationExecutor(get_connection("default"), config["apps"])
    to_do = await executor.plan()
    loader = executor.loader
    if not loader.applied_migrations:
        raise DatabaseError(_not_there(url))
    if to_do:
        raise DatabaseError(
            f"the database {shown(url)} is of an older version: `wc-bridge run` or `once` brings it up to date"
        )
    if loader.applied_migrations - set(loader.disk_migrations):
        raise DatabaseError(f"the database {shown(url)} is of a newer version of wc-bridge: upgrade this one")


def _not_there(url: str) -> str:
    return f"no database yet at {shown(url)}: `wc-bridge run` or `wc-bridge once` makes it"


def check_folder(path: Path) -> None:
    """Raise DatabaseError where there is no folder to make the database in."""
    if not path.parent.is_dir():
        raise DatabaseError(
            f"the folder {path.parent} of the database does not exist: "
            "make it, or change `database` in settings.yaml"
        )


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL (what follows `sqlite://` is the path), or None for another database."""
    return Path(url.partition("?")[0].removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def shown(url: str) -> str:
    """The URL as it may stand in a message: without a password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=f"{parts.username}:***@{parts.hostname}").geturl()
