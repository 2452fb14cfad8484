"""A copy of an SQLite database, whole and consistent even while the daemon writes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bridge.errors import DatabaseError


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy `source` to `target`; a source that is not there yet leaves `target` empty. Raises DatabaseError.

    The source is opened for writing and then told to write nothing: one opened as read-only would leave the files
    of its write-ahead log behind, which the daemon's user can't use when somebody else made them.
    """
    if not source.exists():
        return
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.execute("PRAGMA query_only = ON")
            old.backup(new)
    except sqlite3.Error as error:
        raise DatabaseError(f"the database {source} can't be used: {error}") from error
