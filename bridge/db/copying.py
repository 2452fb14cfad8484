"""A copy of an SQLite database, whole and consistent even while the daemon writes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bridge.errors import DatabaseError


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy `source` to `target`; a source that is not there yet leaves `target` empty. Raises DatabaseError."""
    if not source.exists():
        return
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise DatabaseError(f"the database {source} can't be read: {error}") from error
