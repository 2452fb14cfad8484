"""The one next step: a pure function of an order, its payment and what we remember (design § 3).

Level-triggered: after each step it is asked again. History only tells which refunds are met, whether order and
payment ever agreed, and whether the order is closed.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from bridge.domain.cases import Case
from bridge.domain.changes import SWITCH
from bridge.domain.decisions import Decision, Hold, Quiet, Wait
from bridge.domain.keys import is_ours
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import PaymentState
from bridge.domain.payouts import Already, finish
from bridge.domain.phases import capture_phase, open_phase, void_phase
from bridge.domain.reasons import Reason
from bridge.domain.records import Closed, How
from bridge.domain.settlement import settle_rest

STALE_RETRY = timedelta(seconds=10)
LONGEST_STALE_RETRY = timedelta(minutes=10)
_REMOVED = ("trash", GONE)
_UNPAID = ("pending", "failed", "draft", "auto-draft", "checkout-draft")


def left_alone(order: Order) -> Wait | None:
    """Whether somebody has told the bridge to leave the order alone: it says nothing about it either."""
    switch = order.meta_value(SWITCH)
    if switch in ("off", "pause"):
        return Wait(None, f"{SWITCH} is off" if switch == "off" else "paused")
    return None


def decide(case: Case) -> tuple[Decision, Case]:
    """Give the one next step, or quiet, or attention with a reason; and the case with the refunds that this meets.

    Total: it never raises.
    """
    while True:
        found, unsure = _forbidden(case) or _phase(case), unsettled(case)
        if unsure and not _waits_less(found, unsure):
            found = unsure
        if not isinstance(found, Already):
            return found, case
        met = settle_rest(found.refund, case.met, How.ALREADY)
        case = replace(case, record=case.record.evolve(settlements=met))


def _waits_less(found: Decision | Already, unsure: Wait) -> bool:
    """Whether `found` waits too, and is looked at again before the change has held for its time, or never."""
    if not isinstance(found, Wait) or unsure.until is None:
        return False
    return found.until is None or found.until < unsure.until


def _phase(case: Case) -> Decision | Already:
    """Deal with the reservation first, then with the returns that nothing explains, then with refunds."""
    closes: Closed | None = None
    if case.in_capture_phase:
        closes, found = Closed.CAPTURED, None if case.captured_and_closed else capture_phase(case)
    elif case.in_void_phase:
        closes, found = Closed.VOIDED, None if case.ended_before else void_phase(case)
    elif case.order.paid is None:
        return _unpaid(case)
    else:
        found = None if case.ended_before else open_phase(case)
    if aside := _set_aside(case, found):
        case, found = replace(case, aside=aside), None
    if case.unmatched and (found is None or isinstance(found, Quiet)):
        return Hold(Reason.UNMATCHED_RETURN, {"amount": case.unmatched[0].amount})
    return found or finish(case, closes)


def _set_aside(case: Case, found: Decision | None) -> str:
    """Why what the reservation needs is not done, or "". That money is missing is told in any case."""
    if found is None or isinstance(found, Quiet):
        return ""
    if isinstance(found, Hold) and found.reason in (Reason.NO_MONEY, Reason.UNDERPAID):
        return ""
    if found.step and case.waived(found.step.kind, found.step.target):
        return f"a person dropped this {found.step.kind}"
    off = case.switched_off
    return f"{off} is switched off in settings.yaml" if off else ""


def unsettled(case: Case) -> Wait | None:
    """Let nothing follow from a change that has not yet held for its time (design § 2, Settled)."""
    until = case.record.changed + case.rules.settle_change
    if seen := [case.record.seen(refund.id) or case.now for refund in case.open_refunds]:
        until = max(until, max(seen) + case.rules.settle_refund)
    return Wait(until, "waiting whether the change holds") if case.now < until else None


def _forbidden(case: Case) -> Decision | None:
    """Everything that forbids a step whatever the figures say (rule 2); None when one may be taken."""
    order, payment, record = case.order, case.payment, case.record
    if order.status in _REMOVED:
        if payment.reserved > 0:
            return Hold(Reason.TRASHED, {"reserved": payment.reserved})
        return Quiet(f"the order is {order.status}")
    if record.stale_since is not None:
        return _stale(case, record.stale_since)
    if order.status in _UNPAID:
        return _unpaid(case)
    if payment.state is PaymentState.PENDING:
        return _pending(case)
    if payment.state is PaymentState.GONE:
        return _not_shown(case)
    return _somebody_else(case)


def _stale(case: Case, since: datetime) -> Decision:
    """Wait for a read that is not older than what was seen before; when none comes for long, a person must look."""
    if case.now >= since + case.rules.warn_after:
        return Hold(Reason.NOT_SHOWN, {"detail": case.payment.detail})
    pause = max(STALE_RETRY, min(case.now - since, LONGEST_STALE_RETRY))
    return Wait(case.now + pause, "the provider answered with an older state of the payment")


def _unpaid(case: Case) -> Decision:
    payment, status = case.payment, case.order.status
    if payment.reserved == 0 and payment.net == 0:
        return Quiet(f"{status}: nothing is paid yet")
    until = case.record.status_since + case.rules.warn_after
    if case.now < until:
        return Wait(until, f"{status}: the shop does not count it as paid")
    return Hold(Reason.UNPAID_BUT_RESERVED, {"reserved": payment.reserved, "paid": payment.net})


def _pending(case: Case) -> Decision:
    until = (case.record.pending_since or case.now) + case.rules.warn_after
    if case.order.status in case.rules.cancel_on and case.order.paid is None:
        # A purchase that came to nothing: nobody need hear of it, but what is reserved late must not stay so.
        until = case.now + case.rules.warn_after
    if case.now < until:
        return Wait(until, f"the payment is not final yet: {case.payment.detail}")
    return Hold(Reason.PENDING_LONG, {"detail": case.payment.detail})


def _not_shown(case: Case) -> Decision:
    if case.in_capture_phase and not case.captured_and_closed and case.asked > 0:
        return Hold(Reason.NO_MONEY, {"asked": case.asked, "reserved": 0, "detail": case.payment.detail})
    ended = case.order.status in case.rules.cancel_on or case.record.closed is not None
    if ended and not case.open_refunds:
        return Quiet(f"the provider no longer shows the payment ({case.payment.detail})")
    return Hold(Reason.NOT_SHOWN, {"detail": case.payment.detail})


def _somebody_else(case: Case) -> Wait | None:
    """Leave a payment alone that somebody else changed a moment ago; its first entry is no such change."""
    last = case.payment.log[-1] if len(case.payment.log) > 1 else None
    if last is None or last.created is None or is_ours(last.key, case.stem):
        return None
    until = min(last.created, case.now) + case.rules.settle_others
    return Wait(until, "somebody else changed the payment a moment ago") if case.now < until else None
