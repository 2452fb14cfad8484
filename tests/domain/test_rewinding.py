"""What two looks say of a store that went back in time, and what is gone on from."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec import structs

from bridge.domain.orders import GONE, Order, Refund
from bridge.domain.records import Agreed, How, Record, Settlement
from bridge.domain.rewinding import Deed, all_gone, gone_back, gone_on_from, is_another, missing, told
from bridge.domain.steps import Kind
from tests.domain.builders import LONG_AGO, NOW, order

SEEN = NOW + timedelta(seconds=20)
"""When the order as it was last changed was seen."""
HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=1)
PAID_BY = (("resursbank_payment_id", "p-1"),)
PAID_ANEW = (("resursbank_payment_id", "p-2"),)


def refund(number: int = 77, amount: int = 100, created: datetime | None = LONG_AGO) -> Refund:
    return Refund(id=number, amount=amount, created=created, paid_by_shop=False)


WAS = order(meta=PAID_BY, refunds={77: 100})
DRAFT = order("checkout-draft", paid=None)

LOOKS: dict[str, tuple[Order, Order, bool]] = {
    "nothing changed": (WAS, WAS, False),
    "changed since": (WAS, replace(WAS, modified=LATER, status="completed"), False),
    "last changed earlier": (WAS, replace(WAS, modified=NOW - HOUR), True),
    "last changed a second earlier": (WAS, replace(WAS, modified=NOW - timedelta(seconds=1)), True),
    "saved again after the shop's clock was put right": (
        replace(WAS, modified=NOW + HOUR),
        replace(WAS, modified=SEEN + timedelta(minutes=5)),
        False,
    ),
    "back at what it was before the shop's clock was ahead": (
        replace(WAS, modified=NOW + HOUR),
        replace(WAS, modified=NOW - HOUR),
        True,
    ),
    "date edited by staff": (WAS, replace(WAS, created=LATER, modified=LATER), False),
    "paid anew": (WAS, replace(WAS, meta=PAID_ANEW, modified=LATER), False),
    "made later, with another payment": (WAS, replace(WAS, created=LATER, modified=LATER, meta=PAID_ANEW), True),
    "made later, without a payment": (WAS, replace(WAS, created=LATER, modified=LATER, meta=()), True),
    "made later, same payment in other letters": (
        WAS,
        replace(WAS, created=LATER, modified=LATER, meta=(("resursbank_payment_id", "P-1"),)),
        False,
    ),
    "paid by invoice, then made later with a payment": (
        replace(WAS, meta=()),
        replace(WAS, created=LATER, modified=LATER),
        True,
    ),
    "paid by invoice, date edited": (
        replace(WAS, meta=()),
        replace(WAS, meta=(), created=LATER, modified=LATER),
        False,
    ),
    "a draft that is ordered and paid": (
        DRAFT,
        replace(DRAFT, status="processing", created=LATER, modified=LATER, meta=PAID_BY),
        False,
    ),
    "an order never paid that a checkout takes up again": (
        replace(DRAFT, status="failed", meta=PAID_BY),
        replace(DRAFT, status="processing", created=LATER, modified=LATER, meta=PAID_ANEW),
        False,
    ),
    "completed while the shop's clock was behind": (
        WAS,
        replace(WAS, status="completed", modified=NOW - HOUR, completed=NOW - HOUR),
        False,
    ),
    "completed again while the shop's clock was behind": (
        replace(WAS, completed=LONG_AGO),
        replace(WAS, status="completed", modified=NOW - HOUR, completed=NOW - HOUR),
        False,
    ),
    "last changed earlier, and completed before": (
        replace(WAS, completed=LONG_AGO),
        replace(WAS, status="completed", modified=NOW - HOUR, completed=LONG_AGO),
        True,
    ),
    "last changed earlier, and no longer completed": (
        replace(WAS, status="completed", completed=NOW),
        replace(WAS, modified=NOW - HOUR),
        True,
    ),
    "switched off for the bridge": (
        replace(WAS, meta=(("wc_bridge", "off"),)),
        replace(WAS, meta=(("wc_bridge", "pause"),), created=LATER, modified=LATER),
        False,
    ),
    "refund deleted": (WAS, replace(WAS, refunds=()), False),
    "another refund beside it": (WAS, replace(WAS, refunds=(refund(), refund(80))), False),
    "refund as a listing gives it": (WAS, replace(WAS, refunds=(refund(created=None),)), False),
    "refund made later": (WAS, replace(WAS, refunds=(refund(created=LATER),)), True),
    "refund of another amount": (WAS, replace(WAS, refunds=(refund(amount=90, created=None),)), True),
    "total and status": (WAS, replace(WAS, total=900, status="on-hold"), False),
    "deleted": (WAS, replace(WAS, status=GONE), False),
}


@pytest.mark.parametrize("case", LOOKS)
def test_what_says_that_a_store_went_back(case: str) -> None:
    before, now, back = LOOKS[case]
    assert bool(gone_back(before, SEEN, now)) is back


def test_it_says_which_order_and_when() -> None:
    assert gone_back(WAS, SEEN, replace(WAS, modified=NOW - HOUR)) == (
        "order 1042 was last changed 2026-11-21 12:00:00 when it was read before, and 2026-11-21 11:00:00 when it "
        "was read now"
    )


def paid(number: int, status: str = "processing") -> Order:
    return replace(order(status, meta=PAID_BY), id=number)


UNPAID = replace(order("pending", paid=None), id=50)
KNOWN = [paid(number) for number in (49, 45, 44, 40, 30)]

GONE_ONES: dict[str, tuple[list[Order], set[int], list[int]]] = {
    "none": (KNOWN, {49, 45, 44, 40, 30}, []),
    "the newest": (KNOWN, {45, 44, 40, 30}, []),
    "two": (KNOWN, {44, 40, 30}, []),
    "three": (KNOWN, {40, 30}, [49, 45, 44]),
    "four": (KNOWN, {30}, [49, 45, 44, 40]),
    "all there ever were": (KNOWN, set(), []),
    "three among others": (KNOWN, {49, 30}, []),
    "three, and a draft that the store cleared away": ([UNPAID, *KNOWN], {40, 30}, [49, 45, 44]),
    "two and a draft": ([UNPAID, *KNOWN], {44, 40, 30}, []),
    "two and one that was in the trash": ([paid(50, "trash"), *KNOWN], {44, 40, 30}, []),
    "two and one that was gone before": ([paid(50, GONE), *KNOWN], {44, 40, 30}, []),
    "two and one paid in another way": ([replace(paid(50), meta=()), *KNOWN], {44, 40, 30}, []),
    "three, and one paid in another way": ([replace(paid(50), meta=()), *KNOWN], {40, 30}, [49, 45, 44]),
    "three, and a newer one paid in another way stays": ([replace(paid(50), meta=()), *KNOWN], {50, 40, 30}, []),
}


@pytest.mark.parametrize("case", GONE_ONES)
def test_a_backup_ends_at_one_moment(case: str) -> None:
    known, there, gone = GONE_ONES[case]
    assert all_gone(known, there) == gone


CAPTURE = Deed(kind=Kind.CAPTURE, amount=1000)
RELEASE = Deed(kind=Kind.MODIFY, amount=200)
REFUND = Deed(kind=Kind.REFUND, amount=100, refund=77)
DEEDS = [CAPTURE, RELEASE, REFUND]

SHOWN: dict[str, tuple[Order, list[Deed]]] = {
    "as it was": (WAS, []),
    "gone": (replace(WAS, status=GONE), DEEDS),
    "another order": (replace(WAS, created=LATER, meta=PAID_ANEW), DEEDS),
    "in another status": (replace(WAS, status="on-hold"), [CAPTURE]),
    "with another total": (replace(WAS, total=1200), [RELEASE]),
    "without its refund": (replace(WAS, refunds=()), [RELEASE, REFUND]),
    "with a smaller refund of that id": (replace(WAS, refunds=(refund(amount=50),)), [RELEASE, REFUND]),
    "with the refund entered again": (replace(WAS, refunds=(refund(created=LATER),)), []),
    "with it entered again under another id": (replace(WAS, refunds=(refund(80, created=LATER),)), []),
}


@pytest.mark.parametrize("case", SHOWN)
def test_what_was_done_here_and_is_missing_there(case: str) -> None:
    now, lost = SHOWN[case]
    assert missing(DEEDS, WAS, now) == lost


def test_a_refund_entered_again_stands_for_one_that_is_missing() -> None:
    before = replace(WAS, refunds=(refund(77), refund(78)))
    deeds = [REFUND, replace(REFUND, refund=78)]
    assert missing(deeds, before, replace(WAS, refunds=(refund(80, created=LATER),))) == deeds[1:]


def record(*settlements: Settlement) -> Record:
    return Record(
        first_seen=LONG_AGO,
        changed=SEEN,
        status_since=LONG_AGO,
        refunds_seen=((77, LONG_AGO), (78, LONG_AGO)),
        agreed=Agreed(total=1000, refunded=100),
        counts=True,
        settlements=settlements,
    )


MET = Settlement(refund=77, how=How.PAID, amount=100, entry="e-1")
WAIVED = Settlement(refund=78, how=How.WAIVED, amount=50)
LOST = structs.replace(WAIVED, refund=-78)
"""As it is kept until that refund is entered again; of the other one the provider's log tells."""


@pytest.mark.parametrize(
    ("now", "kept", "seen", "compared"),
    [
        ((refund(), refund(78, 50)), (MET, WAIVED), [77, 78], [77, 78]),
        ((), (LOST,), [77, 78], [77, 78]),
        ((refund(created=LATER), refund(78, 50)), (MET, WAIVED), [78], [78]),
        ((refund(77, 60, LATER), refund(78, 50)), (WAIVED,), [78], [78]),
        ((refund(), refund(78, 70, LATER)), (MET, LOST), [77], [77]),
    ],
    ids=["as they were", "vanished", "entered again", "another of that id", "another of the id of a waived one"],
)
def test_refunds_that_are_gone_on_with(
    now: tuple[Refund, ...], kept: tuple[Settlement, ...], seen: list[int], compared: list[int]
) -> None:
    before = replace(WAS, refunds=(refund(), refund(78, 50)))
    snapshot, after = gone_on_from(before, record(MET, WAIVED), replace(before, refunds=now))
    assert after.settlements == kept
    assert [number for number, _ in after.refunds_seen] == seen
    assert [it.id for it in snapshot.refunds] == compared


def test_it_is_gone_on_from_without_an_agreement_and_without_another_suspicion() -> None:
    before = replace(WAS, refunds=(refund(), refund(78, 50)))
    now = replace(before, status="on-hold", total=1200, modified=NOW - HOUR, refunds=(refund(created=LATER),))
    snapshot, after = gone_on_from(before, record(MET), now)
    assert (after.agreed, after.counts) == (None, False)
    assert gone_back(snapshot, SEEN, now) == ""
    assert (snapshot.status, snapshot.total) == ("processing", 1000)  # the next look tells the difference


@pytest.mark.parametrize(("status", "taken"), [("on-hold", True), ("processing", False)])
def test_a_status_that_the_backup_brought_back_is_not_put_right_by_the_bridge(status: str, *, taken: bool) -> None:
    _, after = gone_on_from(WAS, record(), replace(WAS, status=status))
    assert ((Kind.RESTORE_STATUS, 0) in after.waived) is taken


def test_deeds_in_words() -> None:
    assert [told(deed, "SEK") for deed in (replace(CAPTURE, key="42C1000", unknown=True), REFUND)] == [
        "capture of 10.00 SEK (42C1000, not known yet whether it is done)",
        "refund 77 of 1.00 SEK",
    ]


def test_a_deleted_order_is_known_as_such() -> None:
    snapshot, _ = gone_on_from(WAS, record(), replace(WAS, status=GONE))
    assert snapshot.status == GONE
    assert not is_another(WAS, snapshot)
