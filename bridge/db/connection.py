"""Opening and closing the database."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.exceptions import ConfigurationError

from bridge.db.failures import FAILURES, database_failed, said
from bridge.db.schema import Age, Schema, create, schema
from bridge.db.urls import shown, sqlite_path
from bridge.errors import DatabaseError, OtherVersion

_BUSY = 10_000
"""Milliseconds that a write waits for another process's."""


def tortoise_config(url: str, *, read_only: bool = False) -> dict[str, Any]:
    """Turn the `database` of settings.yaml into tortoise's configuration.

    SQLite runs in WAL mode with full synchronisation: what is committed survives a power cut (design § 1,
    promise 1), and a command can read while the daemon writes.
    """
    path = sqlite_path(url)
    if path is not None:
        modes = {"query_only": "ON"} if read_only else {"journal_mode": "WAL", "synchronous": "FULL"}
        credentials = {"file_path": str(path), "busy_timeout": _BUSY, **modes, "foreign_keys": "ON"}
        connection = {"engine": "bridge.db.sqlite", "credentials": credentials}
    else:
        connection = {"engine": "bridge.db.postgres", "credentials": {"url": url, "read_only": read_only}}
    return {
        "connections": {"default": connection},
        "apps": {"bridge": {"models": ["bridge.db.models"], "migrations": "bridge.db.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[None]:
    """Open the database, with its tables made where there are none yet. Raises DatabaseError.

    An older schema is not brought up in passing: that is for `wc-bridge db upgrade`, which makes a backup first.
    """
    async with at_any_age(url, make=True) as found:
        if found.age is Age.NONE:
            await create(tortoise_config(url))
        else:
            check(url, found)
        yield


@asynccontextmanager
async def existing(url: str, *, read_only: bool = False) -> AsyncIterator[None]:
    """Open a database that is there and has the schema of this version, for a command beside the daemon.

    It neither makes nor upgrades one. Raises DatabaseError.
    """
    async with at_any_age(url, read_only=read_only) as found:
        check(url, found)
        yield


@asynccontextmanager
async def at_any_age(url: str, *, make: bool = False, read_only: bool = False) -> AsyncIterator[Schema]:
    """Open a database, whatever its schema, which is given; `make` an SQLite file that is not there yet.

    Raises DatabaseError.
    """
    config = tortoise_config(url, read_only=read_only)

    async def prepare() -> Schema:
        path = sqlite_path(url)
        if path is not None and make:
            check_folder(path)
            await asyncio.to_thread(_probe, path, "rwc", "BEGIN IMMEDIATE")
        elif path is not None:
            if not path.exists():
                raise DatabaseError(_not_there(url))
            await asyncio.to_thread(_probe, path, "rw", "SELECT 1 FROM sqlite_master")
        EXECUTOR_CACHE.clear()  # it has statements in the words of the kind of database that was open last
        await Tortoise.init(config=config)
        return await schema(config)

    async with _session(url, prepare) as found:
        yield found


@asynccontextmanager
async def _session(url: str, prepare: Callable[[], Awaitable[Schema]]) -> AsyncIterator[Schema]:
    """Close at the end, and turn what the database can't do (locked, full, gone, no database) into DatabaseError.

    A broken constraint or a query that makes no sense is our own mistake and stays what it is.
    """
    driver = True
    try:
        with translated(url):
            try:
                found = await prepare()
            except (ConfigurationError, OSError) as error:
                raise _unusable(url, error) from error
            except ImportError:
                driver = False
                raise
            yield found
    finally:
        if driver:  # closing would look for it again
            await Tortoise.close_connections()


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn what the database can't do into DatabaseError, and a driver that is missing."""
    try:
        yield
    except ImportError as error:
        raise DatabaseError(
            f"the database {shown(url)} needs a driver that is not installed: `pip install '.[postgres]'` where "
            "wc-bridge was installed from"
        ) from error
    except Exception as error:
        first = _first(error)
        if isinstance(first, FAILURES) and database_failed(first):
            raise _unusable(url, first) from error
        raise


def _unusable(url: str, error: Exception) -> DatabaseError:
    return DatabaseError(f"the database {shown(url)} can't be used: {said(error)}")


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


def check(url: str, found: Schema) -> None:
    """Raise DatabaseError where this version can't work on such a schema."""
    if found.age is Age.NONE:
        raise DatabaseError(_not_there(url))
    if found.age is Age.OLDER:
        raise OtherVersion(
            f"the database {shown(url)} is of an older version ({found.version}): `wc-bridge db upgrade` makes a "
            "backup and brings it up to date"
        )
    if found.age is Age.NEWER:
        raise OtherVersion(
            f"the database {shown(url)} is of a newer version of wc-bridge ({found.version}): upgrade this one"
        )


def _probe(path: Path, mode: str, statement: str) -> None:
    """Try the file before tortoise does, which never lets go of its lock when opening a file fails."""
    address = f"{path.resolve().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY / 1000)) as database:
        database.execute(statement)


def _not_there(url: str) -> str:
    path = sqlite_path(url)
    if path is not None and not path.parent.is_dir():
        return _no_folder(path)
    return f"no database yet at {shown(url)}: `wc-bridge run` or `wc-bridge once` makes it"


def check_folder(path: Path) -> None:
    """Raise DatabaseError where there is no folder to make the database in."""
    if not path.parent.is_dir():
        raise DatabaseError(_no_folder(path))


def _no_folder(path: Path) -> str:
    return (
        f"the folder {path.parent} of the database does not exist: make it, or change `database` in settings.yaml"
    )
