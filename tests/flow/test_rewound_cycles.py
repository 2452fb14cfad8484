"""A shop that was restored from a backup is noticed by poll and sweep, whatever was forgotten."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.engine.cycles import look_around
from bridge.engine.working import work_all_due
from tests.flow.test_baseline_walk import stock
from tests.flow.test_rewound import HOUR, STORAGES, Storage, go, refunded_after_backup, restored, why_held
from tests.flow.world import MUG, TOTAL, Placed, World, known_order, world

pytestmark = pytest.mark.on_postgresql


def completes(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")


def cancels(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "cancelled")


def refunds(w: World, it: Placed) -> None:
    w.store.refund(it.id, "125.00")


@STORAGES
@pytest.mark.parametrize("staff", [completes, cancels, refunds])
async def test_within_a_sweep(tmp_path: Path, storage: Storage, staff: Callable[[World, Placed], None]) -> None:
    """Also of an order at rest, which is read once a day otherwise."""
    async with restored(tmp_path, storage) as (w, it):
        w.clock.advance(HOUR)
        backup = w.store.backup()
        w.clock.advance(HOUR)
        staff(w, it)
        await w.cycle()
        calls, books = w.calls(), w.books(it)
        w.store.restore_backup(backup)
        w.clock.advance(HOUR)
        unit = await w.bridge()
        writes = w.writes()
        await look_around(unit, sweeping=True)
        await work_all_due(unit)
        assert f"order {it.id} was last changed" in await why_held(w)
        w.clock.advance(HOUR)
        await w.cycle()
        assert (w.calls(), w.books(it), w.writes()) == (calls, books, writes)
        assert (await w.story(it.id))["status"] in ("completed", "cancelled", "processing")


@STORAGES
async def test_by_the_poll_where_an_id_is_given_out_again(tmp_path: Path, storage: Storage) -> None:
    async with restored(tmp_path, storage) as (w, _):
        backup = w.store.backup()
        w.clock.advance(HOUR)
        lost = w.place()
        await w.cycle()
        w.store.restore_backup(backup)
        w.clock.advance(HOUR)
        new = w.place({"LAMPA": 1}, status="completed")
        unit = await w.bridge()
        await look_around(unit, sweeping=False)
        await work_all_due(unit)
        assert f"order {new.id}, made" in await why_held(w)
        await w.cycle(timedelta(minutes=30))
        assert w.calls() == []
        await go(w)
        assert (w.books(new), w.books(lost)) == ((0, 56125, 0), (TOTAL, 0, 0))


@STORAGES
async def test_what_happened_while_it_was_held_is_seen_afterwards(tmp_path: Path, storage: Storage) -> None:
    async with restored(tmp_path, storage) as (w, it):
        w.clock.advance(HOUR)
        backup = w.store.backup()
        w.clock.advance(HOUR)
        completes(w, it)
        await w.cycle()
        w.store.restore_backup(backup)
        w.clock.advance(HOUR)
        await w.cycle()
        assert await why_held(w) != ""
        for _ in range(3):
            w.clock.advance(HOUR)
            new = w.place(status="completed")
            await w.cycle()
        assert (await w.status())["orders"] == 1
        await go(w)
        assert ((await w.status())["orders"], w.books(new)) == (4, (0, TOTAL, 0))


async def test_a_larger_refund_with_the_id_of_one_that_was_paid_is_paid_whole(tmp_path: Path) -> None:
    """The return made for the other one is older than it, so it is no part of it."""
    async with known_order(tmp_path) as (w, it):
        refund = await refunded_after_backup(w, it)
        w.clock.advance(2 * HOUR)
        assert w.store.refund(it.id, "200.00") == refund
        await w.cycle()
        await go(w)
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG), {it.id: "unmatched-return"})
        w.clock.advance(HOUR)
        w.store.refund(it.id, "125.00")
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG + 20000), {})
        keys = {action["key"]: action["amount"] for action in await w.actions(it.id) if action["kind"] == "refund"}
        assert keys == {f"{it.id}R{refund}": MUG, f"{it.id}R{refund}-2": 20000}


async def test_a_backup_from_before_a_first_run_of_several_pages_is_noticed_by_the_sweep(tmp_path: Path) -> None:
    """The newest lines of any story are then those of the oldest orders; the shop's own date tells what is new."""
    async with world(tmp_path) as w:
        for _ in range(30):
            w.side.capture(w.place(status="completed").payment, TOTAL)
        w.clock.advance(20 * 24 * HOUR)
        stock(w, 110, age=-timedelta(days=20))
        it = w.place(status="completed")
        w.side.capture(it.payment, TOTAL)
        w.clock.advance(HOUR)
        backup = w.store.backup()
        w.clock.advance(HOUR)
        w.store.refund(it.id, "125.00")
        for _ in range(2):
            w.clock.advance(HOUR)
            await w.cycle()
        w.store.restore_backup(backup)
        w.clock.advance(HOUR)
        unit = await w.bridge()
        await look_around(unit, sweeping=True)
        await work_all_due(unit)
        assert f"order {it.id} was last changed" in await why_held(w)
