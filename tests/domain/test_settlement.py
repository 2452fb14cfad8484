"""Settlement: which return met which refund, and what a release met."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.orders import Order, Refund
from bridge.domain.payments import Entry, EntryKind, Payment
from bridge.domain.records import How, Settlement
from bridge.domain.settlement import Matching, match, settle_release, settle_rest, unmet
from tests.domain.builders import LONG_AGO, NOW, captured, met, order, record, resurs, returned

STEM = "1042"
Met = tuple[Settlement, ...]


def matched(
    order: Order,
    *log: Entry,
    so_far: Met = (),
    unrelated: frozenset[str] = frozenset(),
    seen: Mapping[int, datetime] | None = None,
) -> Matching:
    return look(order, resurs(captured(5000), *log), so_far, unrelated, seen)


def look(
    order: Order,
    payment: Payment,
    so_far: Met = (),
    unrelated: frozenset[str] = frozenset(),
    seen: Mapping[int, datetime] | None = None,
) -> Matching:
    known = record(*so_far, unrelated=unrelated, refunds_seen=tuple((seen or {}).items()))
    return match(order, payment, known, STEM)


TWO = order(total=5000, refunds={1077: 200, 1078: 200})
E = returned(200, entry_id="e")
OURS = returned(200, "1042R1078", entry_id="e")

ONE_RETURN = {
    "our key names the refund": (TWO, OURS, (), [met(1078, How.PAID, 200, "e")]),
    "the shop's own id names the refund": (
        TWO,
        returned(200, "1078", entry_id="e"),
        (),
        [met(1078, How.ADOPTED, 200, "e")],
    ),
    "the lowest of equal amount": (TWO, E, (), [met(1077, How.ADOPTED, 200, "e")]),
    "the id of a refund of another amount says nothing": (
        order(refunds={1077: 200, 1078: 150}),
        returned(200, "1078", entry_id="e"),
        (),
        [met(1077, How.ADOPTED, 200, "e")],
    ),
    "our key, a part of the refund": (
        order(refunds={1077: 300}),
        returned(200, "1042R1077", entry_id="e"),
        (),
        [met(1077, How.PAID, 200, "e")],
    ),
    "somebody else's return is no part of a refund": (order(refunds={1077: 300}), E, (), []),
    "what is left of a refund counts": (
        order(refunds={1077: 300}),
        E,
        (met(1077, How.RELEASED, 100),),
        [met(1077, How.RELEASED, 100), met(1077, How.ADOPTED, 200, "e")],
    ),
    "a refund that is met takes no more": (
        order(refunds={1077: 200}),
        E,
        (met(1077, How.PAID, 200, "other"),),
        [met(1077, How.PAID, 200, "other")],
    ),
    "the key of a refund that is gone": (order(), OURS, (), []),
    "the key of a refund that is gone, and it was entered again": (
        order(refunds={1079: 200}),
        OURS,
        (met(1078, How.PAID, 200, "e"),),
        [met(1079, How.ADOPTED, 200, "e")],
    ),
    "waived, and then our late call shows: for another one": (
        TWO,
        OURS,
        (met(1078, How.WAIVED, 200),),
        [met(1078, How.WAIVED, 200), met(1077, How.ADOPTED, 200, "e")],
    ),
    "waived, and then our late call shows: a person's": (
        order(refunds={1078: 200}),
        OURS,
        (met(1078, How.WAIVED, 200),),
        [met(1078, How.WAIVED, 200)],
    ),
    "paid outside, a person said, and then our late call shows: a person's": (
        order(refunds={1078: 200}),
        OURS,
        (met(1078, How.ADOPTED, 200),),
        [met(1078, How.ADOPTED, 200)],
    ),
    "from before the bridge, and the log shows by what it was met": (
        order(refunds={1077: 200}),
        E,
        (met(1077, How.BASELINE, 200),),
        [met(1077, How.ADOPTED, 200, "e")],
    ),
    "paid outside, a person said, and then it shows": (
        order(refunds={1077: 200}),
        E,
        (met(1077, How.ADOPTED, 200),),
        [met(1077, How.ADOPTED, 200, "e")],
    ),
    "an open refund before one that was waived": (
        TWO,
        E,
        (met(1077, How.WAIVED, 200),),
        [met(1077, How.WAIVED, 200), met(1078, How.ADOPTED, 200, "e")],
    ),
    "one that a backup took away, entered again: the log first, then what a person said": (
        order(refunds={1079: 200, 1080: 150, 1081: 200, 1082: 200}),
        E,
        (met(-1077, How.WAIVED, 200), met(-1078, How.RELEASED, 70)),
        [met(1079, How.ADOPTED, 200, "e"), met(1081, How.WAIVED, 200), met(-1078, How.RELEASED, 70)],
    ),
    "what a release met is not met by a return": (
        order(refunds={1077: 200}),
        E,
        (met(1077, How.RELEASED, 200),),
        [met(1077, How.RELEASED, 200)],
    ),
}


@pytest.mark.parametrize("name", ONE_RETURN)
def test_a_return_meets(name: str) -> None:
    shop, entry, so_far, settlements = ONE_RETURN[name]
    found = matched(shop, entry, so_far=so_far)
    assert list(found.settlements) == settlements
    assert (found.unmatched == (entry,)) == all(settlement.entry != "e" for settlement in settlements)


def test_a_key_or_an_id_goes_before_an_amount_wherever_it_stands_in_the_log() -> None:
    nameless, named, ours = E, returned(200, "1077", entry_id="named"), returned(200, "1042R1078", entry_id="ours")
    found = matched(order(refunds={1077: 200, 1078: 200, 1079: 200}), nameless, named, ours)
    assert {(it.refund, it.entry) for it in found.settlements} == {(1077, "named"), (1078, "ours"), (1079, "e")}


def test_the_approved_rest_of_a_refunded_order_is_no_refunds() -> None:
    found = matched(TWO, returned(200, "1042R0", entry_id="rest"))
    assert (found.settlements, found.unrelated, found.unmatched) == ((), frozenset({"rest"}), ())


@pytest.mark.parametrize(
    ("amount", "made", "meets"),
    [(200, LONG_AGO, True), (300, LONG_AGO, True), (100, LONG_AGO, False), (200, NOW, False)],
    ids=["the same", "part of it", "larger than it", "made after the return"],
)
def test_a_return_set_aside_since_its_refund_was_deleted_meets_it_when_a_backup_brings_it_back(
    amount: int, made: datetime, *, meets: bool
) -> None:
    refund = Refund(id=1078, amount=amount, created=made, paid_by_shop=False)
    found = matched(replace(TWO, refunds=(refund,)), OURS, unrelated=frozenset({"e"}))
    assert (found.settlements == (met(1078, How.PAID, 200, "e"),)) is meets
    assert (found.unrelated == frozenset()) is meets


def test_a_return_set_aside_by_a_person_meets_nothing() -> None:
    found = matched(TWO, E, unrelated=frozenset({"e"}))
    assert (found.settlements, found.unmatched) == ((), ())


def test_what_is_no_return_meets_nothing() -> None:
    found = look(TWO, resurs(captured(200), replace(E, kind=EntryKind.RELEASE)))
    assert (found.settlements, found.unmatched) == ((), ())


RELEASES = {
    "the lowest first, up to the amount": (250, {1077: 200, 1078: 50}),
    "no more than there are refunds": (900, {1077: 200, 1078: 200}),
    "less than one": (150, {1077: 150}),
}


@pytest.mark.parametrize("name", RELEASES)
def test_a_release_meets_open_refunds(name: str) -> None:
    amount, parts = RELEASES[name]
    settlements = settle_release(TWO, resurs(), (), amount)
    assert {it.refund: it.amount for it in settlements} == parts
    assert {it.how for it in settlements} == {How.RELEASED}


def test_a_release_leaves_out_what_is_met() -> None:
    settlements = settle_release(TWO, resurs(), (met(1077, How.PAID, 200, "e"),), 300)
    assert [(it.refund, it.how, it.amount) for it in settlements] == [
        (1077, How.PAID, 200),
        (1078, How.RELEASED, 200),
    ]


NOT_FOR_REFUNDS = {
    "a lowered total": (5000, resurs(reserved=5000), (), 0),
    "a lowered total, and a part for a refund": (5000, resurs(reserved=4900), (), 100),
    "captured meanwhile": (5000, resurs(captured(4900), reserved=100), (), 0),
    "what another release met already": (5000, resurs(reserved=4800), (met(1077, How.RELEASED, 200),), 0),
}


@pytest.mark.parametrize("name", NOT_FOR_REFUNDS)
def test_a_release_meets_refunds_only_with_what_the_total_can_no_longer_take(name: str) -> None:
    total, payment, so_far, expected = NOT_FOR_REFUNDS[name]
    settlements = settle_release(replace(TWO, total=total), payment, so_far, 300)
    assert sum(it.amount for it in settlements) - sum(it.amount for it in so_far) == expected


def test_the_rest_of_a_refund_is_what_nothing_met() -> None:
    settlements = settle_rest(TWO.refunds[0], (met(1077, How.RELEASED, 150),), How.WAIVED)
    assert settlements[-1] == met(1077, How.WAIVED, 50)


# --- properties ---------------------------------------------------------------------------------------------------

few = st.sampled_from((100, 200, 300))
refund_ids = st.integers(1, 5)
shops = st.dictionaries(refund_ids, few, max_size=4).map(lambda refunds: order(total=5000, refunds=refunds))
keys = st.one_of(
    st.none(),
    refund_ids.map(lambda refund_id: f"1042R{refund_id}"),
    refund_ids.map(str),
    st.sampled_from(("1042R0", "by hand")),
)


@st.composite
def payments(draw: st.DrawFn) -> Payment:
    returns = draw(st.lists(st.tuples(few, keys), max_size=6))
    return resurs(
        captured(5000), *(returned(amount, key, entry_id=f"e{i}") for i, (amount, key) in enumerate(returns))
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[Order, Payment, Met, frozenset[str]]:
    """Settlements as they come about: an older shop matched with a shorter log, then releases and waivers."""
    payment, before = draw(payments()), draw(shops)
    shorter = replace(payment, log=payment.log[: draw(st.integers(0, len(payment.log)))])
    settlements = look(before, shorter).settlements
    settlements = settle_release(before, resurs(), settlements, draw(st.sampled_from((0, 150, 400))))
    how = draw(st.sampled_from((None, How.WAIVED, How.ALREADY)))
    if before.refunds and how:
        settlements = settle_rest(draw(st.sampled_from(before.refunds)), settlements, how)
    aside = draw(st.frozensets(st.sampled_from(("e0", "e1")), max_size=1))
    return draw(st.one_of(st.just(before), shops)), payment, settlements, aside


@given(histories())
def test_matching_again_changes_nothing(history: tuple[Order, Payment, Met, frozenset[str]]) -> None:
    shop, payment, settlements, aside = history
    once = look(shop, payment, settlements, aside)
    assert look(shop, payment, once.settlements, once.unrelated) == once


@given(histories())
def test_every_return_settles_one_refund_or_is_aside_or_is_told(
    history: tuple[Order, Payment, Met, frozenset[str]],
) -> None:
    shop, payment, settlements, aside = history
    found = look(shop, payment, settlements, aside)
    used = [it.entry for it in found.settlements if it.entry]
    strange = [entry.id for entry in found.unmatched]
    returns = sorted(entry.id for entry in payment.log if entry.kind is EntryKind.RETURN)
    assert len(used) == len(set(used))
    assert sorted({*used, *found.unrelated, *strange} & set(returns)) == returns
    assert not set(strange) & {*used, *found.unrelated}


@given(histories())
def test_no_refund_is_met_for_more_than_its_amount(history: tuple[Order, Payment, Met, frozenset[str]]) -> None:
    shop, payment, settlements, aside = history
    found = look(shop, payment, settlements, aside).settlements
    for refund in shop.refunds:
        known = sum(it.amount for it in settlements if it.refund == refund.id)
        assert sum(it.amount for it in found if it.refund == refund.id) <= max(refund.amount, known)


@given(histories())
def test_a_refund_that_vanished_frees_what_met_it(history: tuple[Order, Payment, Met, frozenset[str]]) -> None:
    shop, payment, settlements, aside = history
    found = look(shop, payment, settlements, aside)
    assert {it.refund for it in found.settlements} <= {refund.id for refund in shop.refunds}


@given(shop=shops, amount=st.integers(0, 2000))
def test_a_release_meets_as_much_as_there_is_and_no_more(shop: Order, amount: int) -> None:
    settlements = settle_release(shop, resurs(), (), amount)
    assert sum(it.amount for it in settlements) == min(amount, shop.refunded)
    assert all(unmet(refund, settlements) >= 0 for refund in shop.refunds)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("made", "known", "expected"),
    [
        # Refunds 1077 and 1078 of 200 each, made so long before the return of 200 (below zero: after it).
        ((HOUR, -72 * HOUR), How.BASELINE, 1077),
        ((240 * HOUR, -HOUR), How.BASELINE, 1078),
        ((240 * HOUR, HOUR), How.WAIVED, 1078),
        ((HOUR, HOUR), How.BASELINE, 1078),
        ((240 * HOUR, HOUR), How.PAID, 1077),
    ],
    ids=[
        "made for the one of before, long before the other was entered",
        "made in the portal just before it was entered",
        "made for the one that was entered last",
        "as near to either: it is not paid twice",
        "our own, which had still to show",
    ],
)
def test_a_return_meets_the_refund_that_it_was_made_for(
    made: tuple[timedelta, timedelta], known: How, expected: int
) -> None:
    refunds = tuple(replace(it, created=NOW - ago) for it, ago in zip(TWO.refunds, made, strict=True))
    found = matched(replace(TWO, refunds=refunds), replace(E, created=NOW), so_far=(met(1077, known, 200),))
    assert [it.refund for it in found.settlements if it.entry == "e"] == [expected]


def test_our_own_return_is_known_by_its_key_in_a_shop_whose_clock_is_ahead() -> None:
    """The refund is dated two hours after it was seen; its first part was paid in between."""
    refund = replace(TWO.refunds[1], created=NOW + 2 * HOUR)
    part = replace(returned(150, "1042R1078", entry_id="e"), created=NOW + HOUR / 60)
    found = matched(replace(TWO, refunds=(refund,)), part, seen={1078: NOW})
    assert found.settlements == (met(1078, How.PAID, 150, "e"),)
    assert matched(replace(TWO, refunds=(refund,)), part).unmatched == (part,), "without that it is another one's"
