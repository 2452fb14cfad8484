"""Remarks: what staff are told once beside the outcomes of steps and what needs a person."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from bridge.domain.cases import Case
from bridge.domain.decisions import Act, Decision, Facts, Hold, Quiet, Wait
from bridge.domain.orders import Refund
from bridge.domain.payments import Can, PaymentState
from bridge.domain.payouts import begun, held_back, payable
from bridge.domain.records import Closed, How, Settlement
from bridge.domain.settlement import unmet

SET_BACK_TO = ("pending", "processing", "on-hold")
"""The statuses that a closed order can be set back to; custom ones are a shop's own steps."""


class Topics(StrEnum):
    ADOPTED = "adopted"
    """A return that somebody else made meets a refund. refund, amount"""
    SET_BACK = "set-back"
    """An order whose payment was captured was set back. before, after"""
    VOIDED_SET_BACK = "voided-set-back"
    """An order whose payment was released was set back. before, after"""
    PENDING = "pending"
    """The payment is not final yet. detail"""
    WILL_PAY = "will-pay"
    """A refund was seen that the bridge is going to pay. refund, amount"""
    BEHIND = "behind"
    """A refund is not paid as long as something else about the order needs a person. refund, amount"""
    RECORDED = "recorded"
    """The reservation can't be lowered: the lower amount is captured in the end. asked, reserved, status"""
    RECORDED_NO_MORE = "recorded-no-more"
    """What was recorded as lower asks for all that is reserved again. asked, status"""
    FINAL = "final"
    """The payment, of which it was told that it was not final, is now. reserved"""
    MET = "met"
    """A refund was met without a payment, as its money was never captured. refund, amount"""
    NOT_REPLACED = "not-replaced"
    """Nothing is asked for any more, so the new reservation that was to follow does not come."""
    CLEARED = "cleared"
    """What needed a person does not any more, and nothing else was told of it."""


class Remark(Struct, frozen=True):
    topic: Topics
    facts: Facts


def adopted(case: Case, before: tuple[Settlement, ...]) -> Iterator[Remark]:
    """Refunds that a return which we did not make has met since `before`."""
    for it in case.met:
        if it.how is How.ADOPTED and it.entry and all(known.entry != it.entry for known in before):
            yield Remark(Topics.ADOPTED, {"refund": it.refund, "amount": it.amount})


def not_final(case: Case) -> Iterator[Remark]:
    """That nothing must be shipped on a payment that is not final yet, where nothing was captured."""
    payment = case.payment
    if payment.state is PaymentState.PENDING and case.order.paid is not None and payment.captured == 0:
        yield Remark(Topics.PENDING, {"detail": payment.detail})


def set_back(case: Case, decision: Decision) -> Iterator[Remark]:
    """That a closed order was set back, which moves no money: none at all where there is none, nor can be."""
    payment, facts = case.payment, {"before": case.record.closed_status, "after": case.order.status}
    if case.order.status not in SET_BACK_TO or case.order.status == case.record.closed_status:
        return
    if case.record.closed is Closed.CAPTURED:
        yield Remark(Topics.SET_BACK, facts)
    elif payment.reserved == 0 and payment.net == 0 and not isinstance(decision, Hold):
        yield Remark(Topics.VOIDED_SET_BACK, facts)


def told(case: Case, decision: Decision, before: tuple[Settlement, ...], *, was_pending: bool) -> list[Remark]:
    """What is told with a decision. `before` are the settlements before the look, or before the call it follows."""
    if not isinstance(decision, Quiet):
        return [*_met(case, before), *_announced(case, decision)]
    if not decision.agreed:
        return [*_met(case, before)]
    final = _final(case) if was_pending else ()
    return [*final, *_recorded(case), *_met(case, before), *_not_replaced(case)]


def _final(case: Case) -> Iterator[Remark]:
    """That a payment which was not final is now: what was told not to be done may be done as ever."""
    told = case.order.paid is not None and case.payment.captured == 0
    if told and not (case.in_capture_phase or case.in_void_phase):
        yield Remark(Topics.FINAL, {"reserved": case.payment.reserved})


def _recorded(case: Case) -> Iterator[Remark]:
    """That a lower total is captured in the end although more stays reserved; and that it no longer is lower."""
    payment, before = case.payment, case.record.agreed
    fixed = case.can(Can.CAPTURE_AND_CLOSE) and not case.can(Can.RELEASE_PART)
    closes = case.rules.capture and case.release_leftover and fixed
    if not closes or before == case.terms or case.in_capture_phase or case.in_void_phase:
        return
    asked, status = case.want(case.asked), min(case.rules.capture_on)
    if 0 < asked < payment.reserved and payment.reserved - asked != payment.fee:
        yield Remark(Topics.RECORDED, {"asked": asked, "reserved": payment.reserved, "status": status})
    elif before is not None and before.total - before.refunded < asked == payment.reserved:
        yield Remark(Topics.RECORDED_NO_MORE, {"asked": asked, "status": status})


def _met(case: Case, before: tuple[Settlement, ...]) -> Iterator[Remark]:
    """Refunds that were met since `before` because their money was released, or was never captured."""
    for it in case.met:
        if it.how in (How.RELEASED, How.ALREADY) and it not in before and case.payment.state is PaymentState.READY:
            yield Remark(Topics.MET, {"refund": it.refund, "amount": it.amount})


def _not_replaced(case: Case) -> Iterator[Remark]:
    """That a reservation which was released for a new one stays so, as the order has ended."""
    if case.in_void_phase and case.being_replaced:
        yield Remark(Topics.NOT_REPLACED, {})


def _announced(case: Case, decision: Act | Wait | Hold) -> Iterator[Remark]:
    """Refunds that nobody must pay in the portal: the bridge is going to, or will when a person has acted."""
    if not (case.order.refunds and case.rules.refund) or case.payment.net <= 0:
        return
    if isinstance(decision, Wait) and decision.until is None:
        return
    own, waiting = decision.step.refund if decision.step else None, case.open_refunds
    if all(refund.id == own for refund in waiting):
        return
    topic = Topics.BEHIND if isinstance(decision, Hold) else Topics.WILL_PAY
    left = case.excess
    for refund in waiting:
        amount = unmet(refund, case.met)
        left -= amount
        stands = topic is Topics.BEHIND or (left >= 0 and _goes(case, refund, amount))
        if not stands and topic is Topics.WILL_PAY:
            return
        if refund.id != own and refund.paid_by_shop is False and not begun(case, refund):
            yield Remark(topic, {"refund": refund.id, "amount": amount})


def _goes(case: Case, refund: Refund, amount: int) -> bool:
    """Whether a refund is going to be paid without a person; while the payment is not final, nothing is listed."""
    final = case.payment.state is PaymentState.READY
    return held_back(case, refund) is None and (payable(case, amount) or not final)
