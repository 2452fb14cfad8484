"""The schema that the migrations make is the one that the models mean, on either kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.models import Model

from bridge.db import models
from bridge.db.connection import existing
from bridge.db.ends import reading
from tests import databases

pytestmark = pytest.mark.on_postgresql
TABLES = [
    kind
    for kind in vars(models).values()
    if isinstance(kind, type) and issubclass(kind, Model) and kind is not Model
]
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}


@pytest.fixture
async def url(database: str, tmp_path: Path) -> AsyncIterator[str]:
    made = databases.url_in(tmp_path)
    await databases.make(made)
    async with existing(made):
        yield made


@pytest.mark.parametrize("kind", TABLES)
async def test_every_field_has_its_column(url: str, kind: type[Model]) -> None:
    async with reading(url) as end:
        columns = await end.columns(kind._meta.db_table)
    assert set(kind._meta.fields_db_projection.values()) == set(columns)


@pytest.mark.parametrize("kind", TABLES)
async def test_every_index_is_on_columns_of_its_table(url: str, database: str, kind: type[Model]) -> None:
    """SQLite takes a name that is no column for a constant, without a word; PostgreSQL does not."""
    if database == "postgresql":
        pytest.skip("the server sees to it")
    table = kind._meta.db_table
    query = "SELECT c.name FROM pragma_index_list(?) i, pragma_index_info(i.name) c"
    indexed = await get_connection("default").execute_query_dict(query, [table])
    assert {row["name"] for row in indexed} <= set(kind._meta.fields_db_projection.values())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM orders WHERE store_id = 'a' AND due <= '2026-01-01' ORDER BY due LIMIT 8",
        "SELECT * FROM orders WHERE store_id = 'a' AND order_id IN (1, 2)",
        "SELECT * FROM orders WHERE store_id = 'a' AND watched = true",
        "SELECT * FROM notes WHERE next_try <= '2026-01-01'",
        "SELECT * FROM events WHERE order_id = 1",
        "SELECT * FROM actions WHERE order_id = 1",
        "SELECT * FROM actions WHERE open_slot IN (1, 2)",
        "SELECT * FROM settlements WHERE order_id IN (1, 2)",
    ],
)
async def test_what_is_asked_all_the_time_is_found_by_an_index(url: str, database: str, query: str) -> None:
    """An empty table is quicker to read whole, so the server is told not to."""
    connection = get_connection("default")
    if database == "postgresql":
        await connection.execute_script(f"ALTER DATABASE {url.rpartition('/')[2]} SET enable_seqscan = off")
        await connection.close()
    plan = await connection.execute_query_dict(EXPLAIN[database] + query)
    told = " ".join(str(row.get("detail") or row.get("QUERY PLAN")) for row in plan)
    assert ("SEARCH" if database == "sqlite" else "Index Cond") in told
    assert ("SCAN" if database == "sqlite" else "Seq Scan") not in told
