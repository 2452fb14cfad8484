"""What became of a call whose effect has not been seen yet: told by the reads of a look, never by hope."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.domain.attempts import Attempt, Nothing, NotYet, Shown, judge
from bridge.domain.lifecycle import next_read
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.reasons import Reason
from bridge.domain.records import OpenAction, Record, State
from bridge.domain.settlement import settle_release
from bridge.domain.steps import Call, Step


@dataclass(frozen=True, slots=True)
class Settled:
    record: Record
    done: Step | None = None
    """The open action's step, which turned out to have taken effect."""
    reference: str | None = None
    """What the provider calls it."""


def settle(
    attempt: Attempt | None,
    order: Order,
    payment: Payment | None,
    record: Record,
    now: datetime,
    settle_unknown: timedelta,
) -> Settled | NotYet:
    """Say what the fresh reads of an order and its payment tell about the open action's last call."""
    open_ = record.open
    if open_ is None or attempt is None or not unsettled(open_):
        return Settled(record)
    if attempt.step.call is Call.RESTORE:
        return _settle_restore(order, record, open_, attempt, now, settle_unknown)
    if payment is None:
        return NotYet(now + settle_unknown)
    match judge(attempt, payment, now, settle_unknown):
        case Shown(reference=reference):
            if attempt.step.call is Call.RELEASE:
                met = settle_release(order, payment, record.settlements, attempt.step.amount)
                record = record.evolve(settlements=met)
            return Settled(record.evolve(open=None, payment_id=payment.id), attempt.step, reference)
        case Nothing(said_done=True):
            return Settled(record.evolve(open=replace(open_, state=State.HELD, reason=Reason.NOT_SEEN)))
        case Nothing():
            return Settled(record.evolve(open=replace(open_, state=State.READY, reason="it did not take effect")))
        case NotYet(until=until):
            return NotYet(next_read(attempt.ended or now, now, until))


def _settle_restore(
    order: Order,
    record: Record,
    open_: OpenAction,
    attempt: Attempt,
    now: datetime,
    settle_unknown: timedelta,
) -> Settled | NotYet:
    """Settle a restored status. Each attempt mails the customer, so it counts for its day whatever came of it."""
    if order.status == attempt.step.status:
        return Settled(record.evolve(open=None, restored=now.date()), attempt.step, "")
    until = (attempt.ended or now) + settle_unknown
    if now < until:
        return NotYet(next_read(attempt.ended or now, now, until))
    return Settled(record.evolve(open=replace(open_, state=State.READY), restored=now.date()))


def unsettled(open_: OpenAction) -> bool:
    """Whether the action's last call may have taken effect unseen."""
    return open_.state in (State.RUNNING, State.UNKNOWN) or open_.reason == Reason.NOT_SEEN
