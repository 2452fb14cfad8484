"""The sweep: what no timestamp shows is found within one, and it costs what is open, not what the store holds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.engine.cycles import look_around
from bridge.engine.working import work_all_due
from bridge.sandbox.faults import Fault
from tests.flow.test_eyes import STORAGES, Storage, asked, fill, polls
from tests.flow.test_eyes_walk import LISTING, at
from tests.flow.world import TOTAL, Placed, World, known_order, world

Deed = Callable[[World, Placed], object]


def lower(w: World, it: Placed) -> None:
    w.store.set_quantity(it.id, "MUGG", 1)


def pause(w: World, it: Placed) -> None:
    w.store.set_meta(it.id, "wc_bridge", "pause")


def refund(w: World, it: Placed) -> None:
    w.store.refund(it.id, "50.00")


def delete_refund(w: World, it: Placed) -> None:
    w.store.delete_refund(it.id, w.store.order(it.id).refunds[0].id)


def delete(w: World, it: Placed) -> None:
    w.store.delete(it.id)


def capture_elsewhere_and_cancel(w: World, it: Placed) -> None:
    """Held: what is captured can't be cancelled."""
    w.side.capture(it.payment, TOTAL)
    w.store.set_status(it.id, "cancelled")


@dataclass(frozen=True, slots=True)
class Unseen:
    """`deed` is done to an order after the bridge has seen `before`; the story must tell `seen`."""

    deed: Deed
    seen: str
    before: tuple[Deed, ...] = ()


UNSEEN = {
    "a total": Unseen(lower, "total 811.25 → 686.25"),
    "a total of a paused order": Unseen(lower, "total 811.25 → 686.25", (pause,)),
    "a total of a held order": Unseen(lower, "total 811.25 → 686.25", (capture_elsewhere_and_cancel,)),
    "meta": Unseen(pause, "wc_bridge (none) → pause"),
    "a deleted refund": Unseen(delete_refund, "is gone", (refund,)),
    "a deleted order": Unseen(delete, "status processing → deleted"),
    "a deleted order that was paused": Unseen(delete, "status processing → deleted", (pause,)),
    "a deleted order that was held": Unseen(delete, "→ deleted", (capture_elsewhere_and_cancel,)),
}


@STORAGES
@pytest.mark.parametrize("unseen", UNSEEN.values(), ids=UNSEEN)
async def test_what_no_timestamp_shows_is_found_within_one_sweep(
    tmp_path: Path, unseen: Unseen, storage: Storage
) -> None:
    async with known_order(tmp_path, storage=storage) as (w, it):
        for deed in unseen.before:
            deed(w, it)
            await w.cycle()
        await others_have_news(w)
        before = len(await w.told(it.id, "seen"))
        unseen.deed(w, it)
        await look_around(await w.bridge(), sweeping=True)
        await work_all_due(await w.bridge())
        told = (await w.told(it.id, "seen"))[before:]
        assert any(unseen.seen in text for text in told), told


@STORAGES
async def test_a_sweep_costs_what_is_open_however_big_the_store(tmp_path: Path, storage: Storage) -> None:
    """Thirty open orders are one request; the poll and the trash are one each."""
    async with world(tmp_path, storage=storage) as w:
        await w.cycle()
        for _ in range(30):
            w.place()
        await w.cycle()
        fill(w.store, 50_000)
        w.clock.advance(600)
        unit = await w.bridge()
        await look_around(unit, sweeping=True)
        asked(w)
        w.clock.advance(600)
        await look_around(unit, sweeping=True)
        assert await work_all_due(unit) == 0
        assert len(asked(w)) == 3


async def test_a_refund_that_vanishes_a_moment_after_it_appeared_moves_no_money(tmp_path: Path) -> None:
    """A store saves a refund before its gateway is called, and takes it back where that fails."""
    async with known_order(tmp_path, settle={"refund": "60s"}) as (w, it):
        w.store.set_status(it.id, "completed")
        await w.cycle()
        refund_id = w.store.refund(it.id, "50.00")
        await polls(w, 1, every=1)
        await work_all_due(await w.bridge())
        w.store.delete_refund(it.id, refund_id)
        await w.cycle(timedelta(minutes=30))
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        told = " ".join(await w.told(it.id, "seen"))
        assert (f"refund {refund_id} of 50.00 made" in told, f"refund {refund_id} of 50.00 is gone" in told) == (
            True,
            True,
        )


OTHERS = 25
"""More than a sweep reads besides what is open: those about which there was news last."""


async def others_have_news(w: World) -> None:
    w.clock.advance(600)
    for _ in range(OTHERS):
        w.store.create_order({"MUGG": 1}, payment_method="bacs")
    w.clock.advance(60)
    await w.cycle()


async def at_rest_with_a_refund(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")
    refund(w, it)
    await w.cycle()
    await others_have_news(w)


async def is_told(w: World, it: Placed) -> bool:
    return any("is gone" in text for text in await w.told(it.id, "seen"))


async def test_what_rests_is_re_read_once_a_day(tmp_path: Path) -> None:
    """No sweep between shows that a refund was deleted, and the first one of the next day does."""
    async with known_order(tmp_path) as (w, it):
        await at_rest_with_a_refund(w, it)
        delete_refund(w, it)
        swept = (await (await w.bridge()).standing.state()).swept_slowly
        assert swept is not None
        for seconds, told in ((3600, False), (86399, False), (86400, True)):
            w.clock.advance(int((swept + timedelta(seconds=seconds) - w.clock.now()).total_seconds()))
            await look_around(await w.bridge(), sweeping=True)
            assert await is_told(w, it) is told


@pytest.mark.parametrize(("days", "found"), [(89, True), (91, False)])
async def test_what_rests_is_re_read_while_money_moved_in_the_last_90_days(
    tmp_path: Path, days: int, *, found: bool
) -> None:
    async with known_order(tmp_path) as (w, it):
        await at_rest_with_a_refund(w, it)
        delete_refund(w, it)
        w.clock.advance(days * 86400)
        await w.cycle()
        assert await is_told(w, it) is found


async def test_what_a_person_does_at_the_provider_about_a_held_order_is_found_within_one_sweep(
    tmp_path: Path,
) -> None:
    """They pay back what was held; nothing in the shop tells of it."""
    async with known_order(tmp_path) as (w, it):
        capture_elsewhere_and_cancel(w, it)
        await w.cycle()
        assert await w.attention() != {it.id: "unmatched-return"}
        w.side.refund(it.payment, TOTAL)
        w.clock.advance(600)
        await look_around(await w.bridge(), sweeping=True)
        await work_all_due(await w.bridge())
        w.clock.advance(120)
        await work_all_due(await w.bridge())
        assert await w.attention() == {it.id: "unmatched-return"}


async def test_a_sweep_that_was_cut_off_in_what_comes_once_a_day_is_done_again(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await at_rest_with_a_refund(w, it)
        delete_refund(w, it)
        w.clock.advance(86400)
        at(w.store, 4, lambda: w.store.faults.plan(Fault.ERROR_BEFORE, path=LISTING, times=100))
        assert "HTTP 500" in await look_around(await w.bridge(), sweeping=True)
        w.store.faults.planned.clear()
        w.clock.advance(600)
        await look_around(await w.bridge(), sweeping=True)
        assert await is_told(w, it)


async def test_somebody_who_asks_for_everything_gets_it_at_any_time(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await at_rest_with_a_refund(w, it)
        delete_refund(w, it)
        await w.cycle()
        assert await is_told(w, it)


@STORAGES
async def test_two_days_of_sweeps_cost_a_listing_for_a_hundred_open_orders_and_two_looks_at_each(
    tmp_path: Path, storage: Storage
) -> None:
    """A sweep is a poll, the trash, and two lists of ids; each day adds the payments, and what the store tells."""
    async with world(tmp_path, storage=storage) as w:
        await w.cycle()
        orders = [w.place() for _ in range(102)]
        for number, it in enumerate(orders):
            w.store.order(it.id).modified -= timedelta(seconds=10 * number)
        await w.cycle()
        unit = await w.bridge()
        asked(w)
        w.resurs.faults.seen.clear()
        for _ in range(12):
            w.clock.advance(4 * 3600)
            await look_around(unit, sweeping=True)
            await work_all_due(unit)
        assert len(asked(w)) == 12 * 4 + 2 * len(orders) + 2
        read = {path.partition("?")[0] for _, path in w.resurs.faults.seen}
        assert all(any(it.payment in path for path in read) for it in orders)
