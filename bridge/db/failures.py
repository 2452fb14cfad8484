"""What it looks like when the database itself fails: locked, full, gone, or cut off."""

import sqlite3

from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError

try:
    from asyncpg import InterfaceError, InternalClientError, PostgresError
except ImportError:  # the driver is an extra
    _POSTGRESQL: tuple[type[Exception], ...] = ()
else:
    _POSTGRESQL = (InterfaceError, InternalClientError, PostgresError)

FAILURES: tuple[type[Exception], ...] = (
    OperationalError,
    DBConnectionError,
    TransactionManagementError,
    sqlite3.Error,
    ConnectionError,
    TimeoutError,
    *_POSTGRESQL,
)
_A_BAD_VALUE = "22"
"""The class of SQLSTATE for what can't be stored: a NUL character, too long a text."""


def database_failed(error: Exception) -> bool:
    """Whether the database failed, rather than refused what was to be written."""
    cause = error.__cause__ if isinstance(error, OperationalError) else error
    refused = isinstance(error, IntegrityError | ValueError) or isinstance(cause, ValueError)
    if refused or (getattr(cause, "sqlstate", None) or "").startswith(_A_BAD_VALUE):
        return False
    return isinstance(error, (*FAILURES, OSError))


def said(error: BaseException) -> str:
    """What went wrong in the database's own words; a time that ran out has none."""
    return str(error).strip() or "it does not answer"
