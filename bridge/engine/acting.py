"""A call: written down, made once, and its ending recorded. Whether it took effect is for the next look to say."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bind_contextvars, unbind_contextvars

from bridge.db.known import Overtaken
from bridge.domain.attempts import Attempt
from bridge.domain.lines import ENGLISH, SWEDISH, Charge, Names, capture_charges, change_charges, refund_charges
from bridge.domain.money import AmountError
from bridge.domain.orders import Order, Refund
from bridge.domain.outcomes import Done, Later, Outcome, Refused, Unknown
from bridge.domain.reasons import Reason
from bridge.domain.records import State
from bridge.domain.steps import Call, Step
from bridge.engine import outages
from bridge.engine.looking import Ready, next_try
from bridge.engine.unit import Unit
from bridge.errors import AnswerLost, Busy, LeaseLost, Nonsense, RemoteError, Unreachable
from bridge.ports import Request

log = structlog.get_logger()

FRESH = timedelta(seconds=5)
"""How old a look may be when its call's turn comes: with 5 s to connect, the first byte goes out within ten."""
SECOND = timedelta(seconds=1)
"""Until an order is looked at again that somebody else had when its call was to be made."""
PAUSES = (0.1, 0.5, 2.0)
"""Seconds between the tries to record how a call ended, where the database fails (full, locked)."""


async def act(unit: Unit, ready: Ready) -> bool:
    """Make the call of a step that a look has just derived; False when somebody else has taken or ended it, or the
    store may be somebody else's before the call has ended.
    """
    if not unit.lease.outlives_call():
        return False
    made, prepared = attempt(ready), request(unit, ready)
    unit.calling.add(ready.action)
    bind_contextvars(action=ready.action)
    try:
        account = unit.methods[ready.provider].account if prepared is not None else ""
        if not await unit.outbox.begin_attempt(ready.action, made, unit.now(), account):
            return False
        await _make(unit, ready, made, prepared)
    except Overtaken:
        unit.resting[ready.order.id] = unit.now() + SECOND
        return False
    finally:
        unbind_contextvars("action")
        unit.calling.discard(ready.action)
    return True


async def _make(unit: Unit, ready: Ready, made: Attempt, prepared: Request | Refused | None) -> None:
    calling = asyncio.ensure_future(call(unit, ready, prepared))
    try:
        outcome: Outcome = await asyncio.shield(calling)
    except asyncio.CancelledError:
        calling.cancel()
        await asyncio.shield(
            _record(unit, ready, made, Unknown("the bridge was stopped in the middle of the call"))
        )
        raise
    await _record(unit, ready, made, outcome)
    if ready.step.call is not Call.RESTORE:
        await _noticed(unit, unit.providers[ready.provider].name, outcome)


async def _noticed(unit: Unit, remote: str, outcome: Outcome) -> None:
    match outcome:
        case Later(reason=reason, after=after, down=True):
            await outages.not_taken(unit, remote, reason, after)
        case Done() | Refused():
            await outages.answered(unit, remote, call=True)
        case Unknown(detail=detail) if not outages.takes_calls(unit, remote):
            await outages.in_vain(unit, remote, detail)
        case _:  # of an outcome that is unknown the next read tells more
            pass


def attempt(ready: Ready) -> Attempt:
    """What is written down of a call before it is made."""
    payment = ready.payment
    return Attempt(
        step=ready.step,
        log_length=len(payment.log) if payment else 0,
        reserved=payment.reserved if payment else 0,
        captured=payment.captured if payment else 0,
        returned=payment.returned if payment else 0,
        failed=payment.failed if payment else "",
    )


def request(unit: Unit, ready: Ready) -> Request | Refused | None:
    """Put the call to the provider together, before anything is written down: a bug here has called nothing.

    None where the step is no call to a provider.
    """
    step = ready.step
    if step.call is Call.RESTORE:
        return None
    if ready.payment is None:
        return Refused("there is no payment to do this with")
    try:
        lines = charges(ready.order, step, SWEDISH if unit.spoken == "sv" else ENGLISH)
    except AmountError as error:
        return Refused(str(error))
    return Request(
        call=step.call,
        payment=ready.payment,
        amount=step.amount,
        charges=lines,
        key=step.key,
        everything=step.everything,
        fresh=lambda: unit.now() - ready.looked <= FRESH and unit.lease.outlives_call(),
    )


async def call(unit: Unit, ready: Ready, prepared: Request | Refused | None) -> Outcome:
    """Make the call that was written down; every ending is an Outcome."""
    step = ready.step
    log.info("action.call", store=unit.store.name, order=ready.order.id, kind=step.kind, key=step.key)
    if isinstance(prepared, Refused):
        return prepared
    try:
        if prepared is None:
            return await _restore(unit, ready.order, step)
        return await unit.providers[ready.provider].perform(prepared)
    except Exception as error:  # a bug; whether anything was sent is not known
        log.exception("action.failed", store=unit.store.name, order=ready.order.id, key=step.key)
        return Unknown(f"wc-bridge itself failed in the middle of the call ({type(error).__name__})")


def charges(order: Order, step: Step, names: Names) -> tuple[Charge, ...]:
    """The lines of a step; they sum to its amount exactly."""
    match step.call:
        case Call.CAPTURE:
            return capture_charges(order, step.amount, names)
        case Call.REFUND:
            rest = Refund(id=0, amount=step.amount)
            return refund_charges(order, order.refund(step.refund or 0) or rest, step.amount, names)
        case _:
            return change_charges(order, step.amount, names)


async def _restore(unit: Unit, order: Order, step: Step) -> Outcome:
    try:
        await unit.store.set_status(order.id, step.status or "")
    except (Busy, Unreachable) as error:
        return Later(str(error), getattr(error, "after", None))
    except (AnswerLost, Nonsense) as error:
        return Unknown(str(error))
    except RemoteError as error:
        return Refused(str(error))
    return Done()


async def _record(unit: Unit, ready: Ready, attempt: Attempt, outcome: Outcome) -> None:
    now = unit.now()
    state, text = _ending(outcome)
    said_no = outcome.reason if isinstance(outcome, Refused) and outcome.surprising else ""
    done = isinstance(outcome, Done)
    reference = outcome.reference if isinstance(outcome, Done) else ""
    ended = replace(attempt, ended=now, said_done=done, reference=reference, said_no=said_no)
    log.info("action.answer", store=unit.store.name, order=ready.order.id, key=ready.step.key, answer=text)
    for pause in (*PAUSES, None):
        try:
            await unit.outbox.end_attempt(
                ready.action,
                state,
                text,
                now,
                attempt=ended,
                reason=Reason.REFUSED if isinstance(outcome, Refused) else text,
                refusal=outcome.reason if isinstance(outcome, Refused) else "",
                next_try=_next_try(unit, ready, outcome, now),
            )
        except LeaseLost:  # whoever has the store next takes the call for unknown
            raise
        except Exception as error:
            if pause is None:  # the next look takes the call for unknown
                raise
            problem = type(error).__name__
            log.warning("answer.not_recorded", store=unit.store.name, order=ready.order.id, problem=problem)
            await unit.sleep(pause)
        else:
            return


def _ending(outcome: Outcome) -> tuple[State, str]:
    """The state after a call. Done too is UNKNOWN until a read of the payment shows it."""
    match outcome:
        case Done():
            return State.UNKNOWN, "the provider says that it is done"
        case Refused(reason=reason, surprising=True):
            return State.UNKNOWN, f"refused, although the payment seemed to allow it: {reason or 'no reason given'}"
        case Refused(reason=reason):
            return State.HELD, f"refused: {reason or 'no reason given'}"
        case Later(reason=reason):
            return State.WAITING, f"not now: {reason}"
        case Unknown(detail=detail):
            return State.UNKNOWN, f"outcome unknown: {detail}"


def _next_try(unit: Unit, ready: Ready, outcome: Outcome, now: datetime) -> datetime | None:
    if not isinstance(outcome, Later):
        return None
    known = replace(ready.known, attempts=ready.known.attempts + 1)
    return next_try(unit, known, now, outcome.after)
