"""The schema that the migrations make is the one that the models mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tortoise import Tortoise
from tortoise.migrations.api import migrate
from tortoise.models import Model

from bridge.db import holds, models
from bridge.db.connection import opened, tortoise_config
from bridge.db.holds import Held

TABLES = [
    kind
    for kind in vars(models).values()
    if isinstance(kind, type) and issubclass(kind, Model) and kind is not Model
]


@pytest.fixture
async def made(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.sqlite3"
    async with opened(f"sqlite://{path}"):
        pass
    return path


@pytest.fixture
def database(made: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(made)) as connection:
        yield connection


def columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute("SELECT * FROM pragma_table_info(?)", (table,))}


@pytest.mark.parametrize("kind", TABLES)
def test_every_field_has_its_column(database: sqlite3.Connection, kind: type[Model]) -> None:
    assert set(kind._meta.fields_db_projection.values()) == columns(database, kind._meta.db_table)


@pytest.mark.parametrize("kind", TABLES)
def test_every_index_is_on_columns_of_its_table(database: sqlite3.Connection, kind: type[Model]) -> None:
    """SQLite takes a name that is no column for a constant, without a word."""
    table = kind._meta.db_table
    for row in database.execute("SELECT * FROM pragma_index_list(?)", (table,)).fetchall():
        indexed = [column[2] for column in database.execute("SELECT * FROM pragma_index_info(?)", (row[1],))]
        assert set(indexed) <= columns(database, table), row[1]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM orders WHERE store_id = 'a' AND due <= '2026' ORDER BY due LIMIT 8",
        "SELECT * FROM orders WHERE store_id = 'a' AND order_id IN (1, 2)",
        "SELECT * FROM orders WHERE store_id = 'a' AND watched = 1",
        "SELECT * FROM notes WHERE next_try <= '2026'",
        "SELECT * FROM events WHERE order_id = 1",
        "SELECT * FROM actions WHERE order_id = 1",
        "SELECT * FROM actions WHERE admitted > '2026'",
        "SELECT * FROM notes WHERE created > '2026'",
        "SELECT * FROM actions WHERE open_slot IN (1, 2)",
        "SELECT * FROM settlements WHERE order_id IN (1, 2)",
    ],
)
def test_what_is_asked_all_the_time_is_found_by_an_index(database: sqlite3.Connection, query: str) -> None:
    plan = " ".join(row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "SEARCH" in plan
    assert "SCAN" not in plan


async def test_a_store_that_was_held_before_an_upgrade_is_held_after_it(tmp_path: Path) -> None:
    """The schema of the version before, with a store in it, as its own migrations leave it."""
    path = tmp_path / "bridge.sqlite3"
    config = tortoise_config(f"sqlite://{path}")
    await migrate(config=config, app_labels=["bridge"], target="bridge.0003_eyes")
    await Tortoise.close_connections()
    with closing(sqlite3.connect(path)) as old:
        old.execute(
            "INSERT INTO stores (name, mode, baseline_done, problem, locale, rules, version, storage, settled, "
            "rewound, webhook_secret) VALUES ('a', 'live', 1, '', '', '', '', '', 0, 'order 7 went back', '')"
        )
        old.commit()
    async with opened(f"sqlite://{path}"):
        assert await holds.held("a") == (Held.REWOUND, "order 7 went back")
        assert await holds.untold("a") is None
