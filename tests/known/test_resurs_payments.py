"""Known bugs of the Resurs plugin about payments: how they are made, and which one an order names."""

from pathlib import Path

import pytest

from tests.flow.ways import cancel, complete, refund_lines
from tests.flow.world import MUG, TOTAL, known_order, world
from tests.known.resurs import UNSIGNED, ordered, pays, steps


async def test_woo_1131_a_payment_that_is_born_captured_is_not_captured_again(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = pays(w, ordered(w), external=True, captured=True)
        await w.cycle()
        await complete(w, it)
        assert (w.calls(), w.notes(it.id), await w.attention()) == ([], [], {})
        w.store.refund(it.id)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, TOTAL), {})


async def test_woo_1064_1065_1148_an_order_of_the_old_plugin_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    """It bears a reference to search by; but what a search finds first may be a payment that came to nothing."""
    async with world(tmp_path) as w:
        await w.cycle()
        order = ordered(w)
        w.resurs.create_payment(str(order), amount=w.store.total(order))
        w.store.set_meta(order, "paymentId", str(order))
        w.store.set_status(order, "completed")
        await w.cycle()
        assert (w.calls(), await w.attention()) == ([], {order: "doubt-id"})
        [note] = w.notes(order)
        assert "Do not ship" in note


async def test_woo_1224_an_order_cancelled_while_its_customer_signs_stays_and_frees_what_is_signed_later(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = pays(w, ordered(w, "pending"), status=UNSIGNED)
        await w.cycle()
        await cancel(w, it)
        assert (w.calls(), w.notes(it.id), await w.attention()) == ([], [], {})
        w.resurs.sign(it.payment)
        await w.cycle()
        assert (steps(w), w.books(it), w.store.status(it.id)) == (["cancel"], (0, 0, 0), "cancelled")


async def test_woo_1224_what_is_paid_by_swish_after_the_order_was_cancelled_needs_a_person(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = pays(w, ordered(w, "pending"), status=UNSIGNED, external=True)
        await w.cycle()
        await cancel(w, it)
        w.resurs.sign(it.payment)
        w.side.capture(it.payment, TOTAL)
        await w.cycle()
        assert (w.calls(), await w.attention()) == ([], {it.id: "cancelled-captured"})
        w.store.refund(it.id)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, TOTAL), {})


@pytest.mark.parametrize("first", ["thank-you page", "callback"])
async def test_woo_1323_thank_you_page_and_callback_may_come_in_any_order(tmp_path: Path, first: str) -> None:
    """Each sets the status that it believes in; the second attempt's payment is written to the order late."""
    async with world(tmp_path) as w:
        await w.cycle()
        order = ordered(w, "pending")
        denied = pays(w, order, status=UNSIGNED)
        await w.cycle(w.instant)
        w.resurs.reject(denied.payment)
        w.store.set_status(order, "failed")
        await w.cycle(w.instant)
        it = pays(w, order, status=UNSIGNED)
        w.store.set_status(order, "on-hold" if first == "thank-you page" else "completed")
        await w.cycle(w.instant)
        w.resurs.sign(it.payment)
        for status in ("processing", "on-hold", "completed"):
            w.store.set_status(order, status)
            await w.cycle(w.instant)
        await w.cycle()
        assert (steps(w), w.books(it), await w.attention()) == (["capture"], (0, TOTAL, 0), {})


async def test_pd_4170_of_two_payments_for_one_order_only_the_one_it_names_is_captured(tmp_path: Path) -> None:
    """The customer began in two tabs, and finished in both."""
    async with world(tmp_path) as w:
        await w.cycle()
        order = ordered(w, "pending")
        first = pays(w, order, status=UNSIGNED)
        await w.cycle()
        second = pays(w, order, status=UNSIGNED)
        await w.cycle()
        for it in (first, second):
            w.resurs.sign(it.payment)
        w.store.set_status(order, "processing")
        await w.cycle()
        await refund_lines(w, second)
        assert (w.books(first), w.books(second)) == ((TOTAL, 0, 0), (0, TOTAL, MUG))
        assert await w.attention() == {}


async def test_pd_4170_an_order_that_comes_to_name_another_payment_than_it_was_paid_by_needs_a_person(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path) as (w, it):
        second = pays(w, it.id)
        await complete(w, second)
        assert (w.calls(), await w.attention()) == ([], {it.id: "doubt-id"})
        w.store.set_meta(it.id, w.side.meta, it.payment)
        await w.cycle()
        assert (w.books(it), w.books(second), await w.attention()) == ((0, TOTAL, 0), (TOTAL, 0, 0), {})


async def test_pd_4170_an_order_that_names_the_attempt_that_came_to_nothing_is_not_taken_for_paid(
    tmp_path: Path,
) -> None:
    """The customer paid in the first tab; the shop remembers what the second one began."""
    async with world(tmp_path) as w:
        await w.cycle()
        order = ordered(w, "pending")
        first, second = pays(w, order), pays(w, order, status=UNSIGNED)
        await complete(w, second)
        [note] = w.notes(order)
        assert ("do not ship" in note.lower(), w.calls()) == (True, [])
        w.resurs.reject(second.payment, "TIMEOUT")
        await w.cycle()
        assert (w.calls(), w.books(first), await w.attention()) == ([], (TOTAL, 0, 0), {order: "no-money"})


async def test_pd_4176_an_order_whose_link_was_removed_needs_a_person_until_it_is_there_again(
    tmp_path: Path,
) -> None:
    """The customer was denied, tried again, and paid; the shop forgot to write down by which payment."""
    async with world(tmp_path) as w:
        await w.cycle()
        order = ordered(w, "pending")
        denied = pays(w, order)
        w.resurs.reject(denied.payment)
        w.store.set_status(order, "failed")
        await w.cycle()
        it = pays(w, order)
        w.store.set_meta(order, w.side.meta, None)
        await complete(w, it)
        assert (w.calls(), await w.attention()) == ([], {order: "doubt-id"})
        w.store.set_meta(order, w.side.meta, it.payment)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, 0), {})
