"""What became of a call: judged by reading the payment, never by hope (design § 1, promise 3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.payments import EntryKind, Payment, PaymentState
from bridge.domain.steps import EFFECT, Call, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call that was made, with the payment's figures before it. Committed before its first byte is sent."""

    step: Step
    log_length: int
    reserved: int
    captured: int
    returned: int
    failed: str = ""
    """How an earlier call without a key had failed already, as the payment showed it."""
    ended: datetime | None = None
    """When it ended; None while it runs, and after a crash in the middle of it."""
    reference: str = ""
    """What the provider's answer called it: the id of its log entry, "" where there was no such answer."""
    said_done: bool = False
    """The provider's answer was that it is done."""
    said_no: str = ""
    """Why it refused what the payment, as it was read, seemed to allow."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The payment shows it.

    `reference` is the log entry's id, "" where the log has none for it; `amount` what the log says was moved.
    """

    reference: str
    amount: int


@dataclass(frozen=True, slots=True)
class NotYet:
    """The payment shows nothing, and may still: read it again at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """It has not happened. `doubtful`: a person must look before it is made again."""

    doubtful: bool
    refusal: str = ""
    """Why a person must look although it has not happened: the provider refused it, or it failed there."""


Judgement = Shown | NotYet | Nothing


def judge(attempt: Attempt, payment: Payment, now: datetime, settle_unknown: timedelta) -> Judgement:
    """Say what a read that began at `now` or later tells about a call whose effect has not been seen yet.

    Done: a log entry that came since bears our key; where entries of the kind can't bear one, the amounts say it.
    Not done: nothing shows `settle_unknown` after the call ended. That holds for a release of everything too: made
    twice it would do no harm, but the provider would refuse it, and staff would be told so. A person is called
    where the provider had said that it is done, and where no key could ever show it.
    """
    effect = EFFECT[attempt.step.call]
    keyless = effect in payment.keyless
    if shown := by_key(attempt, payment):
        return shown
    if keyless and not attempt.said_no and (shown := _by_amount(attempt, payment, effect)):
        return shown
    until = (attempt.ended or now) + settle_unknown
    fresh = len(payment.log) >= attempt.log_length
    under_way = keyless and payment.state is PaymentState.PENDING
    if fresh and not under_way and now >= until:
        if keyless and payment.failed and not attempt.failed:
            return Nothing(doubtful=False, refusal=payment.failed)
        refusal = "" if _changed(attempt, payment) else attempt.said_no
        return Nothing(attempt.said_done or (keyless and not attempt.said_no), refusal)
    return NotYet(until if now < until else now + settle_unknown)


def by_key(attempt: Attempt, payment: Payment) -> Shown | None:
    """The log entry by which the call shows, if there is one: of its kind, since it was made, with its key.

    Or, where the log does not show keys, the entry that the provider's answer had named.
    """
    step, effect = attempt.step, EFFECT[attempt.step.call]
    for entry in payment.log[attempt.log_length :]:
        named = entry.key is None and entry.id == attempt.reference != ""
        if entry.kind is effect and (entry.key == step.key or named):
            return Shown(entry.id, entry.amount or _unsaid(attempt, payment))
    return None


def _unsaid(attempt: Attempt, payment: Payment) -> int:
    """What a call did whose log entry does not say it: of a release, what nobody has captured meanwhile."""
    amount = attempt.step.amount
    if attempt.step.call is not Call.RELEASE:
        return amount
    return max(0, amount - max(0, payment.captured - attempt.captured))


def _changed(attempt: Attempt, payment: Payment) -> bool:
    """Whether the payment is another than the one that the call was made on."""
    before = attempt.log_length, attempt.reserved, attempt.captured, attempt.returned
    now = len(payment.log), payment.reserved, payment.captured, payment.returned
    return now != before or payment.state is not PaymentState.READY


def _by_amount(attempt: Attempt, payment: Payment, effect: EntryKind) -> Shown | None:
    """What shows a call whose kind bears no key: exactly its amount, in an entry of its own where there are any.

    As much or more would also be somebody else's.
    """
    amount = attempt.step.amount
    if effect is EntryKind.CAPTURE:
        return Shown("", amount) if payment.captured >= attempt.captured + amount else None
    if effect is not EntryKind.RETURN:
        return Shown("", amount) if payment.reserved == attempt.step.target != attempt.reserved else None
    if came := [entry for entry in payment.log[attempt.log_length :] if entry.kind is effect]:
        return next((Shown(entry.id, amount) for entry in came if entry.amount == amount), None)
    return Shown("", amount) if payment.returned == attempt.returned + amount else None
