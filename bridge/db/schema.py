"""The schema of a database: how old it is, and bringing it up."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction
from tortoise.utils import get_schema_sql

RECORD = "tortoise_migrations"
"""The table in which tortoise records which migrations were applied."""
_APP = "bridge"
_TABLES = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name",
    "postgres": "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename",
}


class Age(StrEnum):
    NONE = "none"
    """There is no table of ours yet."""
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    """A later version of wc-bridge has worked on it."""


@dataclass(frozen=True, slots=True)
class Schema:
    age: Age
    version: str
    """The migration that was applied last, such as "0002_rules"; "" where there is none."""


async def schema(config: dict[str, Any]) -> Schema:
    """Return the schema of the database that is open."""
    loader = MigrationExecutor(get_connection("default"), config["apps"]).loader
    loader.load_disk()
    applied, known = await _applied(), {key.name for key in loader.disk_migrations}
    version = max(applied, default="")
    if not applied:
        return Schema(Age.NONE, version)
    if applied - known:
        return Schema(Age.NEWER, version)
    return Schema(Age.OLDER if known - applied else Age.CURRENT, version)


async def _applied() -> set[str]:
    """What tortoise has recorded; its own way to ask takes a database that fails for one that is empty."""
    connection = get_connection("default")
    listed = _TABLES[connection.capabilities.dialect]
    if not await connection.execute_query_dict(f"{listed} = '{RECORD}'"):
        return set()
    found = await connection.execute_query_dict(f"SELECT name FROM {RECORD} WHERE app = '{_APP}'")  # noqa: S608 (our own names)
    return {row["name"] for row in found}


async def create(config: dict[str, Any]) -> None:
    """Make the tables of this version where there are none, all or nothing: what all migrations together make."""
    await MigrationExecutor(get_connection("default"), config["apps"]).migrate([])  # makes the record of migrations
    async with in_transaction() as connection:
        for statement in _statements(get_schema_sql(connection, safe=False)):
            await connection.execute_query(statement)
        executor = MigrationExecutor(connection, config["apps"])
        executor.recorder = _Recorder(connection)
        await executor.migrate([MigrationTarget(_APP, "__latest__")], fake=True)


async def bring_up(config: dict[str, Any], version: str = "__latest__") -> None:
    """Make the tables, or bring those of an earlier version up: all or nothing, whenever it is cut off."""
    await MigrationExecutor(get_connection("default"), config["apps"]).migrate([])  # makes the record of migrations
    async with in_transaction() as connection:
        executor = MigrationExecutor(connection, config["apps"])
        executor.recorder = _Recorder(connection)
        await executor.migrate([MigrationTarget(_APP, version)])


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, in whose comments and texts there may be semicolons too.

    Together they would end the transaction on SQLite.
    """
    statement = ""
    for part in script.split(";")[:-1]:
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


class _Recorder(MigrationRecorder):
    """Records in a table that is there: to make sure of it once more would end the transaction on SQLite."""

    async def ensure_schema(self, schema_editor: object) -> None:
        pass
