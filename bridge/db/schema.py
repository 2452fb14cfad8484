"""The schema of a database: how old it is, and bringing it up."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

_APP = "bridge"


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
    executor = MigrationExecutor(get_connection("default"), config["apps"])
    to_do = await executor.plan()
    applied = executor.loader.applied_migrations
    version = max((key.name for key in applied), default="")
    if not applied:
        return Schema(Age.NONE, version)
    if applied - set(executor.loader.disk_migrations):
        return Schema(Age.NEWER, version)
    return Schema(Age.OLDER if to_do else Age.CURRENT, version)


async def bring_up(config: dict[str, Any], version: str = "__latest__") -> None:
    """Make the tables, or bring those of an earlier version up.

    All or nothing on PostgreSQL; on SQLite, where tortoise's record of it ends the transaction, one migration after
    the other.
    """
    await MigrationExecutor(get_connection("default"), config["apps"]).migrate([])  # makes the record of migrations
    async with in_transaction() as connection:
        await MigrationExecutor(connection, config["apps"]).migrate([MigrationTarget(_APP, version)])
