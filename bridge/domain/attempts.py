"""What became of a call: judged by reading the payment, never by hope (design § 1, promise 3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.payments import EntryKind, Payment
from bridge.domain.steps import EFFECT, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call that was made, with the payment's figures before it. Committed before its first byte is sent."""

    step: Step
    log_length: int
    reserved: int
    captured: int
    returned: int
    ended: datetime | None = None
    """When it ended; None while it runs, and after a crash in the middle of it."""
    said_done: bool = False
    """The provider's answer was that it is done."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The payment shows it. `reference` is the log entry's id, "" where the log has none for it."""

    reference: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """The payment shows nothing, and may still: read it again at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Nothing:
    """It has not happened. `said_done`: although the provider said so; a person must look."""

    said_done: bool


Judgement = Shown | NotYet | Nothing


def judge(attempt: Attempt, payment: Payment, now: datetime, settle_unknown: timedelta) -> Judgement:
    """Say what a fresh read tells about a call whose effect has not been seen yet.

    Done: a log entry that came since bears our key; where entries of the kind can't bear one, the amounts say it.
    Not done: nothing shows `settle_unknown` after the call ended. Exempt is a release of everything, which the
    provider bounds itself (made twice it releases nothing more): there one read decides. A call that a crash
    cut off counts as ended when it is first looked at, so the caller sets `ended` then.
    """
    step, effect = attempt.step, EFFECT[attempt.step.call]
    since = payment.log[attempt.log_length :]
    for entry in since:
        if entry.kind is effect and entry.key == step.key:
            return Shown(entry.id)
    if effect in payment.keyless and _amounts_moved(attempt, payment, effect):
        return Shown(next((entry.id for entry in since if entry.kind is effect), ""))
    until = (attempt.ended or now) + settle_unknown
    bounded = effect is EntryKind.RELEASE and step.everything and not attempt.said_done
    fresh = len(payment.log) >= attempt.log_length
    if fresh and (bounded or now >= until):
        return Nothing(attempt.said_done)
    return NotYet(until if now < until else now + settle_unknown)


def _amounts_moved(attempt: Attempt, payment: Payment, effect: EntryKind) -> bool:
    amount = attempt.step.amount
    match effect:
        case EntryKind.CAPTURE:
            return payment.captured >= attempt.captured + amount
        case EntryKind.RETURN:
            return payment.returned >= attempt.returned + amount
        case _:
            return payment.reserved == attempt.step.target != attempt.reserved
