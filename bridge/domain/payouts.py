"""Refunds and agreement: what follows when the reservation is as it should be (design § 3, rules 7 and 8)."""

from msgspec import Struct

from bridge.domain.cases import Case
from bridge.domain.decisions import Act, Decision, Facts, Hold, Quiet, Wait
from bridge.domain.keys import refund_key, refund_of
from bridge.domain.orders import Refund
from bridge.domain.payments import Can, EntryKind
from bridge.domain.phases import release_all
from bridge.domain.reasons import Reason
from bridge.domain.records import Closed, How
from bridge.domain.settlement import unmet
from bridge.domain.steps import Call, Kind, Step


class Already(Struct, frozen=True):
    """Nothing is left to return for this refund: it is met, and the rest is to be decided anew."""

    refund: Refund


def finish(case: Case, closes: Closed | None) -> Decision | Already:
    """Pay the lowest open refund; without one, say whether order and payment agree."""
    if closes is Closed.CAPTURED and case.payment.net < case.asked:
        return _aside(case) or _owed(case)
    waiting = case.open_refunds
    if closes is None and case.refunds_wait:
        waiting = [refund for refund in waiting[:1] if unmet(refund, case.met) <= case.excess]
    if waiting:
        return _payout(case, waiting[0])
    return _void_agreement(case) if closes is Closed.VOIDED else _agreement(case, closes)


def _payout(case: Case, refund: Refund) -> Decision | Already:
    left, amount = case.excess, unmet(refund, case.met)
    if left < amount:
        # What is still to become of the reservation decides whether there will be anything to return.
        undecided = _aside(case)
        if undecided or left <= 0:
            return undecided or Already(refund)
    if not case.rules.refund:
        return Quiet("refund is switched off in settings.yaml")
    if refund.paid_by_shop is None:
        return Wait(case.now, "the refund itself is still to be read")
    step = _refund(case, refund.id, min(amount, left))
    if amount > left:
        return Hold(Reason.REFUND_TOO_LARGE, {"amount": amount, "left": left}, step)
    if reason := held_back(case, refund):
        return Hold(reason, {"amount": amount}, step)
    due = (case.record.seen(refund.id) or case.now) + case.rules.settle_refund + case.rules.refund_delay
    if case.now < due:
        return Wait(due, "refund.delay of settings.yaml")
    if payable(case, amount):
        return Act(step)
    return Hold(Reason.CANNOT_REFUND, {"amount": amount, "paid": case.payment.net}, step)


def payable(case: Case, amount: int) -> bool:
    """Whether the provider lists a refund that would pay `amount`."""
    return case.can_all(Can.REFUND) if amount == case.payment.net else case.can(Can.REFUND_PART)


def begun(case: Case, refund: Refund) -> bool:
    """Whether a part of the refund was paid by us: what persons and clocks had to say about it has been said."""
    return any(settlement.refund == refund.id and settlement.how is How.PAID for settlement in case.met)


def held_back(case: Case, refund: Refund) -> Reason | None:
    """Why a refund is not paid without a person's word although the money is there."""
    if begun(case, refund):
        return None
    if refund.paid_by_shop:
        return Reason.SHOP_SAYS_PAID
    seen = case.record.seen(refund.id) or case.now
    if refund.created is not None and seen - refund.created > case.rules.hold_older_than:
        return Reason.OLD_REFUND
    return None


def _refund(case: Case, refund_id: int, amount: int) -> Step:
    """A payout; `refund_id` 0 is the rest of a refunded order, which only a person's approval sends.

    Where each return goes against one capture and none has enough left, the largest part that fits goes first:
    the rest follows as a step of its own.
    """
    left = case.payment.returnable
    amount = min(amount, max(left)) if left else amount
    returns = (entry for entry in case.payment.log if entry.kind is EntryKind.RETURN)
    paid = {
        met.entry for met in case.met if met.refund == refund_id and met.how is How.PAID
    }  # its key may not show
    part = 1 + sum(refund_of(entry.key, case.stem) == refund_id or entry.id in paid for entry in returns)
    return Step(
        kind=Kind.REFUND,
        call=Call.REFUND,
        key=refund_key(case.stem, refund_id, part),
        amount=amount,
        target=case.payment.returned + amount,
        refund=refund_id or None,
        why=f"refund {refund_id}" if refund_id else "the rest of a refunded order",
    )


def _agreement(case: Case, closes: Closed | None) -> Decision:
    paid, left_over = case.payment.net, case.payment.reserved
    asked = case.asked if closes else case.asked_while_open
    if paid > asked + case.excused:
        return Hold(Reason.OVERPAID, {"asked": asked, "paid": paid})
    if closes is Closed.CAPTURED and left_over > 0 and case.release_leftover and case.rules.capture:
        # Closed long ago, and somebody reserved more since: not ours to correct unasked.
        release = release_all(case, "more is reserved on a closed order")
        return Hold(Reason.MORE_RESERVED, {"asked": 0, "reserved": left_over}, release.step)
    if closes is None and not case.aside and case.payment.captured > 0 and left_over == 0 and paid < asked:
        return Hold(Reason.UNDERPAID, {"asked": asked, "paid": paid})
    return _aside(case) or Quiet("order and payment agree", agreed=True, closes=closes)


def _owed(case: Case) -> Hold:
    """What to say of an order that counts as captured while less than it asks for was paid."""
    payment = case.payment
    facts: Facts = {"asked": case.asked, "reserved": payment.reserved}
    if case.ended_before:
        return Hold(Reason.BASELINE_RESERVED, facts)
    if payment.captured == 0:
        return Hold(Reason.NO_MONEY, facts)
    return Hold(Reason.UNDERPAID, {"asked": case.asked, "paid": payment.net})


def _void_agreement(case: Case) -> Decision:
    payment, asked = case.payment, case.asked
    kept = payment.net - case.excused
    if kept <= 0:
        if payment.reserved > 0 and case.ended_before:
            return Hold(Reason.BASELINE_RESERVED, {"asked": 0, "reserved": payment.reserved})
        return _aside(case) or Quiet("nothing is reserved or kept", agreed=True, closes=Closed.VOIDED)
    if case.order.status != "refunded":
        return Hold(Reason.CANCELLED_BUT_CAPTURED, {"paid": payment.net})
    if asked > 0:
        facts = {"asked": asked, "paid": payment.net, "reserved": payment.reserved}
        rest = _refund(case, 0, min(kept, asked)) if case.rules.refund else None
        return Hold(Reason.REFUNDED_NOT_ALL, facts, rest)
    return Hold(Reason.OVERPAID, {"asked": asked, "paid": payment.net})


def _aside(case: Case) -> Quiet | None:
    """While what the reservation needs is switched off or was dropped, that is all there is to say."""
    return Quiet(case.aside) if case.aside else None
