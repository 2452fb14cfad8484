"""Bounds for a bad day: whether a step that order and payment ask for may go without a person's word.

A bulk edit, a plugin gone wild or a restored import asks for the wrong thing very often, or for very much. What
goes beyond `limits` and `surge` of settings.yaml is held, each action as it stands, until a person approves or
drops it, or the shop no longer asks for it. What was let through once stays so; an approved step goes, unless it
turns out since that the first call of its kind did something else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal

from bridge.domain.decisions import Act, Decision, Facts, Hold
from bridge.domain.money import decimals
from bridge.domain.reasons import Bound
from bridge.domain.records import OpenAction, State
from bridge.domain.remarks import Remark, Topics
from bridge.domain.rules import Limits
from bridge.domain.steps import Kind, Step

DAY = timedelta(hours=24)
"""A day of `limits.refunds_per_day` ends now, whatever the calendar says: no zone, and no midnight to wait for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What counts when a step is decided, all of it about the step's own store and kind."""

    plugin_on: bool = False
    """The store is held whole, as another one seems to act on its orders."""
    paused: bool = False
    """A person has stopped what it is about: it is decided as ever, and nothing is promised."""
    differed: Facts = field(default_factory=dict)
    """What the first call of this kind at the provider did instead of what it was to do; empty: nothing else."""
    let_through: bool = False
    """This very action was let through before."""
    braked: bool = False
    """Others of the kind are held by the surge guard."""
    decided: int = 0
    """How many others were let through within the time of `surge`."""
    announced: int = 0
    """How many notes within that time, on other orders, said that a refund is going to be paid."""
    whole: int = 0
    """The refund that the step pays all or a part of, minor units; 0 for other steps."""
    begun: bool = False
    """A part of that refund was paid before: this is no other decision."""
    refunded: int = 0
    """Refunds that were let through and end now or ended within `DAY`, minor units of the step's currency."""


def bounded(
    decision: Decision, open_: OpenAction | None, counted: Counted, limits: Limits, currency: str
) -> Decision:
    """Return the decision, or the hold of its step where that goes beyond a bound."""
    if not isinstance(decision, Act):
        return decision
    step = decision.step
    current = open_ if open_ is not None and open_.step.same(step) else None
    approved = current is not None and current.approved
    if counted.plugin_on and not approved:
        return Hold(Bound.PLUGIN, {}, step)
    if counted.differed:  # whoever approved before did not know of it; whoever has seen it has settled it
        return Hold(Bound.FIRST, counted.differed, step)
    if approved:
        return decision
    if step.kind is Kind.REFUND and (beyond := _too_large(step, counted, limits, currency)):
        return beyond
    if current is not None and counted.let_through:
        return decision
    held = current if current is not None and current.state is State.HELD else None
    if step.kind is Kind.REFUND and (beyond := _too_much(step, held, counted, limits, currency)):
        return beyond
    if counted.begun:
        return decision
    surging = counted.braked or (held is not None and held.reason == Bound.SURGE)
    if step.kind in limits.surge and (surging or counted.decided >= limits.surge[step.kind]):
        return Hold(Bound.SURGE, {}, step)
    return decision


def _too_large(step: Step, counted: Counted, limits: Limits, currency: str) -> Hold | None:
    """The hold of a refund that is too large by itself, also where the provider only pays it in parts."""
    if limits.refund_per_action is None or counted.begun:
        return None
    amount, limit = max(step.amount, counted.whole), largest(limits.refund_per_action, currency)
    return Hold(Bound.PER_ACTION, {"amount": amount, "limit": limit}, step) if amount > limit else None


def _too_much(step: Step, held: OpenAction | None, counted: Counted, limits: Limits, currency: str) -> Hold | None:
    """The hold of a refund that is too large for its day.

    What the day had no room for is not paid unasked another day, as long as the limit is what it was.
    """
    if limits.refunds_per_day is None:
        return None
    limit = largest(limits.refunds_per_day, currency)
    facts: Facts = {"amount": step.amount, "limit": limit}
    still = held is not None and held.reason == Bound.PER_DAY and dict(held.facts) == facts
    return Hold(Bound.PER_DAY, facts, step) if still or counted.refunded + step.amount > limit else None


def largest(limit: Decimal, currency: str) -> int:
    """The largest amount in minor units that does not exceed a limit in major units."""
    return int(limit.scaleb(decimals(currency)).to_integral_value(ROUND_FLOOR))


def told(
    remarks: tuple[Remark, ...], decision: Decision, counted: Counted, limits: Limits, currency: str
) -> tuple[Remark, ...]:
    """Return the remarks without the promise to pay a refund that may have to wait for a person."""
    return tuple(
        remark
        for remark in remarks
        if remark.topic is not Topics.WILL_PAY or _keeps(remark.facts, decision, counted, limits, currency)
    )


def _keeps(
    promised: Mapping[str, int | str], decision: Decision, counted: Counted, limits: Limits, currency: str
) -> bool:
    if is_bounded(decision) or counted.paused or counted.plugin_on or counted.differed or counted.braked:
        return False
    amount = int(promised["amount"])
    each, day = limits.refund_per_action, limits.refunds_per_day
    if each is not None and amount > largest(each, currency):
        return False
    if day is not None and counted.refunded + amount > largest(day, currency):
        return False
    return max(counted.announced, counted.decided) < limits.surge[Kind.REFUND]


def is_bounded(decision: Decision) -> bool:
    """Whether it is held by a bound, so that its order is told nothing."""
    return isinstance(decision, Hold) and isinstance(decision.reason, Bound)
