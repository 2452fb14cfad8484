"""From recorded JSON to orders in the bridge's words."""

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.orders import LineKind
from bridge.woo import wire
from bridge.woo.mapping import Incomprehensible, rate, to_order
from tests.woo import recorded

KEEP = frozenset({"resursbank_payment_id", "wc_bridge"})
PERSONAL = ("Anna", "Berg", "Storgatan", "22222", "anna@example.com", "Scratched")


def order_body(**changes: Any) -> dict[str, Any]:
    return {**recorded.read("01", "create order"), **changes}


def test_an_order_says_what_the_store_says() -> None:
    order = to_order(recorded.read("11", "read it back"), KEEP)
    assert (order.id, order.number, order.status, order.currency) == (24, "24", "completed", "SEK")
    assert (order.total, order.refunded) == (81125, 56125)
    assert order.created == datetime(2026, 11, 21, 21, 2, 28, tzinfo=UTC)
    assert order.modified == datetime(2026, 11, 21, 21, 2, 29, tzinfo=UTC)
    assert order.paid == datetime(2026, 11, 21, 21, 2, 28, tzinfo=UTC)
    assert order.meta == (("resursbank_payment_id", "f3b7f6a0-8f0e-4c8e-9d59-6a2f9f6f0001"),)
    assert [(line.kind, line.id, line.reference, line.quantity, line.net, line.tax) for line in order.lines] == [
        (LineKind.PRODUCT, 42, "MUGG", Decimal(2), Decimal(200), Decimal(50)),
        (LineKind.PRODUCT, 43, "LAMPA", Decimal(1), Decimal(400), Decimal(100)),
        (LineKind.SHIPPING, 44, "44", Decimal(1), Decimal(49), Decimal("12.25")),
    ]
    assert {line.rate for line in order.lines} == {Decimal(25)}


def test_a_refund_read_in_full_is_positive_and_points_to_the_lines_of_the_order() -> None:
    body = recorded.read("11", "read it back")
    refunds = [wire.Refund.model_validate(row) for row in recorded.read("11", "refunds of the order")]
    (refund,) = to_order(body, KEEP, refunds).refunds
    assert (refund.id, refund.amount, refund.paid_by_shop) == (25, 56125, False)
    assert refund.created == datetime(2026, 11, 21, 21, 2, 29, tzinfo=UTC)
    assert [(line.id, line.quantity, line.net, line.tax, line.rate) for line in refund.lines] == [
        (43, Decimal(1), Decimal(400), Decimal(100), Decimal(25)),
        (44, Decimal(1), Decimal(49), Decimal("12.25"), Decimal(25)),
    ]


def test_coupons_fees_and_negative_fees_keep_the_sum_of_the_order() -> None:
    """What the lines say, tax and all, is what the order costs: on every recorded order that shows its lines."""
    checked = 0
    for name, body in recorded.bodies("order"):
        order = to_order(body, KEEP)
        if "line_items" in body and order.lines:
            assert sum(line.net + line.tax for line in order.lines) * 100 == order.total, name
            checked += 1
    assert checked >= 100


def test_nothing_personal_and_no_other_meta_comes_through() -> None:
    for name, body in recorded.bodies("order"):
        text = repr(to_order(body, KEEP))
        assert not [word for word in PERSONAL if word in text], name
        assert {key for key, _ in to_order(body, KEEP).meta} <= KEEP, name
    for name, body in recorded.bodies("refund"):
        stub = [{"id": body["id"], "total": "-" + body["amount"]}]
        order = to_order(order_body(refunds=stub), KEEP, [wire.Refund.model_validate(body)])
        assert "Scratched" not in repr(order), name


def test_the_first_of_two_meta_entries_counts_as_it_does_for_wordpress() -> None:
    entries = [
        {"key": "wc_bridge", "value": {"not": "plain"}},
        {"key": "wc_bridge", "value": "off"},
        {"key": "wc_bridge", "value": "pause"},
        {"key": "other", "value": "x"},
    ]
    assert to_order(order_body(meta_data=entries), KEEP).meta == (("wc_bridge", "off"),)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"total": "811.255"}, "SEK cannot express 811.255"),
        ({"total": "x"}, "its total"),
        ({"currency": "XXL"}, "'XXL' is not an ISO 4217 currency code"),
        ({"refunds": [{"id": 7, "total": "-0.001"}]}, "its refund 7"),
        ({"refunds": [{"id": 7, "total": "5.00"}]}, "its refund 7: the amount is below zero"),
        ({"date_created_gmt": None}, "its date_created_gmt"),
        ({"status": ""}, "its status"),
    ],
)
def test_an_order_that_makes_no_sense_says_why(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Incomprehensible) as problem:
        to_order(order_body(**changes), KEEP)
    assert says in str(problem.value)


def test_a_total_with_more_decimals_than_the_currency_is_exact_when_they_are_zero() -> None:
    assert to_order(order_body(total="811.2500"), KEEP).total == 81125
    assert to_order(order_body(currency="jpy", total="811.00"), KEEP).total == 811


def test_a_number_is_the_plugins_or_else_the_id() -> None:
    assert to_order(order_body(number="F-2026-17"), KEEP).number == "F-2026-17"
    assert to_order(order_body(number=1017), KEEP).number == "1017"
    assert to_order(order_body(id=59, number=""), KEEP).number == "59"


@pytest.mark.parametrize(
    ("sku", "product", "variation", "reference"),
    [("MUGG", 10, 0, "MUGG"), ("", 10, 12, "12"), (None, 10, 0, "10"), ("", 0, 0, "42"), ("", None, None, "42")],
)
def test_a_line_always_has_a_reference(sku: Any, product: Any, variation: Any, reference: str) -> None:
    line = {"id": 42, "sku": sku, "product_id": product, "variation_id": variation, "total": "1", "quantity": 1}
    assert to_order(order_body(line_items=[line]), KEEP).lines[0].reference == reference


@pytest.mark.parametrize(
    ("net", "tax", "parts", "percent"),
    [
        ("400.00", "100.00", {"1": "100.00"}, "25"),
        ("79.99", "20.00", {"1": "20.00"}, "25"),
        ("0.02", "0.01", {"1": "0.01"}, "25"),
        ("100", "25", {"1": "25"}, "25"),
        ("100.00", "12.50", {"3": "12.50"}, "12.5"),
        ("100.00", "31.00", {"1": "25.00", "2": "6.00"}, "31"),
        ("100.00", "25.00", {"1": "25.00", "2": "0"}, "25"),
        ("100.00", "25.00", {"1": "25.00", "2": ""}, "25"),
        ("-50.00", "-12.50", {"1": "-12.50"}, "25"),
        ("100.00", "20.00", {"1": "20.00"}, "20"),
        ("100.00", "32.50", {"1": "25.00", "2": "7.50"}, "32.5"),
        ("300.00", "20.00", {"9": "20.00"}, "6.67"),
        ("300.00", "20.00", {}, "6.67"),
        ("100.00", "0.00", {"1": "0"}, "0"),
        ("0.00", "25.00", {"1": "25.00"}, "25"),
    ],
    ids=[
        "named",
        "rounded",
        "tiny",
        "whole figures",
        "half percent",
        "two rates",
        "zero part",
        "blank part",
        "refund",
        "the rate changed since",
        "one upon another",
        "rate not known",
        "tax typed in by hand",
        "no tax",
        "tax alone",
    ],
)
def test_the_rate_is_what_the_tax_on_the_line_stands_for(
    net: str, tax: str, parts: dict[str, str], percent: str
) -> None:
    rates = {"1": Decimal("25.0000"), "2": Decimal(6), "3": Decimal("12.50")}
    taxes = [{"id": int(part), "total": total} for part, total in parts.items()]
    line = wire.LineItem.model_validate({"id": 1, "total": net, "total_tax": tax, "taxes": taxes})
    assert str(rate(line, rates)) == percent


@given(extra=st.dictionaries(st.text(min_size=1).map("x_".__add__), st.none() | st.text()), seed=st.randoms())
def test_unknown_fields_and_the_order_of_keys_change_nothing(extra: dict[str, Any], seed: Any) -> None:
    body = {**order_body(), **extra}
    keys = list(body)
    seed.shuffle(keys)
    assert to_order({key: body[key] for key in keys}, KEEP) == to_order(order_body(), KEEP)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(field=st.sampled_from(sorted(wire.Order.model_fields)), value=_JSON)
def test_any_json_maps_or_raises_the_one_error(field: str, value: Any) -> None:
    """Nothing else is ever raised, whatever a field holds."""
    with contextlib.suppress(Incomprehensible):
        to_order(order_body(**{field: value}), KEEP)
