"""What holds for the lines of any order, refund and amount."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.domain.lines import (
    Charge,
    ChargeKind,
    capture_charges,
    change_charges,
    left_per_rate,
    refund_charges,
)
from bridge.domain.orders import Line, Order, Refund
from bridge.domain.refunded import gross
from tests.strategies import amounts, orders, orders_of_few_units, refund_lines, strange_lines, strange_orders


def assert_sound(charges: tuple[Charge, ...], amount: int) -> None:
    assert sum(charge.amount for charge in charges) == amount
    for charge in charges:
        assert type(charge.amount) is int
        assert charge.amount > 0 or (charge.amount < 0 and charge.kind is ChargeKind.DISCOUNT)
        assert charge.quantity > 0
        assert charge.name.strip()
        assert charge.reference
        assert charge.rate == charge.rate.quantize(Decimal("0.01"))


def assert_sound_and_positive(charges: tuple[Charge, ...], amount: int) -> None:
    assert_sound(charges, amount)
    assert all(charge.amount > 0 for charge in charges)


def per_rate(charges: Iterable[Charge]) -> Counter[Decimal]:
    sums: Counter[Decimal] = Counter()
    for charge in charges:
        sums[charge.rate] += charge.amount
    return sums


@given(st.one_of(orders(), strange_orders()), st.lists(strange_lines, max_size=3), amounts())
def test_whatever_the_store_says_charges_sum_to_the_amount(order: Order, lines: list[Line], amount: int) -> None:
    stranger = Refund(id=1099, amount=amount, lines=tuple(lines))
    assert_sound(capture_charges(order, amount), amount)
    assert_sound(capture_charges(order, order.total), order.total)
    assert_sound_and_positive(change_charges(order, amount), amount)
    for refund in (stranger, *order.refunds):
        assert_sound_and_positive(refund_charges(order, refund, amount), amount)
        assert_sound_and_positive(refund_charges(order, refund, refund.amount), refund.amount)


@given(orders(refunded=False))
def test_an_order_that_adds_up_is_captured_by_its_own_lines(order: Order) -> None:
    names = [
        charge.name for charge in capture_charges(order, order.total) if charge.kind is not ChargeKind.ROUNDING
    ]
    assert names == [line.name for line in order.lines if gross(line, order.currency)]


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("SEK", 2), ("KWD", 3)])
@given(st.data())
def test_a_charge_is_its_line_to_half_a_minor_unit(currency: str, decimals: int, data: st.DataObject) -> None:
    order = data.draw(orders(currency, refunded=False))
    unit = Decimal(1).scaleb(-decimals)
    figures = [line.net + line.tax for line in order.lines if abs(line.net + line.tax) >= unit / 2]
    total = sum(gross(line, currency) for line in order.lines)
    assume(total > 0)
    charges = capture_charges(order, total)
    assert len(charges) == len(figures)
    assert all(abs(it.amount * unit - figure) <= unit / 2 for it, figure in zip(charges, figures, strict=True))


@given(st.data(), orders(refunded=False))
def test_a_refund_whose_lines_add_up_is_paid_by_these(data: st.DataObject, order: Order) -> None:
    """By the rates of these where one is a discount: a payout has no negative charge."""
    back = data.draw(refund_lines(order, 100))
    paid_back = [line for line in back if gross(line, order.currency)]
    amount = sum(gross(line, order.currency) for line in back)
    assume(amount > 0)
    charges = refund_charges(order, Refund(id=1077, amount=amount, lines=back), amount)
    if any(gross(line, order.currency) < 0 for line in back):
        assert {charge.rate for charge in charges} <= {line.rate for line in paid_back}
    else:
        assert [charge.name for charge in charges] == [line.name for line in paid_back]


@given(st.data(), orders())
def test_a_split_takes_no_more_of_a_rate_than_is_left(data: st.DataObject, order: Order) -> None:
    left = left_per_rate(order)
    assume(any(left.values()))
    amount = data.draw(st.integers(1, sum(left.values())))
    for charge in refund_charges(order, Refund(id=1099, amount=amount), amount):
        assert charge.amount <= left[charge.rate]


@given(orders())
def test_no_refund_leaves_more_of_a_rate_than_the_order_has(order: Order) -> None:
    whole = left_per_rate(replace(order, refunds=()))
    assert all(0 <= left <= whole[rate] for rate, left in left_per_rate(order).items())


@given(st.data(), orders_of_few_units())
def test_refunds_by_amount_never_give_back_more_of_a_rate_than_the_order_has(
    data: st.DataObject, order: Order
) -> None:
    """Whether the later ones were made before the first was paid or after it."""
    whole = left_per_rate(replace(order, refunds=()))
    given_back: Counter[Decimal] = Counter()
    for i, refund in enumerate(order.refunds):
        seen = order.refunds[: data.draw(st.integers(i + 1, len(order.refunds)))]
        given_back += per_rate(refund_charges(replace(order, refunds=seen), refund, refund.amount))
    assert all(part <= whole[rate] for rate, part in given_back.items())


def paid_in_parts(data: st.DataObject, order: Order, refund: Refund) -> tuple[int, Counter[Decimal]]:
    """Pay the refund in up to four calls: how many it were, and what they gave back of each rate together."""
    cuts = data.draw(st.sets(st.integers(1, refund.amount), max_size=3))
    parts = [after - before for before, after in pairwise(sorted({0, *cuts, refund.amount}))]
    given_back: Counter[Decimal] = Counter()
    for part in parts:
        given_back += per_rate(refund_charges(order, refund, part))
    return len(parts), given_back


@given(st.data(), orders(refunded=False))
def test_the_parts_of_a_refund_by_lines_give_back_no_more_of_a_rate_than_these(
    data: st.DataObject, order: Order
) -> None:
    """To a unit for each part after the first: that is what whole units allow."""
    back = data.draw(refund_lines(order, 100))
    own: Counter[Decimal] = Counter()
    for line in back:
        own[line.rate] += gross(line, order.currency)
    assume(own.total() > 0)
    refund = Refund(id=1077, amount=own.total(), lines=back)
    parts, given_back = paid_in_parts(data, replace(order, refunds=(refund,)), refund)
    assert all(part < max(0, own[rate]) + parts for rate, part in given_back.items())


@given(st.data(), st.one_of(orders(), orders_of_few_units()))
def test_the_parts_of_a_refund_by_amount_give_back_no_more_of_a_rate_than_is_left(
    data: st.DataObject, order: Order
) -> None:
    """To a unit for each part after the first."""
    left = left_per_rate(order)
    assume(any(left.values()))
    refund = Refund(id=1099, amount=data.draw(st.integers(1, sum(left.values()))))
    refunded = replace(order, refunds=(*order.refunds, refund))
    parts, given_back = paid_in_parts(data, refunded, refund)
    assert all(part < left[rate] + parts for rate, part in given_back.items())


@given(orders(), amounts())
def test_the_same_question_has_the_same_answer(order: Order, amount: int) -> None:
    again = replace(order, lines=tuple(replace(line) for line in order.lines))
    assert capture_charges(order, amount) == capture_charges(again, amount)


@given(orders())
def test_the_order_of_the_lines_does_not_change_a_split(order: Order) -> None:
    backwards = replace(order, lines=order.lines[::-1])
    assert change_charges(order, order.total) == change_charges(backwards, order.total)
