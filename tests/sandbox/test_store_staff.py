"""What staff do, and what the store makes of it, where the recordings do not show it."""

from decimal import Decimal

import pytest

from bridge.sandbox.store.refusals import Refusal
from tests.sandbox.stores import open_store


async def test_a_refund_by_lines_gives_back_their_tax_and_freight() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 3, "LAMPA": 1}, status="completed")
        refund = store.sandbox.refund(order, lines={"MUGG": 1, "Frakt": 1}, reason="Trasig")
        read = await store.get(f"orders/{order}/refunds/{refund}")
    assert read["amount"] == "186.25"
    assert [(line["quantity"], line["total"], line["total_tax"]) for line in read["line_items"]] == [
        (-1, "-100.00", "-25.00")
    ]
    assert read["shipping_lines"][0]["total_tax"] == "-12.25"
    assert store.sandbox.status(order) == "completed"


async def test_the_last_refund_of_several_makes_the_order_refunded() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"LAMPA": 1}, status="completed", shipping=None)
        store.sandbox.refund(order, "100")
        assert store.sandbox.status(order) == "completed"
        rest = store.sandbox.refund(order)
        read = await store.get(f"orders/{order}")
    assert (read["status"], read["total"]) == ("refunded", "500.00")
    assert {"id": rest, "reason": "", "total": "-400.00", "total_tax": "0.00"} in read["refunds"]


async def test_nothing_is_left_to_refund_twice() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1}, status="completed")
        store.sandbox.refund(order)
        with pytest.raises(Refusal, match="Invalid refund amount"):
            store.sandbox.refund(order, "0.01")


async def test_a_deleted_refund_frees_its_amount_and_touches_nothing() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1}, status="completed")
        refund = store.sandbox.refund(order, "174.25")
        before = store.sandbox.order(order).modified
        store.clock.advance(1)
        store.sandbox.delete_refund(order, refund)
        assert store.sandbox.order(order).modified == before
        assert store.sandbox.refund(order, "1.00") != refund


async def test_api_refund_needs_a_gateway_and_says_that_it_paid() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1}, status="completed")
        refused = await store.ask("POST", f"orders/{order}/refunds", json={"amount": "5.00"})
        assert (refused.status, store.sandbox.order(order).refunds) == (500, [])
    async with open_store(gateway=True) as store:
        order = store.sandbox.create_order({"MUGG": 1}, status="completed")
        paid = await store.ask("POST", f"orders/{order}/refunds", json={"amount": "5.00"})
        assert (paid.status, paid.body["refunded_payment"]) == (201, True)
        by_hand = store.sandbox.refund(order, "5.00")
        assert (await store.get(f"orders/{order}/refunds/{by_hand}"))["refunded_payment"] is False
        store.sandbox.mark_refund_paid(order, by_hand)
        assert (await store.get(f"orders/{order}/refunds/{by_hand}"))["refunded_payment"] is True


async def test_without_an_amount_the_lines_make_it() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 2}, status="completed")
        line = store.sandbox.line(order, "MUGG").id
        part = {"id": line, "quantity": 1, "refund_total": 100, "refund_tax": [{"id": 1, "refund_total": 25}]}
        made = await store.ask("POST", f"orders/{order}/refunds", json={"api_refund": False, "line_items": [part]})
    assert made.body["amount"] == "125.00"


async def test_a_swap_of_equal_sum_leaves_the_total() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 4})
        before = store.sandbox.total(order)
        store.sandbox.swap_line(order, "MUGG", "LAMPA")
        read = await store.get(f"orders/{order}")
    assert store.sandbox.total(order) == before == Decimal("561.25")
    assert [line["sku"] for line in read["line_items"]] == ["LAMPA"]


async def test_a_posted_quantity_alone_leaves_the_lines_total() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 2}, shipping=None)
        line = store.sandbox.line(order, "MUGG").id
        edited = {"line_items": [{"id": line, "quantity": 1}]}
        assert (await store.ask("PUT", f"orders/{order}", json=edited)).body["total"] == "250.00"
        store.sandbox.set_quantity(order, "MUGG", 3)
        assert store.sandbox.total(order) == Decimal("750.00")


async def test_each_rate_has_its_own_tax_line_and_a_discount_follows_their_mix() -> None:
    """250 at 12 % and 750 at 25 %; of 100 off, 25 is off the first and 75 off the second."""
    async with open_store() as store:
        store.sandbox.add_product("MAT", "Mat", "250", "reduced-rate")
        order = store.sandbox.create_order({"MAT": 1, "BOK": 3}, shipping=None, fees={"Rabatt": "-100.00"})
        read = await store.get(f"orders/{order}")
    assert [(line["rate_percent"], line["tax_total"]) for line in read["tax_lines"]] == [
        (12, "27.00"),
        (25, "168.75"),
    ]
    assert read["fee_lines"][0]["total_tax"] == "-21.75"
    assert read["total"] == "1095.75"


async def test_a_fixed_coupon_is_spread_to_the_last_ore() -> None:
    async with open_store() as store:
        store.sandbox.add_coupon("HUNDRA", "100", "fixed_cart")
        order = store.sandbox.create_order({"MUGG": 1, "LAMPA": 1, "BOK": 1}, shipping=None, coupon="hundra")
        read = await store.get(f"orders/{order}")
    assert sum(Decimal(line["total"]) for line in read["line_items"]) == Decimal(650)
    assert {"86.66", "346.67", "216.67"} == {line["total"] for line in read["line_items"]}
    assert read["discount_total"] == "100.00"


async def test_digital_goods_are_paid_and_completed_in_the_same_second() -> None:
    async with open_store() as store:
        order = store.sandbox.order(store.sandbox.create_order({"MUGG": 1}, status="completed"))
        assert order.paid == order.completed == order.created


async def test_pending_is_not_paid_and_set_paid_pays() -> None:
    async with open_store() as store:
        pending = await store.ask("POST", "orders", json={"line_items": [{"product_id": 10}]})
        paid = await store.ask("POST", "orders", json={"line_items": [{"product_id": 10}], "set_paid": True})
    assert (pending.body["status"], pending.body["date_paid"], pending.body["needs_payment"]) == (
        "pending",
        None,
        True,
    )
    assert (paid.body["status"], paid.body["date_paid_gmt"]) == ("processing", "2026-11-21T21:00:00")


async def test_what_is_refused_leaves_no_order_behind() -> None:
    async with open_store() as store:
        refused = await store.ask("POST", "orders", json={"line_items": [{"product_id": 999}]})
        assert refused.status == 400
        assert await store.get("orders") == []
