"""What is to become of the money that is reserved: the capture, void and open phase (design § 3, rules 3 to 5).

Each function returns a decision, or None when the reservation is as it should be and refunds may be looked at.
"""

from datetime import timedelta

from bridge.domain.cases import Case
from bridge.domain.decisions import Act, Decision, Facts, Hold, Quiet, Wait
from bridge.domain.keys import capture_key, change_key, replace_key
from bridge.domain.payments import Can, EntryKind, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.steps import Call, Kind, Step

UNPAID_GRACE = timedelta(minutes=15)
"""An order cancelled before it was paid (by the store itself, often) may still be in the customer's hands."""


def capture_phase(case: Case) -> Decision | None:
    payment, want = case.payment, case.want(case.asked)
    if want > payment.reserved:
        return _more_wanted(case, want, at_capture=True)
    if want > 0:
        return _capture(case, want)
    if payment.reserved > 0 and case.release_leftover:
        return release_all(case, "nothing more is to be captured")
    return None


def void_phase(case: Case) -> Decision | None:
    payment, refunded = case.payment, case.order.status == "refunded"
    if payment.reserved == 0 or case.record.closed_by_capture:
        return None
    release = release_all(case, f"status {case.order.status}")
    if refunded and case.asked > 0:
        facts = {"asked": case.asked, "paid": payment.net, "reserved": payment.reserved}
        return Hold(Reason.REFUNDED_NOT_ALL, facts, release.step if isinstance(release, Act) else None)
    until = case.record.status_since + UNPAID_GRACE
    if case.order.paid is None and case.now < until:
        return Wait(until, "cancelled before it was paid: the customer may still be at it")
    return release


def open_phase(case: Case) -> Decision | None:
    payment, want = case.payment, case.want(case.asked_while_open)
    if want == payment.reserved:
        return None
    if want > payment.reserved:
        return _more_wanted(case, want, at_capture=False)
    if want == 0 and payment.captured > 0 and not case.release_leftover:
        return None
    if want > 0 and not case.can(Can.RELEASE_PART) and case.can(Can.CAPTURE_AND_CLOSE):
        first_sight = case.record.agreed is None and not case.record.counts
        if first_sight and payment.reserved - want != payment.fee:
            return Hold(Reason.MORE_RESERVED, {"asked": want, "reserved": payment.reserved})
        return Quiet("recorded: the lower total will be captured, as the reservation can't be lowered", agreed=True)
    found = _lower(case, want)
    if case.changed or not isinstance(found, Act):
        return found
    return Hold(Reason.MORE_RESERVED, {"asked": want, "reserved": payment.reserved}, found.step)


def _lower(case: Case, want: int) -> Act | Hold:
    """Release what is reserved beyond `want`; as the last way all of it, so that a new reservation follows."""
    if want == 0:
        return release_all(case, "nothing is asked for any more")
    if case.can(Can.RELEASE_PART):
        amount = case.payment.reserved - want
        return Act(_change(case, Call.RELEASE, amount, want, "the order asks for less than is reserved"))
    return _replace(case, want)


def _replace(case: Case, want: int) -> Act | Hold:
    """Release everything, to reserve `want` anew: where no part can be released, nothing else lowers an amount.

    Only where the new reservation must fit, whether or not the provider counts what was released against the
    limit (it is not known): an order must not end without its payment.
    """
    payment = case.payment
    released = sum(entry.amount for entry in payment.log if entry.kind is EntryKind.RELEASE)
    fits = payment.limit is not None and released + payment.reserved + want <= payment.limit
    allowed = case.rules.modify and payment.captured == 0 and case.can(Can.RELEASE) and case.can(Can.RAISE)
    if not (fits and allowed):
        return _cannot(case, want)
    key = replace_key(case.stem, len(payment.log))
    why = "no part of the reservation can be released: it is replaced by a new one"
    return Act(
        Step(
            kind=Kind.MODIFY,
            call=Call.RELEASE,
            key=key,
            amount=payment.reserved,
            target=want,
            everything=True,
            why=why,
        )
    )


def _capture(case: Case, amount: int) -> Act | Hold:
    payment = case.payment
    whole = amount == payment.reserved
    if not (case.can_all(Can.CAPTURE) if whole else case.can(Can.CAPTURE_PART)):
        return _replace(case, amount) if case.changed and not whole else _cannot(case, amount)
    target = payment.captured + amount
    step = Step(
        kind=Kind.CAPTURE,
        call=Call.CAPTURE,
        key=capture_key(case.stem, target),
        amount=amount,
        target=target,
        everything=whole or (case.release_leftover and case.can(Can.CAPTURE_AND_CLOSE)),
        why=f"status {case.order.status}",
    )
    return Act(step)


def release_all(case: Case, why: str) -> Act | Hold:
    """Release everything that is still reserved."""
    if not case.can_all(Can.RELEASE):
        return _cannot(case, 0)
    key, amount = change_key(case.stem, len(case.payment.log)), case.payment.reserved
    return Act(
        Step(kind=Kind.CANCEL, call=Call.RELEASE, key=key, amount=amount, target=0, everything=True, why=why)
    )


def _change(case: Case, call: Call, amount: int, target: int, why: str) -> Step:
    key = change_key(case.stem, len(case.payment.log))
    return Step(kind=Kind.MODIFY, call=call, key=key, amount=amount, target=target, why=why)


def _more_wanted(case: Case, want: int, *, at_capture: bool) -> Decision:
    """More is wanted than is reserved: raise by the difference if that is ours to do, else hold.

    At capture a person may approve instead that what is there be captured.
    """
    payment = case.payment
    if payment.reserved == 0 and payment.captured > 0:
        return Hold(Reason.UNDERPAID, {"asked": case.asked, "paid": payment.net})
    facts: Facts = {"asked": want, "reserved": payment.reserved}
    if payment.state is PaymentState.DEAD:
        facts = {**facts, "detail": payment.detail}
    elif payment.limit is not None:
        facts = {**facts, "limit": payment.limit}
    raised = None
    dropped = at_capture and case.waived(Kind.MODIFY, want)
    if _may_raise(case, want) and not dropped:
        why = "the order asks for more than is reserved"
        raised = _change(case, Call.RAISE, want - payment.reserved, want, why)
        # Only for a total that is known to have changed: that it counts is not yet to say that more was agreed on.
        if case.changed and (case.record.agreed or case.being_replaced):
            return Act(raised)
    if payment.reserved == 0:
        return Hold(Reason.NO_MONEY, facts, raised)
    if not at_capture:
        return Hold(Reason.LESS_RESERVED, facts, raised)
    what_is_there = _capture(case, payment.reserved)
    return Hold(Reason.LESS_RESERVED, facts, what_is_there.step)


def _may_raise(case: Case, want: int) -> bool:
    payment = case.payment
    return (
        case.rules.modify
        and case.can(Can.RAISE)
        and not case.record.voided
        and payment.limit is not None
        and payment.captured + want <= payment.limit
    )


def _cannot(case: Case, asked: int) -> Hold:
    return Hold(Reason.CANNOT_CHANGE, {"asked": asked, "reserved": case.payment.reserved})
