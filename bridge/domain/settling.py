"""What became of a call whose effect has not been seen yet: told by the reads of a look, never by hope."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from bridge.domain.attempts import Attempt, Nothing, NotYet, Shown, by_key, judge
from bridge.domain.keys import capture_key
from bridge.domain.lifecycle import next_read
from bridge.domain.orders import Order
from bridge.domain.payments import EntryKind, Payment
from bridge.domain.reasons import Reason
from bridge.domain.records import How, OpenAction, Record, Settlement, State
from bridge.domain.settlement import settle_release
from bridge.domain.steps import Call, Step

IN_VAIN = "it did not take effect"


@dataclass(frozen=True, slots=True)
class Settled:
    record: Record
    done: Step | None = None
    """The open action's step, which turned out to have taken effect."""
    reference: str | None = None
    """What the provider calls it."""
    vain: bool = False
    """The call had no effect, and is to be made again."""


def settle(
    attempt: Attempt | None,
    order: Order,
    payment: Payment | None,
    record: Record,
    now: datetime,
    settle_unknown: timedelta,
    warn_after: timedelta,
) -> Settled | NotYet:
    """Say what reads of an order and its payment that began at `now` or later tell about the open action's call.

    One that they tell nothing of for `warn_after` needs a person; it is looked for all the same.
    """
    open_ = record.open
    if open_ is None or attempt is None:
        return Settled(record)
    if attempt.step.call is Call.RESTORE:
        waits = unsettled(open_)
        return _settle_restore(order, record, open_, attempt, now, settle_unknown) if waits else Settled(record)
    if not unsettled(open_):
        # A refusal can be the answer to a request that something on the way sent twice: its key tells.
        again = _refused(open_) or (open_.reason == Reason.OTHER_AMOUNT and open_.approved)
        shown = by_key(attempt, payment) if payment and again else None
        return _done(shown, attempt, order, payment, record) if payment and shown else Settled(record)
    if payment is None:
        return NotYet(now + settle_unknown)
    found = judge(attempt, payment, now, settle_unknown)
    if isinstance(found, Shown):
        return _done(found, attempt, order, payment, record)
    if isinstance(found, NotYet) and now < (attempt.ended or now) + warn_after:
        return NotYet(next_read(attempt.ended or now, now, found.until))
    unseen = _unseen(found, attempt, payment, record, open_)
    return Settled(unseen, vain=unseen.open is not None and unseen.open.reason == IN_VAIN)


def _unseen(
    found: Nothing | NotYet, attempt: Attempt, payment: Payment, record: Record, open_: OpenAction
) -> Record:
    """What follows where nothing shows: another try, or a person."""
    if isinstance(found, Nothing) and found.refusal:
        return _refusal(found.refusal, attempt, payment, record, open_)
    if isinstance(found, Nothing) and not found.doubtful:
        return record.evolve(open=replace(open_, state=State.READY, reason=IN_VAIN))
    # Said when it was held already, an approval is for another call; said before, that call has used it up.
    again = isinstance(found, Nothing) and open_.approved and open_.reason == Reason.NOT_SEEN
    return record.evolve(open=replace(open_, state=State.HELD, reason=Reason.NOT_SEEN, approved=again))


def _done(shown: Shown, attempt: Attempt, order: Order, payment: Payment, record: Record) -> Settled:
    """Take the call as done, where it did what was asked or a person has said that it is well so."""
    step, open_ = replace(attempt.step, amount=shown.amount), record.open
    bounded = step.call is Call.RELEASE and step.everything  # by the provider itself, to what was left
    if shown.amount != attempt.step.amount and not bounded and open_ and open_.reason != Reason.OTHER_AMOUNT:
        facts = {"amount": attempt.step.amount, "done": shown.amount}
        held = replace(open_, state=State.HELD, reason=Reason.OTHER_AMOUNT, facts=facts, approved=False)
        return Settled(record.evolve(open=held))
    if step.refund is not None and payment.entry(EntryKind.RETURN, step.key) is None:
        record = _paid(record, step.refund, shown.amount, shown.reference)
    released = _released(attempt, shown)
    if released > 0:
        record = record.evolve(settlements=settle_release(order, payment, record.settlements, released))
    return Settled(record.evolve(open=None, payment_id=payment.id), step, shown.reference)


def _released(attempt: Attempt, shown: Shown) -> int:
    """What the call let go: all of a release, or what a capture closed with it."""
    if attempt.step.call is Call.RELEASE:
        return attempt.step.amount
    closing = attempt.step.call is Call.CAPTURE and attempt.step.everything
    return max(0, attempt.reserved - shown.amount) if closing else 0


def _refusal(refusal: str, attempt: Attempt, payment: Payment, record: Record, open_: OpenAction) -> Record:
    """Hold what the provider goes on refusing, unless it was to release what our own capture had left.

    Then that capture has closed the payment although it does not show it: nothing is left to release.
    """
    front, last = attempt.step.key.rpartition("V")[0], payment.log[-1] if payment.log else None
    if attempt.step.everything and last and last.key == capture_key(front, payment.captured):
        return record.evolve(closed_by_capture=True, open=replace(open_, state=State.READY, reason=refusal))
    held = replace(open_, state=State.HELD, reason=Reason.REFUSED, refusal=refusal, approved=False)
    return record.evolve(open=held)


def _refused(open_: OpenAction) -> bool:
    return open_.state is State.HELD and open_.reason == Reason.REFUSED


def _paid(record: Record, refund: int, amount: int, entry: str) -> Record:
    """Let our own return meet its refund where no key can tell that it is ours."""
    if entry and any(settlement.entry == entry for settlement in record.settlements):
        return record
    paid = Settlement(refund=refund, how=How.PAID, amount=amount, entry=entry or None)
    return record.evolve(settlements=(*record.settlements, paid))


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
