"""Refunds and agreement: what follows when the reservation is as it should be (design § 3, rules 7 and 8)."""

from dataclasses import dataclass

from bridge.domain.cases import Case
from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.keys import refund_key
from bridge.domain.orders import Refund
from bridge.domain.payments import Can
from bridge.domain.phases import release_all
from bridge.domain.reasons import Reason
from bridge.domain.records import Closed
from bridge.domain.settlement import unmet
from bridge.domain.steps import Call, Kind, Step


@dataclass(frozen=True, slots=True)
class Already:
    """Nothing is left to return for this refund: it is met, and the rest is to be decided anew."""

    refund: Refund


def finish(case: Case, closes: Closed | None) -> Decision | Already:
    """Pay the lowest open refund; without one, say whether order and payment agree."""
    if case.unmatched:
        return Hold(Reason.UNMATCHED_RETURN, {"amount": case.unmatched[0].amount})
    waiting = case.open_refunds
    if closes is None and not case.rules.release_before_capture:
        left = case.payment.net - case.asked
        waiting = [refund for refund in waiting[:1] if unmet(refund, case.met) <= left]
    if waiting:
        return _payout(case, waiting[0])
    return _void_agreement(case) if closes is Closed.VOIDED else _agreement(case, closes)


def _payout(case: Case, refund: Refund) -> Decision | Already:
    left, amount = case.payment.net - case.asked, unmet(refund, case.met)
    if left <= 0:
        return _switched_off(case) or Already(refund)
    if not case.rules.refund:
        return Quiet("refund is switched off in settings.yaml")
    if refund.paid_by_shop is None:
        return Wait(case.now, "the refund itself is still to be read")
    step = _refund(case, refund.id, min(amount, left))
    if amount > left:
        return Hold(Reason.REFUND_TOO_LARGE, {"amount": amount, "left": left}, step)
    if refund.paid_by_shop:
        return Hold(Reason.SHOP_SAYS_PAID, {"amount": amount}, step)
    seen = case.record.seen(refund.id) or case.now
    if refund.created is not None and seen - refund.created > case.rules.hold_older_than:
        return Hold(Reason.OLD_REFUND, {"amount": amount}, step)
    if case.now < seen + case.rules.refund_delay:
        return Wait(seen + case.rules.refund_delay, "refund.delay of settings.yaml")
    if case.can(Can.REFUND if amount == case.payment.net else Can.REFUND_PART):
        return Act(step)
    return Hold(Reason.CANNOT_CHANGE, {"asked": case.asked, "reserved": case.payment.reserved})


def _refund(case: Case, refund_id: int, amount: int) -> Step:
    """A payout; `refund_id` 0 is the rest of a refunded order, which only a person's approval sends."""
    return Step(
        kind=Kind.REFUND,
        call=Call.REFUND,
        key=refund_key(case.stem, refund_id),
        amount=amount,
        target=case.payment.returned + amount,
        refund=refund_id or None,
        why=f"refund {refund_id}" if refund_id else "the rest of a refunded order",
    )


def _agreement(case: Case, closes: Closed | None) -> Decision:
    paid, asked = case.payment.net, case.asked
    if paid > asked + case.excused:
        return Hold(Reason.OVERPAID, {"asked": asked, "paid": paid})
    if closes is Closed.CAPTURED and paid < asked:
        if case.record.baseline and case.record.agreed is None:
            return Hold(Reason.BASELINE_RESERVED, {"asked": asked, "reserved": case.payment.reserved})
        return _switched_off(case) or Hold(Reason.UNDERPAID, {"asked": asked, "paid": paid})
    left_over = case.payment.reserved
    if closes is Closed.CAPTURED and left_over > 0 and case.rules.release_leftover and case.rules.capture:
        # Closed long ago, and somebody reserved more since: not ours to correct unasked.
        release = release_all(case, "more is reserved on a closed order")
        facts = {"asked": 0, "reserved": left_over}
        return Hold(Reason.MORE_RESERVED, facts, release.step)
    return _switched_off(case) or Quiet("order and payment agree", agreed=True, closes=closes)


def _void_agreement(case: Case) -> Decision:
    paid, asked = case.payment.net, case.asked
    if paid <= case.excused:
        return _switched_off(case) or Quiet("nothing is reserved or kept", agreed=True, closes=Closed.VOIDED)
    if case.order.status != "refunded":
        return Hold(Reason.CANCELLED_BUT_CAPTURED, {"paid": paid})
    if asked > 0:
        facts = {"asked": asked, "paid": paid, "reserved": case.payment.reserved}
        return Hold(Reason.REFUNDED_NOT_ALL, facts, _refund(case, 0, paid))
    return Hold(Reason.OVERPAID, {"asked": asked, "paid": paid})


def _switched_off(case: Case) -> Quiet | None:
    """While the action that would deal with a reservation is off, what is reserved settles nothing."""
    if case.switched_off and case.payment.reserved > 0:
        return Quiet(f"{case.switched_off} is switched off in settings.yaml")
    return None
