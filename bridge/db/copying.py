"""A copy of a whole database, of either kind into either kind, consistent even while the daemon writes.

The copy has the schema version of its source: rows are taken over as they are, table by table and column by column.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from bridge.db import bindings
from bridge.db.connection import at_any_age, check, existing, tortoise_config, translated
from bridge.db.ends import reading, silent, writing
from bridge.db.models import LeaseRow
from bridge.db.place import place_of
from bridge.db.schema import RECORD, Age, Schema, bring_up
from bridge.db.urls import shown, sqlite_path, sqlite_url
from bridge.errors import DatabaseError, OtherVersion


async def copy(source: str, target: str) -> Schema:
    """Copy `source` into `target`, a database that is not there yet or has no tables; return their schema.

    Raises DatabaseError.
    """
    async with at_any_age(source, read_only=True) as found:
        if found.age is Age.NONE:
            raise DatabaseError(f"there is nothing to copy in {shown(source)}")
        if found.age is Age.NEWER:
            raise OtherVersion(f"{shown(source)} is of a newer version of wc-bridge ({found.version})")
    async with at_any_age(target, make=True) as there:
        if there.age is not Age.NONE:
            raise DatabaseError(f"there is a database at {shown(target)} already: nothing is written over it")
        old, new = sqlite_path(source), sqlite_path(target)
        if old is None or new is None:
            await bring_up(tortoise_config(target), found.version)
    if old is not None and new is not None:
        copy_sqlite(old, new)
    else:
        await fill(source, target)
    return found


async def move(source: str, target: str) -> Schema:
    """Copy as `copy` does, for the copy to be used where it lies: that is not taken for a cloned server.

    Raises DatabaseError, also where `source` is not of this version.
    """
    found = await copy(source, target)
    async with existing(source, read_only=True):
        place = await place_of(source)
    async with existing(target):
        await bindings.take_along(place)
        await LeaseRow.all().delete()
    return found


async def fill(source: str, target: str, *, instead: bool = False) -> None:
    """Copy all rows into tables of the same schema version, all or nothing; `instead` of the rows that are there.

    Raises DatabaseError.
    """
    with translated(target):
        async with reading(source) as old, writing(target) as new:
            ours = set(await old.tables()) - {RECORD}
            tables = [table for table in await new.tables() if table in ours]
            if instead:
                await new.clear(tables[::-1])
            for table in tables:
                columns = await new.columns(table)
                async for rows in old.read(table, list(columns)):
                    await new.write(table, columns, rows)


async def copy_to_rehearse(source: str, target: Path) -> None:
    """Copy `source`, as far as there is anything to copy yet, to a file that things may be tried on.

    Raises DatabaseError, also where `source` is not of this version.
    """
    path = sqlite_path(source)
    if path is not None and not path.exists():
        return
    async with at_any_age(source, read_only=True) as found:
        if found.age is not Age.NONE:
            check(source, found)
    if found.age is not Age.NONE:
        await move(source, sqlite_url(target))


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a file to another. Raises DatabaseError.

    The source is opened for writing and then told to write nothing: one opened as read-only would leave the files
    of its write-ahead log behind, which the daemon's user can't use when somebody else made them. The copy is one
    file, without such a log.
    """
    if not source.exists():
        raise DatabaseError(f"there is no database at {source}")
    try:
        with closing(silent(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise DatabaseError(f"the database {source} can't be used: {error}") from error
