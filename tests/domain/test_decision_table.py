"""The decision, case by case: what the shop asks, what the payment shows, what follows.

Amounts are minor units. `told` says what each expectation means. The cases follow the rules of `bridge.domain`'s
decision: matching, what forbids a step, the three phases, payouts, agreement.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bridge.domain.decisions import Act
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import Can, Payment, PaymentState
from bridge.domain.records import Closed, How, Record, Settlement
from bridge.domain.rules import Rules
from bridge.domain.steps import Kind
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
    raised,
    record,
    released,
    resurs,
    returned,
    told,
    whole,
)

OURS = "1042C1000"
HOLD_REFUNDS = Rules(release_before_capture=False)
KEEP = Rules(release_leftover=False)
NO_CAPTURE, NO_CANCEL = Rules(capture=False), Rules(cancel=False)
NO_REFUND, NO_MODIFY = Rules(refund=False), Rules(modify=False)
SHIPPED = Rules(capture_on=frozenset({"completed", "shipped"}))
OFF_CAPTURE = "quiet: capture is switched off in settings.yaml"
OFF_CANCEL = "quiet: cancel is switched off in settings.yaml"
OFF_REFUND = "quiet: refund is switched off in settings.yaml"
OFF_MODIFY = "quiet: modify is switched off in settings.yaml"


@dataclass(frozen=True)
class Row:
    order: Order
    payment: Payment
    follows: str
    record: Record = record()  # noqa: RUF009  # a Record can't change
    rules: Rules = RULES


def check(row: Row) -> None:
    assert told(look(row.order, row.payment, row.record, row.rules).decision) == row.follows


def shop_paid(status: str = "completed") -> Order:
    plain = order(status, refunds={1077: 200})
    return replace(plain, refunds=(replace(plain.refunds[0], paid_by_shop=True),))


AGREED = record(agreed=(1000, 0))
PARTS = returned(400, "1042R1077"), returned(300, "1042R1077-2")
DONE = as_captured()
PAID = resurs(captured(1000, OURS))
LOW = order(total=800)
SHORT = resurs(reserved=800, limit=None)

WHAT_STAFF_DO = {
    "complete a reserved order": Row(order("completed"), resurs(reserved=1000), "capture 1000 and close"),
    "complete a reserved order, Ecster": Row(order("completed"), ecster(reserved=1000), "capture 1000 and close"),
    "complete one that has refunds": Row(
        order("completed", refunds={1077: 200}), resurs(reserved=800), "capture 800 and close"
    ),
    "complete one that the portal captured in part": Row(
        order("completed"), resurs(captured(400), reserved=600), "capture 600 and close"
    ),
    "complete one that the portal captured in part, Ecster": Row(
        order("completed"), ecster(captured(400), reserved=600), "capture 600 and close"
    ),
    "complete one captured elsewhere for the right amount": Row(
        order("completed"), resurs(captured(1000)), "agreed captured"
    ),
    "complete with less reserved than the total": Row(
        order("completed"), SHORT, "hold less-reserved asked=1000 reserved=800 | capture 800 and close"
    ),
    "complete with less reserved, at first sight, although it could be raised": Row(
        order("completed"),
        resurs(reserved=800),
        "hold less-reserved asked=1000 reserved=800 limit=5000 | capture 800 and close",
    ),
    "complete with less reserved, the total changed: raised first": Row(
        order("completed"), resurs(reserved=800), "raise 200", record(agreed=(800, 0))
    ),
    "cancel a reserved order": Row(order("cancelled"), resurs(reserved=1000), "release all 1000"),
    "cancel a reserved order, Ecster": Row(order("cancelled"), ecster(reserved=1000), "release all 1000"),
    "refund by lines or an amount, captured": Row(
        order("completed", refunds={1077: 200}), PAID, "refund 1077: 200", DONE
    ),
    "refund, captured, Ecster": Row(
        order("completed", refunds={1077: 200}), ecster(captured(1000, OURS)), "refund 1077: 200", DONE
    ),
    "refund before capture": Row(order(refunds={1077: 200}), resurs(reserved=1000), "release 200", AGREED),
    "refund before capture: the later capture takes T - F": Row(
        order("completed", refunds={1077: 200}),
        resurs(released(200, "1042V1"), reserved=800),
        "capture 800 and close",
        record(met(1077, How.RELEASED, 200), agreed=(1000, 200)),
    ),
    "refund before capture, Ecster: recorded until the capture": Row(
        order(refunds={1077: 200}), ecster(reserved=1000), "agreed", AGREED
    ),
    "complete and part-refund between two looks: the capture first": Row(
        order("completed", refunds={1077: 200}), resurs(reserved=1000), "capture 800", AGREED
    ),
    "complete and part-refund between two looks: then the rest is released": Row(
        order("completed", refunds={1077: 200}),
        resurs(captured(800, "1042C800"), reserved=200),
        "release all 200",
        AGREED,
    ),
    "complete and part-refund between two looks: then all is settled": Row(
        order("completed", refunds={1077: 200}),
        resurs(captured(800, "1042C800"), released(200, "1042V2")),
        "agreed captured",
        record(met(1077, How.RELEASED, 200), agreed=(1000, 0)),
    ),
    "complete and part-refund between two looks, Ecster: in one call": Row(
        order("completed", refunds={1077: 200}), ecster(reserved=1000), "capture 800 and close", AGREED
    ),
    "lower the total": Row(LOW, resurs(reserved=1000), "release 200", AGREED),
    "a fee of Ecster's own that the total does not contain, Ecster": Row(
        order(), replace(ecster(reserved=1029), fee=29), "agreed"
    ),
    "less than the fee is beyond the total, Ecster": Row(
        order(total=1009), replace(ecster(reserved=1029), fee=29), "hold more-reserved asked=1009 reserved=1029"
    ),
    "complete one with a fee of Ecster's own, Ecster: the fee is closed with it": Row(
        order("completed"), replace(ecster(reserved=1029), fee=29), "capture 1000 and close"
    ),
    "complete one whose total contains the fee, Ecster": Row(
        order("completed", 1029), replace(ecster(reserved=1029), fee=29), "capture 1029 and close"
    ),
    "complete one that was debited elsewhere with its fee, Ecster": Row(
        order("completed"), replace(ecster(captured(1029)), fee=29), "agreed captured"
    ),
    "refund all of one that was debited elsewhere with its fee, Ecster": Row(
        order("refunded", refunds={1077: 1000}),
        replace(ecster(captured(1029), returned(1000, "1042R1077")), fee=29),
        "agreed voided",
        DONE,
    ),
    "lower the total, Ecster: recorded": Row(LOW, ecster(reserved=1000), "agreed", AGREED),
    "lower the total, Ecster: debited at capture, closing the rest": Row(
        replace(LOW, status="completed"), ecster(reserved=1000), "capture 800 and close", AGREED
    ),
    "raise the total": Row(order(total=1200), resurs(reserved=1000), "raise 200", AGREED),
    "raise the total to the limit": Row(order(total=5000), resurs(reserved=1000), "raise 4000", AGREED),
    "raise the total beyond the limit": Row(
        order(total=5001),
        resurs(reserved=1000),
        "hold less-reserved asked=5001 reserved=1000 limit=5000",
        AGREED,
    ),
    "raise the total, Ecster": Row(
        order(total=1200), ecster(reserved=1000), "hold less-reserved asked=1200 reserved=1000", AGREED
    ),
    "swap lines at an equal sum": Row(order(), resurs(reserved=1000), "agreed", AGREED),
    "refund in the portal, then enter it in the shop": Row(
        order("completed", refunds={1077: 200}),
        resurs(captured(1000, OURS), returned(200)),
        "agreed captured",
        DONE,
    ),
    "refund in the portal, and not enter it": Row(
        order("completed"), resurs(captured(1000, OURS), returned(200)), "hold unmatched-return amount=200", DONE
    ),
    "delete a refund that was paid": Row(
        order("completed"),
        resurs(captured(1000, OURS), returned(200, "1042R1077", entry_id="e")),
        "hold unmatched-return amount=200",
        as_captured(met(1077, How.PAID, 200, "e"), refunded=200),
    ),
    "delete a refund that was paid and enter it again": Row(
        order("completed", refunds={1078: 200}),
        resurs(captured(1000, OURS), returned(200, "1042R1077", entry_id="e")),
        "agreed captured",
        as_captured(met(1077, How.PAID, 200, "e"), refunded=200),
    ),
    "delete a refund that was released: raised again": Row(
        order(),
        resurs(released(200, "1042V1"), reserved=800),
        "raise 200",
        record(met(1077, How.RELEASED, 200), agreed=(1000, 200)),
    ),
    "lower the total after capture": Row(
        replace(LOW, status="completed"), PAID, "hold overpaid asked=800 paid=1000", DONE
    ),
    "raise the total after capture": Row(
        order("completed", 1200), PAID, "hold underpaid asked=1200 paid=1000", DONE
    ),
    "set a captured order back": Row(order("processing"), PAID, "agreed", DONE),
    "complete it again: nothing is captured twice": Row(order("completed"), PAID, "agreed captured", AGREED),
    "set an order back that we cancelled: not raised again": Row(
        order("processing"),
        resurs(released(1000, "1042V1")),
        "hold no-money asked=1000 reserved=0 limit=5000",
        record(agreed=(900, 0), closed=Closed.VOIDED, closed_status="cancelled"),
    ),
    "complete an order that we cancelled: do not ship": Row(
        order("completed"),
        resurs(released(1000, "1042V1")),
        "hold no-money asked=1000 reserved=0 limit=5000",
        record(agreed=(900, 0), closed=Closed.VOIDED, closed_status="cancelled"),
    ),
    "put to the trash with money reserved": Row(
        order("trash"), resurs(reserved=1000), "hold trashed reserved=1000"
    ),
    "delete with money reserved": Row(order(GONE), ecster(reserved=1000), "hold trashed reserved=1000"),
    "put to the trash with nothing reserved": Row(order("trash"), PAID, "quiet: the order is trash", DONE),
    "switch the bridge off for the order": Row(
        order("completed", meta=(("wc_bridge", "off"),)), resurs(reserved=1000), "wait: wc_bridge is off"
    ),
    "pause the bridge for the order": Row(
        order("completed", meta=(("wc_bridge", "pause"),)), resurs(reserved=1000), "wait: paused"
    ),
    "switch it off and put it to the trash: nothing": Row(
        order("trash", meta=(("wc_bridge", "off"),)), resurs(reserved=1000), "wait: wc_bridge is off"
    ),
    "take the pause away: the difference as one": Row(
        order(total=700, refunds={1077: 100}), resurs(reserved=1000), "release 400", AGREED
    ),
}


@pytest.mark.parametrize("name", WHAT_STAFF_DO)
def test_what_staff_do(name: str) -> None:
    check(WHAT_STAFF_DO[name])


GONE_PAYMENT = resurs(state=PaymentState.GONE)
PENDING = resurs(reserved=1000, state=PaymentState.PENDING)
DEAD = resurs(state=PaymentState.DEAD)

FORBIDDEN = {
    "pending payment, for now": Row(
        order("completed"), PENDING, "wait: the payment is not final yet: PENDING", record(pending_since=NOW)
    ),
    "pending payment, cancelled order": Row(
        order("cancelled"), PENDING, "wait: the payment is not final yet: PENDING"
    ),
    "pending payment, for long": Row(
        order("completed"), PENDING, "hold pending-long detail=PENDING", record(pending_since=LONG_AGO)
    ),
    "status pending, nothing paid": Row(order("pending"), resurs(), "quiet: pending: nothing is paid yet"),
    "status failed, money reserved": Row(
        order("failed"),
        resurs(reserved=1000),
        "wait: failed: the shop does not count it as paid",
        record(status_since=NOW),
    ),
    "status draft, money reserved, for long": Row(
        order("draft"), resurs(reserved=1000), "hold unpaid-reserved reserved=1000 paid=0"
    ),
    "status pending after a capture": Row(
        order("pending"), PAID, "hold unpaid-reserved reserved=0 paid=1000", DONE
    ),
    "never paid, on hold, money reserved, for long": Row(
        order("on-hold", paid=None), resurs(reserved=1000), "hold unpaid-reserved reserved=1000 paid=0"
    ),
    "never paid, on hold, nothing reserved": Row(
        order("on-hold", paid=None), resurs(), "quiet: on-hold: nothing is paid yet"
    ),
    "an older state of the payment": Row(
        order("completed"),
        resurs(reserved=1000),
        "wait: the provider answered with an older state of the payment",
        record(log_length=2),
    ),
    "a total that changed a moment ago": Row(
        order("completed"),
        resurs(reserved=1000),
        "wait: waiting whether the change holds",
        record(changed=NOW - timedelta(seconds=4)),
    ),
    "a refund made a moment ago": Row(
        order("completed", refunds={1077: 200}),
        PAID,
        "wait: waiting whether the change holds",
        as_captured(refunds_seen=((1077, NOW - timedelta(seconds=59)),)),
    ),
    "a refund made a moment ago holds up the capture too": Row(
        order("completed", refunds={1077: 200}),
        resurs(reserved=1000),
        "wait: waiting whether the change holds",
        record(refunds_seen=((1077, NOW - timedelta(seconds=59)),)),
    ),
    "somebody else changed the payment a moment ago": Row(
        order("completed"),
        resurs(replace(captured(400), created=NOW - timedelta(seconds=59)), reserved=600),
        "wait: somebody else changed the payment a moment ago",
    ),
    "we changed the payment a moment ago": Row(
        order("completed"),
        resurs(replace(captured(400, "1042C400"), created=NOW), reserved=600),
        "capture 600 and close",
    ),
    "the payment was made a moment ago: no such change": Row(
        order("completed"),
        replace(resurs(reserved=1000), log=(replace(resurs().log[0], created=NOW),)),
        "capture 1000 and close",
    ),
    "not shown, completed": Row(
        order("completed"), GONE_PAYMENT, "hold no-money asked=1000 reserved=0 detail=GONE"
    ),
    "not shown, captured long ago": Row(
        order("completed"), GONE_PAYMENT, "quiet: the provider no longer shows the payment (GONE)", DONE
    ),
    "not shown, captured, and a refund is made": Row(
        order("completed", refunds={1077: 200}), GONE_PAYMENT, "hold not-shown detail=GONE", DONE
    ),
    "not shown, cancelled": Row(
        order("cancelled"), GONE_PAYMENT, "quiet: the provider no longer shows the payment (GONE)"
    ),
    "not shown, in between": Row(order(), GONE_PAYMENT, "hold not-shown detail=GONE"),
    "not shown, nothing asked": Row(order("completed", 0), GONE_PAYMENT, "hold not-shown detail=GONE"),
    "not shown, a shorter log is no older state": Row(
        order(), GONE_PAYMENT, "hold not-shown detail=GONE", record(log_length=3)
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_forbids_a_step(name: str) -> None:
    check(FORBIDDEN[name])


CAPTURE = {
    "dead": Row(order("completed"), DEAD, "hold no-money asked=1000 reserved=0 detail=DEAD"),
    "dead, nothing asked": Row(order("completed", 0), DEAD, "agreed captured"),
    "nothing reserved, the total did not change": Row(
        order("completed"), resurs(), "hold no-money asked=1000 reserved=0 limit=5000 | raise 1000", AGREED
    ),
    "nothing reserved, Ecster": Row(order("completed"), ecster(), "hold no-money asked=1000 reserved=0"),
    "all refunded before capture": Row(
        order("completed", refunds={1077: 1000}), resurs(reserved=1000), "release all 1000", AGREED
    ),
    "free order": Row(order("completed", 0), resurs(reserved=1000), "release all 1000", AGREED),
    "more reserved than the total, even at first sight": Row(
        replace(LOW, status="completed"), resurs(reserved=1000), "capture 800"
    ),
    "leftover kept": Row(replace(LOW, status="completed"), resurs(reserved=1000), "capture 800", AGREED, KEEP),
    "leftover kept, Ecster: the rest is not closed": Row(
        replace(LOW, status="completed"), ecster(reserved=1000), "capture 800", AGREED, KEEP
    ),
    "leftover kept: closed with it": Row(
        replace(LOW, status="completed"), resurs(captured(800), reserved=200), "agreed captured", AGREED, KEEP
    ),
    "leftover kept, a refund: nothing was captured of it": Row(
        order("completed", refunds={1077: 200}),
        resurs(captured(800), reserved=200),
        "agreed captured",
        AGREED,
        KEEP,
    ),
    "leftover release dropped": Row(
        replace(LOW, status="completed"),
        resurs(captured(800), reserved=200),
        "agreed captured",
        record(agreed=(1000, 0), waived=frozenset({(Kind.CANCEL, 0)})),
    ),
    "leftover release dropped, a refund later: paid all the same": Row(
        order("completed", 800, refunds={1077: 100}),
        resurs(captured(800), reserved=200),
        "refund 1077: 100",
        as_captured(total=800, waived=frozenset({(Kind.CANCEL, 0)})),
    ),
    "raise dropped, then completed: a person is asked again, nothing is silently left": Row(
        order("completed", 1200),
        resurs(reserved=1000),
        "hold less-reserved asked=1200 reserved=1000 limit=5000 | capture 1000 and close",
        record(agreed=(1000, 0), waived=frozenset({(Kind.MODIFY, 1200)})),
    ),
    "capture dropped": Row(
        order("completed"),
        resurs(reserved=1000),
        "quiet: a person dropped this capture",
        record(waived=frozenset({(Kind.CAPTURE, 1000)})),
    ),
    "capture dropped: another one is another matter": Row(
        order("completed", 900),
        resurs(reserved=1000),
        "capture 900",
        record(waived=frozenset({(Kind.CAPTURE, 1000)})),
    ),
    "capture dropped, a refund: not settled by that": Row(
        order("completed", refunds={1077: 200}),
        resurs(reserved=1000),
        "quiet: a person dropped this capture",
        record(waived=frozenset({(Kind.CAPTURE, 800)})),
    ),
    "part captured, the rest released elsewhere": Row(
        order("completed"), resurs(captured(400), released(600)), "hold underpaid asked=1000 paid=400", AGREED
    ),
    "part captured and returned: the returned part is not captured again": Row(
        order("completed"), resurs(captured(400), returned(100), reserved=600), "capture 600 and close", AGREED
    ),
    "raised first, within the limit that the captured part uses too": Row(
        order("completed", 1200), resurs(captured(400), reserved=600, limit=1200), "raise 200", AGREED
    ),
    "raised beyond the limit that the captured part uses too": Row(
        order("completed", 1200),
        resurs(captured(400), reserved=600, limit=1199),
        "hold less-reserved asked=800 reserved=600 limit=1199 | capture 600 and close",
        AGREED,
    ),
    "parts can't be captured": Row(
        replace(LOW, status="completed"), whole(reserved=1000), "hold cannot-change asked=800 reserved=1000"
    ),
    "parts can't be captured, the total changed": Row(
        replace(LOW, status="completed"), whole(reserved=1000), "replace 1000 by 800", AGREED
    ),
    "replaced, then captured": Row(
        replace(LOW, status="completed"),
        whole(released(1000, "1042X1"), raised(800, "1042V2"), reserved=800),
        "capture 800 and close",
        record(agreed=(1000, 0), counts=True),
    ),
    "custom status": Row(order("shipped"), resurs(reserved=1000), "capture 1000 and close", rules=SHIPPED),
    "custom status that is no capture status": Row(order("shipped"), resurs(reserved=1000), "agreed"),
    "never dated as paid": Row(order("completed", paid=None), resurs(reserved=1000), "capture 1000 and close"),
    "closed: more reserved since": Row(
        order("completed"),
        resurs(captured(1000), reserved=300),
        "hold more-reserved asked=0 reserved=300 | release all 300",
        DONE,
    ),
    "closed: more reserved since, capture off": Row(
        order("completed"), resurs(captured(1000), reserved=300), "agreed captured", DONE, NO_CAPTURE
    ),
    "closed with a kept leftover: a raised total is not captured": Row(
        order("completed", 1000),
        resurs(captured(800), reserved=200),
        "hold underpaid asked=1000 paid=800",
        as_captured(total=800),
        KEEP,
    ),
    "off": Row(order("completed"), resurs(reserved=1000), OFF_CAPTURE, rules=NO_CAPTURE),
    "off, captured by the plugin": Row(
        order("completed"), resurs(captured(1000)), "agreed captured", rules=NO_CAPTURE
    ),
    "off, dead": Row(order("completed"), DEAD, "hold no-money asked=1000 reserved=0 detail=DEAD", rules=NO_CAPTURE),
    "off, refund before anybody captured: not settled by that": Row(
        order("completed", refunds={1077: 200}), resurs(reserved=1000), OFF_CAPTURE, AGREED, NO_CAPTURE
    ),
    "off, refund larger than what is captured so far": Row(
        order("completed", refunds={1077: 600}),
        resurs(captured(500), reserved=500),
        OFF_CAPTURE,
        AGREED,
        NO_CAPTURE,
    ),
    "off, captured by the plugin, then a refund": Row(
        order("completed", refunds={1077: 200}), resurs(captured(1000)), "refund 1077: 200", rules=NO_CAPTURE
    ),
    "modify off, less reserved than the changed total": Row(
        order("completed", 1200),
        resurs(reserved=1000),
        "hold less-reserved asked=1200 reserved=1000 limit=5000 | capture 1000 and close",
        AGREED,
        NO_MODIFY,
    ),
}


@pytest.mark.parametrize("name", CAPTURE)
def test_capture_phase(name: str) -> None:
    check(CAPTURE[name])


VOID = {
    "nothing reserved": Row(order("cancelled"), resurs(), "agreed voided"),
    "dead": Row(order("cancelled"), DEAD, "agreed voided"),
    "custom status": Row(
        order("returned"), resurs(reserved=1000), "release all 1000", rules=Rules(cancel_on=frozenset({"returned"}))
    ),
    "never paid, cancelled a moment ago": Row(
        order("cancelled", paid=None),
        resurs(reserved=1000),
        "wait: cancelled before it was paid: the customer may still be at it",
        record(status_since=NOW - timedelta(minutes=14)),
    ),
    "never paid, cancelled 15 minutes ago": Row(
        order("cancelled", paid=None),
        resurs(reserved=1000),
        "release all 1000",
        record(status_since=NOW - timedelta(minutes=15)),
    ),
    "paid, cancelled a moment ago": Row(
        order("cancelled"),
        resurs(reserved=1000),
        "release all 1000",
        record(status_since=NOW - timedelta(minutes=1)),
    ),
    "captured": Row(order("cancelled"), PAID, "hold cancelled-captured paid=1000", DONE),
    "captured in part: the rest is released": Row(
        order("cancelled"), resurs(captured(400), reserved=600), "release all 600"
    ),
    "captured in part, then refunded in the shop": Row(
        order("cancelled", refunds={1077: 400}), resurs(captured(400), released(600)), "refund 1077: 400"
    ),
    "captured in part, then refunded for more than that": Row(
        order("cancelled", refunds={1077: 500}),
        resurs(captured(400), released(600)),
        "hold refund-too-large amount=500 left=400 | refund 1077: 400",
    ),
    "captured, refunded in part": Row(
        order("cancelled", refunds={1077: 300}),
        resurs(captured(1000), returned(300, "1042R1077")),
        "hold cancelled-captured paid=700",
        DONE,
    ),
    "refunded in full before the cancel": Row(
        order("cancelled", refunds={1077: 1000}), resurs(released(1000, "1042V1")), "agreed voided"
    ),
    "off": Row(order("cancelled"), resurs(reserved=1000), OFF_CANCEL, rules=NO_CANCEL),
    "off, captured": Row(order("cancelled"), PAID, "hold cancelled-captured paid=1000", rules=NO_CANCEL),
    "off, released by the plugin": Row(
        order("cancelled"), resurs(released(1000)), "agreed voided", rules=NO_CANCEL
    ),
    "dropped": Row(
        order("cancelled"),
        resurs(reserved=1000),
        "quiet: a person dropped this cancel",
        record(waived=frozenset({(Kind.CANCEL, 0)})),
    ),
    "refunded before capture": Row(
        order("refunded", refunds={1077: 1000}), resurs(reserved=1000), "release all 1000"
    ),
    "refunded, captured": Row(order("refunded", refunds={1077: 1000}), PAID, "refund 1077: 1000", DONE),
    "refunded, captured in part: the rest is released first": Row(
        order("refunded", refunds={1077: 1000}), resurs(captured(400), reserved=600), "release all 600"
    ),
    "refunded, captured in part: then the captured part": Row(
        order("refunded", refunds={1077: 1000}),
        resurs(captured(400), released(600, "1042V2")),
        "refund 1077: 400",
        record(met(1077, How.RELEASED, 600)),
    ),
    "refunded by status alone, reserved": Row(
        order("refunded"),
        resurs(reserved=1000),
        "hold refunded-not-all asked=1000 paid=0 reserved=1000 | release all 1000",
    ),
    "refunded by status alone, captured": Row(
        order("refunded"),
        PAID,
        "hold refunded-not-all asked=1000 paid=1000 reserved=0 | refund the rest: 1000",
        DONE,
    ),
    "refunded in part, captured: the known refund first": Row(
        order("refunded", refunds={1077: 300}), PAID, "refund 1077: 300", DONE
    ),
    "refunded in part, captured: then the rest by approval": Row(
        order("refunded", refunds={1077: 300}),
        resurs(captured(1000, OURS), returned(300, "1042R1077")),
        "hold refunded-not-all asked=700 paid=700 reserved=0 | refund the rest: 700",
        DONE,
    ),
    "refunded by hand, captured less than is asked: the rest is what was captured": Row(
        order("refunded", refunds={1077: 200}),
        resurs(captured(700), returned(200, "1042R1077")),
        "hold refunded-not-all asked=800 paid=500 reserved=0 | refund the rest: 500",
        DONE,
    ),
    "refunded in part, and that part waived: it stays with the shop": Row(
        order("refunded", refunds={1077: 300}),
        PAID,
        "hold refunded-not-all asked=700 paid=1000 reserved=0 | refund the rest: 700",
        as_captured(met(1077, How.WAIVED, 300)),
    ),
    "the rest was returned": Row(
        order("refunded", refunds={1077: 300}),
        resurs(captured(1000, OURS), returned(300, "1042R1077"), returned(700, "1042R0")),
        "agreed voided",
        DONE,
    ),
    "refunded by status alone, the rest dropped": Row(
        order("refunded"),
        PAID,
        "quiet: a person dropped this refund",
        as_captured(waived=frozenset({(Kind.REFUND, 1000)})),
    ),
    "refunded by status alone, refund off": Row(
        order("refunded"), PAID, "hold refunded-not-all asked=1000 paid=1000 reserved=0", DONE, NO_REFUND
    ),
    "refunded, refund off, reserved": Row(
        order("refunded", refunds={1077: 1000}), resurs(reserved=1000), OFF_REFUND, AGREED, NO_REFUND
    ),
    "refunded, and a return that is no business of the shop: never more than was captured": Row(
        order("refunded", refunds={1077: 1000}),
        resurs(captured(1000, OURS), returned(100, entry_id="theirs")),
        "hold refund-too-large amount=1000 left=900 | refund 1077: 900",
        as_captured(unrelated=frozenset({"theirs"})),
    ),
}


@pytest.mark.parametrize("name", VOID)
def test_void_phase(name: str) -> None:
    check(VOID[name])


OPEN = {
    "first look, all is well": Row(order(), resurs(reserved=1000), "agreed"),
    "first look, more reserved": Row(
        LOW, resurs(reserved=1000), "hold more-reserved asked=800 reserved=1000 | release 200"
    ),
    "first look, less reserved": Row(
        order(), resurs(reserved=800), "hold less-reserved asked=1000 reserved=800 limit=5000 | raise 200"
    ),
    "first look, its changes count": Row(LOW, resurs(reserved=1000), "release 200", record(counts=True)),
    "somebody raised the reservation": Row(
        order(), resurs(reserved=1200), "hold more-reserved asked=1000 reserved=1200 | release 200", AGREED
    ),
    "the last krona goes: all is released": Row(order(total=0), resurs(reserved=1000), "release all 1000", AGREED),
    "released in full by us, then asked for again: not raised": Row(
        order(),
        resurs(released(1000, "1042V1")),
        "hold no-money asked=1000 reserved=0 limit=5000",
        record(agreed=(0, 0)),
    ),
    "released in full elsewhere, then the total raised": Row(
        order(total=1200), resurs(released(1000)), "raise 1200", AGREED
    ),
    "dead": Row(order(), DEAD, "hold no-money asked=1000 reserved=0 detail=DEAD"),
    "captured in part, total raised: something is still open": Row(
        order(total=1200), resurs(captured(400), reserved=600), "raise 200", AGREED
    ),
    "captured in full, total raised": Row(order(total=1200), PAID, "hold underpaid asked=1200 paid=1000", AGREED),
    "captured in part, refund: so much less stays reserved": Row(
        order(refunds={1077: 100}), resurs(captured(400), reserved=600), "release 100", AGREED
    ),
    "captured in part, refund of more than is open: the open part first": Row(
        order(refunds={1077: 700}), resurs(captured(400), reserved=600), "release all 600", AGREED
    ),
    "captured in part, refund of more than is open: then the rest is paid": Row(
        order(refunds={1077: 700}),
        resurs(captured(400), released(600, "1042V2")),
        "refund 1077: 100",
        record(met(1077, How.RELEASED, 600), agreed=(1000, 0)),
    ),
    "captured in full by the portal, before it is completed": Row(
        order(), resurs(captured(1000)), "agreed", AGREED
    ),
    "refund, captured in full by the portal": Row(
        order(refunds={1077: 200}), resurs(captured(1000)), "refund 1077: 200", AGREED
    ),
    "refunds and a total lowered under them": Row(
        order(total=200, refunds={1077: 300}),
        resurs(released(300, "1042V1"), released(700, "1042V2")),
        "agreed",
        record(met(1077, How.RELEASED, 300), agreed=(1000, 300)),
    ),
    "refunds wait for the capture": Row(
        order(refunds={1077: 200}), resurs(reserved=1000), "agreed", AGREED, HOLD_REFUNDS
    ),
    "refunds wait for the capture, Ecster": Row(
        order(refunds={1077: 200}), ecster(reserved=1000), "agreed", AGREED, HOLD_REFUNDS
    ),
    "refunds wait, the total falls too": Row(
        order(total=800, refunds={1077: 200}), resurs(reserved=1000), "release 200", AGREED, HOLD_REFUNDS
    ),
    "refunds wait, the total fell too: no more than that": Row(
        order(total=800, refunds={1077: 200}),
        resurs(released(200, "1042V1"), reserved=800),
        "agreed",
        AGREED,
        HOLD_REFUNDS,
    ),
    "refunds wait, part is captured: still nothing": Row(
        order(refunds={1077: 600}), resurs(captured(500), reserved=500), "agreed", AGREED, HOLD_REFUNDS
    ),
    "refunds wait, all was captured by the portal: paid": Row(
        order(refunds={1077: 200}), resurs(captured(1000)), "refund 1077: 200", AGREED, HOLD_REFUNDS
    ),
    "refunds wait no longer: capture of T - F": Row(
        order("completed", refunds={1077: 200}), resurs(reserved=1000), "capture 800", AGREED, HOLD_REFUNDS
    ),
    "refund off: refunds leave the reservation alone": Row(
        order(refunds={1077: 200}), resurs(reserved=1000), "agreed", AGREED, NO_REFUND
    ),
    "modify off, and the payment dead all the same": Row(
        order(), DEAD, "hold no-money asked=1000 reserved=0 detail=DEAD", AGREED, NO_MODIFY
    ),
    "modify off, captured, the total raised": Row(
        order(total=1200), PAID, "hold underpaid asked=1200 paid=1000", AGREED, NO_MODIFY
    ),
    "modify off, released by the plugin": Row(
        order(), resurs(), "hold no-money asked=1000 reserved=0 limit=5000", AGREED, NO_MODIFY
    ),
    "modify off, lowered": Row(LOW, resurs(reserved=1000), OFF_MODIFY, AGREED, NO_MODIFY),
    "modify off, raised": Row(order(total=1200), resurs(reserved=1000), OFF_MODIFY, AGREED, NO_MODIFY),
    "modify off, refund: not settled by that": Row(
        order(refunds={1077: 200}), resurs(reserved=1000), OFF_MODIFY, AGREED, NO_MODIFY
    ),
    "dropped, then asked for less still": Row(
        order(total=700),
        resurs(reserved=1000),
        "release 300",
        record(agreed=(1000, 0), waived=frozenset({(Kind.MODIFY, 800)})),
    ),
    "dropped": Row(
        LOW,
        resurs(reserved=1000),
        "quiet: a person dropped this modify",
        record(agreed=(1000, 0), waived=frozenset({(Kind.MODIFY, 800)})),
    ),
    "dropped, and a refund that can be paid": Row(
        order(total=1200, refunds={1077: 200}),
        resurs(captured(1200), reserved=100),
        "refund 1077: 200",
        record(agreed=(1200, 0), waived=frozenset({(Kind.CANCEL, 0)})),
    ),
    "captured elsewhere, and a refund that was paid, though no log shows it, is gone": Row(
        order(),
        replace(resurs(captured(1000)), returned=200),
        "hold underpaid asked=1000 paid=800",
        record(agreed=(1000, 200)),
    ),
    "parts can't be released": Row(
        LOW,
        whole(reserved=1000),
        "replace 1000 by 800",
        AGREED,
    ),
    "more is asked at first sight, since a date that counts": Row(
        order(),
        resurs(reserved=800),
        "hold less-reserved asked=1000 reserved=800 limit=5000 | raise 200",
        record(counts=True),
    ),
    "parts can't be released, and modify is off": Row(
        LOW, whole(reserved=1000), "quiet: modify is switched off in settings.yaml", AGREED, NO_MODIFY
    ),
    "replaced long ago, and less is asked again than is reserved": Row(
        LOW,
        resurs(released(1000, "1042X1"), raised(900, "1042V2"), reserved=900),
        "hold more-reserved asked=800 reserved=900 | release 100",
        record(agreed=(800, 0)),
    ),
    "parts can't be released, at first sight": Row(
        LOW, whole(reserved=1000), "hold more-reserved asked=800 reserved=1000 | replace 1000 by 800"
    ),
    "parts can't be released, and the limit may be too low for another reservation": Row(
        LOW, whole(reserved=1000, limit=1799), "hold cannot-change asked=800 reserved=1000", AGREED
    ),
    "parts can't be released, and an earlier release may count against the limit": Row(
        LOW, whole(released(500), reserved=1000, limit=2299), "hold cannot-change asked=800 reserved=1000", AGREED
    ),
    "parts can't be released, and something was captured": Row(
        LOW, whole(captured(100), reserved=900), "hold cannot-change asked=700 reserved=900", AGREED
    ),
    "parts can't be released, nor anything be raised": Row(
        LOW, whole(reserved=1000, limit=None), "hold cannot-change asked=800 reserved=1000", AGREED
    ),
    "replaced: the new reservation follows": Row(LOW, resurs(released(1000, "1042X1")), "raise 800", AGREED),
    "replaced: the new reservation follows without our memory": Row(
        LOW, resurs(released(1000, "1042X1")), "raise 800"
    ),
    "replaced by a reservation that was released since": Row(
        LOW,
        resurs(released(1000, "1042X1"), raised(800, "1042V2"), released(800, "1042V3")),
        "hold no-money asked=800 reserved=0 limit=5000",
        AGREED,
    ),
    "a kept leftover, in the status after the captured one": Row(
        order("delivered", 800), resurs(captured(800), reserved=200), "agreed", record(agreed=(800, 0)), KEEP
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_open_phase(name: str) -> None:
    check(OPEN[name])


LATE = order("completed", refunds={1077: 200})
PAYOUT = {
    "the lowest first": Row(order("completed", refunds={1078: 50, 1077: 200}), PAID, "refund 1077: 200", DONE),
    "then the next": Row(
        order("completed", refunds={1078: 50, 1077: 200}),
        resurs(captured(1000, OURS), returned(200, "1042R1077")),
        "refund 1078: 50",
        DONE,
    ),
    "what a release met already is not paid": Row(
        LATE, resurs(captured(800), released(200)), "agreed captured", as_captured(met(1077, How.RELEASED, 200))
    ),
    "nothing left to return: already": Row(LATE, resurs(captured(800)), "agreed captured", AGREED),
    "more than is left": Row(
        LATE, resurs(captured(900)), "hold refund-too-large amount=200 left=100 | refund 1077: 100", DONE
    ),
    "more than is left: nothing after the part that was approved": Row(
        LATE, resurs(captured(900), returned(100, "1042R1077")), "agreed captured", DONE
    ),
    "paid by the shop, nothing in the log": Row(
        shop_paid(), PAID, "hold shop-says-paid amount=200 | refund 1077: 200", DONE
    ),
    "paid by the shop, and the log shows it": Row(
        shop_paid(), resurs(captured(1000), returned(200, "1077")), "agreed captured", DONE
    ),
    "paid by the shop outside the payment: adopted by a person": Row(
        shop_paid(), PAID, "agreed captured", as_captured(met(1077, How.ADOPTED, 200))
    ),
    "old when it was first seen": Row(
        LATE,
        PAID,
        "hold old-refund amount=200 | refund 1077: 200",
        as_captured(refunds_seen=((1077, LONG_AGO + timedelta(days=3, seconds=1)),)),
        replace(RULES, settle_refund=timedelta(days=-9)),
    ),
    "as old as is allowed": Row(
        LATE,
        PAID,
        "refund 1077: 200",
        as_captured(refunds_seen=((1077, LONG_AGO + timedelta(days=2)),)),
        Rules(hold_older_than=timedelta(days=2), settle_refund=timedelta()),
    ),
    "delayed": Row(
        LATE,
        PAID,
        "wait: refund.delay of settings.yaml",
        as_captured(refunds_seen=((1077, NOW - timedelta(minutes=60)),)),
        Rules(refund_delay=timedelta(hours=1)),
    ),
    "delayed long enough": Row(
        LATE,
        PAID,
        "refund 1077: 200",
        as_captured(refunds_seen=((1077, NOW - timedelta(minutes=61)),)),
        Rules(refund_delay=timedelta(hours=1)),
    ),
    "not yet read in full": Row(
        replace(LATE, refunds=(replace(LATE.refunds[0], paid_by_shop=None),)),
        PAID,
        "wait: the refund itself is still to be read",
        DONE,
    ),
    "off": Row(LATE, PAID, OFF_REFUND, DONE, NO_REFUND),
    "waived": Row(LATE, PAID, "agreed captured", as_captured(met(1077, How.WAIVED, 200))),
    "from before the bridge": Row(LATE, PAID, "agreed captured", as_captured(met(1077, How.BASELINE, 200))),
    "the provider can't return": Row(
        LATE, replace(PAID, can=frozenset()), "hold cannot-refund amount=200 paid=1000 | refund 1077: 200", DONE
    ),
    "the provider can't return a part": Row(
        LATE,
        replace(PAID, can=frozenset({Can.REFUND})),
        "hold cannot-refund amount=200 paid=1000 | refund 1077: 200",
        DONE,
    ),
    "the provider can't return a part, and all is asked": Row(
        order("completed", refunds={1077: 1000}),
        replace(PAID, can=frozenset({Can.REFUND})),
        "refund 1077: 1000",
        DONE,
    ),
    "over several captures: the largest part first": Row(
        order("completed", refunds={1077: 900}),
        replace(ecster(captured(400), captured(600)), returnable=(400, 600)),
        "refund 1077: 600",
        DONE,
    ),
    "over several captures: then the rest": Row(
        order("completed", refunds={1077: 900}),
        replace(ecster(captured(400), captured(600), returned(600, "1042R1077")), returnable=(400,)),
        "refund 1077: 300",
        DONE,
    ),
    "over three captures: the third part": Row(
        order("completed", refunds={1077: 900}),
        replace(ecster(captured(400), captured(300), captured(300), *PARTS), returnable=(200,), returned=700),
        "refund 1077: 200",
        DONE,
    ),
    "over several captures, of which one has enough": Row(
        LATE, replace(ecster(captured(100), captured(900)), returnable=(100, 900)), "refund 1077: 200", DONE
    ),
    "a part of an old one was paid: the rest follows": Row(
        order("completed", refunds={1077: 900}),
        replace(ecster(captured(400), captured(600), returned(600, "1042R1077")), returnable=(400,)),
        "refund 1077: 300",
        as_captured(refunds_seen=((1077, NOW - timedelta(hours=1)),)),
        Rules(hold_older_than=timedelta(minutes=1)),
    ),
    "over several captures, and the parts of another are told apart by their keys": Row(
        order("completed", refunds={1077: 500, 1078: 400}),
        replace(
            ecster(captured(400), captured(600), returned(400, "1042R1077"), returned(100, "1042R1077-2")),
            returnable=(500,),
        ),
        "refund 1078: 400",
        DONE,
    ),
    "an unmatched return blocks it": Row(
        LATE, resurs(captured(1000), returned(150)), "hold unmatched-return amount=150", DONE
    ),
    "an unmatched return that a person set aside counts as asked": Row(
        LATE,
        resurs(captured(1000), returned(150, entry_id="theirs")),
        "refund 1077: 200",
        as_captured(unrelated=frozenset({"theirs"})),
    ),
    "less was paid than is asked: that comes first": Row(
        order("completed", 1200, refunds={1077: 100}), PAID, "hold underpaid asked=1100 paid=1000", DONE
    ),
    "the lowered total of a captured order is no refund": Row(
        order("completed", 700, refunds={1077: 100}), PAID, "refund 1077: 100", DONE
    ),
}


@pytest.mark.parametrize("name", PAYOUT)
def test_payout(name: str) -> None:
    check(PAYOUT[name])


@pytest.mark.parametrize("key", ["1042R1077", None], ids=["shown", "not shown by the provider"])
def test_the_second_part_of_a_refund_has_a_key_of_its_own(key: str | None) -> None:
    payment = replace(ecster(captured(400), captured(600), returned(600, key, entry_id="first")), returnable=(400,))
    before = as_captured(settlements=(Settlement(refund=1077, how=How.PAID, amount=600, entry="first"),))
    decision = look(order("completed", refunds={1077: 900}), payment, before, Rules()).decision
    assert isinstance(decision, Act)
    assert (decision.step.key, decision.step.amount) == ("1042R1077-2", 300)


UNMATCHED = resurs(captured(400), returned(150), reserved=600)
EVERY_PHASE = {
    "open": Row(order(), UNMATCHED, "hold unmatched-return amount=150", AGREED),
    "open, Ecster, with a lower total recorded": Row(
        LOW, ecster(captured(400), returned(150), reserved=600), "hold unmatched-return amount=150", AGREED
    ),
    "capture: first what is asked is captured": Row(order("completed"), UNMATCHED, "capture 600 and close", AGREED),
    "capture": Row(
        order("completed"), resurs(captured(1000), returned(150)), "hold unmatched-return amount=150", AGREED
    ),
    "void: first the rest is released": Row(order("cancelled"), UNMATCHED, "release all 600", AGREED),
    "void": Row(order("cancelled"), resurs(captured(150), returned(150)), "hold unmatched-return amount=150"),
}


@pytest.mark.parametrize("name", EVERY_PHASE)
def test_an_unmatched_return_is_told_when_the_reservation_is_as_it_should_be(name: str) -> None:
    check(EVERY_PHASE[name])


def before_us(status: str) -> Record:
    closed = Closed.CAPTURED if status == "completed" else Closed.VOIDED
    return record(baseline=True, closed=closed, closed_status=status)


BASELINE = {
    "completed, still only reserved": Row(
        order("completed"),
        resurs(reserved=1000),
        "hold baseline-reserved asked=1000 reserved=1000",
        before_us("completed"),
    ),
    "completed, only reserved, and a refund made since: not settled by that": Row(
        order("completed", refunds={1077: 200}),
        resurs(reserved=1000),
        "hold baseline-reserved asked=800 reserved=1000",
        before_us("completed"),
    ),
    "completed and captured": Row(order("completed"), PAID, "agreed captured", before_us("completed")),
    "completed and captured, a refund made since": Row(LATE, PAID, "refund 1077: 200", before_us("completed")),
    "cancelled, still reserved": Row(
        order("cancelled"),
        resurs(reserved=1000),
        "hold baseline-reserved asked=0 reserved=1000",
        before_us("cancelled"),
    ),
    "cancelled, then completed by staff": Row(
        order("completed"), resurs(reserved=1000), "capture 1000 and close", before_us("cancelled")
    ),
    "cancelled, then refunded by staff": Row(
        order("refunded", refunds={1077: 1000}), resurs(reserved=1000), "release all 1000", before_us("cancelled")
    ),
    "open, then completed": Row(
        order("completed"), resurs(reserved=1000), "capture 1000 and close", record(baseline=True)
    ),
}


@pytest.mark.parametrize("name", BASELINE)
def test_orders_from_before_the_bridge(name: str) -> None:
    check(BASELINE[name])
