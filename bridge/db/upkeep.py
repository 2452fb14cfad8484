"""What an administrator does with a whole database: make it, bring it up, back it up, put a backup back.

A backup is one SQLite file, of whichever kind of database: it can be put back into either.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from bridge.db import copying
from bridge.db.connection import at_any_age, check, existing, opened, tortoise_config, translated
from bridge.db.copying import copy, copy_sqlite, fill
from bridge.db.lock import alone
from bridge.db.models import ActionRow, LeaseRow, StoreRow
from bridge.db.schema import Age, Schema, bring_up
from bridge.db.urls import shown, sqlite_path, sqlite_url
from bridge.errors import DatabaseError

DATED = "%Y%m%dT%H%M%SZ"
"""How a backup's name tells when it was made, in UTC."""


async def look(url: str) -> Schema:
    """Return the schema of a database that is there. Raises DatabaseError."""
    async with at_any_age(url, read_only=True) as found:
        return found


async def create(url: str) -> None:
    """Make the database, where it is not there yet, and its tables. Raises DatabaseError."""
    if sqlite_path(url) is None:
        with translated(url):
            await _create_on_server(url)
    async with alone(url), opened(url):
        pass


async def _create_on_server(url: str) -> None:
    from bridge.db.postgres import NotThere, connect  # noqa: PLC0415 (its driver is an extra)

    try:
        await (await connect(url)).close()
    except NotThere:
        name = unquote(urlsplit(url).path.removeprefix("/")).replace('"', '""')
        connection = await connect(url, database="postgres")
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()


async def backup(url: str, file: Path) -> None:
    """Copy the database to a file that is not there yet, also while a daemon works on it. Raises DatabaseError."""
    with _whole(file) as part:
        await copy(url, sqlite_url(part))


def thin_out(newest: Path, keep: int) -> list[Path]:
    """Remove the dated backups beside `newest`, of the same database, but for so many; return what was removed.

    The names tell the age. Raises DatabaseError.
    """
    name = newest.name.rpartition("-")[0]
    dated = re.compile(rf"{re.escape(name)}-[0-9]{{8}}T[0-9]{{6}}Z\.sqlite3")
    old = sorted(path for path in newest.parent.iterdir() if dated.fullmatch(path.name))[:-keep]
    try:
        for path in old:
            path.unlink()
    except OSError as error:
        raise DatabaseError(f"{path} can't be removed: {error.strerror or error}") from error
    return old


async def upgrade(url: str, file: Path) -> bool:
    """Bring an older database up, after a backup to `file`; False where there is nothing to do.

    Raises DatabaseError.
    """
    async with alone(url):
        found = await look(url)
        if found.age is not Age.OLDER:
            check(url, found)
            return False
        await backup(url, file)
        try:
            async with at_any_age(url):
                await bring_up(tortoise_config(url))
        except DatabaseError as error:
            raise DatabaseError(f"{error}; as it was before, it is in {file}") from error
        return True


async def restore(
    url: str, file: Path, aside: Path, now: datetime, agree: Callable[[], None] = lambda: None
) -> bool:
    """Put a backup in the place of the database, which is kept in `aside` if there is one; say whether there was.

    `agree` is asked once it is sure that this can be done; what it raises ends it with nothing changed.

    What was done since the backup was made is known to nobody here any more (see `bridge.domain.restored`).
    Raises DatabaseError.
    """
    path = sqlite_path(url)
    async with alone(url):
        with TemporaryDirectory(prefix="wc-bridge-restore-", dir=path and path.parent) as folder:
            ready = Path(folder, "ready.sqlite3")
            await _make_ready(file, ready, now)
            agree()
            if path is None:
                return await _put_on_server(url, sqlite_url(ready), aside)
            return _put_in_place(path, ready, aside)


async def _make_ready(file: Path, ready: Path, now: datetime) -> None:
    """Copy a backup, bring it up, and write into it that it is one; what was approved in it is approved no more."""
    copy_sqlite(file, ready)
    url = sqlite_url(ready)
    found = await look(url)
    if found.age is Age.NONE:
        raise DatabaseError(f"{file} is no backup of wc-bridge")
    if found.age is Age.OLDER:
        async with at_any_age(url):
            await bring_up(tortoise_config(url))
    else:
        check(str(file), found)
    async with existing(url):
        await StoreRow.all().update(restored=now)
        await ActionRow.filter(open_slot__isnull=False).update(approved=False)
        await LeaseRow.all().delete()  # of those who worked on it when the backup was made


async def _put_on_server(url: str, ready: str, aside: Path) -> bool:
    found = await look(url)
    there = found.age is not Age.NONE
    if there:
        await backup(url, aside)
    if found.age in (Age.NONE, Age.OLDER):
        async with at_any_age(url):
            await bring_up(tortoise_config(url))
    await fill(ready, url, instead=True)
    return there


def _put_in_place(path: Path, ready: Path, aside: Path) -> bool:
    """With its write-ahead log, which belongs to the old file alone."""
    there = path.exists()
    for ending in ("", "-wal", "-shm"):
        file = path.with_name(path.name + ending)
        if file.exists():
            file.rename(aside.with_name(aside.name + ending))
    ready.replace(path)
    return there


async def move(source: str, target: str) -> Schema:
    """Copy a database nobody works on into another, which takes its place. Raises DatabaseError."""
    if shown(source) == shown(target):
        raise DatabaseError("that is the same database twice")
    path = sqlite_path(source)
    if path is not None and not path.exists():
        raise DatabaseError(f"there is nothing to copy at {shown(source)}: no such file")
    if sqlite_path(target) is None:
        with translated(target):
            await _create_on_server(target)
    async with alone(source):
        found = await look(source)
        check(source, found)
        return await copying.move(source, target)


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    """A place to write to, for the owner's eyes alone, that becomes `file` when it is whole."""
    part = file.with_name(f".{file.name}.part")
    if file.exists():
        raise DatabaseError(f"{file} is there already: nothing is written over it")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        yield part
        os.link(part, file)
    except FileExistsError as error:
        raise DatabaseError(f"{file} is there already: nothing is written over it") from error
    except OSError as error:
        raise DatabaseError(f"{file} can't be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
