"""The schema that the migrations make is the one that the models mean, on either kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.models import Model

from bridge.db import models
from bridge.db.connection import at_any_age, existing, opened, tortoise_config
from bridge.db.ends import reading
from bridge.db.schema import bring_up, create
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


WHAT_THERE_IS = {
    "sqlite": """
        SELECT t.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master t, pragma_table_info(t.name) c
        WHERE t.type = 'table'
        UNION ALL SELECT t.name, 'index', i."unique", i.partial,
        (SELECT group_concat(name) FROM pragma_index_info(i.name)) FROM sqlite_master t, pragma_index_list(t.name) i
        UNION ALL SELECT t.name, 'key', k."table", k."from", k.on_delete
        FROM sqlite_master t, pragma_foreign_key_list(t.name) k ORDER BY 1, 2, 3, 4, 5""",
    "postgresql": """
        SELECT table_name, column_name, data_type, is_nullable, character_maximum_length::text
        FROM information_schema.columns WHERE table_schema = current_schema()
        UNION ALL SELECT tablename, 'index', substring(indexdef FROM ' USING .*'),
        (indexdef LIKE '%UNIQUE%')::text, ''
        FROM pg_indexes WHERE schemaname = current_schema()
        UNION ALL SELECT conrelid::regclass::text, 'constraint', pg_get_constraintdef(oid), '', ''
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2, 3, 4, 5""",
}
"""Tables, columns, indices and keys, whatever their names and defaults."""


@pytest.mark.on_postgresql
async def test_what_is_made_at_once_is_what_the_migrations_make(database: str, tmp_path: Path) -> None:
    found = []
    for name, make in (("made", create), ("migrated", bring_up)):
        (tmp_path / name).mkdir()
        url = databases.url_in(tmp_path / name)
        await databases.make_empty(url)
        async with at_any_age(url, make=True):
            await make(tortoise_config(url))
            found.append(await get_connection("default").execute_query_dict(WHAT_THERE_IS[database]))
        async with existing(url):
            pass
    assert found[0] == found[1] != []
