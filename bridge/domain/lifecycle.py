"""The life of an action: how a decision starts, keeps, holds or supersedes the one that is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from bridge.domain.decisions import Act, Decision, Facts, Hold, Quiet, Wait
from bridge.domain.records import OpenAction, State
from bridge.domain.steps import Step

SOON = timedelta(seconds=30)
CAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Follow:
    """What becomes of the open action, and which one takes its place."""

    dropped: str = ""
    """Why the open action ends undone; "" when it does not."""
    open: OpenAction | None = None
    """The order's open action from now on."""
    new: bool = False
    """Whether `open` is another action than the one that was open."""


def follow(current: OpenAction | None, decision: Decision, *, shadow: bool) -> Follow:
    """Derive the open action anew from what is wanted now (never from one whose call is unknown)."""
    match decision:
        case Act(step=step):
            return _take(current, step, State.READY, "", {}, shadow=shadow)
        case Hold(reason=reason, step=Step() as step, facts=facts):
            return _take(current, step, State.HELD, reason, facts, shadow=shadow)
        case Hold(reason=reason):
            return Follow(dropped=f"superseded: {reason}" if current else "")
        case Wait():
            return Follow(open=current)
        case Quiet(why=why):
            return Follow(dropped=f"superseded: {why}" if current else "")


def _take(
    current: OpenAction | None, step: Step, state: State, reason: str, facts: Facts, *, shadow: bool
) -> Follow:
    """Keep the open action where the step is the same, else let a new one take its place.

    An approval binds to the figures that were shown with it: held for other ones, it is void. What was decided in
    shadow mode stays so until it is approved or no longer wanted, also where its amount changes: an action of the
    same kind inherits it.
    """
    if current is not None and current.step.same(step):
        if state is State.READY and current.state is State.WAITING:
            state = State.WAITING
        if state is State.HELD:
            held = replace(current, step=step, state=state, reason=reason, facts=facts, approved=False)
            return Follow(open=held)
        return Follow(open=replace(current, step=step, state=state, reason=reason))
    inherited = current is not None and current.shadow and not current.approved and current.step.kind is step.kind
    fresh = OpenAction(step=step, state=state, reason=reason, facts=facts, shadow=shadow or inherited)
    superseded = f"superseded by {step.kind} of {step.amount} (minor units)" if current else ""
    return Follow(dropped=superseded, open=fresh, new=True)


def retry_delay(attempts: int, waited: timedelta, chance: float, after: timedelta | None = None) -> timedelta:
    """How long to wait before a call or read is tried again.

    Doubling from 2 s with jitter (`chance` in 0..1), at most every 30 s in the first ten minutes of waiting and
    every ten minutes then (design § 4). The remote's own `after` is the least wait, up to ten minutes.
    """
    cap = SOON if waited < CAP else CAP
    delay = min(cap, timedelta(seconds=2 ** min(attempts, 10)))
    delay -= delay * (chance / 4)
    return max(delay, min(after or timedelta(), CAP))


def next_read(ended: datetime, now: datetime, until: datetime) -> datetime:
    """When to read a payment again whose call is still to show: at once often, then every 30 s, last at `until`."""
    since = max(now - ended, timedelta(seconds=1))
    return min(until, now + min(since, SOON))
