"""What staff are told beside outcomes: refunds that will be paid or wait, and totals that are only noted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from bridge.domain.looks import consider
from bridge.domain.orders import Order
from bridge.domain.payments import Payment, PaymentState
from bridge.domain.records import Closed, How, Record
from bridge.domain.remarks import Topics
from bridge.domain.rules import Rules
from tests.domain.builders import (
    LONG_AGO,
    NOW,
    RULES,
    as_captured,
    captured,
    ecster,
    look,
    met,
    order,
    record,
    released,
    resurs,
    returned,
    told,
)

JUST_SEEN: dict[str, Any] = {"refunds_seen": ((1077, NOW), (1078, NOW))}
SEEN_LATE: dict[str, Any] = {"refunds_seen": ((1077, NOW - timedelta(hours=2)), (1078, NOW - timedelta(hours=2)))}
CAPTURED = resurs(captured(1000, "1042C1000"))
REFUNDED = order("completed", refunds={1077: 200})
TWICE = order("completed", refunds={1077: 200, 1078: 100})


class Row(NamedTuple):
    order: Order
    payment: Payment
    record: Record
    told: list[str]
    rules: Rules = RULES


ANNOUNCED = {
    "at first sight": Row(REFUNDED, CAPTURED, as_captured(**JUST_SEEN), ["will-pay 1077: 200"]),
    "while it is being paid": Row(REFUNDED, CAPTURED, as_captured(), []),
    "two at first sight": Row(
        TWICE, CAPTURED, as_captured(**JUST_SEEN), ["will-pay 1077: 200", "will-pay 1078: 100"]
    ),
    "the next one, while the first is paid": Row(TWICE, CAPTURED, as_captured(), ["will-pay 1078: 100"]),
    "before the capture: released, not paid": Row(
        order(refunds={1077: 200}), resurs(reserved=1000), record(agreed=(1000, 0), **JUST_SEEN), []
    ),
    "together with the capture: never captured": Row(
        REFUNDED, resurs(reserved=1000), record(agreed=(1000, 0), **JUST_SEEN), []
    ),
    "more than was paid": Row(
        order("completed", refunds={1077: 200}), resurs(captured(900)), as_captured(**JUST_SEEN), []
    ),
    "one that the shop calls paid": Row(
        replace(REFUNDED, refunds=(replace(REFUNDED.refunds[0], paid_by_shop=True),)),
        CAPTURED,
        as_captured(**JUST_SEEN),
        [],
    ),
    "an old one, which waits for a person": Row(
        REFUNDED, CAPTURED, as_captured(**JUST_SEEN), [], Rules(hold_older_than=timedelta(hours=1))
    ),
    "refund is switched off": Row(REFUNDED, CAPTURED, as_captured(**JUST_SEEN), [], Rules(refund=False)),
    "paused": Row(replace(REFUNDED, meta=(("wc_bridge", "pause"),)), CAPTURED, as_captured(**JUST_SEEN), []),
    "delayed": Row(
        REFUNDED, CAPTURED, as_captured(), ["will-pay 1077: 200"], Rules(refund_delay=timedelta(days=5))
    ),
    "a second one, while Swish is still at the first": Row(
        TWICE,
        ecster(captured(1000), state=PaymentState.PENDING),
        as_captured(),
        ["will-pay 1077: 200", "will-pay 1078: 100"],
    ),
    "the rest of one that was paid in part": Row(
        REFUNDED, resurs(captured(1000), returned(150, "1042R1077")), as_captured(**JUST_SEEN), []
    ),
    "behind one that needs a person": Row(
        TWICE, CAPTURED, as_captured(**SEEN_LATE), ["behind 1078: 100"], Rules(hold_older_than=timedelta(hours=1))
    ),
    "behind a return that nothing explains": Row(
        REFUNDED, resurs(captured(1000), returned(50)), as_captured(), ["behind 1077: 200"]
    ),
}


@pytest.mark.parametrize("name", ANNOUNCED)
def test_nobody_need_pay_a_refund_in_the_portal_that_the_bridge_pays(name: str) -> None:
    row = ANNOUNCED[name]
    found = look(row.order, row.payment, row.record, row.rules)
    told = [f"{it.topic} {it.facts['refund']}: {it.facts['amount']}" for it in found.remarks]
    assert told == row.told


LOWERED = order(total=800)
RECORDED = {
    "a lower total": Row(LOWERED, ecster(reserved=1000), record(agreed=(1000, 0)), ["800 of 1000"]),
    "a refund before the capture": Row(
        order(refunds={1077: 200}), ecster(reserved=1000), record(agreed=(1000, 0)), ["800 of 1000"]
    ),
    "as much as is reserved": Row(order(), ecster(reserved=1000), record(agreed=(1000, 0)), []),
    "Ecster's own fee beside the total": Row(
        order(), replace(ecster(reserved=1029), fee=29), record(agreed=(1000, 0)), []
    ),
    "where a part can be released": Row(LOWERED, resurs(reserved=1000), record(agreed=(1000, 0)), []),
    "a refund that waits for the capture": Row(
        order(refunds={1077: 200}),
        ecster(reserved=1000),
        record(agreed=(1000, 0)),
        [],
        Rules(release_before_capture=False),
    ),
    "at first sight, which needs a person": Row(LOWERED, ecster(reserved=1000), record(), []),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_lower_total_that_changes_no_reservation_is_told(name: str) -> None:
    row = RECORDED[name]
    found = look(row.order, row.payment, row.record, row.rules)
    told = [f"{it.facts['asked']} of {it.facts['reserved']}" for it in found.remarks]
    assert told == row.told


@pytest.mark.parametrize(
    ("closed", "payment", "topic"),
    [(Closed.CAPTURED, CAPTURED, Topics.SET_BACK), (Closed.VOIDED, resurs(), Topics.VOIDED_SET_BACK)],
)
def test_an_order_set_back_is_told_by_what_became_of_its_payment(
    closed: Closed, payment: Payment, topic: Topics
) -> None:
    found = look(order("pending"), payment, as_captured(closed=closed))
    assert [it.topic for it in found.remarks] == [topic]


def test_what_needs_a_person_is_not_told_twice() -> None:
    """That no money is reserved any more is what the order is held for."""
    found = look(order(), resurs(), as_captured(closed=Closed.VOIDED))
    assert (found.remarks, told(found.decision).split(" limit")[0]) == ((), "hold no-money asked=1000 reserved=0")


@pytest.mark.parametrize(
    ("seen", "status", "topics"),
    [
        ({"pending_since": LONG_AGO}, "processing", [Topics.FINAL]),
        ({"pending_since": None}, "processing", []),
        ({"pending_since": LONG_AGO, "changed": NOW}, "processing", []),
        ({"pending_since": LONG_AGO}, "completed", []),
    ],
    ids=["it was not final", "it always was", "the change has still to hold", "it is captured"],
)
def test_a_payment_that_has_become_final_is_told(seen: dict[str, Any], status: str, topics: list[Topics]) -> None:
    found = look(order(status), resurs(reserved=1000), record(agreed=(1000, 0), **seen))
    assert [it.topic for it in found.remarks] == topics


def test_that_a_payment_is_final_is_told_once_the_change_holds() -> None:
    first = look(
        order(), resurs(reserved=1000), record(agreed=(1000, 0), pending_since=LONG_AGO, changed=NOW)
    ).record
    later = look(order(), resurs(reserved=1000), first.evolve(changed=LONG_AGO))
    assert [it.topic for it in later.remarks] == [Topics.FINAL]
    assert look(order(), resurs(reserved=1000), later.record).remarks == ()


def test_a_refund_met_without_a_payment_is_told_once() -> None:
    known = record(agreed=(1000, 0))
    met_by_release = known.evolve(settlements=(met(1077, How.RELEASED, 200),))
    shop, payment = order(refunds={1077: 200}), resurs(released(200, "1042V1"), reserved=800)
    found = consider(shop, payment, met_by_release, RULES, NOW, ())
    assert [(it.topic, it.facts) for it in found.remarks] == [(Topics.MET, {"refund": 1077, "amount": 200})]
    assert look(shop, payment, found.record).remarks == ()


def test_a_total_that_is_as_high_again_as_what_is_reserved_is_told() -> None:
    found = look(order(), ecster(reserved=1000), record(agreed=(800, 0)))
    assert [(it.topic, it.facts) for it in found.remarks] == [
        (Topics.RECORDED_NO_MORE, {"asked": 1000, "status": "completed"})
    ]
    assert look(order(), ecster(reserved=1000), found.record).remarks == ()


def test_a_recorded_total_is_what_will_be_captured_and_when() -> None:
    """The refund waits for the capture, and lowers it all the same; another status is the one that captures."""
    rules = Rules(release_before_capture=False, capture_on=frozenset({"shipped"}))
    found = look(order(total=800, refunds={1077: 100}), ecster(reserved=1000), record(agreed=(1000, 0)), rules)
    assert [it.facts for it in found.remarks] == [{"asked": 700, "reserved": 1000, "status": "shipped"}]


def test_a_reservation_that_is_not_replaced_after_all_is_told() -> None:
    emptied = resurs(released(1000, "1042X1"))
    found = look(order("cancelled", 800), emptied, record(agreed=(1000, 0), counts=True))
    assert [it.topic for it in found.remarks] == [Topics.NOT_REPLACED]


def test_a_refund_that_was_met_is_not_announced() -> None:
    known = as_captured(met(1077, How.WAIVED, 200), **JUST_SEEN)
    assert look(REFUNDED, CAPTURED, known).remarks == ()
