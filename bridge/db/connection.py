"""Opening and closing the database, and its schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tortoise import Tortoise
from tortoise.exceptions import BaseORMException
from tortoise.migrations.api import migrate

from bridge.errors import DatabaseError

_SQLITE = "sqlite://"


def tortoise_config(url: str) -> dict[str, Any]:
    """Turn the `database` of settings.yaml into tortoise's configuration.

    SQLite runs in WAL mode with full synchronisation: what is committed survives a power cut (design § 1,
    promise 1), and a command can read while the daemon writes.
    """
    connection = url
    if url.startswith(_SQLITE):
        connection = f"{url.partition('?')[0]}?journal_mode=WAL&synchronous=FULL&foreign_keys=ON&busy_timeout=10000"
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
    """Open the database, bring its schema up to date, and close it at the end. Raises DatabaseError."""
    config = tortoise_config(url)
    path = sqlite_path(url)
    if path is not None and not path.parent.is_dir():
        raise DatabaseError(
            f"the folder {path.parent} of the database does not exist: make it, or change `database`"
        )
    try:
        await migrate(config=config)
        await Tortoise.init(config=config)
    except (BaseORMException, OSError) as error:
        await Tortoise.close_connections()
        raise DatabaseError(f"the database {shown(url)} can't be used: {error}") from error
    try:
        yield
    finally:
        await Tortoise.close_connections()


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL (what follows `sqlite://` is the path), or None for another database."""
    return Path(url.partition("?")[0].removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def shown(url: str) -> str:
    """The URL as it may stand in a message: without a password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=f"{parts.username}:***@{parts.hostname}").geturl()
