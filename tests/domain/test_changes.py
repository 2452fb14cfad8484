"""The diff: what wakes the decision, and how the story tells it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.changes import Topic, diff
from bridge.domain.orders import Order, Refund
from tests.domain.builders import LONG_AGO, NOW, line, order
from tests.strategies import orders

BEFORE = order(total=1000, refunds={1077: 200}, lines=(line(1), line(2)))

STORIES = {
    "a status": (replace(BEFORE, status="completed"), Topic.STATUS, "status processing → completed"),
    "a total": (replace(BEFORE, total=68625), Topic.TOTAL, "total 10.00 → 686.25"),
    "lines swapped at an equal total": (
        replace(BEFORE, lines=(line(1), line(3, reference="CUP"))),
        Topic.LINES,
        "lines changed, total equal: nothing to send",
    ),
    "a line's price moved to another": (
        replace(BEFORE, lines=(line(1, net="7.00"), line(2, net="9.00"))),
        Topic.LINES,
        "lines changed, total equal: nothing to send",
    ),
    "a refund made": (
        order(refunds={1077: 200, 1078: 50}, lines=BEFORE.lines),
        Topic.REFUND_MADE,
        "refund 1078 of 0.50 made",
    ),
    "a refund deleted": (replace(BEFORE, refunds=()), Topic.REFUND_GONE, "refund 1077 of 2.00 is gone"),
    "a refund of another amount": (
        order(refunds={1077: 150}, lines=BEFORE.lines),
        Topic.REFUND_CHANGED,
        "refund 1077 is now 1.50",
    ),
    "a refund that a gateway in the shop paid": (
        replace(BEFORE, refunds=(replace(BEFORE.refunds[0], paid_by_shop=True),)),
        Topic.REFUND_CHANGED,
        "refund 1077 marked as paid by the shop",
    ),
    "another payment method": (
        replace(BEFORE, payment_method="swish"),
        Topic.PAYMENT,
        "payment method or id changed (resursbank → swish)",
    ),
    "another payment id in the meta": (
        replace(BEFORE, meta=(("resursbank_payment_id", "p-2"),)),
        Topic.PAYMENT,
        "payment method or id changed (resursbank → resursbank)",
    ),
    "another transaction id": (
        replace(BEFORE, transaction_id="t-2"),
        Topic.PAYMENT,
        "payment method or id changed (resursbank → resursbank)",
    ),
    "the date paid gone": (replace(BEFORE, paid=None), Topic.PAID, "no longer paid"),
    "the bridge switched off for the order": (
        replace(BEFORE, meta=(("wc_bridge", "off"),)),
        Topic.SWITCH,
        "wc_bridge (none) → off",
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_each_thing_that_matters_is_told_once(name: str) -> None:
    after, topic, text = STORIES[name]
    assert [(change.topic, change.text) for change in diff(BEFORE, after)] == [(topic, text)]


def test_another_currency_is_told_with_the_total() -> None:
    """The same figures in another currency are another total."""
    topics = [change.topic for change in diff(BEFORE, replace(BEFORE, currency="EUR"))]
    assert topics == [Topic.CURRENCY, Topic.TOTAL]


def test_a_change_of_a_refund_names_it() -> None:
    after = order(refunds={1078: 50}, lines=BEFORE.lines)
    assert {(change.topic, change.refund) for change in diff(BEFORE, after)} == {
        (Topic.REFUND_MADE, 1078),
        (Topic.REFUND_GONE, 1077),
    }


def test_the_first_look_tells_the_order_and_its_refunds() -> None:
    assert [change.text for change in diff(None, BEFORE)] == [
        "first seen: processing, total 10.00 SEK",
        "refund 1077 of 2.00 made",
    ]


NOISE = {
    "its date of change": replace(BEFORE, modified=NOW + timedelta(hours=1)),
    "another date paid": replace(BEFORE, paid=LONG_AGO + timedelta(minutes=1)),
    "a quantity written otherwise": replace(BEFORE, lines=(line(1, quantity="1.00"), line(2))),
    "a figure written otherwise": replace(BEFORE, lines=(line(1, net="8.0000"), line(2))),
    "a product's new name": replace(BEFORE, lines=(replace(line(1), name="Cup"), line(2))),
    "a refund read in full": replace(
        BEFORE, refunds=(Refund(id=1077, amount=200, paid_by_shop=None, lines=(line(9),)),)
    ),
}


@pytest.mark.parametrize("name", NOISE)
def test_what_does_not_matter_causes_nothing(name: str) -> None:
    assert diff(BEFORE, NOISE[name]) == ()


@given(order=orders())
def test_an_order_does_not_differ_from_itself(order: Order) -> None:
    assert diff(order, order) == ()


def matters(order: Order) -> object:
    """Everything about an order that may ask for something, told apart without the diff."""
    return (
        order.status,
        order.total,
        order.currency,
        order.payment_method,
        order.transaction_id,
        order.meta,
        order.paid is None,
        [(it.id, it.reference, it.quantity, it.net, it.tax) for it in order.lines],
        [(it.id, it.amount, it.paid_by_shop) for it in order.refunds],
    )


EDITS: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(("processing", "completed")),
    "total": st.integers(998, 1001),
    "currency": st.sampled_from(("SEK", "EUR")),
    "paid": st.sampled_from((None, LONG_AGO, NOW)),
    "modified": st.sampled_from((LONG_AGO, NOW)),
    "transaction_id": st.sampled_from(("", "t-1")),
    "meta": st.sampled_from(((), (("wc_bridge", "off"),), (("resursbank_payment_id", "p-1"),))),
    "lines": st.sampled_from(((), (line(1),), (line(1), line(2)), (replace(line(1), tax=Decimal(0)),))),
    "refunds": st.sampled_from([order(refunds=r).refunds for r in ({}, {1: 5}, {1: 6}, {1: 5, 2: 5}, {2: 5})]),
}


def edit(edits: dict[str, Any]) -> Order:
    return replace(order(), **edits)


edited = st.fixed_dictionaries({}, optional=EDITS).map(edit)


@given(before=edited, after=edited)
def test_the_diff_is_empty_exactly_for_equals_in_what_matters(before: Order, after: Order) -> None:
    assert (diff(before, after) == ()) == (matters(before) == matters(after))
