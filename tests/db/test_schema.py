"""The schema that the migrations make is the one that the models mean, on either kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.models import Model

from bridge.db import models
from bridge.db.connection import existing, opened
from bridge.db.ends import reading
from tests import databases

TABLES = [
    kind
    for kind in vars(models).values()
    if isinstance(kind, type) and issubclass(kind, Model) and kind is not Model
]


@pytest.fixture
async def url(database: str, tmp_path: Path) -> AsyncIterator[str]:
    made = databases.url_in(tmp_path)
    await databases.make(made)
    async with existing(made):
        yield made


@pytest.mark.on_postgresql
@pytest.mark.parametrize("kind", TABLES)
async def test_every_field_has_its_column(url: str, kind: type[Model]) -> None:
    async with reading(url) as end:
        columns = await end.columns(kind._meta.db_table)
    assert set(kind._meta.fields_db_projection.values()) == set(columns)


@pytest.mark.parametrize("kind", TABLES)
async def test_every_index_is_on_columns_of_its_table(tmp_path: Path, kind: type[Model]) -> None:
    """SQLite takes a name that is no column for a constant, without a word; PostgreSQL does not."""
    query = "SELECT c.name FROM pragma_index_list(?) i, pragma_index_info(i.name) c"
    async with opened(f"sqlite://{tmp_path}/bridge.sqlite3"):
        indexed = await get_connection("default").execute_query_dict(query, [kind._meta.db_table])
    assert {row["name"] for row in indexed} <= set(kind._meta.fields_db_projection.values())
