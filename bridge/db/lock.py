"""One worker on one SQLite file: a second daemon, or `once` beside the daemon, is refused."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.db.connection import check_folder
from bridge.errors import DatabaseError


@contextmanager
def alone(database: Path | None) -> Iterator[None]:
    """Hold the file's lock. The kernel lets go of it when the process ends, however it ends.

    Raises DatabaseError where another process holds it. None (another database) needs no such lock.
    """
    if database is None:
        yield
        return
    check_folder(database)
    try:
        handle = database.with_name(f"{database.name}.lock").open("w")
    except OSError as error:
        raise DatabaseError(f"the database {database} can't be used: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DatabaseError(
                f"another wc-bridge works on {database} already: stop it first (systemctl stop wc-bridge)"
            ) from error
        yield
