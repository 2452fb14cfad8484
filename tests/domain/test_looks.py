"""A look: what is remembered of it, what staff are told once, and what persons said about a step."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from bridge.domain.attempts import Attempt
from bridge.domain.changes import Topic
from bridge.domain.decisions import Act
from bridge.domain.looks import baseline, observe
from bridge.domain.orders import Order
from bridge.domain.payments import Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.records import Agreed, Closed, How, OpenAction, Record, State
from bridge.domain.remarks import Topics
from bridge.domain.rules import Rules, StatusLock
from bridge.domain.settling import Settled, settle
from bridge.domain.steps import Call, Kind, Step
from tests.domain.builders import (
    LONG_AGO,
    NOW,
    RULES,
    as_captured,
    captured,
    look,
    met,
    order,
    record,
    released,
    resurs,
    returned,
    told,
)

MINUTE = timedelta(minutes=1)

# --- what changed, and since when ---------------------------------------------------------------------------------


def test_the_first_look_begins_every_clock() -> None:
    known, _ = observe(None, order(refunds={1077: 200}), None, NOW)
    assert (known.first_seen, known.changed, known.status_since, known.seen(1077)) == (NOW, NOW, NOW, NOW)


def test_no_change_moves_no_clock() -> None:
    known = record()
    assert observe(order(), replace(order(), modified=NOW + MINUTE), known, NOW) == (known, ())


def test_a_changed_total_moves_the_clock_of_the_change_alone() -> None:
    known, changes = observe(order(), order(total=900), record(), NOW)
    assert [change.topic for change in changes] == [Topic.TOTAL]
    assert (known.changed, known.status_since) == (NOW, LONG_AGO)


def test_a_changed_status_moves_its_own_clock() -> None:
    known, _ = observe(order(), order("completed"), record(), NOW)
    assert (known.changed, known.status_since) == (NOW, NOW)


def test_a_new_refund_is_seen_now_and_the_others_when_they_were() -> None:
    known = record(refunds_seen=((1077, LONG_AGO),))
    known, _ = observe(order(refunds={1077: 200}), order(refunds={1077: 200, 1078: 50}), known, NOW)
    assert (known.seen(1077), known.seen(1078)) == (LONG_AGO, NOW)


def test_a_refund_that_changed_is_seen_anew() -> None:
    before = order(refunds={1077: 200})
    after = replace(before, refunds=(replace(before.refunds[0], paid_by_shop=True),))
    known, _ = observe(before, after, record(refunds_seen=((1077, LONG_AGO),)), NOW)
    assert known.seen(1077) == NOW


def test_a_refund_that_is_gone_is_forgotten() -> None:
    known, _ = observe(order(refunds={1077: 200}), order(), record(refunds_seen=((1077, LONG_AGO),)), NOW)
    assert known.seen(1077) is None


# --- orders from before the bridge --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "closed"),
    [
        ("completed", Closed.CAPTURED),
        ("cancelled", Closed.VOIDED),
        ("refunded", Closed.VOIDED),
        ("processing", None),
        ("shipped", None),
    ],
)
def test_what_had_ended_before_the_bridge_is_closed(status: str, closed: Closed | None) -> None:
    known = baseline(order(status), RULES, NOW)
    assert (known.closed, known.closed_status) == (closed, status if closed else "")


def test_refunds_from_before_the_bridge_are_settled() -> None:
    known = baseline(order(refunds={1077: 200, 1078: 50}), RULES, NOW)
    assert known.settlements == (met(1077, How.BASELINE, 200), met(1078, How.BASELINE, 50))


def test_a_baseline_order_that_is_open_is_watched_from_then_on() -> None:
    known = baseline(order(refunds={1077: 200}), RULES, LONG_AGO)
    shop, payment = order(refunds={1077: 200}), resurs(released(200), reserved=800)
    known = look(shop, payment, known).record
    assert known.agreed == Agreed(total=1000, refunded=200)
    later = order("completed", refunds={1077: 200, 1078: 100})
    known, _ = observe(shop, later, known, NOW)
    assert told(look(later, payment, known, now=NOW + 2 * MINUTE).decision) == "capture 700"


# --- what is remembered -------------------------------------------------------------------------------------------


def test_agreement_remembers_total_refunds_and_payment() -> None:
    known = look(order(refunds={1077: 200}), resurs(released(200), reserved=800), record()).record
    assert (known.agreed, known.payment_id, known.closed) == (Agreed(total=1000, refunded=200), "p-1", None)


def test_a_total_that_is_set_back_while_we_change_the_reservation_is_followed() -> None:
    """Lowered, released, and raised again to what was agreed before: the difference is our own doing."""
    known = look(order(total=900), resurs(reserved=1000), record(agreed=(1000, 0))).record
    found = look(order(), resurs(released(100, "1042V1"), reserved=900), known)
    assert told(found.decision) == "raise 100"
    known = look(order(), resurs(released(100, "1042V1"), reserved=1000), found.record).record
    found = look(order(), resurs(released(100, "1042V1"), released(100), reserved=900), known)
    assert told(found.decision) == "hold less-reserved asked=1000 reserved=900 limit=5000 | raise 100"


def test_a_captured_order_is_closed_with_its_status() -> None:
    shipped = Rules(capture_on=frozenset({"shipped"}))
    known = look(order("shipped"), resurs(captured(1000)), record(), shipped).record
    assert (known.closed, known.closed_status) == (Closed.CAPTURED, "shipped")


@pytest.mark.parametrize(("key", "ours"), [("1042V1", True), ("by hand", False), (None, False)])
def test_that_we_released_everything_is_read_from_the_log(key: str | None, ours: bool) -> None:
    assert look(order("cancelled"), resurs(released(1000, key)), record()).record.voided == ours


def test_a_release_that_left_something_is_no_void() -> None:
    assert not look(order(total=800), resurs(released(200, "1042V1"), reserved=800), record()).record.voided


def test_nothing_is_agreed_while_a_person_is_needed() -> None:
    assert look(order(total=800), resurs(reserved=1000), record()).record.agreed is None


def test_the_longest_log_is_remembered() -> None:
    payment = resurs(captured(1000))
    known = look(order("completed"), payment, record()).record
    assert known.log_length == 2
    older = look(order("completed"), resurs(reserved=1000), known)
    assert told(older.decision) == "wait: the provider answered with an older state of the payment"
    assert older.record.log_length == 2


def test_how_long_a_payment_is_not_final_is_remembered_until_it_is() -> None:
    pending = resurs(reserved=1000, state=PaymentState.PENDING)
    known = look(order(), pending, record(), now=NOW).record
    known = look(order(), pending, known, now=NOW + MINUTE).record
    assert known.pending_since == NOW
    assert look(order(), resurs(reserved=1000), known).record.pending_since is None


def test_settlements_come_of_the_look_itself() -> None:
    known = look(order("completed", refunds={1077: 200}), resurs(captured(800)), record()).record
    assert known.settlements == (met(1077, How.ALREADY, 200),)


# --- what staff are told once -------------------------------------------------------------------------------------


def test_an_adopted_return_is_told_once() -> None:
    shop, payment = (
        order("completed", refunds={1077: 200}),
        resurs(captured(1000), returned(200, entry_id="theirs")),
    )
    first = look(shop, payment, record())
    assert [(r.topic, r.facts) for r in first.remarks] == [(Topics.ADOPTED, {"refund": 1077, "amount": 200})]
    assert look(shop, payment, first.record).remarks == ()


def test_our_own_payout_is_no_adoption() -> None:
    shop = order("completed", refunds={1077: 200})
    assert look(shop, resurs(captured(1000), returned(200, "1042R1077")), record()).remarks == ()


@pytest.mark.parametrize(("paid", "topics"), [(LONG_AGO, [Topics.PENDING]), (None, [])])
def test_a_payment_that_is_not_final_is_told_of_orders_that_count_as_paid(
    paid: datetime | None, topics: list[Topics]
) -> None:
    pending = resurs(reserved=1000, state=PaymentState.PENDING)
    assert [remark.topic for remark in look(order(paid=paid), pending, record()).remarks] == topics


# --- closed orders set back ---------------------------------------------------------------------------------------

RESTORE = Rules(status_lock=StatusLock.RESTORE)
PAID = resurs(captured(1000))


@pytest.mark.parametrize("status", ["processing", "on-hold", "pending"])
@pytest.mark.parametrize(("lock", "told_so"), [(StatusLock.NOTE, True), (StatusLock.OFF, False)])
def test_setting_a_closed_order_back_is_told_once(status: str, lock: StatusLock, told_so: bool) -> None:
    rules = Rules(status_lock=lock)
    first = look(order(status), PAID, as_captured(), rules)
    facts = [dict(remark.facts) for remark in first.remarks if remark.topic is Topics.SET_BACK]
    assert facts == ([{"before": "completed", "after": status}] if told_so else [])
    assert first.record.closed is None
    assert look(order(status), PAID, first.record, rules).remarks == ()


@pytest.mark.parametrize("status", ["shipped", "refunded", "cancelled", "completed", "trash", "failed"])
def test_no_other_status_is_a_setting_back(status: str) -> None:
    found = look(order(status), PAID, as_captured(), RESTORE)
    assert [remark for remark in found.remarks if remark.topic is Topics.SET_BACK] == []
    assert not told(found.decision).startswith("restore")


@pytest.mark.parametrize("closed_status", ["completed", "cancelled"])
def test_a_closed_order_is_put_back(closed_status: str) -> None:
    found = look(order(), PAID, as_captured(closed_status=closed_status), RESTORE)
    assert told(found.decision) == f"restore {closed_status}"
    assert found.record.closed is Closed.CAPTURED


@pytest.mark.parametrize("closed_status", ["refunded", "shipped"])
def test_to_refunded_and_to_custom_statuses_nothing_is_put_back(closed_status: str) -> None:
    found = look(order(), PAID, as_captured(closed_status=closed_status), RESTORE)
    assert (told(found.decision), [remark.topic for remark in found.remarks]) == ("agreed", [Topics.SET_BACK])


@pytest.mark.parametrize("came_of_it", ["completed", "processing"])
def test_an_attempt_counts_for_its_day_whatever_came_of_it(came_of_it: str) -> None:
    """Each mails the customer, also one that changed nothing in the end."""
    step = look(order(), PAID, as_captured(), RESTORE).decision
    assert isinstance(step, Act)
    cut_off = OpenAction(step=step.step, state=State.UNKNOWN)
    tried = Attempt(step=step.step, log_length=2, reserved=0, captured=1000, returned=0, ended=LONG_AGO)
    known = as_captured(open=cut_off)
    settled = settle(tried, order(came_of_it), PAID, known, NOW, RULES.settle_unknown, RULES.warn_after)
    assert isinstance(settled, Settled)
    assert settled.record.restored == NOW.date()


@pytest.mark.parametrize(
    ("restored", "follows"),
    [(NOW.date(), "agreed"), (NOW.date() - timedelta(days=1), "restore completed"), (None, "restore completed")],
)
def test_an_order_is_put_back_once_a_day(restored: date | None, follows: str) -> None:
    assert told(look(order(), PAID, as_captured(restored=restored), RESTORE).decision) == follows


def test_a_dropped_restoration_leaves_the_order_open() -> None:
    known = as_captured(waived=frozenset({(Kind.RESTORE_STATUS, 0)}))
    assert told(look(order(refunds={1077: 200}), PAID, known, RESTORE).decision) == "refund 1077: 200"


def test_nothing_is_put_back_before_the_change_holds() -> None:
    known = as_captured(changed=NOW - timedelta(seconds=4))
    found = look(order(), PAID, known, RESTORE)
    assert told(found.decision) == "wait: waiting whether the change holds"
    assert found.record.closed is Closed.CAPTURED


@pytest.mark.parametrize("switch", ["off", "pause"])
def test_a_silenced_order_stays_closed(switch: str) -> None:
    found = look(order(meta=(("wc_bridge", switch),)), PAID, as_captured(), RESTORE)
    assert found.record.closed is Closed.CAPTURED
    assert found.remarks == ()


def test_what_the_capture_left_out_for_a_refund_is_not_missed_when_the_order_is_set_back() -> None:
    """Refunds wait for the capture here, and this one was met by it: 900 of 1000 are all that is asked for."""
    rules, met = Rules(release_before_capture=False), as_captured(refunded=100)
    found = look(order("shipped", refunds={1077: 100}), resurs(captured(900), reserved=0), met, rules)
    assert told(found.decision) == "agreed"


def test_an_order_set_back_and_completed_again_is_closed_again() -> None:
    known = look(order(), PAID, as_captured()).record
    found = look(order("completed"), PAID, known)
    assert told(found.decision) == "agreed captured"
    assert found.record.closed is Closed.CAPTURED


# --- what persons and providers said ------------------------------------------------------------------------------

CAPTURE = (order("completed"), resurs(reserved=1000))
LESS = order("completed"), resurs(reserved=800, limit=None)


def proposed(shop: Order, payment: Payment) -> Step:
    decision = look(shop, payment, record()).decision
    step = getattr(decision, "step", None)
    assert isinstance(step, Step)
    return step


def with_open(step: Step, state: State = State.HELD, **fields: Any) -> Record:
    return record(open=OpenAction(step=step, state=state, **fields))


STEP = proposed(*CAPTURE)
HELD_STEP = proposed(*LESS)
SHOWN = {"asked": 1000, "reserved": 800}

ON_OPEN_ACTIONS = {
    "ready": (CAPTURE, with_open(STEP, State.READY), "capture 1000 and close"),
    "waiting to be tried again": (CAPTURE, with_open(STEP, State.WAITING), "capture 1000 and close"),
    "running": (CAPTURE, with_open(STEP, State.RUNNING), "capture 1000 and close"),
    "its outcome not known": (
        CAPTURE,
        with_open(STEP, State.UNKNOWN),
        "wait: what became of the last call is not known yet",
    ),
    "another one's outcome not known": (
        CAPTURE,
        with_open(structs.replace(STEP, amount=5), State.UNKNOWN),
        "wait: what became of the last call is not known yet",
    ),
    "refused": (
        CAPTURE,
        with_open(STEP, reason=Reason.REFUSED, refusal="no"),
        "hold refused said=no | capture 1000 and close",
    ),
    "refused, approved again": (
        CAPTURE,
        with_open(STEP, reason=Reason.REFUSED, refusal="no", approved=True),
        "capture 1000 and close",
    ),
    "refused, and another is wanted now": (
        CAPTURE,
        with_open(structs.replace(STEP, amount=900), reason=Reason.REFUSED, refusal="no"),
        "capture 1000 and close",
    ),
    "said done, never seen": (
        CAPTURE,
        with_open(STEP, reason=Reason.NOT_SEEN),
        "hold not-seen amount=1000 | capture 1000 and close",
    ),
    "held, and the reason is gone": (
        CAPTURE,
        with_open(STEP, reason=Reason.LESS_RESERVED),
        "capture 1000 and close",
    ),
    "held": (
        LESS,
        with_open(HELD_STEP, reason=Reason.LESS_RESERVED),
        "hold less-reserved asked=1000 reserved=800 | capture 800 and close",
    ),
    "held, approved": (
        LESS,
        with_open(HELD_STEP, reason=Reason.LESS_RESERVED, facts=SHOWN, approved=True),
        "capture 800 and close",
    ),
    "held, approved, and held with other figures now": (
        LESS,
        with_open(HELD_STEP, reason=Reason.LESS_RESERVED, facts={**SHOWN, "asked": 900}, approved=True),
        "hold less-reserved asked=1000 reserved=800 | capture 800 and close",
    ),
    "held, approved for another amount": (
        LESS,
        with_open(structs.replace(HELD_STEP, amount=700), reason=Reason.LESS_RESERVED, approved=True),
        "hold less-reserved asked=1000 reserved=800 | capture 800 and close",
    ),
    "held, approved, told in other words": (
        LESS,
        with_open(
            structs.replace(HELD_STEP, why="", key="other"), reason=Reason.LESS_RESERVED, facts=SHOWN, approved=True
        ),
        "capture 800 and close",
    ),
    "held, dropped": (
        LESS,
        record(waived=frozenset({(Kind.CAPTURE, 800)})),
        "quiet: a person dropped this capture",
    ),
}


@pytest.mark.parametrize("name", ON_OPEN_ACTIONS)
def test_what_was_said_about_a_step_stands_for_that_step(name: str) -> None:
    (shop, payment), known, follows = ON_OPEN_ACTIONS[name]
    assert told(look(shop, payment, known).decision) == follows


def test_an_approval_does_not_hurry_what_has_to_wait() -> None:
    known = with_open(STEP, approved=True).evolve(changed=NOW - timedelta(seconds=1))
    assert told(look(*CAPTURE, known).decision) == "wait: waiting whether the change holds"


def test_what_was_dropped_is_forgotten_once_order_and_payment_agree_without_it() -> None:
    dropped = record(waived=frozenset({(Kind.CANCEL, 0), (Kind.MODIFY, 900)}))
    assert look(order(), resurs(reserved=1000), dropped).record.waived == frozenset()


def test_a_dropped_release_of_what_a_capture_left_stays_dropped_while_it_is_left() -> None:
    dropped = record(waived=frozenset({(Kind.CANCEL, 0)}))
    kept = look(order("completed", 800), resurs(captured(800), reserved=200), dropped).record
    assert kept.waived == frozenset({(Kind.CANCEL, 0)})


def test_a_dropped_rest_does_not_drop_a_refund_of_the_same_amount() -> None:
    known = as_captured(waived=frozenset({(Kind.REFUND, 200)}))
    assert told(look(order("completed", refunds={1077: 200}), PAID, known).decision) == "refund 1077: 200"


def test_a_step_bears_its_key_and_what_it_aims_at() -> None:
    payment = resurs(captured(400), returned(100, "1042R1070"), reserved=600)
    step = proposed(order("completed"), payment)
    assert (step.call, step.key, step.amount, step.target) == (Call.CAPTURE, "1042C1000", 600, 1000)
    step = proposed(order("cancelled"), payment)
    assert (step.kind, step.key, step.amount, step.target) == (Kind.CANCEL, "1042V3", 600, 0)


@pytest.mark.parametrize("then", [True, False])
def test_what_a_capture_left_out_meets_the_refunds_of_the_agreement_and_none_made_since(then: bool) -> None:
    """The rest of an agreed refund of 200 was captured elsewhere; another refund of 200 was made after it."""
    earlier = met(1077, How.ALREADY, 200) if then else met(1077, How.RELEASED, 200)
    known = record(earlier, agreed=(1000, 200)) if then else record(agreed=(1000, 200))
    found = look(order("shipped", refunds={1077: 200, 1078: 200}), resurs(captured(800)), known)
    assert [it for it in found.record.settlements if it.refund == 1077] == [earlier]
    assert not [it for it in found.record.settlements if it.refund == 1078]


def test_a_refund_that_was_only_listed_is_first_seen_when_it_is_read() -> None:
    """Whether the shop has paid it itself is what both sights must agree on, and a listing does not say it."""
    full = order(refunds={1077: 200})
    stub = replace(full, refunds=(replace(full.refunds[0], created=None, paid_by_shop=None),))
    listed, _ = observe(order(), stub, record(), LONG_AGO)
    read, changes = observe(stub, full, listed, NOW)
    assert (read.seen(1077), changes) == (NOW, ())
    assert observe(full, full, read, NOW + MINUTE)[0].seen(1077) == NOW
