"""The schema that the migrations make is the one that the models mean."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.api import migrate
from tortoise.models import Model

from bridge.db import models, rewinds
from bridge.db.connection import opened, tortoise_config
from bridge.db.journal import Journal

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


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANY = 3000
"""Orders of a store that are at rest; of the other store in the same database as many."""
OPEN = 40
"""Orders that are watched, due, and have a note to write and an action to do."""

OFTEN: dict[str, Callable[[Journal], Awaitable[object]]] = {
    "due": lambda journal: journal.due(NOW, 8, {1}),
    "next_due": lambda journal: journal.next_due(notes=True),
    "count_due": lambda journal: journal.count_due(notes=True),
    "notes_due": lambda journal: journal.notes_due(NOW),
    "known_many": lambda journal: journal.known_many(range(1, 1201)),
    "known_ids": lambda journal: journal.known_ids(range(1, 1201)),
    "wake": lambda journal: journal.wake(range(1, 1201), NOW),
    "wake_unfinished": lambda journal: journal.wake_unfinished(NOW),
    "watched": lambda journal: journal.watched(),
    "moved_since": lambda journal: journal.moved_since(NOW),
    "owner": lambda journal: journal.owner("resurs", "p7", 8),
    "newest": lambda journal: rewinds.newest(journal.store, 100),
    "touched": lambda journal: rewinds.touched(journal.store, NOW),
    "last_touched": lambda journal: rewinds.last_touched(journal.store, 20),
    "let_go": lambda journal: rewinds.let_go(journal.store, NOW),
}
"""What is asked at each tick, look and sweep, or of a store that is held."""


async def fill(store: str) -> None:
    """A store of many orders at rest, and a few that are not."""
    await models.StoreRow.create(name=store, rewound="went back")
    numbers = range(1, MANY + OPEN + 1)
    rows = [
        models.OrderRow(
            store_id=store,
            order_id=number,
            provider="resurs",
            payment_id=f"p{number}",
            watched=number > MANY,
            due=NOW if number > MANY else None,
            changed=NOW,
        )
        for number in numbers
    ]
    await models.OrderRow.bulk_create(rows)
    made = await models.OrderRow.filter(store_id=store).order_by("order_id").values_list("id", flat=True)
    told = [models.EventRow(order_id=row, at=NOW, topic="seen", text="") for row in made]
    await models.EventRow.bulk_create(told)
    notes = [models.NoteRow(order_id=row, mark="m", text="", created=NOW, next_try=NOW) for row in made[MANY:]]
    await models.NoteRow.bulk_create(notes)
    actions = [
        models.ActionRow(
            order_id=row,
            open_slot=row if number >= MANY else None,
            step="{}",
            key="k",
            kind="capture",
            state="ready" if number >= MANY else "done",
            amount=1,
            target=1,
            currency="SEK",
            provider="resurs",
            created=NOW,
            updated=NOW,
        )
        for number, row in enumerate(made)
    ]
    await models.ActionRow.bulk_create(actions)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "bridge.sqlite3"

    async def make() -> None:
        async with opened(f"sqlite://{path}"):
            for store in ("butiken", "filialen"):
                await fill(store)

    asyncio.run(make())
    return path


@pytest.mark.parametrize("asks", OFTEN.values(), ids=OFTEN)
async def test_what_is_asked_often_reads_no_more_rows_than_it_finds(
    tmp_path: Path, filled: Path, asks: Callable[[Journal], Awaitable[object]]
) -> None:
    """Each statement that is executed, as SQLite plans it: no table is read whole, nor all that a store has."""
    path = tmp_path / "bridge.sqlite3"
    shutil.copy(filled, path)
    executed: list[str] = []
    async with opened(f"sqlite://{path}"):
        connection: Any = get_connection("default")
        async with connection.acquire_connection() as driver:
            await driver.set_trace_callback(executed.append)
        await asks(Journal("butiken"))
    asked = [text for text in executed if text.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert asked
    with closing(sqlite3.connect(path)) as database:
        for text in asked:
            for *_, step in database.execute(f"EXPLAIN QUERY PLAN {text}"):
                assert not step.startswith("SCAN"), (step, text[:400])
                assert not step.endswith("(store_id=?)"), (step, text[:400])


@pytest.mark.parametrize("version", ["0001_initial", "0002_rules"])
async def test_a_database_of_an_earlier_version_is_brought_up_with_what_is_in_it(
    tmp_path: Path, version: str
) -> None:
    url = f"sqlite://{tmp_path / 'bridge.sqlite3'}"
    config = tortoise_config(url)
    await migrate(config=config, target=f"bridge.{version}")
    await Tortoise.init(config=config)
    await get_connection("default").execute_script(
        "INSERT INTO stores (name, mode, baseline_done, problem, locale) VALUES ('butiken', 'live', 1, '', 'sv_SE')"
        if version == "0001_initial"
        else "INSERT INTO stores (name, mode, baseline_done, problem, locale, rules)"
        " VALUES ('butiken', 'live', 1, '', 'sv_SE', '{}')"
    )
    await Tortoise.close_connections()
    async with opened(url):
        store = await models.StoreRow.get(name="butiken")
        assert (store.mode, store.baseline_done, store.locale, store.rewound) == ("live", True, "sv_SE", "")
        assert not store.settled
