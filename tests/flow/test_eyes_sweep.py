"""The sweep: what no timestamp shows is found within one, and it costs what is open, not what the store holds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.engine.cycles import look_around
from bridge.engine.working import work_all_due
from tests.flow.test_eyes import STORAGES, Storage, asked, fill, polls
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
        w.clock.advance(600)
        w.place()
        await w.cycle()
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
