"""What changed from version to version of Ecster's plugin (reference, 10.2), played through the whole bridge.

Each test would fail if the bridge behaved as the plugin did before that version, or lacked what came with it.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.sandbox.faults import Fault
from tests.flow.ways import cancel, complete
from tests.flow.world import MUG, TOTAL, known_order, world
from tests.known.test_ecster import CALL, bought, paid, refund_a_mug, rows, switch, told, transactions


async def test_v1_1_8_0_completing_refunding_and_cancelling_reach_ecster(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        other = w.place()
        await w.cycle()
        await complete(w, it)
        await refund_a_mug(w, it)
        await cancel(w, other)
        assert [one.type for one in transactions(w, it)] == ["DEBIT", "CREDIT"]
        assert [one.type for one in transactions(w, other)] == ["ANNUL"]
        assert (w.books(it), w.books(other)) == ((0, TOTAL, MUG), (0, 0, 0))


async def test_1_0_0_2_0_1_completing_a_swish_order_sends_nothing(tmp_path: Path) -> None:
    async with bought(tmp_path, method="SWISH") as (w, it):
        await complete(w, it)
        assert (w.calls(), await w.attention()) == ([], {})


async def test_1_0_0_2_0_1_cancelling_a_swish_order_sends_nothing_and_asks_for_a_refund(tmp_path: Path) -> None:
    async with bought(tmp_path, method="SWISH") as (w, it):
        await cancel(w, it)
        assert (w.calls(), await w.attention()) == ([], {it.id: "cancelled-captured"})
        assert any("Make a refund of 811.25 kr in the shop" in note for note in w.notes(it.id))


async def test_1_0_0_2_0_1_a_fee_goes_out_with_its_own_vat_rate(tmp_path: Path) -> None:
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        order = w.store.create_order({"MUGG": 1}, payment_method="ecster", shipping=None, fees={"Porto": "25.00"})
        w.store.line(order, "Porto").tax_class = "reduced-rate"
        w.store.recalculate(order)
        it = paid(w, order)
        await complete(w, it)
        assert rows(transactions(w, it)[-1]) == [("Mugg", MUG, 2500), ("Porto", 2800, 1200)]


async def test_2_0_4_quotes_and_backslashes_in_names_arrive_as_they_are(tmp_path: Path) -> None:
    name = 'Kruka 7" "Stor" \\ åäö'
    async with known_order(tmp_path, "ecster") as (w, it):
        w.store.line(it.id, "MUGG").name = name
        await complete(w, it)
        assert rows(transactions(w, it)[-1])[0] == (name, MUG, 2500)


async def test_3_0_0_an_order_never_paid_is_annulled_only_when_the_customer_is_surely_gone(tmp_path: Path) -> None:
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        back, gone = w.place(status="pending"), w.place(status="pending")
        for it in (back, gone):
            w.store.set_status(it.id, "cancelled")
        await w.cycle(timedelta(minutes=10))
        assert w.calls() == []
        w.store.set_status(back.id, "processing")
        await w.cycle()
        assert [one.type for one in transactions(w, gone)] == ["ANNUL"]
        assert (w.books(back), await w.attention()) == ((TOTAL, 0, 0), {})


@pytest.mark.parametrize("status", ["PENDING_PAYMENT", "ABORTED", "EXPIRED"])
async def test_3_0_0_an_order_whose_purchase_came_to_nothing_is_cancelled_without_a_word(
    tmp_path: Path, status: str
) -> None:
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        it = w.place(status="pending")
        w.ecster.set_status(it.payment, status)
        await cancel(w, it)
        w.clock.advance(2 * 86400)
        await w.cycle()
        assert (w.calls(), w.notes(it.id), await w.attention()) == ([], [], {})


async def test_3_0_0_an_order_of_long_ago_is_found_all_the_same(tmp_path: Path) -> None:
    """The plugin searched the orders of the last 120 days."""
    async with known_order(tmp_path, "ecster") as (w, it):
        w.clock.advance(200 * 86400)
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((0, TOTAL, 0), {})


async def test_3_0_2_the_internal_reference_says_which_payment_is_meant(tmp_path: Path) -> None:
    """The customer's first try left its id as the transaction id."""
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        it = w.place()
        first = w.ecster.create_order(str(it.id), TOTAL)
        w.store.order(it.id).transaction_id = first
        await complete(w, it)
        assert (w.books(it), w.side.books(first)) == ((0, TOTAL, 0), (TOTAL, 0, 0))


async def test_3_0_5_free_items_have_no_tax_and_stop_nothing(tmp_path: Path) -> None:
    """One is free by its price, one by a coupon."""
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        w.store.add_product("GAVA", "Gåva", "0.00")
        order = w.store.create_order({"MUGG": 1, "GAVA": 2, "BOK": 1}, payment_method="ecster", shipping="0.00")
        w.store.line(order, "BOK").total = Decimal(0)
        w.store.recalculate(order)
        it = paid(w, order)
        await complete(w, it)
        w.store.refund(it.id, lines={"MUGG": 1, "GAVA": 2, "BOK": 1})
        await w.cycle()
        assert [rows(one) for one in transactions(w, it)] == [[("Mugg", MUG, 2500)]] * 2
        assert (w.books(it), await w.attention()) == ((0, MUG, MUG), {})


@pytest.mark.parametrize(("listed", "counted"), [(True, True), (True, False), (False, True)])
async def test_3_1_0_two_swish_refunds_are_paid_one_after_the_other(
    tmp_path: Path, *, listed: bool, counted: bool
) -> None:
    """Ecster tells only of the latest one, which takes a while."""
    switches = {"swish_polls": 3, "swish_one_at_a_time": True, "swish_listed": listed, "swish_counted": counted}
    async with bought(tmp_path, "completed", switches, method="SWISH") as (w, it):
        w.store.refund(it.id, lines={"MUGG": 1})
        w.store.refund(it.id, lines={"LAMPA": 1})
        await w.cycle()
        assert [one.amount for one in transactions(w, it) if one.swish] == [MUG, 50000]
        assert (len(w.calls()), await w.attention()) == (2, {})
        assert await w.states(it.id) == [f"refund {MUG} done", "refund 50000 done"]


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.BUSY])
async def test_3_1_1_a_debit_that_never_came_through_is_made_later_and_told_once(
    tmp_path: Path, fault: Fault
) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.side.faults.plan(fault, method="POST", path=CALL)
        await complete(w, it)
        assert (w.store.status(it.id), w.books(it), await w.attention()) == ("completed", (0, TOTAL, 0), {})
        [note] = told(w, it, f"{it.id}C{TOTAL}")
        assert note.startswith("Ecster payment debited, transaction ")


async def test_3_2_0_a_debit_is_spelt_out_to_the_last_minor_unit(tmp_path: Path) -> None:
    """Three pieces for 362.50, and lines with fractions of a minor unit that fall short of the total."""
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        w.store.add_coupon("TIAN", "10", "fixed_cart")
        three = w.store.create_order({"MUGG": 3}, payment_method="ecster", shipping="0.00", coupon="TIAN")
        thirds = w.store.create_order({"MUGG": 1, "LAMPA": 1, "BOK": 1}, payment_method="ecster", shipping=None)
        for item in w.store.order(thirds).items:
            item.total = Decimal("33.3333")
        w.store.recalculate(thirds)
        for order, expected in (
            (three, [("3 x Mugg", 36250, 2500)]),
            (thirds, [(name, 4166, 2500) for name in ("Mugg", "Lampa", "Bok")] + [("Rounding", 1, 0)]),
        ):
            it = paid(w, order)
            await complete(w, it)
            assert rows(transactions(w, it)[-1]) == expected


@pytest.mark.parametrize(("method", "path"), [("INVOICE", "transactions"), ("SWISH", "refunds")])
async def test_3_2_0_ecsters_word_for_the_method_says_how_to_refund(tmp_path: Path, method: str, path: str) -> None:
    """Not what the plugin left in the shop: here its Swish id stands on just the order that is none of Swish."""
    async with bought(tmp_path, "completed", direct_debit=True, method=method) as (w, it):
        if method != "SWISH":
            w.store.set_meta(it.id, "_wc_ecster_swish_id", transactions(w, it)[0].id)
        await refund_a_mug(w, it)
        assert [call.rpartition("/")[2] for call in w.calls()] == [path]
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG), {})


async def test_3_3_0_a_debit_refused_as_made_already_changes_nothing_in_the_shop(tmp_path: Path) -> None:
    """Somebody debited it in Ecster's own dashboard, which its reads do not show yet (4424)."""
    async with known_order(tmp_path, "ecster") as (w, it):
        w.clock.advance(3600)
        switch(w, read_lag=timedelta(minutes=3))
        w.side.capture(it.payment, TOTAL)
        await complete(w, it)
        assert (w.store.status(it.id), w.books(it), await w.attention()) == ("completed", (0, TOTAL, 0), {})
        assert len(w.calls()) == 1
        assert not any("refused" in note for note in w.notes(it.id))


async def test_3_3_2_an_order_of_before_the_close_down_is_refunded_years_later(tmp_path: Path) -> None:
    async with world(tmp_path, "ecster") as w:
        it = w.place()
        w.side.capture(it.payment, TOTAL)
        w.store.set_status(it.id, "completed")
        of_then = datetime(2023, 4, 28, 12, tzinfo=UTC)
        order = w.store.order(it.id)
        order.created = order.modified = order.paid = order.completed = of_then
        await w.cycle()
        w.clock.advance(3600)
        await refund_a_mug(w, it)
        assert (w.books(it), await w.attention()) == ((0, TOTAL, MUG), {})
