"""Known bugs of the Resurs plugin about orders: statuses, notes, whose order it is, and who changes it."""

from collections import Counter
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.flow.ways import complete, refund_lines
from tests.flow.world import MUG, RESURS_METHOD, TOTAL, Placed, Staff, World, known_order, world
from tests.known.resurs import pays, rest, steps, total

STATUSES = ("completed", "processing", "cancelled", "on-hold", "completed", "refunded", "processing")
RESTORE: dict[str, Any] = {"status_lock": "restore"}


def status_writes(w: World) -> list[str]:
    """What the bridge wrote to orders themselves, beside notes."""
    return [write for write in w.writes() if write.startswith("PUT ")]


def sentences(w: World, it: Placed) -> Counter[str]:
    """The bridge's notes without the marks that tell them apart."""
    return Counter(note.rpartition(" (wc-bridge ")[0] for note in w.notes(it.id))


async def test_woo_1078_a_status_that_another_plugin_keeps_setting_is_put_back_once_and_not_for_ever(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path, actions=RESTORE) as (w, it):
        await complete(w, it)
        for _ in range(4):
            w.store.set_status(it.id, "processing")
            await w.cycle()
        assert len(status_writes(w)) == 1
        assert (steps(w), w.books(it)) == (["capture"], (0, TOTAL, 0))


@pytest.mark.parametrize("lock", ["note", "restore"])
@pytest.mark.parametrize("captured", [True, False], ids=["captured", "reserved"])
async def test_woo_1096_a_status_set_to_refunded_again_and_again_pays_once(
    tmp_path: Path, lock: str, *, captured: bool
) -> None:
    async with known_order(tmp_path, actions={"status_lock": lock}) as (w, it):
        if captured:
            await complete(w, it)
        for status in ("refunded", "processing", "refunded", "completed", "refunded"):
            w.store.set_status(it.id, status)
            await w.cycle()
        assert (steps(w), w.books(it)) == (
            (["capture", "refund"], (0, TOTAL, TOTAL)) if captured else (["cancel"], (0, 0, 0))
        )


async def test_woo_1031_1080_1214_1222_however_often_an_order_is_saved_nothing_is_noted_twice(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path) as (w, it):
        changes: tuple[Staff, ...] = (
            lambda w, it: w.store.set_quantity(it.id, "MUGG", 1),
            lambda w, it: w.store.set_status(it.id, "completed"),
            lambda w, it: w.store.refund(it.id, lines={"LAMPA": 1}),
            lambda w, it: w.store.delete_refund(it.id, w.store.order(it.id).refunds[0].id),
        )
        for change in changes:
            change(w, it)
            for n in range(3):
                w.store.set_meta(it.id, "_saved", str(n))
                await w.cycle(w.instant)
                w.clock.advance(2)
            await w.cycle()
            await w.stop()
            w.clock.advance(3600)
            await w.cycle()
        noted = sentences(w, it)
        assert set(noted.values()) == {1}
        for word in ("updated payment", "captured", "refunded"):
            assert sum(f"successfully {word}" in text for text in noted) == 1


async def test_woo_1269_what_another_system_does_over_rest_is_carried_over(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await rest(w, "PUT", f"orders/{it.id}", {"status": "completed"})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        line = {
            "id": w.store.line(it.id, "MUGG").id,
            "quantity": 1,
            "refund_total": 100,
            "refund_tax": [{"id": 1, "refund_total": 25}],
        }
        await rest(w, "POST", f"orders/{it.id}/refunds", {"api_refund": False, "line_items": [line]})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        cancelled = w.place()
        await rest(w, "PUT", f"orders/{cancelled.id}", {"status": "cancelled"})
        await w.cycle()
        assert (w.books(cancelled), await w.attention()) == ((0, 0, 0), {})


@pytest.mark.parametrize("storage", ["hpos", "posts"])
async def test_woo_1312_orders_are_followed_in_either_storage(
    tmp_path: Path, storage: Literal["hpos", "posts"]
) -> None:
    """The poll has gone on to later orders when the order is edited, which posts storage shows by no date."""
    async with known_order(tmp_path, storage=storage) as (w, it):
        w.clock.advance(3600)
        w.place()
        await w.cycle()
        w.store.set_quantity(it.id, "MUGG", 1)
        await w.cycle()
        assert w.books(it) == (TOTAL - MUG, 0, 0)
        await refund_lines(w, it)
        assert w.books(it) == (0, TOTAL - MUG, MUG)


@pytest.mark.parametrize("portal", ["left alone", "captured", "cancelled"])
async def test_woo_1318_with_order_management_off_every_status_stays_as_it_is_set(
    tmp_path: Path, portal: str
) -> None:
    """Whatever people do in the portal instead: what is off locks no status."""
    off = {kind: {"enabled": False} for kind in ("capture", "cancel", "refund", "modify")}
    async with known_order(tmp_path, actions={**off, **RESTORE}) as (w, it):
        if portal == "captured":
            w.side.capture(it.payment, TOTAL)
        if portal == "cancelled":
            w.side.cancel(it.payment)
        for status in STATUSES:
            w.store.set_status(it.id, status)
            await w.cycle()
            assert w.store.status(it.id) == status
        assert (w.calls(), status_writes(w)) == ([], [])


async def test_woo_1340_an_order_that_is_gone_spoils_no_bulk(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, gone):
        others = [w.place() for _ in range(3)]
        for it in (gone, *others):
            w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        w.store.delete(gone.id)
        await w.cycle()
        assert [w.books(it) for it in others] == [(0, TOTAL, 0)] * 3
        assert (w.books(gone), await w.attention()) == ((TOTAL, 0, 0), {gone.id: "trashed"})


async def test_woo_1351_an_order_paid_in_another_way_is_left_alone_also_where_it_bears_a_payment_of_ours(
    tmp_path: Path,
) -> None:
    """The customer began with Resurs and then chose the bank."""
    async with world(tmp_path) as w:
        await w.cycle()
        it = pays(w, w.store.create_order({"MUGG": 1}, payment_method="bacs"))
        for status in STATUSES:
            w.store.set_status(it.id, status)
            await w.cycle()
        assert (w.calls(), w.writes(), await w.attention()) == ([], [], {})
        assert w.books(it) == (total(w, it), 0, 0)


@pytest.mark.parametrize("method", ["bacs", "stripe", "resursbank"])
async def test_1_2_15_the_statuses_of_other_gateways_orders_are_their_own(tmp_path: Path, method: str) -> None:
    async with world(tmp_path, actions=RESTORE) as w:
        await w.cycle()
        order = w.store.create_order({"MUGG": 1}, payment_method=method, transaction_id="ch_3P1")
        for status in (*STATUSES, "pending", "failed"):
            w.store.set_status(order, status)
            await w.cycle()
            assert w.store.status(order) == status
        assert (w.calls(), w.writes(), await w.attention()) == ([], [], {})


@pytest.mark.parametrize("method", ["", RESURS_METHOD])
async def test_1_2_31_an_order_made_by_hand_can_be_changed_at_will(tmp_path: Path, method: str) -> None:
    async with world(tmp_path, actions=RESTORE) as w:
        await w.cycle()
        order = w.store.create_order({"MUGG": 1}, payment_method=method, status="pending")
        w.store.order(order).created_via = "admin"
        for status in ("on-hold", *STATUSES):
            w.store.set_status(order, status)
            w.store.recalculate(order)
            await w.cycle()
            assert w.store.status(order) == status
        assert (w.calls(), status_writes(w), await w.attention()) == ([], [], {})


@pytest.mark.parametrize("storage", ["hpos", "posts"])
@pytest.mark.parametrize("between", [True, False], ids=["captured-first", "at-once"])
async def test_woo_1490_a_refund_is_not_taken_for_an_order(
    tmp_path: Path, storage: Literal["hpos", "posts"], *, between: bool
) -> None:
    """Its id is of the same sequence as those of orders; the next order's id comes after it."""
    async with known_order(tmp_path, storage=storage) as (w, it):
        w.store.set_status(it.id, "completed")
        if between:
            await w.cycle()
        refund = w.store.refund(it.id, "100.00")
        other = w.place()
        await w.cycle()
        await complete(w, other)
        assert other.id == refund + 1
        assert not [path for _, path in w.store.faults.seen if f"/orders/{refund}" in path]
        captured, returned = (TOTAL, 10000) if between else (TOTAL - 10000, 0)
        assert (w.books(it), w.books(other)) == ((0, captured, returned), (0, TOTAL, 0))
        assert await w.attention() == {}
