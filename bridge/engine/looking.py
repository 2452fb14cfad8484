"""A look: order and payment are read past any cache, judged, and everything that follows is committed at once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bridge.db.journal import Known, Look
from bridge.domain.attempts import Nothing, NotYet, Shown, judge
from bridge.domain.claims import Claim, claim, doubt, without_payment_id
from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.lifecycle import follow, next_read, retry_delay
from bridge.domain.looks import Verdict, consider, observe
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import Payment
from bridge.domain.reasons import Reason
from bridge.domain.records import OpenAction, Record, State
from bridge.domain.settlement import settle_release
from bridge.domain.steps import Call, Step
from bridge.engine.telling import attention, notes, story, words
from bridge.engine.unit import Unit
from bridge.errors import NotThere, RemoteError, Unreadable

log = structlog.get_logger()

ASIDE = timedelta(hours=1)
"""Until an order with an unfinished call that can't be understood is looked at again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A step that may be taken now: its row is committed, and order and payment were read a moment ago."""

    action: int
    step: Step
    order: Order
    payment: Payment | None
    provider: int
    known: Known
    looked: datetime
    """When the reading of order and payment began."""


async def look(unit: Unit, order_id: int) -> Ready | None:
    """Look once; return the step to take now, if there is one."""
    known = await unit.journal.known(order_id)
    if known is None:
        return None
    began = unit.now()
    try:
        order = await _read_order(unit, order_id, known)
        mine = claim(order, unit.methods)
        payment = (
            await unit.providers[mine.method.provider].read(mine.payment_id) if mine and mine.payment_id else None
        )
    except Unreadable as error:
        now = unit.now()
        due = now + ASIDE if known.action else None
        await unit.journal.set_aside(known.row, str(error), due, now)
        return None
    except RemoteError as error:
        await _failed(unit, known, error)
        return None
    return await _commit(unit, known, order, mine, payment, began)


async def _read_order(unit: Unit, order_id: int, known: Known) -> Order:
    try:
        return await unit.store.order(order_id)
    except NotThere:
        if known.order is None:
            raise
        return replace(known.order, status=GONE)


async def _failed(unit: Unit, known: Known, error: RemoteError) -> None:
    """Nothing could be read. An outage holds nothing: the order waits and is looked at again."""
    now = unit.now()
    since = known.action_created or now
    delay = retry_delay(known.failures + 1, now - since, unit.chance(), getattr(error, "after", None))
    log.warning(
        "look.failed", store=unit.store.name, order=known.order.id if known.order else None, problem=str(error)
    )
    await unit.journal.look_failed(known.row, str(error), now + delay)


async def _commit(
    unit: Unit, known: Known, order: Order, mine: Claim | None, payment: Payment | None, began: datetime
) -> Ready | None:
    now = unit.now()
    record, changes = observe(known.order, order, known.record, now)
    settled = _settle(unit, known, order, payment, record, now)
    if isinstance(settled, NotYet):
        verdict = Verdict(record=record, decision=Wait(settled.until, "the last call has still to show"))
    else:
        record = settled.record
        verdict = await _verdict(unit, order, mine, payment, record, now)
    done = None if isinstance(settled, NotYet) else settled.done
    name = unit.providers[mine.method.provider].name if mine else ""
    reason, facts = attention(verdict.decision, known)
    committed = Look(
        order=order,
        record=verdict.record,
        payment=payment,
        provider=name,
        payment_id=mine.payment_id if mine else "",
        follow=follow(verdict.record.open, verdict.decision, shadow=not unit.live),
        why=words(verdict.decision),
        attention=reason,
        facts=facts,
        due=_due(verdict.decision, known, now, live=unit.live),
        watched=_watched(order, verdict, mine),
        events=story(changes, verdict.decision, done, known),
        notes=notes(unit, order, verdict, name, payment, done),
        done=None if isinstance(settled, NotYet) else settled.reference,
        moved=done is not None,
    )
    action = await unit.journal.commit_look(known, committed, now)
    step = verdict.decision.step if isinstance(verdict.decision, Act) else None
    if step is None or action is None or not unit.live or (known.next_try and known.next_try > now):
        return None
    return Ready(
        action=action,
        step=step,
        order=order,
        payment=payment,
        provider=mine.method.provider if mine else 0,
        known=known,
        looked=began,
    )


@dataclass(frozen=True, slots=True)
class _Settled:
    record: Record
    done: Step | None = None
    """The open action's step, which turned out to have taken effect."""
    reference: str | None = None
    """What the provider calls it."""


def _settle(
    unit: Unit, known: Known, order: Order, payment: Payment | None, record: Record, now: datetime
) -> _Settled | NotYet:
    """Settle a call whose effect has not been seen yet by what the fresh reads show."""
    open_, attempt = record.open, known.attempt
    if open_ is None or attempt is None or not _unsettled(open_):
        return _Settled(record)
    if attempt.step.call is Call.RESTORE:
        if order.status == attempt.step.status:
            return _Settled(record.evolve(open=None, restored=now.date()), attempt.step, "")
        return _Settled(record.evolve(open=replace(open_, state=State.READY)))
    if payment is None:
        return NotYet(now + unit.rules.settle_unknown)
    match judge(attempt, payment, now, unit.rules.settle_unknown):
        case Shown(reference=reference):
            if attempt.step.call is Call.RELEASE:
                met = settle_release(order, record.settlements, attempt.step.amount)
                record = record.evolve(settlements=met)
            return _Settled(record.evolve(open=None, payment_id=payment.id), attempt.step, reference)
        case Nothing(said_done=True):
            return _Settled(record.evolve(open=replace(open_, state=State.HELD, reason=Reason.NOT_SEEN)))
        case Nothing():
            return _Settled(record.evolve(open=replace(open_, state=State.READY, reason="it did not take effect")))
        case NotYet(until=until):
            return NotYet(next_read(attempt.ended or now, now, until))


def _unsettled(open_: OpenAction) -> bool:
    return open_.state in (State.RUNNING, State.UNKNOWN) or open_.reason == Reason.NOT_SEEN


async def _verdict(
    unit: Unit, order: Order, mine: Claim | None, payment: Payment | None, record: Record, now: datetime
) -> Verdict:
    if mine is None:
        return Verdict(
            record=record, decision=Quiet(f"left alone: payment method {order.payment_method!r} is not ours")
        )
    if payment is None:
        return Verdict(record=record, decision=without_payment_id(order, unit.rules))
    name = unit.providers[mine.method.provider].name
    taken_by = await unit.journal.owner(name, payment.id, order.id)
    doubted = doubt(
        order, payment, record, unit.rules, match_reference=mine.method.match_reference, taken_by=taken_by
    )
    if doubted is not None:
        return Verdict(record=record, decision=doubted)
    if unit.live and record.open is not None and record.open.shadow:
        record = record.evolve(open=replace(record.open, state=State.HELD, reason=Reason.SHADOWED))
    return consider(order, payment, record, unit.rules, now)


def _due(decision: Decision, known: Known, now: datetime, *, live: bool) -> datetime | None:
    match decision:
        case Act():
            return max(known.next_try or now, now) if live else None
        case Wait(until=until):
            return until
        case _:
            return None


def _watched(order: Order, verdict: Verdict, mine: Claim | None) -> bool:
    """Whether the sweep re-reads the order: it is open, or waits for a person or for time to pass."""
    if mine is None or order.status == GONE:
        return False
    return verdict.record.closed is None or isinstance(verdict.decision, Hold | Wait)
