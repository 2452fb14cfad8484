"""Order lines within Resurs's limits, whatever a shop calls its goods."""

from decimal import Decimal

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.lines import Charge, ChargeKind, capture_charges, refund_charges
from bridge.domain.orders import Refund
from bridge.domain.outcomes import Done
from bridge.domain.steps import Call
from bridge.providers.resurs.lines import order_lines
from bridge.sandbox.resurs import Switches
from bridge.sandbox.resurs.rules import order_lines as faults_of
from tests.domain.builders import line
from tests.domain.builders import order as ordered
from tests.resurs.world import books, charge, request, world

charges = st.builds(
    Charge,
    kind=st.sampled_from(ChargeKind),
    name=st.text(st.characters(), max_size=130),
    reference=st.text(st.characters(), max_size=70),
    quantity=st.decimals("0.001", 5000, allow_nan=False, places=3),
    rate=st.decimals(-10, 250, allow_nan=False, places=4),
    amount=st.integers(-(10**11), 10**11).filter(bool),
)


@given(charges=st.lists(charges, min_size=1, max_size=5), key=st.sampled_from(["", "1042V1", "A" * 24]))
def test_any_charge_becomes_a_line_that_resurs_accepts_with_its_amount_unchanged(
    charges: list[Charge], key: str
) -> None:
    sent = simplejson.loads(simplejson.dumps(order_lines(charges, "SEK", key), use_decimal=True), use_decimal=True)

    assert list(faults_of(sent, "orderLines")) == []
    assert [int(line["totalAmountIncludingVat"] * 100) for line in sent] == [it.amount for it in charges]
    if key:
        assert all(line["reference"].startswith(f"{key}_") for line in sent)


def test_amounts_are_numbers_with_both_decimals() -> None:
    text = simplejson.dumps(order_lines([charge(80000), charge(-5), charge(1)], "SEK"), use_decimal=True)

    assert [f'"totalAmountIncludingVat": {figure}' in text for figure in ("800.00", "-0.05", "0.01")] == [True] * 3


@pytest.mark.parametrize(
    ("kind", "amount", "expected"),
    [
        (ChargeKind.PRODUCT, 100, "NORMAL"),
        (ChargeKind.SHIPPING, 100, "SHIPPING"),
        (ChargeKind.FEE, 100, "FEE"),
        (ChargeKind.FEE, -100, "DISCOUNT"),
        (ChargeKind.DISCOUNT, -100, "DISCOUNT"),
        (ChargeKind.ROUNDING, 1, "NORMAL"),
    ],
)
def test_what_lowers_a_sum_is_a_discount(kind: ChargeKind, amount: int, expected: str) -> None:
    assert order_lines([charge(amount, kind=kind)], "SEK")[0]["type"] == expected


@pytest.mark.parametrize(
    ("quantity", "sent"),
    [("1", "1"), ("3", "3"), ("0.5", "0.5"), ("2.250", "2.25"), ("0.333", "1"), ("0.001", "1"), ("1.005", "1")],
)
def test_a_quantity_that_two_decimals_can_not_say_is_one(quantity: str, sent: str) -> None:
    assert order_lines([charge(100, quantity=quantity)], "SEK")[0]["quantity"] == Decimal(sent)


@pytest.mark.parametrize(
    ("rate", "sent"), [("25", "25"), ("12.5", "12.5"), ("8.875", "8.88"), ("0", "0"), ("-1", "0"), ("200", "100")]
)
def test_a_rate_is_a_percentage_with_two_decimals(rate: str, sent: str) -> None:
    assert order_lines([charge(100, rate=rate)], "SEK")[0]["vatRate"] == Decimal(sent)


@pytest.mark.parametrize("refused", [False, True])
async def test_goods_less_their_discount_are_paid_back_whether_or_not_negative_lines_are_refused(
    refused: bool,
) -> None:
    mug, rebate = line(1, "8.00", "2.00"), line(2, "-0.80", "-0.20", reference="REBATE")
    refund = Refund(id=1077, amount=900, lines=(mug, rebate))
    order = ordered(total=900, lines=(mug, rebate))
    async with world(Switches(negative_refund_lines_refused=refused)) as w:
        payment = w.pay("9.00")
        for call, charges in (
            (Call.CAPTURE, capture_charges(order, 900)),
            (Call.REFUND, refund_charges(order, refund, 900)),
        ):
            done = await w.resurs.perform(request(call, await w.resurs.read(payment), *charges))
            assert isinstance(done, Done), done
        assert w.sandbox.books(payment) == books(captured=900, returned=900)
