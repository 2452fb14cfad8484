"""One look, whole: what was seen, what it means for what we remember, and what follows from it."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.cases import Case
from bridge.domain.changes import Change, Topic, diff
from bridge.domain.decision import decide, left_alone, unsettled
from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.keys import is_ours, is_replacing, restore_key, stem
from bridge.domain.orders import GONE, Order, Refund
from bridge.domain.payments import EntryKind, Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.records import Closed, How, OpenAction, Record, Settlement, State
from bridge.domain.remarks import (
    SET_BACK_TO,
    Remark,
    adopted,
    not_final,
    set_back,
    told,
)
from bridge.domain.rules import Rules, StatusLock
from bridge.domain.settlement import match, settle_release, unmet
from bridge.domain.steps import Call, Kind, Step

_RESTORABLE = ("completed", "cancelled")
_CHANGES = (Call.RELEASE, Call.RAISE)
_OF_MONEY = (Topic.TOTAL, Topic.REFUND_MADE, Topic.REFUND_CHANGED, Topic.REFUND_GONE)


class Verdict(Struct, frozen=True, kw_only=True):
    """What one look led to. `record` already holds what is to be remembered."""

    record: Record
    decision: Decision
    remarks: tuple[Remark, ...] = ()


def observe(
    previous: Order | None, order: Order, record: Record | None, now: datetime
) -> tuple[Record, tuple[Change, ...]]:
    """Note what changed since the last snapshot, and since when."""
    changes = diff(previous, order)
    if record is None:
        seen = tuple((refund.id, now) for refund in order.refunds)
        return Record(first_seen=now, changed=now, status_since=now, refunds_seen=seen), changes
    fresh = {change.refund for change in changes}  # also what is gone, which is asked for no more
    if previous is not None and order.refunds:
        fresh |= _first_read(previous.refunds, order.refunds)
    if not fresh:
        return record, ()
    seen = tuple(
        (refund.id, now if refund.id in fresh else record.seen(refund.id) or now) for refund in order.refunds
    )
    moved = previous is not None and previous.status != order.status
    unread = record.baseline and record.closed is None and record.log_length == 0
    return replace(
        record,
        # What changed before the payment of an order of before was ever read is no difference of before.
        counts=record.counts or (unread and any(change.topic in _OF_MONEY for change in changes)),
        changed=now if changes else record.changed,
        refunds_seen=seen,
        status_since=now if moved else record.status_since,
    ), changes


def _first_read(before: tuple[Refund, ...], now: tuple[Refund, ...]) -> set[int]:
    """The refunds of which no more than id and amount was known: only now they are seen for the first time.

    Whether the shop has paid one itself is not in a listing, and is what both sights must agree on.
    """
    listed = {refund.id for refund in before if refund.paid_by_shop is None}
    return {refund.id for refund in now if refund.id in listed and refund.paid_by_shop is not None}


def baseline(order: Order, rules: Rules, now: datetime) -> Record:
    """Remember an order that was there before the bridge: its refunds are settled, ended ones are closed."""
    closed = None
    if order.status in rules.capture_on:
        closed = Closed.CAPTURED
    elif order.status in rules.cancel_on or order.status == "refunded":
        closed = Closed.VOIDED
    return Record(
        first_seen=now,
        changed=now,
        status_since=now,
        baseline=True,
        refunds_seen=tuple((refund.id, now) for refund in order.refunds),
        settlements=tuple(Settlement(refund=r.id, how=How.BASELINE, amount=r.amount) for r in order.refunds),
        closed=closed,
        closed_status=order.status if closed else "",
    )


def consider(
    order: Order,
    payment: Payment,
    record: Record,
    rules: Rules,
    now: datetime,
    before: tuple[Settlement, ...] | None = None,
) -> Verdict:
    """Decide about one look, and say what is to be remembered of it.

    `before` are the settlements as they were before what a call turned out to have met (None: as in `record`).
    """
    before = record.settlements if before is None else before
    case = _case(order, payment, record, rules, now)
    if silence := left_alone(order):
        # What was met meanwhile is told, and remembered, when the order is no longer to be left alone.
        return Verdict(record=case.record.evolve(settlements=record.settlements), decision=silence)
    remarks = [*adopted(case, record.settlements), *not_final(case)]
    closed, opened = case, case.record.closed is not None and _open_again(case) and not unsettled(case)
    if opened:
        if restore := _restore(case):
            return Verdict(record=case.record, decision=gate(Act(restore), record), remarks=tuple(remarks))
        case = _case(order, payment, case.record.evolve(closed=None), rules, now)
    decision, case = decide(case)
    decision = gate(decision, record)
    if opened and rules.status_lock is not StatusLock.OFF:
        remarks += set_back(closed, decision)
    pending = record.pending_since is not None and payment.state is PaymentState.READY
    remarks += told(case, decision, before, was_pending=pending)
    after = _remember(decision, case)
    if pending and isinstance(decision, Wait):
        after = after.evolve(pending_since=record.pending_since)
    return Verdict(record=after, decision=decision, remarks=tuple(remarks))


def _case(order: Order, payment: Payment, record: Record, rules: Rules, now: datetime) -> Case:
    """Put the case together, its record already holding what this look adds to it."""
    front = stem(order, rules.tag)
    matching = match(order, payment, record, front)
    settlements = _met_by_capture(order, payment, record, matching.settlements)
    seen = replace(
        record,
        unrelated=matching.unrelated,
        settlements=settlements,
        log_length=max(record.log_length, len(payment.log)),
        pending_since=(record.pending_since or now) if payment.state is PaymentState.PENDING else None,
        stale_since=(record.stale_since or now) if _stale(payment, record) else None,
        voided=record.voided or _voided(payment, front, record.closed),
    )
    return Case(
        order=order,
        payment=payment,
        record=seen,
        rules=rules,
        now=now,
        stem=front,
        unmatched=matching.unmatched,
    )


def _met_by_capture(
    order: Order, payment: Payment, record: Record, met: tuple[Settlement, ...]
) -> tuple[Settlement, ...]:
    """Let the refunds of the last agreement be met where exactly the rest was captured, by whomever, and closed."""
    agreed = record.agreed
    if agreed is None or record.closed or payment.reserved or payment.captured != agreed.total - agreed.refunded:
        return met
    covered, left = 0, agreed.refunded
    for refund in order.refunds:  # lowest id first: one that was made after the agreement is none of them
        covered += min(left, unmet(refund, met))
        left = max(0, left - refund.amount)
    return settle_release(order, payment, met, covered)


def _stale(payment: Payment, record: Record) -> bool:
    """Whether this read shows less of the log than one before it."""
    return payment.state is not PaymentState.GONE and len(payment.log) < record.log_length


def _voided(payment: Payment, front: str, closed: Closed | None) -> bool:
    """Whether nothing is left of the payment and we had a hand in that: its log says so, also to a new database.

    A release that a new reservation is to follow voids nothing, unless the order ended before that one came.
    """
    if payment.reserved or payment.captured:
        return False
    keys = [entry.key for entry in payment.log if entry.kind is EntryKind.RELEASE and is_ours(entry.key, front)]
    return bool(keys) and (closed is Closed.VOIDED or not is_replacing(keys[-1], front))


def _open_again(case: Case) -> bool:
    removed = case.order.status in ("trash", GONE)
    return not (case.in_capture_phase or case.in_void_phase or removed)


def _restore(case: Case) -> Step | None:
    """The step back to the status it was closed in: once per order and day, never to refunded or custom ones.

    The lock follows the action that closed the order: where that is switched off, it locks nothing.
    """
    record, today = case.record, case.now.date()
    if case.rules.status_lock is not StatusLock.RESTORE or record.restored == today:
        return None
    closing = case.rules.capture if record.closed is Closed.CAPTURED else case.rules.cancel
    if not closing or case.waived(Kind.RESTORE_STATUS, 0):
        return None
    if case.order.status not in SET_BACK_TO or record.closed_status not in _RESTORABLE:
        return None
    return Step(
        kind=Kind.RESTORE_STATUS,
        call=Call.RESTORE,
        key=restore_key(case.stem, today),
        amount=0,
        target=0,
        status=record.closed_status,
        why=f"a closed order was set to {case.order.status}",
    )


def gate(decision: Decision, record: Record) -> Decision:
    """Let what persons and providers said about this very step stand: waived, approved, refused."""
    open_ = record.open
    if open_ is not None and (doubt := _doubt(open_, decision)):
        return doubt
    step = decision.step
    if step is None:
        return decision
    if step.refund is None and (step.kind, step.target) in record.waived:
        if isinstance(decision, Hold) and decision.reason is Reason.NO_MONEY:
            return Hold(decision.reason, decision.facts)  # what was dropped is the remedy, not the lack
        return Quiet(f"a person dropped this {step.kind}")
    if open_ is None or not open_.step.same(step):
        return decision
    shown = isinstance(decision, Act) or (isinstance(decision, Hold) and dict(decision.facts) == dict(open_.facts))
    if open_.approved and shown:
        return Act(step)
    if open_.reason == Reason.REFUSED and open_.state is State.HELD:
        return Hold(Reason.REFUSED, {"said": open_.refusal}, step)
    return decision


def _doubt(open_: OpenAction, decision: Decision) -> Decision | None:
    """What the last call brought up: whatever order and books say now, nothing goes before it is known."""
    if open_.state is State.UNKNOWN and isinstance(decision, Act):
        return Wait(None, "what became of the last call is not known yet")
    if open_.reason == Reason.OTHER_AMOUNT:
        return Hold(Reason.OTHER_AMOUNT, open_.facts, open_.step)
    if open_.reason == Reason.NOT_SEEN and not open_.approved:
        return Hold(Reason.NOT_SEEN, {"amount": open_.step.amount}, open_.step)
    return None


def _remember(decision: Decision, case: Case) -> Record:
    record = case.record
    if isinstance(decision, Act) and decision.step.call in _CHANGES:
        return record.evolve(counts=True)
    if not (isinstance(decision, Quiet) and decision.agreed):
        return record
    record = record.evolve(agreed=case.terms, counts=False, payment_id=case.payment.id)
    if decision.closes is None or case.payment.reserved == 0:
        # What was dropped is out of the way; the same step wanted another day is another matter.
        record = record.evolve(waived=frozenset())
    if decision.closes:
        record = record.evolve(closed=decision.closes, closed_status=case.order.status)
    return record
