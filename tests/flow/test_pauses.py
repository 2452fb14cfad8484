"""A pause and a call that is about to begin: whichever is written down first holds. And `resync`."""

import asyncio
import contextvars
from datetime import timedelta
from pathlib import Path

import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from bridge.db import pauses, resyncs
from bridge.db.models import OrderRow, StoreRow
from bridge.db.pauses import Scope
from bridge.engine import acting
from tests.flow.test_crash import _about_to_capture
from tests.flow.test_resurs import half_way, whole
from tests.flow.ways import lower
from tests.flow.world import MUG, STORE, TOTAL, known_order, world

SCOPES = [Scope(), Scope(store=STORE), Scope(store=STORE, order=1)]


@pytest.mark.on_postgresql
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("scope", SCOPES, ids=str)
async def test_call_that_was_decided_does_not_begin_after_the_pause(tmp_path: Path, scope: Scope) -> None:
    async with known_order(tmp_path) as (w, it):
        ready, unit = await _about_to_capture(w, it), await w.bridge()
        meant = Scope(store=scope.store, order=scope.order and it.id)
        _, under_way = await pauses.pause(meant, "", w.clock.now())
        assert not await acting.act(unit, ready)
        assert (under_way, w.calls()) == ([], [])
        assert await w.states(it.id) == [f"capture {TOTAL} ready"]
        await pauses.resume(meant, w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_second_half_of_a_replaced_reservation_waits_for_the_pause_to_end(tmp_path: Path) -> None:
    """All is cancelled, and the pause comes before the line is added by which it is reserved anew."""
    async with known_order(tmp_path, place=whole) as (w, it):
        half_way(w)
        await lower(w, it)
        assert w.books(it) == (0, 0, 0)
        await pauses.pause(Scope(store=STORE, order=it.id), "", w.clock.now())
        w.resurs.faults.planned.clear()
        calls = w.calls()
        w.clock.advance(3600)
        await w.cycle()
        assert (w.books(it), w.calls()) == ((0, 0, 0), calls)
        await pauses.resume(Scope(store=STORE, order=it.id), w.clock.now())
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((TOTAL - MUG, 0, 0), {})
        assert await w.states(it.id) == [f"modify {TOTAL} done", f"modify {TOTAL - MUG} done"]


@pytest.mark.on_postgresql(alone=True)
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("scope", SCOPES, ids=str)
async def test_pause_waits_for_a_call_that_is_being_written_down_and_names_it(tmp_path: Path, scope: Scope) -> None:
    """On SQLite nobody writes beside it anyway."""
    async with known_order(tmp_path) as (w, it):
        ready, unit = await _about_to_capture(w, it), await w.bridge()
        meant = Scope(store=scope.store, order=scope.order and it.id)
        outside = contextvars.copy_context()
        async with in_transaction():
            assert await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), w.clock.now())
            stopping = asyncio.create_task(pauses.pause(meant, "", w.clock.now()), context=outside)
            while not await _somebody_waits():
                assert not stopping.done(), "it did not wait"
                await asyncio.sleep(0)
        _, [call] = await stopping
        assert (call.order, call.amount) == (it.id, TOTAL)


async def _somebody_waits() -> bool:
    return bool(await get_connection("default").execute_query_dict("SELECT 1 FROM pg_locks WHERE NOT granted"))


async def test_what_waits_for_a_pause_is_not_tried_for_long(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await pauses.pause(Scope(store=STORE), "", w.clock.now())
        w.store.set_status(it.id, "completed")
        await w.cycle()
        w.clock.advance(2 * 86400)
        await w.cycle()
        assert (await w.status())["tried_long"] == []
        assert [pause["store"] for pause in (await w.story(it.id))["paused"]] == [STORE]
        assert w.calls() == []


# ---------------------------------------------------------------------- resync


async def test_what_nothing_in_the_shop_shows_is_seen_when_all_is_looked_at_again(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        await w.cycle()
        w.side.refund(it.payment, 5000)
        w.clock.advance(3600)
        await w.cycle(w.instant)
        assert await w.attention() == {}
        assert await resyncs.begin(STORE, None) == 1
        await w.cycle(w.instant)
        assert await w.attention() == {it.id: "unmatched-return"}
        assert (await w.status())["looked_at_again"] == 0
        assert w.books(it) == (0, TOTAL, 5000)


async def test_the_poll_lists_again_from_there(tmp_path: Path) -> None:
    """An order of which nothing is known, long before the cursor: as if a poll had missed it."""
    async with known_order(tmp_path) as (w, it):
        since = w.clock.now() - timedelta(days=1)
        w.clock.advance(3 * 86400)
        newer = w.place()
        await w.cycle()
        await OrderRow.filter(order_id=it.id).delete()
        await w.cycle()
        assert (await w.status())["orders"] == 1
        cursor = (await StoreRow.get(name=STORE)).cursor
        await resyncs.begin(STORE, since)
        await w.cycle()
        assert (await w.status())["orders"] == 2
        state = await StoreRow.get(name=STORE)
        assert (state.cursor, state.reread_from) == (cursor, None)
        w.store.set_status(newer.id, "completed")
        await w.cycle()
        assert w.books(newer) == (0, TOTAL, 0)


async def test_a_few_are_taken_up_at_a_time_the_youngest_first(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        placed = [w.place().id for _ in range(7)]
        await w.cycle()
        lease, now = (await w.bridge()).lease, w.clock.now()
        assert await resyncs.begin(STORE, None) == 7
        due = []
        for _ in range(3):
            await resyncs.take_up(lease, await StoreRow.get(name=STORE), 3, now)
            due.append(sorted(row.order_id for row in await OrderRow.filter(due__lte=now)))
        assert due == [placed[4:], placed[1:], placed]
        assert (await StoreRow.get(name=STORE)).relook_below is None


async def test_of_two_the_wider_one_holds(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _):
        now = w.clock.now()
        assert await resyncs.begin(STORE, now + timedelta(hours=1)) == 0
        assert await resyncs.begin(STORE, now - timedelta(hours=1)) == 1
        assert await resyncs.begin(STORE, now + timedelta(hours=1)) == 1
        assert await resyncs.begin(STORE, None) == 1
        await resyncs.begin(STORE, now)
        state = await StoreRow.get(name=STORE)
        assert (state.relook_since, state.reread_from) == (None, now - timedelta(hours=1))
