"""The database of a test: a file in its folder, or one of its own on the PostgreSQL server that serves now.

Making one takes longer than most tests do, so it is made once, and copied.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from bridge.db.connection import opened
from bridge.db.urls import sqlite_path
from tests.postgres import Server

KINDS = ("sqlite", "postgresql")

_TEMPLATE = "template_bridge"
_server: Server | None = None
_made: list[bytes] = []
_templates: set[Server] = set()


@contextmanager
def served_by(server: Server | None) -> Iterator[None]:
    """Let the databases be on this server, or (None) files."""
    global _server  # noqa: PLW0603 (which database a test runs on is a fixture's to say, not each helper's)
    before, _server = _server, server
    try:
        yield
    finally:
        _server = before


def url_in(folder: Path) -> str:
    """The URL of the database that belongs to this folder; whether it is there is another matter."""
    if _server is None:
        return f"sqlite://{folder}/bridge.sqlite3"
    return _server.url("of_" + hashlib.sha256(str(folder).encode()).hexdigest()[:24])


async def is_there(url: str) -> bool:
    path = sqlite_path(url)
    if path is not None:
        return path.exists()
    return bool(await administer("SELECT 1 FROM pg_database WHERE datname = $1", _name(url)))


async def make(url: str) -> None:
    """Make it with its schema and nothing in it."""
    path = sqlite_path(url)
    if path is not None:
        path.write_bytes(await _new_file())
        return
    assert _server is not None
    if _server not in _templates:
        await administer(f'CREATE DATABASE "{_TEMPLATE}"')
        async with opened(_server.url(_TEMPLATE)):
            pass
        _templates.add(_server)
    await administer(f'CREATE DATABASE "{_name(url)}" TEMPLATE "{_TEMPLATE}"')


async def make_empty(url: str) -> None:
    """Make it without a schema; a file needs no making."""
    if sqlite_path(url) is None:
        await administer(f'CREATE DATABASE "{_name(url)}"')


async def lose(url: str) -> None:
    """Take it away, whoever has it open."""
    path = sqlite_path(url)
    if path is None:
        await administer(f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')
        return
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


@asynccontextmanager
async def out_of_reach(url: str) -> AsyncIterator[None]:
    """A database of the server that cuts everybody off, and takes no connection until the end."""
    await administer(f'ALTER DATABASE "{_name(url)}" ALLOW_CONNECTIONS false')
    await administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", _name(url))
    try:
        yield
    finally:
        await administer(f'ALTER DATABASE "{_name(url)}" ALLOW_CONNECTIONS true')


async def administer(statement: str, *values: object) -> list[asyncpg.Record]:
    assert _server is not None
    connection = await asyncpg.connect(_server.url("postgres"))
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()


def _name(url: str) -> str:
    return url.rpartition("/")[2]


async def _new_file() -> bytes:
    if not _made:
        with TemporaryDirectory() as folder:
            async with opened(f"sqlite://{folder}/bridge.sqlite3"):
                pass
            _keep(Path(folder, "bridge.sqlite3"))
    return _made[0]


def _keep(file: Path) -> None:
    _made.append(file.read_bytes())
