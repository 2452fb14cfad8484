"""Known bugs of the Resurs plugin about orders whose total changes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete
from tests.flow.world import GOODS, MUG, TOTAL, Placed, Staff, World, known_order, world
from tests.known.resurs import log, ordered, pays, per_rate, sent, steps, total


async def test_woo_1070_1209_1216_an_order_whose_last_line_goes_is_released_and_never_filled_with_nothing(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path) as (w, it):
        for name in ("MUGG", "LAMPA", "Frakt"):
            w.store.remove_line(it.id, name)
            await w.cycle()
            assert w.books(it) == (total(w, it), 0, 0)
        assert (total(w, it), steps(w)) == (0, ["cancel"] * 3)
        await complete(w, it)
        assert (len(w.calls()), await w.attention()) == (3, {})


async def test_woo_1070_1209_1216_an_order_of_nothing_asks_for_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        w.store.add_coupon("GRATIS", "100")
        it = pays(w, ordered(w, coupon="gratis", shipping=None))
        await complete(w, it)
        assert (total(w, it), w.calls(), await w.attention()) == (0, [], {})


@pytest.mark.parametrize("to", ["lower", "higher"])
async def test_woo_1321_with_modify_off_no_stale_amount_is_captured(tmp_path: Path, to: str) -> None:
    async with known_order(tmp_path, actions={"modify": {"enabled": False}}) as (w, it):
        w.store.set_quantity(it.id, "MUGG", 1 if to == "lower" else 3)
        await w.cycle()
        assert w.calls() == []
        await complete(w, it)
        if to == "lower":
            assert (w.books(it), await w.attention()) == ((0, TOTAL - MUG, 0), {})
        else:
            assert (w.books(it), await w.attention()) == ((TOTAL, 0, 0), {it.id: "less-reserved"})


async def test_woo_1223_1243_lines_edited_one_by_one_are_one_change(tmp_path: Path) -> None:
    """The bridge looks between every two of them."""
    async with known_order(tmp_path) as (w, it):
        edits: tuple[Staff, ...] = (
            lambda w, it: w.store.remove_line(it.id, "LAMPA"),
            lambda w, it: w.store.add_line(it.id, "BOK"),
            lambda w, it: w.store.set_quantity(it.id, "MUGG", 3),
            lambda w, it: w.store.recalculate(it.id),
        )
        for edit in edits:
            edit(w, it)
            await w.cycle(w.instant)
            w.clock.advance(2)
        await w.cycle()
        assert (len(w.calls()), w.books(it)) == (1, (total(w, it), 0, 0))
        assert len(w.notes(it.id)) == 1


@pytest.mark.parametrize("captured", [0, MUG], ids=["nothing-captured", "a-part-captured-by-the-portal"])
async def test_woo_1339_after_every_edit_the_payment_asks_for_what_the_order_asks(
    tmp_path: Path, captured: int
) -> None:
    async with known_order(tmp_path) as (w, it):
        if captured:
            w.side.capture(it.payment, captured)
        edits: tuple[Staff, ...] = (
            lambda w, it: w.store.add_line(it.id, "BOK"),
            lambda w, it: w.store.set_quantity(it.id, "MUGG", 5),
            lambda w, it: w.store.remove_line(it.id, "LAMPA"),
            lambda w, it: w.store.swap_line(it.id, "BOK", "LAMPA"),
            lambda w, it: w.store.recalculate(it.id),
            lambda w, it: w.store.set_quantity(it.id, "MUGG", 1),
        )
        for edit in edits:
            edit(w, it)
            await w.cycle()
            assert w.books(it) == (total(w, it) - captured, captured, 0)
        assert steps(w) == ["order", "order", "cancel", "order", "cancel"]
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((0, total(w, it), 0), {})


async def test_bulk_orders_changed_and_completed_at_once_end_captured_for_what_they_ask(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, lower):
        same, higher, beyond = w.place(), w.place(), w.place(limit=900)
        await w.cycle()
        w.store.set_quantity(lower.id, "MUGG", 1)
        for it in (higher, beyond):
            w.store.add_line(it.id, "BOK")
        for it in (lower, same, higher, beyond):
            w.store.set_status(it.id, "completed")
        await w.cycle()
        for it in (lower, same, higher):
            assert w.books(it) == (0, total(w, it), 0)
        assert (w.books(beyond), await w.attention()) == ((TOTAL, 0, 0), {beyond.id: "less-reserved"})


def _without_sku(w: World) -> Placed:
    w.store.add_product("", "Utan artikelnummer", "80.00")
    return pays(w, ordered(w, lines={**GOODS, "": 1}))


def _deleted(w: World) -> Placed:
    it = pays(w, ordered(w))
    line = w.store.line(it.id, "LAMPA")
    assert line.product is not None
    line.product = replace(line.product, id=0, sku="")
    return it


@pytest.mark.parametrize("place", [_without_sku, _deleted], ids=["without-sku", "deleted-product"])
@pytest.mark.parametrize("mugs", [1, 3], ids=["lower", "higher"])
async def test_cancel_first_a_line_that_the_plugin_cannot_convert_costs_no_reservation(
    tmp_path: Path, place: Callable[[World], Placed], mugs: int
) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = place(w)
        await w.cycle()
        w.store.set_quantity(it.id, "MUGG", mugs)
        await w.cycle()
        [change] = log(w, it)[1:]
        assert sum(per_rate(sent(w, it)).values()) == MUG, f"{change['type']} of the difference alone"
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((0, total(w, it), 0), {})


async def test_cancel_first_an_increase_that_fails_leaves_what_was_reserved(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.faults.plan(Fault.ERROR_BEFORE, method="POST", path=CALL, times=10**6)
        w.store.add_line(it.id, "BOK")
        await w.cycle()
        assert (set(steps(w)), w.books(it)) == ({"order"}, (TOTAL, 0, 0))
        w.resurs.faults.planned.clear()
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((total(w, it), 0, 0), {})
