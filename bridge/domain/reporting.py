"""The report: what an order asks for against what its payment shows, and what came of what shadow mode decided.

It is made of a look, read from the books or afresh, and judges the amounts anew: it believes no record that says
that they agree.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.cases import Case
from bridge.domain.decisions import Hold
from bridge.domain.keys import stem
from bridge.domain.money import to_major
from bridge.domain.notes import happened
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import Can, Payment, PaymentState
from bridge.domain.reasons import Bound
from bridge.domain.records import OpenAction, Record
from bridge.domain.rules import Rules
from bridge.domain.steps import EFFECT, Call, Kind, Step

_WORDS = {
    Kind.CAPTURE: "capture",
    Kind.CANCEL: "release",
    Kind.REFUND: "refund",
    Kind.MODIFY: "change the reservation by",
    Kind.RESTORE_STATUS: "put the status back",
}
_BOUNDS = {
    Bound.SURGE: "beyond `surge`",
    Bound.PER_ACTION: "beyond `limits.refund_per_action`",
    Bound.PER_DAY: "beyond `limits.refunds_per_day`",
    Bound.FIRST: "as the first of its kind did something else than it was to",
    Bound.PLUGIN: "as the store is held",
    Bound.SHADOWED: "as it was asked for before the store went live",
}
_NOT_ASKED_FOR = ("trash", GONE)


class Fate(StrEnum):
    """What then happened, by whomever, of what shadow mode decided."""

    SAME = "same"
    OTHER = "other"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """An action that shadow mode decided."""

    step: Step
    decided: datetime
    replaced: bool = False
    """Another one took its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One of them with what happened; amounts in minor units."""

    kind: Kind
    amount: int
    decided: datetime
    happened: int
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An order and its payment at one look, with what was decided."""

    order: Order
    payment: Payment | None
    record: Record
    provider: str
    """As people know it."""
    hold: Hold | None
    """What a person is needed for."""
    why: str
    """The decision in words."""
    problem: str = ""
    """Why either could not be read; "" when both were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order of the report; amounts in minor units, those of a payment that is not known None."""

    order: Order
    provider: str
    payment_id: str
    """"" where it is not known."""
    asked: int
    """N: what the customer should have paid in the end."""
    reserved: int | None
    captured: int | None
    returned: int | None
    agrees: bool
    why: str
    """That they agree, or the difference and why, in a sentence."""
    decided: tuple[Decided, ...]


def compare(seen: Seen, shadowed: Sequence[Shadowed], rules: Rules, now: datetime, *, live: bool) -> Row:
    """Set an order against its payment."""
    order, payment = seen.order, seen.payment
    shown = payment if payment is not None and payment.state is not PaymentState.GONE else None
    case = _case(seen, shown, rules, now) if shown else None
    agrees = not seen.problem and seen.hold is None and (case is not None and _agrees(case))
    if shown is None and not seen.problem and seen.hold is None:
        agrees = order.status in _NOT_ASKED_FOR or order.paid is None
    return Row(
        order=order,
        provider=seen.provider,
        payment_id=payment.id if payment else "",
        asked=_asked(order, case),
        reserved=shown.reserved if shown else None,
        captured=shown.captured if shown else None,
        returned=shown.returned if shown else None,
        agrees=agrees,
        why="agrees" if agrees else _why(seen, case, live=live),
        decided=tuple(_decided(it, shown) for it in _standing(shadowed)) if shown else (),
    )


def _case(seen: Seen, payment: Payment, rules: Rules, now: datetime) -> Case:
    return Case(
        order=seen.order,
        payment=payment,
        record=seen.record,
        rules=rules,
        now=now,
        stem=stem(seen.order, rules.tag),
        unmatched=(),
    )


def _asked(order: Order, case: Case | None) -> int:
    """N; of an order that was cancelled nothing is asked."""
    if case is None:
        return 0 if order.status == "cancelled" else max(0, order.total - order.refunded)
    return 0 if case.order.status in case.rules.cancel_on else case.asked


def _agrees(case: Case) -> bool:
    """Whether the payment's amounts are those that the order asks for."""
    order, payment = case.order, case.payment
    if order.status in _NOT_ASKED_FOR:
        return True
    if case.in_capture_phase:
        kept = payment.reserved == 0 or not case.release_leftover
        return kept and case.asked <= payment.net <= case.asked + case.excused
    if case.in_void_phase:
        emptied = payment.reserved == 0 or case.record.closed_by_capture
        return emptied and payment.net - case.excused <= 0 and (order.status != "refunded" or case.asked == 0)
    if order.paid is None:
        return payment.net == 0
    asked, has = case.asked_while_open, payment.reserved + payment.net
    # A lower total is only recorded where a reservation can't be lowered.
    fixed = not case.can(Can.RELEASE_PART) and case.can(Can.CAPTURE_AND_CLOSE)
    recorded = fixed and case.record.agreed == case.terms
    return asked <= has and (has <= asked + case.excused or recorded)


def _why(seen: Seen, case: Case | None, *, live: bool) -> str:
    """The difference and its reason, in English: the report is for the administrator."""
    open_ = seen.record.open
    if seen.problem:
        return f"could not be read: {seen.problem}"
    if seen.hold is not None and isinstance(seen.hold.reason, Bound):
        what = _what(open_.step, seen.order.currency) if open_ else "what it asks for"
        return f"{what} is held {_BOUNDS[seen.hold.reason]}"
    if seen.hold is not None:
        return happened(seen.hold, seen.order, seen.payment, seen.provider)
    if open_ is not None:
        return _under_way(open_, seen.order.currency, live=live)
    if case is None:
        return "its payment has not been read" if seen.payment is None else "the provider does not show its payment"
    currency = seen.order.currency
    asked = f"the customer should pay {to_major(_asked(seen.order, case), currency)}"
    has = f"{to_major(case.payment.net, currency)} is paid and {to_major(case.payment.reserved, currency)} reserved"
    return f"{asked}, and {has} ({seen.why})"


def _under_way(open_: OpenAction, currency: str, *, live: bool) -> str:
    what = _what(open_.step, currency)
    if not live or open_.shadow:
        return f"wc-bridge would {what}, and nobody has yet"
    return f"to {what} is {open_.state}: {open_.reason or open_.step.why}"


def _what(step: Step, currency: str) -> str:
    return f"{_WORDS[step.kind]} {to_major(step.amount, currency)} {currency}" if step.amount else _WORDS[step.kind]


def _standing(shadowed: Sequence[Shadowed]) -> list[Shadowed]:
    """Those that the shop did not take back by asking for something else: what follows aims at the same."""
    aims = [(it.step.kind, it.step.target) for it in shadowed]
    return [
        it
        for it, aim, then in zip(shadowed, aims, [*aims, None][1:], strict=True)
        if not it.replaced or aim == then
    ]


def _decided(it: Shadowed, payment: Payment) -> Decided:
    done = _done(it.step, payment)
    fate = Fate.SAME if done == it.step.amount else Fate.NEVER if done <= 0 else Fate.OTHER
    return Decided(kind=it.step.kind, amount=it.step.amount, decided=it.decided, happened=max(0, done), fate=fate)


def _done(step: Step, payment: Payment) -> int:
    """How much of what the step was to do the payment shows since it was decided, by whomever. Minor units."""
    if step.call is Call.CAPTURE:
        return payment.captured - (step.target - step.amount)
    if step.call is Call.REFUND:
        return payment.returned - (step.target - step.amount)
    before = re.search(r"\d+$", step.key)  # the length of the log when it was decided
    since = payment.log[int(before[0]) :] if before else ()
    entries = [entry for entry in since if entry.kind is EFFECT.get(step.call)]
    return sum(entry.amount or step.amount for entry in entries)  # Ecster's ANNUL, of everything, tells no amount
