"""A look: order and payment are read past any cache, judged, and everything that follows is committed at once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bridge.db.journal import Known, Look, Overtaken
from bridge.domain.attempts import NotYet
from bridge.domain.changes import Change
from bridge.domain.claims import Claim, claim, doubt, without_payment_id
from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.lifecycle import SOON, follow, retry_delay
from bridge.domain.looks import Verdict, baseline, consider, observe
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.records import Record, State
from bridge.domain.steps import Step
from bridge.engine.settling import settle, unsettled
from bridge.engine.telling import attention, not_ours, notes, story, words
from bridge.engine.unit import Unit
from bridge.errors import NotThere, RemoteError, Unreadable
from bridge.ports import Provider

log = structlog.get_logger()

SECOND = timedelta(seconds=1)
"""The least time from one look to the next that only waits: no slip can make the bridge spin."""
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
        payment = await _read_payment(unit, known, mine)
    except Unreadable as error:
        await _set_aside(unit, known, error)
        return None
    except RemoteError as error:
        if isinstance(error, NotThere) and known.order is None:
            await unit.journal.never_understood(known.row, unit.now())
        else:
            await _failed(unit, known, error)
        return None
    try:
        return await _commit(unit, known, order, mine, payment, began)
    except Overtaken:
        await unit.journal.wake([order_id], unit.now())
        return None


async def _read_order(unit: Unit, order_id: int, known: Known) -> Order:
    try:
        return await unit.store.order(order_id)
    except NotThere:
        if known.order is None:
            raise
        return replace(known.order, status=GONE)


async def _read_payment(unit: Unit, known: Known, mine: Claim | None) -> Payment | None:
    """Read the payment that the order names; while a call is not settled, the one that it was made on."""
    called_on = _called_on(unit, known)
    if called_on is not None:
        provider, payment_id = called_on
        return await provider.read(payment_id)
    return await unit.providers[mine.method.provider].read(mine.payment_id) if mine and mine.payment_id else None


def _called_on(unit: Unit, known: Known) -> tuple[Provider, str] | None:
    open_ = known.record.open if known.record else None
    if open_ is None or known.attempt is None or known.payment is None or not unsettled(open_):
        return None
    provider = next((provider for provider in unit.providers if provider.name == known.provider), None)
    return (provider, known.payment.id) if provider else None


async def _set_aside(unit: Unit, known: Known, error: Unreadable) -> None:
    """The order can't be understood. A listing may have said so before, in fewer words: that is no news."""
    now = unit.now()
    problem = known.problem if known.problem and known.problem in str(error) else str(error)
    await unit.journal.set_aside(known.row, problem, now + ASIDE if known.action else None, now)


async def _failed(unit: Unit, known: Known, error: RemoteError) -> None:
    """Nothing could be read. An outage holds nothing: the order waits and is looked at again."""
    now = unit.now()
    delay = retry_delay(known.failures + 1, SOON * known.failures, unit.chance(), getattr(error, "after", None))
    log.warning(
        "look.failed", store=unit.store.name, order=known.order.id if known.order else None, problem=str(error)
    )
    await unit.journal.look_failed(known.row, str(error), now + delay)


async def _observe(unit: Unit, known: Known, order: Order, now: datetime) -> tuple[Record, tuple[Change, ...]]:
    """Note what changed; an order never understood before is baseline like its contemporaries."""
    record, changes = observe(known.order, order, known.record, now)
    if known.record is None:
        before = (await unit.journal.state()).baseline
        if before is not None and order.created < before:
            return baseline(order, unit.rules, now), changes
    return record, changes


async def _commit(
    unit: Unit, known: Known, order: Order, mine: Claim | None, payment: Payment | None, began: datetime
) -> Ready | None:
    now = unit.now()
    record, changes = await _observe(unit, known, order, now)
    settled = settle(known.attempt, order, payment, record, now, unit.rules.settle_unknown)
    called_on = payment is not None and not (mine and _same(payment.id, mine.payment_id))
    if isinstance(settled, NotYet):
        verdict = Verdict(record=record, decision=Wait(settled.until, "the last call has still to show"))
    elif called_on:
        verdict = Verdict(record=settled.record, decision=Wait(now, "the order names another payment now"))
    else:
        verdict = await _verdict(unit, order, mine, payment, settled.record, now)
    done = None if isinstance(settled, NotYet) else settled.done
    name = known.provider if called_on else unit.providers[mine.method.provider].name if mine else ""
    reason, facts = attention(verdict.decision, known)
    committed = Look(
        order=order,
        record=verdict.record,
        payment=payment,
        provider=name,
        payment_id=payment.id if payment else mine.payment_id if mine else "",
        follow=follow(verdict.record.open, verdict.decision, shadow=not unit.live),
        why=words(verdict.decision),
        attention=reason,
        facts=facts,
        due=_due(verdict.decision, known, now, live=unit.live),
        watched=_watched(order, verdict, mine),
        events=story(changes, verdict.decision, done, known),
        notes=notes(unit, order, verdict, name, payment, done),
        done=None if isinstance(settled, NotYet) else settled.reference,
        moved=done is not None or _moved(known.payment, payment),
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


async def _verdict(
    unit: Unit, order: Order, mine: Claim | None, payment: Payment | None, record: Record, now: datetime
) -> Verdict:
    if mine is None:
        return Verdict(record=record, decision=Quiet(not_ours(order)))
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


def _same(one: str, other: str) -> bool:
    """Whether two payment ids are one: a UUID may be written in either case."""
    return one.casefold() == other.casefold()


def _moved(before: Payment | None, now: Payment | None) -> bool:
    """Whether money was captured or returned since the payment was last read, by whomever."""
    if now is None or now.state is PaymentState.GONE:
        return False
    return (now.captured, now.returned) != ((before.captured, before.returned) if before else (0, 0))


def _due(decision: Decision, known: Known, now: datetime, *, live: bool) -> datetime | None:
    match decision:
        case Act():
            return max(known.next_try or now, now) if live else None
        case Wait(until=until):
            return max(until, now + SECOND) if until is not None else None
        case _:
            return None


def _watched(order: Order, verdict: Verdict, mine: Claim | None) -> bool:
    """Whether the sweep re-reads the order: it is open, or waits for a person or for time to pass."""
    resting = isinstance(verdict.decision, Quiet) and order.status in ("trash", GONE)
    if mine is None or resting:
        return False
    return verdict.record.closed is None or isinstance(verdict.decision, Hold | Wait)
