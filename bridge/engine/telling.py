"""What is written down of a look: the story in words, the attention, and the notes for the shop's staff."""

import hashlib
import json
import re
from datetime import datetime

from bridge.db.known import Known
from bridge.domain.bounds import is_bounded
from bridge.domain.changes import Change
from bridge.domain.decisions import Act, Decision, Facts, Hold, Quiet, Wait
from bridge.domain.keys import stem
from bridge.domain.looks import Verdict
from bridge.domain.notes import done_note, hold_note, marked, remark_note, waits_note
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.reasons import Bound
from bridge.domain.records import Record
from bridge.domain.remarks import Remark, Topics
from bridge.domain.settlement import unmet
from bridge.domain.settling import Settled
from bridge.domain.steps import Step
from bridge.engine.unit import Unit

_EACH_TIME = (Topics.SET_BACK, Topics.VOIDED_SET_BACK, Topics.RECORDED, Topics.RECORDED_NO_MORE)
"""Told again when it happens again, with the same figures too."""


def not_ours(order: Order) -> str:
    """Why an order of another payment method is left alone."""
    return f"left alone: payment method {order.payment_method!r} is not ours"


def words(decision: Decision) -> str:
    match decision:
        case Act(step=step):
            return f"{step.kind}: {step.why}"
        case Hold(reason=reason):
            return f"attention: {reason}"
        case Wait(why=why) | Quiet(why=why):
            return why


def attention(decision: Decision, known: Known) -> tuple[str, str]:
    """The reason and figures of what a person is needed for; while a look only waits, the last ones stand."""
    if isinstance(decision, Hold):
        return decision.reason, json.dumps(dict(decision.facts), sort_keys=True)
    if isinstance(decision, Wait) and decision.until is not None:
        return known.attention, known.facts
    return "", ""


def story(
    changes: tuple[Change, ...], decision: Decision, done: Step | None, known: Known
) -> tuple[tuple[str, str], ...]:
    """The events of one look: what changed, what turned out to be done, and a decision that is news."""
    told = [("seen", change.text) for change in changes]
    if done is not None:
        told.append(("answered", f"{done.kind} is done, and the books show it ({done.key})"))
    if changes or done is not None or words(decision) != known.why:
        told.append(("decided", words(decision)))
    return tuple(told)


def notes(
    unit: Unit,
    order: Order,
    verdict: Verdict,
    provider: str,
    payment: Payment | None,
    ended: Settled,
    known: Known,
    now: datetime,
) -> tuple[tuple[str, str], ...]:
    """The notes that this look gives rise to, as (mark, text); in shadow mode only of calls made before it.

    They are written when the store is live again.
    """
    before = _ended_before(order, verdict.record)
    front, language = stem(order, unit.rules.tag), unit.spoken
    found = []
    if ended.done is not None:
        note = done_note(ended.done, order, payment, provider, language, ended.reference or "")
        found.append((ended.done.key, note))
    for remark in verdict.remarks if unit.live else ():
        again = verdict.record.changed if remark.topic in _EACH_TIME else None
        mark = _mark(front, remark.topic, remark.facts, again)
        found.append((mark, remark_note(remark, order, provider, language)))
    decision = verdict.decision
    if unit.live and isinstance(decision, Hold) and not before and not is_bounded(decision):
        still = (known.attention, known.facts) == attention(decision, known)
        mark = _mark(front, decision.reason, _news(decision, order), known.attention_since if still else now)
        found.append((mark, hold_note(decision, order, payment, provider, language)))
    settled = isinstance(decision, Quiet) and decision.agreed and known.attention not in ("", *Bound)
    if unit.live and settled and not found and not before:
        mark = _mark(front, Topics.CLEARED, {}, now)
        found.append((mark, remark_note(Remark(Topics.CLEARED, {}), order, provider, language)))
    return tuple((mark, marked(text, mark)) for mark, text in found)


def promises(unit: Unit, order: Order, verdict: Verdict) -> frozenset[str]:
    """The marks of the promises to pay refunds that this verdict makes, or goes about to keep."""
    facts = [remark.facts for remark in verdict.remarks if remark.topic is Topics.WILL_PAY]
    step = verdict.decision.step if isinstance(verdict.decision, Act) else None
    refund = order.refund(step.refund) if step is not None and step.refund is not None else None
    if refund is not None:
        facts.append({"refund": refund.id, "amount": unmet(refund, verdict.record.settlements)})
    return frozenset(_mark(stem(order, unit.rules.tag), Topics.WILL_PAY, it, None) for it in facts)


def promise(unit: Unit, order: Order, step: Step, provider: str, since: datetime) -> tuple[str, str]:
    """The note, as (mark, text), that a step waits for its provider since then."""
    mark = _mark(stem(order, unit.rules.tag), "waits", {"key": step.key}, since)
    return mark, marked(waits_note(step, order, provider, unit.spoken), mark)


def _ended_before(order: Order, record: Record) -> bool:
    """Whether the order ended before the bridge came: that list is for the administrator, not for the order."""
    return record.baseline and record.agreed is None and record.closed_status == order.status


def _news(hold: Hold, order: Order) -> Facts:
    """What makes a hold another piece of news: its figures, the order's status, and what could be approved."""
    step: Facts = {"step": hold.step.kind, "step_amount": hold.step.amount} if hold.step else {}
    return {**hold.facts, "order_status": order.status, **step}


def _mark(front: str, topic: str, facts: Facts, at: datetime | None) -> str:
    """A mark that is the same for the same news, so that it is told once, and another for other figures."""
    figures = json.dumps([dict(facts), at and at.isoformat()], sort_keys=True)
    short = hashlib.sha256(figures.encode()).hexdigest()[:6]
    return re.sub(r"[^A-Z0-9-]", "-", f"{front}-{topic}-{short}".upper())
