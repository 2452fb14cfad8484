"""A daemon whose lease is gone, or about to go: it calls nobody, and what it still writes is refused."""

import asyncio
import math
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from bridge.db.leases import Lease, Terms, boottime
from bridge.db.sharing import Shared
from bridge.domain.records import State
from bridge.engine import acting, outages
from bridge.engine.cycles import look_around
from bridge.engine.looking import Ready, look
from bridge.engine.noting import write_notes
from bridge.engine.polling import poll
from bridge.engine.sweeping import sweep
from bridge.engine.unit import Unit
from bridge.engine.working import work_all_due
from bridge.errors import LeaseLost, Unreachable
from bridge.sandbox.faults import Fault
from tests.flow.test_crash import _about_to_capture
from tests.flow.world import STORE, TOTAL, Placed, World, known_order, until
from tests.several.clock import Ticking

TABLES = ("stores", "orders", "settlements", "actions", "notes", "events", "outages", "firsts", "brakes")


def running_out(left: float, clock: Callable[[], float]) -> Lease:
    """A lease that is sure to live for `left` seconds more."""
    terms = Terms()
    return Lease(STORE, until=clock() + left + terms.spare, terms=terms, clock=clock)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("left", "calls"), [(-1.0, 0), (Terms().call - 0.1, 0), (Terms().call + 0.1, 1)])
async def test_call_starts_only_where_the_lease_outlives_it(tmp_path: Path, left: float, calls: int) -> None:
    async with known_order(tmp_path) as (w, it):
        ready, unit = await _about_to_capture(w, it), await w.bridge()
        unit.lease = running_out(left, Ticking())
        assert await acting.act(unit, ready) is (calls > 0)
        assert len(w.calls()) == calls
        assert await w.states(it.id) == [f"capture {TOTAL} {'unknown' if calls else 'ready'}"]


@pytest.mark.usefixtures("database")
async def test_call_whose_lease_grows_short_while_a_token_is_fetched_is_not_sent(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        ready, unit, clock = await _about_to_capture(w, it), await w.bridge(), Ticking()
        unit.lease = running_out(20, clock)
        w.resurs.end_tokens()
        w.resurs.faults.plan(Fault.HELD_BACK, path="/oauth2/token")
        asked = len(w.resurs.faults.seen)
        acting_ = asyncio.create_task(acting.act(unit, ready))
        await until(lambda: len(w.resurs.faults.seen) == asked + 2)
        clock.now += 10
        w.resurs.faults.release.set()
        await acting_
        assert len(w.calls()) == 1, "the one that was answered with 401, and did nothing"
        assert await w.states(it.id) == [f"capture {TOTAL} waiting"]


@pytest.mark.usefixtures("database")
async def test_note_is_not_sent_by_who_may_not_call(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.faults.plan(Fault.BUSY, method="POST", path="/notes", retry_after=60)
        w.store.set_status(it.id, "completed")
        await w.cycle(timedelta(seconds=30))
        w.clock.advance(120)
        unit = await w.bridge()
        assert len(await unit.outbox.notes(it.id, w.clock.now())) == 1
        written = len(w.writes())
        unit.lease._until = boottime() + Terms().spare + Terms().call - 1
        await write_notes(unit, it.id)
        assert len(w.writes()) == written
        await w.stop()
        await w.cycle()
        assert len(w.notes(it.id)) == 1


@pytest.mark.usefixtures("database")
async def test_nothing_is_begun_nor_read_by_who_has_lost_the_store(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await _about_to_capture(w, it)
        unit = await w.bridge()
        asked = len(w.store.faults.seen)
        unit.lease.end()
        assert await work_all_due(unit) == 0
        for read in (look(unit, it.id), look_around(unit, sweeping=True)):
            with pytest.raises(LeaseLost):
                await read
        assert len(w.store.faults.seen) == asked


async def begin(unit: Unit, ready: Ready) -> object:
    return await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), unit.now())


async def end(unit: Unit, ready: Ready) -> None:
    attempt, now = acting.attempt(ready), unit.now()
    await unit.outbox.end_attempt(ready.action, State.UNKNOWN, "", now, attempt=attempt)


async def note(unit: Unit, ready: Ready) -> object:
    [due] = await unit.outbox.notes(ready.order.id, unit.now() + timedelta(days=1))
    return await unit.outbox.note_tried(due, unit.now())


async def notice(unit: Unit, ready: Ready) -> None:
    await outages.not_answered(unit, "Resurs", Unreachable("gone", remote="Resurs"))


WRITES: dict[str, Callable[[Unit, Ready], Awaitable[object]]] = {
    "a call begins": begin,
    "a call ends": end,
    "a call is taken as cut off": lambda unit, ready: unit.outbox.cut_off(ready.action, "", unit.now()),
    "a look": lambda unit, ready: look(unit, ready.order.id),
    "a poll": lambda unit, ready: poll(unit),
    "a sweep": lambda unit, ready: sweep(unit),
    "a note is sent": note,
    "an outage": notice,
    "a problem of the store": lambda unit, ready: unit.standing.store_problem("gone"),
    "an order that failed": lambda unit, ready: unit.journal.stumbled(ready.order.id, "failed", unit.now()),
    "an order to look at": lambda unit, ready: unit.agenda.wake([ready.order.id], unit.now()),
}
GONE = {
    "another has it": "UPDATE leases SET token = 'another'",
    "it has run out": "UPDATE leases SET until = clock_timestamp()",
}


@pytest.mark.on_postgresql(alone=True)
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("gone", GONE.values(), ids=GONE)
async def test_what_is_written_after_the_lease_is_gone_is_refused(tmp_path: Path, gone: str) -> None:
    """Although the daemon does not know yet that it is."""
    async with known_order(tmp_path) as (w, it):
        ready = await _with_a_note_to_write(w, it)
        unit = await w.bridge()
        w.place()
        database = await asyncpg.connect(w.database)
        await database.execute(gone)
        before = await everything(database)
        for what, write in WRITES.items():
            with pytest.raises(LeaseLost):
                await write(unit, ready)
            assert await everything(database) == before, what
            assert unit.lease.lost.is_set()
            unaware(unit.lease)
        assert 0 < await work_all_due(unit) < 5, "and nobody goes on trying"
        assert await everything(database) == before
        await database.close()


def unaware(lease: Lease) -> None:
    """Let the daemon believe again that the store is its own."""
    lease.lost.clear()
    lease._until = math.inf


async def _with_a_note_to_write(w: World, it: Placed) -> Ready:
    """A refund that is about to be paid; the shop would not take the note that it will be."""
    w.store.set_status(it.id, "completed")
    await w.cycle()
    w.store.faults.plan(Fault.BUSY, method="POST", path="/notes", times=9, retry_after=60)
    w.resurs.faults.plan(Fault.BUSY, method="POST", path="/refund", times=9)
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle(timedelta(seconds=90))
    w.clock.advance(3600)
    ready = await look(await w.bridge(), it.id)
    assert ready is not None
    return ready


async def everything(database: asyncpg.Connection) -> list[list[asyncpg.Record]]:
    return [await database.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]  # noqa: S608


@pytest.mark.on_postgresql(alone=True)
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("before", "calls", "state"), [("elsewhere", 1, "unknown"), (socket.gethostname(), 2, "done")]
)
async def test_unknown_call_counts_from_the_takeover_where_another_machine_s_clock_wrote_its_end(
    tmp_path: Path, before: str, calls: int, state: str
) -> None:
    """That one was an hour behind; by ours the call has long been overdue."""
    async with known_order(tmp_path) as (w, it):
        w.resurs.faults.plan(Fault.DROP_BEFORE, method="POST", path="/capture")
        w.store.set_status(it.id, "completed")
        await w.cycle(timedelta(seconds=90))
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]
        await w.stop()
        database = await asyncpg.connect(w.database)
        await database.execute("UPDATE leases SET host = $1", before)
        await database.close()
        w.clock.advance(3600)
        await w.cycle(timedelta(seconds=90))
        assert await w.states(it.id) == [f"capture {TOTAL} {state}"]
        assert len(w.calls()) == calls
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


@pytest.mark.on_postgresql(alone=True)
@pytest.mark.usefixtures("database")
async def test_nobody_takes_a_store_over_in_the_middle_of_a_transaction_on_it(tmp_path: Path) -> None:
    """Its last holder wrote in time, and commits after its lease has run out."""
    async with known_order(tmp_path) as (w, it):
        unit, other = await w.bridge(), Shared(w.database, Terms(), Ticking())
        database = await asyncpg.connect(w.database)
        async with other.joined():
            async with unit.lease.transaction():
                await unit.agenda.wake([it.id], unit.now())
                await database.execute(GONE["it has run out"])
                assert await other.take(STORE) is None
            taken = await other.take(STORE)
        await database.close()
        assert taken is not None
        assert (await w.story(it.id))["due"] is not None
