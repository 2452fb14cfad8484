"""Every order and refund that real stores were recorded with, spelt out for both providers."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import simplejson

from bridge.domain.lines import Charge, ChargeKind, capture_charges, change_charges, refund_charges
from bridge.domain.orders import Order, Refund
from bridge.providers.ecster.rows import rows
from bridge.providers.resurs.lines import order_lines
from bridge.sandbox.resurs.rules import order_lines as faults_of
from bridge.woo import wire
from bridge.woo.mapping import to_order
from tests.woo import recorded


def orders() -> Iterator[tuple[str, Order]]:
    """Every recorded body of an order with its lines, in order, and its refunds as they were read in full."""
    full = {(_scenario(name), body["id"]): body for name, body in recorded.bodies("refund")}
    for name, body in recorded.bodies("order"):
        if "line_items" in body and "refunds" in body:
            refunds = [full[_scenario(name), stub["id"]] for stub in body["refunds"]]
            yield name, to_order(body, frozenset(), [wire.Refund.model_validate(refund) for refund in refunds])


def refunds() -> Iterator[tuple[str, Order, Refund]]:
    for name, order in orders():
        for refund in order.refunds:
            yield name, order, refund


def _scenario(name: str) -> str:
    return name.rpartition("/")[0]


def sent(charges: tuple[Charge, ...], amount: int) -> str:
    """Spell charges of `amount` (SEK) out for both providers, who find no fault with them; return all of it."""
    resurs = simplejson.loads(simplejson.dumps(order_lines(charges, "SEK"), use_decimal=True), use_decimal=True)
    ecster = rows(charges, amount)
    assert list(faults_of(resurs, "orderLines")) == []
    assert sum(line["totalAmountIncludingVat"] for line in resurs) * 100 == amount
    assert sum(int(str(row["unitAmount"])) * int(str(row["quantity"])) for row in ecster) == amount
    return simplejson.dumps([resurs, ecster], use_decimal=True, ensure_ascii=False)


def test_an_order_is_captured_by_its_own_lines() -> None:
    seen = 0
    for name, order in orders():
        if order.total <= 0:
            continue
        charges = capture_charges(replace(order, refunds=()), order.total)
        sent(charges, order.total)
        assert [(charge.name, charge.rate) for charge in charges] == [
            (line.name, line.rate) for line in order.lines if line.net
        ], name
        seen += 1
    assert seen >= 150


def test_what_refunds_leave_of_an_order_is_captured() -> None:
    seen = 0
    for name, order in orders():
        rest = order.total - order.refunded
        if order.refunds and rest > 0:
            charges = capture_charges(order, rest)
            sent(charges, rest)
            assert {charge.rate for charge in charges} <= {line.rate for line in order.lines}, name
            seen += 1
    assert seen >= 15


def test_a_refund_is_paid_by_its_lines_or_by_one_charge_a_rate() -> None:
    by_lines = by_amount = 0
    for name, order, refund in refunds():
        charges = refund_charges(order, refund, refund.amount)
        sent(charges, refund.amount)
        assert all(charge.amount > 0 for charge in charges), name
        if refund.lines:
            assert [charge.reference for charge in charges] == [line.reference for line in refund.lines], name
            by_lines += 1
        else:
            assert {charge.rate for charge in charges} == {line.rate for line in order.lines if line.tax}, name
            by_amount += 1
    assert by_lines >= 3
    assert by_amount >= 25


def test_a_changed_total_is_a_split_of_the_difference() -> None:
    seen = 0
    for (before, first), (name, order) in pairwise(orders()):
        difference = abs(order.total - first.total)
        if difference and order.id == first.id and _scenario(before) == _scenario(name):
            charges = change_charges(order, difference)
            sent(charges, difference)
            assert {charge.kind for charge in charges} == {ChargeKind.PRODUCT}, name
            seen += 1
    assert seen >= 6


def test_why_something_was_refunded_is_never_sent() -> None:
    reasons = {body["reason"] for _, body in recorded.bodies("refund")} - {""}
    texts = [sent(refund_charges(order, refund, refund.amount), refund.amount) for _, order, refund in refunds()]
    assert len(reasons) >= 2
    assert not [text for text in texts if any(reason in text for reason in reasons)]
