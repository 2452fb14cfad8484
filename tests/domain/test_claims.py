"""Whose order it is, and whether the payment is really its own."""

from dataclasses import replace

import pytest

from bridge.domain.claims import Claim, Method, claim, doubt, lost, without_payment_id
from bridge.domain.orders import Order
from bridge.domain.payments import Payment, PaymentState
from bridge.domain.records import Record
from tests.domain.builders import RULES, captured, order, record, resurs, told

RESURS = Method(
    provider=0,
    matches=lambda method: method == "resursbank",
    id_keys=("resursbank_payment_id",),
    transaction_id=False,
    match_reference=True,
)
ECSTER = Method(
    provider=1,
    matches=lambda method: method == "ecster",
    id_keys=("_wc_ecster_internal_reference", "_old_reference"),
    transaction_id=True,
    match_reference=True,
)

CLAIMS = {
    "by the meta key": (order(meta=(("resursbank_payment_id", "p-1"),)), (0, "p-1")),
    "the transaction id does not serve": (order(transaction_id="t-1"), (0, "")),
    "the transaction id serves": (order(payment_method="ecster", transaction_id="t-1"), (1, "t-1")),
    "the best meta key first": (
        order(
            payment_method="ecster",
            transaction_id="t-1",
            meta=(("_old_reference", "o"), ("_wc_ecster_internal_reference", "i")),
        ),
        (1, "i"),
    ),
    "an empty meta value is none": (
        order(payment_method="ecster", meta=(("_old_reference", "o"), ("_wc_ecster_internal_reference", ""))),
        (1, "o"),
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_an_order_names_its_provider_and_payment(name: str) -> None:
    shop, expected = CLAIMS[name]
    found = claim(shop, (RESURS, ECSTER))
    assert found
    assert (found.method.provider, found.payment_id) == expected


def test_another_payment_method_is_nobodys() -> None:
    assert claim(order(payment_method="bacs", transaction_id="t-1"), (RESURS, ECSTER)) is None


def test_the_first_of_two_providers_takes_an_order_that_both_mean() -> None:
    found = claim(order(), (replace(ECSTER, matches=lambda _: True), RESURS))
    assert found
    assert found.method.provider == 1


@pytest.mark.parametrize(
    ("status", "follows"),
    [
        ("completed", "hold doubt-id"),
        ("cancelled", "quiet: left alone: the order carries no payment id"),
        ("processing", "quiet: left alone: the order carries no payment id"),
    ],
)
def test_an_order_without_a_payment_id_matters_when_it_is_completed(status: str, follows: str) -> None:
    assert told(without_payment_id(order(status), Claim(RESURS, ""), RULES)) == follows


def test_what_is_too_long_for_a_payment_id_is_none_and_says_so() -> None:
    """Nor does the next best key count then: which payment is meant is in doubt."""
    meta = (("_old_reference", "o"), ("_wc_ecster_internal_reference", "i" * 65))
    shop = order("completed", payment_method="ecster", meta=meta)
    mine = claim(shop, (RESURS, ECSTER))
    assert mine
    assert mine.payment_id == ""
    told_so = told(without_payment_id(shop, mine, RULES))
    assert told_so == "hold doubt-id payment_id=too long to be a payment id (65 characters)"


OURS, NEVER = resurs(reserved=1000), record()
MINE = record(payment_id="p-1")
EURO, THEIRS = replace(OURS, currency="EUR"), replace(OURS, reference="1043")

DOUBTS: dict[str, tuple[Order, Payment, Record, str]] = {
    "its own": (order("completed"), OURS, NEVER, "none"),
    "its own, by number": (order("completed", number="A7"), replace(OURS, reference="A7"), NEVER, "none"),
    "its own, as ever": (order("completed"), OURS, MINE, "none"),
    "another currency": (
        order("completed"),
        EURO,
        NEVER,
        "hold doubt-currency currency=SEK payment_currency=EUR",
    ),
    "no currency known": (
        order("completed"),
        replace(OURS, currency=""),
        NEVER,
        "hold doubt-currency currency=SEK payment_currency=?",
    ),
    "another order's reference": (order("completed"), THEIRS, NEVER, "hold doubt-owner reference=1043"),
    "another payment than before": (
        order("completed"),
        OURS,
        record(payment_id="p-0"),
        "hold doubt-id",
    ),
    "nothing is asked yet": (order(), THEIRS, NEVER, "quiet: left alone: the payment names another order"),
    "nothing is asked yet, another currency": (
        order(),
        EURO,
        NEVER,
        "quiet: left alone: order and payment differ in currency",
    ),
    "cancelled, with money reserved": (order("cancelled"), THEIRS, NEVER, "hold doubt-owner reference=1043"),
    "cancelled, with nothing reserved": (
        order("cancelled"),
        replace(resurs(), reference="1043"),
        NEVER,
        "quiet: left alone: the payment names another order",
    ),
    "refunded in part, captured": (
        order("delivered", refunds={1077: 200}),
        replace(resurs(captured(1000)), reference="1043"),
        NEVER,
        "hold doubt-owner reference=1043",
    ),
    "not shown: that is for the decision to say": (
        order("completed"),
        replace(resurs(state=PaymentState.GONE), currency="", reference=""),
        NEVER,
        "none",
    ),
    "not shown, and another payment than before": (
        order("completed"),
        resurs(state=PaymentState.GONE),
        record(payment_id="p-0"),
        "hold doubt-id",
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_a_payment_is_touched_only_where_nothing_contradicts(name: str) -> None:
    shop, payment, known, follows = DOUBTS[name]
    found = doubt(shop, payment, known, RULES, match_reference=True, taken_by=None)
    assert (told(found) if found else "none") == follows


def test_the_reference_may_be_anything_where_it_is_not_to_be_matched() -> None:
    assert doubt(order("completed"), THEIRS, NEVER, RULES, match_reference=False, taken_by=None) is None


@pytest.mark.parametrize(
    ("status", "follows"),
    [
        ("completed", "hold doubt-owner reference=77"),
        ("cancelled", "quiet: left alone: order 77 has this payment"),
    ],
)
def test_a_payment_belongs_to_one_order(status: str, follows: str) -> None:
    """A cancelled first attempt that shares the payment of the order that was paid is nobody's concern."""
    found = doubt(order(status), OURS, NEVER, RULES, match_reference=True, taken_by=77)
    assert found
    assert told(found) == follows


EMPTY, PAID = resurs(), resurs(captured(1000))

LOST: dict[str, tuple[Order, Payment, bool, str]] = {
    "completed": (order("completed"), OURS, True, "hold doubt-id"),
    "completed, paid in another way": (order("completed"), OURS, False, "hold doubt-id"),
    "completed, paid in another way, nothing left": (
        order("completed", payment_method="bacs"),
        EMPTY,
        False,
        "quiet: left alone: payment method 'bacs' is not ours, and the payment is empty",
    ),
    "cancelled": (order("cancelled"), OURS, True, "hold doubt-id"),
    "refunded in part": (order(refunds={1077: 200}), PAID, False, "hold doubt-id"),
    "in the trash": (order("trash"), OURS, True, "hold doubt-id"),
    "cancelled, nothing left": (
        order("cancelled"),
        EMPTY,
        True,
        "quiet: left alone: the order no longer names the payment that its money is on",
    ),
    "nothing is asked yet": (
        order(),
        OURS,
        True,
        "quiet: left alone: the order no longer names the payment that its money is on",
    ),
}


@pytest.mark.parametrize("name", LOST)
def test_an_order_that_no_longer_names_its_payment(name: str) -> None:
    shop, payment, ours, follows = LOST[name]
    assert told(lost(shop, payment, RULES, ours=ours)) == follows
