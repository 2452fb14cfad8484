"""Two connections that write about one order at the same time: neither is lost, and none waits for ever.

Where a third connection holds a row, both run up to it and then wait in the order in which they came.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bridge.db import outages
from bridge.db.failures import FAILURES
from bridge.db.known import Overtaken, Sight
from bridge.db.models import FirstRow
from bridge.db.persons import approve, drop, retry
from bridge.engine import acting
from bridge.engine.looking import look
from bridge.engine.polling import poll
from bridge.engine.working import work_all_due
from bridge.errors import UsageError
from bridge.sandbox.faults import Fault
from tests.flow.test_crash import _about_to_capture
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete
from tests.flow.world import STORE, TOTAL, Placed, World, known_order

pytestmark = pytest.mark.on_postgresql(alone=True)


async def _at_once(w: World, row: str, *work: Coroutine[Any, Any, object]) -> list[object]:
    """Start these one after the other while `row` is held, until each waits; then let go. Return how they ended."""
    holder, watcher = await asyncpg.connect(w.database), await asyncpg.connect(w.database)
    tasks: list[asyncio.Task[object]] = []
    try:
        async with holder.transaction():
            await holder.execute(f"SELECT 1 FROM {row} FOR NO KEY UPDATE")  # noqa: S608 (the case says which)
            for it in work:
                tasks.append(asyncio.create_task(it))
                await _waiting(watcher, len(tasks))
    finally:
        await holder.close()
        await watcher.close()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    return list(ended)


async def _waiting(watcher: asyncpg.Connection, count: int) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(60):
        while await watcher.fetchval(query) != count:
            await asyncio.sleep(0.005)


async def _old_refund(w: World, it: Placed) -> int:
    """Held, since it was days old when the bridge first saw it; and something about the order has changed since."""
    await complete(w, it)
    w.store.refund(it.id, lines={"MUGG": 1})
    w.clock.advance(5 * 86400)
    await w.cycle()
    w.store.set_status(it.id, "processing")
    w.clock.advance(1)
    return int((await w.actions(it.id))[-1]["id"])


async def test_a_person_s_word_and_a_look_are_both_kept(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        unit = await w.bridge()
        row = f"orders WHERE order_id = {it.id}"
        seen, said = await _at_once(w, row, look(unit, it.id), drop(action, "cash", w.clock.now()))
        assert seen is None
        assert not isinstance(said, BaseException)
        story = await w.story(it.id)
        assert story["status"] == "processing"
        assert [it["how"] for it in story["settlements"]] == ["waived"]
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_poll_and_a_person_s_word_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        unit = await w.bridge()
        row = f"stores WHERE name = '{STORE}'"
        ended = await _at_once(w, row, poll(unit), drop(action, "cash", w.clock.now()))
        assert [one for one in ended if isinstance(one, BaseException)] == []
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert (await w.story(it.id))["status"] == "processing"


async def test_a_call_that_is_taken_as_cut_off_and_a_person_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        unit, now = await w.bridge(), w.clock.now()
        await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), now)
        cut_off = unit.outbox.cut_off(ready.action, "the bridge stopped", now)
        ended = await _at_once(w, f"orders WHERE order_id = {it.id}", retry(ready.action, now), cut_off)
        assert [one for one in ended if isinstance(one, BaseException)] == []
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]


async def test_a_refund_is_approved_or_dropped_never_both(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action, now = await _old_refund(w, it), w.clock.now()
        row = f"stores WHERE name = '{STORE}'"
        dropped, approved = await _at_once(w, row, drop(action, "cash", now), approve(action, now))
        assert not isinstance(dropped, BaseException)
        assert isinstance(approved, UsageError)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


@pytest.mark.parametrize("held", ["orders WHERE order_id = {it.id}", "actions WHERE id = {action}"])
async def test_a_call_of_which_somebody_has_the_order_or_the_action_is_left_alone(
    tmp_path: Path, held: str
) -> None:
    """It does not wait for them, is not taken for the first of its kind, and comes up again."""
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        unit, now = await w.bridge(), w.clock.now()
        account = unit.methods[ready.provider].account
        holder = await asyncpg.connect(w.database)
        async with holder.transaction():
            row = held.format(it=it, action=ready.action)
            await holder.execute(f"SELECT 1 FROM {row} FOR NO KEY UPDATE")  # noqa: S608 (the case says which)
            async with asyncio.timeout(5):
                with pytest.raises(Overtaken):
                    await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), now, account)
                assert not await acting.act(unit, ready)
        assert await work_all_due(unit) == 0, "it rests for a moment"
        await holder.close()
        assert not await FirstRow.filter(action__isnull=False).exists()
        assert await w.states(it.id) == [f"capture {TOTAL} ready"]
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_refund_that_is_dropped_before_its_call_begins_is_not_called(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        unit, now = await w.bridge(), w.clock.now()
        dropped = await drop(ready.action, "cash", now)
        assert dropped.action == ready.action
        assert not await acting.act(unit, ready)
        assert await w.states(it.id) == [f"capture {TOTAL} dropped"]
        assert w.calls() == []


async def test_one_call_is_begun_once(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        unit, now = await w.bridge(), w.clock.now()
        each = (unit.outbox.begin_attempt(ready.action, acting.attempt(ready), now) for _ in range(8))
        begun = await asyncio.gather(*each, return_exceptions=True)
        assert begun.count(True) == 1
        assert all(it in (True, False) or isinstance(it, Overtaken) for it in begun)
        assert len(await w.told(it.id, "called")) == 1


async def test_one_note_is_sent_once(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.faults.plan(Fault.BUSY, method="POST", path="/notes", retry_after=60)
        w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        w.clock.advance(60)
        await w.cycle(w.instant)
        unit, now = await w.bridge(), w.clock.now()
        [note] = await unit.outbox.notes(it.id, now.replace(year=now.year + 1))
        both = (unit.outbox.note_tried(note, now) for _ in range(2))
        assert await _at_once(w, f"notes WHERE id = {note.id}", *both) == [True, False]


async def test_an_order_that_two_polls_see_first_is_known_once(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _):
        new = w.place()
        w.clock.advance(1)
        unit = await w.bridge()
        assert await _at_once(w, f"stores WHERE name = '{STORE}'", poll(unit), poll(unit)) == [None, None]
        story = await w.story(new.id)
        assert story["problem"] == ""
        assert [event["topic"] for event in story["story"]] == ["seen"]


async def test_a_call_is_settled_although_the_server_went_away_in_the_middle_of_it(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        w.resurs.faults.plan(Fault.DROP_AFTER, method="POST", path=CALL)
        administrator = await asyncpg.connect(w.database)
        await w.cycle(w.instant)
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await administrator.close()
        await _a_later_cycle(w)
        assert w.books(it) == (0, TOTAL, 0)
        assert len(w.calls()) == 1


async def _a_later_cycle(w: World) -> None:
    """As a daemon's: each that comes upon one more connection that was cut leaves the rest to its next tick."""
    for _ in range(9):
        with suppress(*FAILURES):
            await w.cycle()
            return
    await w.cycle()


async def test_two_that_write_to_several_orders_do_not_wait_for_each_other_in_a_circle(tmp_path: Path) -> None:
    """One takes them from the newest on, the other from the oldest; a third has the one in the middle."""
    async with known_order(tmp_path) as (w, first):
        orders = [first.id, w.place().id, w.place().id]
        await w.cycle()
        unit = await w.bridge()
        known = await unit.journal.known_many(orders)
        sights = [
            Sight(order_id=it, version=known[it].version, order=None, record=None, events=(), due=None)
            for it in reversed(orders)
        ]
        row = f"orders WHERE order_id = {orders[1]}"
        now = w.clock.now()
        ended = await _at_once(w, row, unit.listings.commit_sights(sights, now), unit.agenda.wake(orders, now))
        assert ended == [{}, None]


async def test_an_outage_that_ends_and_a_look_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.side.faults.plan(Fault.BUSY, method="POST", path=CALL, times=1000, retry_after=300)
        w.store.set_status(it.id, "completed")
        await w.cycle(timedelta(seconds=20))
        assert await w.states(it.id) == [f"capture {TOTAL} waiting"]
        unit, now = await w.bridge(), w.clock.now()
        [outage] = await outages.outages(STORE)
        unit.outages.clear()
        end = outages.end(STORE, outage, now, hurry=True)
        [action] = await w.actions(it.id)
        ended = await _at_once(w, f"actions WHERE id = {action['id']}", end, look(unit, it.id))
        assert [one for one in ended if isinstance(one, BaseException)] == []
