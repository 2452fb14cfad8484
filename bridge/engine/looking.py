"""A look: order and payment are read past any cache, judged, and everything that follows is committed at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bridge.db import bounds, firsts
from bridge.db.known import Known, Look, Overtaken
from bridge.db.rows import own_several
from bridge.domain.alone import Followed
from bridge.domain.attempts import NotYet
from bridge.domain.changes import Change
from bridge.domain.claims import Claim, claim
from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.firsts import difference
from bridge.domain.lifecycle import SOON, follow, retry_delay
from bridge.domain.looks import Verdict, baseline, observe
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import Payment, PaymentState
from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import Record, State
from bridge.domain.settling import Settled, settle, unsettled
from bridge.domain.steps import Call, Step
from bridge.engine import outages
from bridge.engine.alone import followed, notice
from bridge.engine.bounding import within_bounds
from bridge.engine.judging import judge, noticing, of_this_payment, same
from bridge.engine.reading import ASIDE, called, failed, noticed, read_order, read_payment, set_aside
from bridge.engine.rewinding import may_act, rests, went_back
from bridge.engine.telling import attention, notes, promises, story, words
from bridge.engine.unit import Unit
from bridge.errors import NotThere, RemoteError, Unreadable

log = structlog.get_logger()

SECOND = timedelta(seconds=1)
"""The least time from one look to the next that only waits: no slip can make the bridge spin."""


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
    """When the order had been read, however slow its shop is; the payment was read after it."""


async def look(unit: Unit, order_id: int) -> Ready | None:
    """Look once; return the step to take now, if there is one."""
    if await rests(unit, order_id):
        return None
    known = await unit.journal.known(order_id)
    if known is None or known.action in unit.calling:
        return None  # whoever makes a call looks after it
    if known.action is not None and known.record and known.record.open and known.record.open.state is State.RUNNING:
        await unit.outbox.cut_off(known.action, "how the call ended could not be recorded", unit.now())
        return await look(unit, order_id)
    began = unit.now()
    try:
        order = await read_order(unit, order_id, known)
        await outages.order_was_read(unit)
        looked = unit.now()
        if await went_back(unit, known, order):
            return None
        mine = claim(order, unit.methods)
        payment = await read_payment(unit, known, mine)
    except Unreadable as error:
        await set_aside(unit, known, error)
        return None
    except RemoteError as error:
        if isinstance(error, NotThere) and known.order is None:
            await unit.journal.never_understood(known.row, unit.now())
        else:
            await failed(unit, known, error)
            await noticed(unit, error)
        return None
    try:
        return await _commit(unit, known, order, mine, payment, began, looked)
    except Overtaken:
        await unit.agenda.wake([order_id], unit.now())
        return None


async def _observe(unit: Unit, known: Known, order: Order, looked: datetime) -> tuple[Record, tuple[Change, ...]]:
    """Note what changed; an order never understood before is baseline like its contemporaries."""
    record, changes = observe(known.order, order, known.record, looked)
    if known.record is None:
        before = (await unit.standing.state()).baseline
        if before is not None and order.created < before:
            return baseline(order, unit.rules, looked), changes
    return record, changes


async def _commit(
    unit: Unit,
    known: Known,
    order: Order,
    mine: Claim | None,
    payment: Payment | None,
    began: datetime,
    looked: datetime,
) -> Ready | None:
    """Commit a look whose reads began at `began`; a slow one shows what was so then, not what is so now."""
    now = unit.now()
    record, changes = await _observe(unit, known, order, looked)  # what it has to hold for counts from there
    rules = unit.rules
    settled = settle(known.attempt, order, payment, record, began, rules.settle_unknown, rules.warn_after)
    elsewhere = payment is not None and not (mine and same(payment.id, mine.payment_id))
    if isinstance(settled, NotYet):
        verdict = Verdict(record=record, decision=Wait(settled.until, "the last call has still to show"))
    elif elsewhere and called(known):
        still = settled.record.open is not None and unsettled(settled.record.open)
        until = now + ASIDE if still else now
        verdict = Verdict(record=settled.record, decision=Wait(until, "the order names another payment now"))
    else:
        remembered = of_this_payment(settled.record, known, payment)
        verdict = await judge(unit, order, mine, payment, remembered, record.settlements, looked)
    ended = Settled(record) if isinstance(settled, NotYet) else settled
    if ended.vain:
        known = replace(known, next_try=next_try(unit, known, now, SOON))
    strange = await followed(unit, known, order, payment, verdict.record, now) if mine else []
    async with within_bounds(unit, known, order, mine, noticing(verdict, strange), now) as bounded:
        now = unit.now()  # whoever waited for the lock of its kind is held since then, not since before others were
        if strange:  # of looks side by side, each counts what those before it noticed
            await own_several(unit.store.name)
        name = unit.providers[mine.method.provider].name if mine and not elsewhere else known.provider
        reason, facts = attention(bounded.decision, known)
        committed = Look(
            order=order,
            record=bounded.record,
            payment=payment,
            provider=name,
            payment_id=payment.id if payment else mine.payment_id if mine else "",
            follow=follow(bounded.record.open, bounded.decision, shadow=not unit.live),
            why=words(bounded.decision),
            attention=reason,
            facts=facts,
            due=_due(bounded.decision, known, now, live=unit.live),
            next_try=known.next_try if ended.vain else None,
            watched=_watched(order, bounded, mine),
            events=(*story(changes, bounded.decision, ended.done, known), *_strange(strange)),
            notes=notes(unit, order, bounded, name, payment, ended, known, now),
            promises=promises(unit, order, bounded),
            done=ended.reference,
            done_amount=ended.done.amount if ended.done else None,
            moved=ended.done is not None or _moved(known.payment, payment),
        )
        action = await unit.journal.commit_look(known, committed, now)
        if action is not None and isinstance(bounded.decision, Act):
            await bounds.admit(action, now)
        await _compare(known, ended, payment, now)
        held = bool(strange) and await notice(unit, known, order, strange)
    await _tell_outages(unit, known, ended, name)
    _log(unit, order, committed, known)
    if held:
        await unit.agenda.wake([order.id], now)
        return None
    step = bounded.decision.step if isinstance(bounded.decision, Act) else None
    later = known.next_try is not None and known.next_try > now
    if step is None or action is None or later or not await may_act(unit):
        return None
    return Ready(
        action=action,
        step=step,
        order=order,
        payment=payment,
        provider=mine.method.provider if mine else 0,
        known=known,
        looked=looked,
    )


async def _compare(known: Known, ended: Settled, payment: Payment | None, now: datetime) -> None:
    """Hold what the call did, if it turned out to have taken effect, against what it was to do."""
    open_ = ended.record.open
    shown = ended.done is not None or (open_ is not None and open_.reason == Reason.OTHER_AMOUNT)
    if shown and payment is not None and known.action is not None and known.attempt is not None:
        await firsts.compared(known.action, difference(known.attempt, payment), now)
    elif ended.vain and known.action is not None:
        await firsts.lapsed(known.action, now)


async def _tell_outages(unit: Unit, known: Known, ended: Settled, provider: str) -> None:
    """Whether the provider takes calls, as the end of one shows whose outcome was unknown."""
    if known.attempt is None or known.attempt.step.call is Call.RESTORE:
        return
    if ended.done is not None:
        await outages.answered(unit, provider, call=True)
    elif ended.vain and known.attempts == 1:  # of an order's later tries the first has told
        await outages.in_vain(unit, provider, "calls get no usable answer, and have no effect")


def next_try(unit: Unit, known: Known, now: datetime, after: timedelta | None) -> datetime:
    """When a call that had no effect is made again."""
    waited = now - (known.action_created or now)
    return now + retry_delay(known.attempts, waited, unit.chance(), after)


def _strange(found: Sequence[Followed]) -> Iterator[tuple[str, str]]:
    for it in found:
        yield "seen", it.text


def _log(unit: Unit, order: Order, committed: Look, known: Known) -> None:
    """Say what is news: a step that turned out done, and an order that needs a person, or no longer does."""
    if committed.done is not None:
        log.info("action.done", store=unit.store.name, order=order.id, reference=committed.done)
    if (committed.attention, committed.facts) != (known.attention, known.facts):
        if committed.attention in list(Bound):
            log.info("action.bounded", store=unit.store.name, order=order.id, reason=committed.attention)
        elif committed.attention:
            log.warning("order.attention", store=unit.store.name, order=order.id, reason=committed.attention)
        else:
            log.info("order.settled", store=unit.store.name, order=order.id, reason=known.attention)


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
    if (mine is None and not verdict.record.payment_id) or resting:
        return False
    return verdict.record.closed is None or isinstance(verdict.decision, Hold | Wait)
