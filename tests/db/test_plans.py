"""What is asked often finds its rows by an index, on either kind of database."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from bridge.db import (
    agendas,
    alone,
    bounds,
    burning,
    firsts,
    holds,
    models,
    outages,
    pauses,
    reporting,
    resyncs,
    rewinds,
    vitals,
)
from bridge.db.agenda import Agenda
from bridge.db.connection import existing, opened
from bridge.db.journal import Journal
from bridge.db.leases import Lease
from bridge.db.listings import Listings
from bridge.db.owners import owner
from bridge.db.standing import Standing
from bridge.domain.outages import SHOP, Outage
from bridge.domain.rules import Limits
from bridge.domain.steps import Call, Kind
from tests import databases

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANY = 3000
"""Orders of a store that are at rest; of the other store in the same database as many."""
OPEN = 40
"""Orders that are watched, due, and have a note to write and an action to do."""
FEW = ("outages", "brakes", "firsts")
"""Tables in which a store has few rows."""


async def count(store: str, kind: Kind) -> None:
    call, limits = Call(kind), Limits(refunds_per_day=Decimal(200))
    asked = bounds.Asked(
        store=store, account="", kind=kind, call=call, currency="SEK", order=1, action=1, live=True
    )
    async with bounds.counting(asked, limits, NOW):
        pass


async def notice(store: str) -> None:
    row = await models.OrderRow.get(store_id=store, order_id=7)
    await alone.noticed(store, row.id, NOW, timedelta(days=1))


def outage(remote: str = "resurs", *, calls: bool = False) -> Outage:
    return Outage(remote=remote, since=NOW, tries=1, next_try=NOW, why="", paused=True, calls=calls)


async def who_asks(store: str, outage: Outage) -> None:
    """Where orders wait, and where each of them is asking already."""
    for without in ((), range(MANY + 1, MANY + OPEN + 1)):
        await outages.who_asks(store, outage, NOW, without)


async def reported(store: str, since: datetime | None = None) -> None:
    async for _ in reporting.pages(store, since):
        pass


async def take_up(store: str) -> None:
    row = await Standing(store).state()
    row.relook_below = MANY
    await resyncs.take_up(Lease(store), row, 4, NOW)


OFTEN: dict[str, Callable[[str], Awaitable[object]]] = {
    "with_work": lambda store: agendas.with_work([store, "another"], NOW),
    "with_alerts": lambda store: agendas.with_alerts([store, "another"]),
    "polls": lambda store: burning.polls([store, "another"]),
    "due": lambda store: Agenda(store).due(NOW, 8, {1}),
    "next_due": lambda store: Agenda(store).next_due(notes=True),
    "count_due": lambda store: Agenda(store).count_due(notes=True),
    "due, but of some": lambda store: Agenda(store).due(NOW, 8, {1}, {"resurs", "ecster"}),
    "due, of none": lambda store: Agenda(store).due(NOW, 8, (), None),
    "notes_due": lambda store: Agenda(store).notes_due(NOW, 8, {1}),
    "known_many": lambda store: Journal(store).known_many(range(1, 1201)),
    "known_ids": lambda store: Listings(store).known_ids(range(1, 1201)),
    "wake": lambda store: Agenda(store).wake(range(1, 1201), NOW),
    "wake_unfinished": lambda store: Agenda(store).wake_unfinished(NOW, bounded=False),
    "watched": lambda store: Agenda(store).watched(),
    "moved_since": lambda store: Agenda(store).moved_since(NOW),
    "owner": lambda store: owner(store, "resurs", "p7", 8),
    "newest": lambda store: rewinds.newest(store, 100),
    "touched": lambda store: rewinds.touched(store, NOW),
    "last_touched": lambda store: rewinds.last_touched(store, 20),
    "let_go": lambda store: rewinds.let_go(store, NOW),
    "counting": lambda store: count(store, Kind.CAPTURE),
    "counting refunds": lambda store: count(store, Kind.REFUND),
    "judge_anew": bounds.judge_anew,
    "bunches": bounds.bunches,
    "bunch": lambda store: bounds.bunch(store, Kind.CAPTURE, held=True),
    "untold": bounds.untold,
    "untold firsts": firsts.untold,
    "must_wait": lambda store: firsts.must_wait(store, "", Call.CAPTURE, 1),
    "taken_so": lambda store: firsts.taken_so(store, "", Call.CAPTURE, NOW),
    "pauses": lambda store: pauses.of(store, 1),
    "pauses, of a call": lambda store: pauses.stops(store, 1),
    "take_up, of a resync": take_up,
    "resume": lambda store: holds.resume(store, NOW),
    "noticed": notice,
    "outages": outages.outages,
    "who_asks": lambda store: who_asks(store, outage()),
    "who_asks, of calls": lambda store: who_asks(store, outage(calls=True)),
    "who_asks, of the shop": lambda store: who_asks(store, outage(SHOP)),
    "count_waiting": lambda store: outages.count_waiting(store, outage(), NOW),
    "waiting": lambda store: outages.waiting(store, outage(), NOW),
    "waiting, of calls": lambda store: outages.waiting(store, outage(calls=True), NOW),
    "end, of calls": lambda store: outages.end(store, outage(calls=True), NOW, hurry=True),
    "has_calls": lambda store: outages.has_calls(store, "resurs"),
    "tried_since": lambda store: outages.tried_since(store, NOW, NOW),
    "end": lambda store: outages.end(store, outage(), NOW, hurry=True),
    "end, of the shop": lambda store: outages.end(store, outage(SHOP), NOW, hurry=True),
    "report": reported,
    "report, since": lambda store: reported(store, NOW),
    "may_call": lambda store: outages.may_call(store, MANY + 1),
    "vitals": lambda store: vitals.vitals([store, "another"], NOW),
    "endings": lambda _: vitals.Endings(NOW).new(NOW),
}
"""What is asked at each tick, look, sweep and scrape, of a store that is held, or of a large one."""


async def fill(store: str) -> None:
    """A store of many orders at rest, and a few that are not."""
    await models.StoreRow.create(name=store, held="rewound", held_why="went back")
    for kind in (Kind.CAPTURE, Kind.REFUND):
        await models.BrakeRow.create(store_id=store, kind=kind, told=NOW)
    await models.FirstRow.create(store_id=store, account="", call=Call.CAPTURE, action=2)
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
    tmp_path: Path, filled: Path, asks: Callable[[str], Awaitable[object]]
) -> None:
    """Each statement that is executed, as SQLite plans it: no table is read whole, nor all that a store has."""
    path = tmp_path / "bridge.sqlite3"
    shutil.copy(filled, path)
    executed: list[str] = []
    async with opened(f"sqlite://{path}"):
        connection: Any = get_connection("default")
        async with connection.acquire_connection() as driver:
            await driver.set_trace_callback(executed.append)
        await asks("butiken")
    asked = [text for text in executed if text.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert asked
    with closing(sqlite3.connect(path)) as database:
        for text in asked:
            for *_, step in database.execute(f"EXPLAIN QUERY PLAN {text}"):
                assert not step.startswith("SCAN"), (step, text[:400])
                assert not (step.endswith("(state=?)") and "'done'" in text), (step, text[:400])
                few = any(f"SEARCH {table} " in step for table in FEW)
                assert few or not step.endswith("(store_id=?)"), (step, text[:400])
                in_order = 'ORDER BY "order_id"' in text
                assert in_order or not step.endswith("(store_id=? AND order_id>?)"), (step, text[:400])


@pytest.mark.on_postgresql(alone=True)
async def test_a_server_finds_it_by_an_index_too(tmp_path: Path, database: str) -> None:
    """Each statement that is executed, as the server plans it where it would rather not read a table whole."""
    url = databases.url_in(tmp_path)
    await databases.make(url)
    async with existing(url):
        for store in ("butiken", "filialen"):
            await fill(store)
        await get_connection("default").execute_script("ANALYZE")
        async with in_transaction() as transaction:  # all that is asked goes over its connection
            driver: Any = transaction._connection
            await driver.execute("SET LOCAL enable_seqscan = off")
            for name, asks in OFTEN.items():
                executed: list[Any] = []
                driver.add_query_logger(executed.append)
                await asks("butiken")
                await asyncio.sleep(0)  # the driver tells in a turn of its own
                driver.remove_query_logger(executed.append)
                asked = [it for it in executed if it.query.startswith(("SELECT", "UPDATE", "DELETE"))]
                assert asked, name
                for it in asked:
                    plan = [row[0] for row in await driver.fetch(f"EXPLAIN {it.query}", *it.args)]
                    read_whole = [step for step in plan if "Seq Scan on" in step and "on stores" not in step]
                    assert not read_whole, (name, it.query[:400], plan)
