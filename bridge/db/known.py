"""What the journal holds of an order, and what a listing or a look adds to it: values, no queries."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.db.codec import ATTEMPT, ORDER, PAYMENT, RECORD, STEP, dump, load
from bridge.db.models import ActionRow, OrderRow
from bridge.domain.attempts import Attempt
from bridge.domain.lifecycle import Follow
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import OpenAction, Record, Settlement, State


class Overtaken(Exception):
    """Somebody else (the poll, a person) wrote about the order since it was read: look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the journal holds of one order."""

    row: int
    version: int
    """Of the row, as it was read; see `Overtaken`."""
    order: Order | None
    record: Record | None
    """With its settlements and open action."""
    payment: Payment | None
    action: int | None
    """The open action's id."""
    attempt: Attempt | None
    """The open action's last call."""
    attempts: int
    next_try: datetime | None
    action_created: datetime | None
    due: datetime | None
    failures: int
    problem: str
    why: str
    attention: str
    facts: str
    attention_since: datetime | None
    provider: str
    """The name of the provider that `payment` is with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One order of a listing that is new or has changed, or that could not be understood (`problem`).

    With both order and problem, a look has still to find out whether the problem is over.
    """

    order_id: int
    version: int | None
    """Of the row that it was derived from; None where there was none."""
    order: Order | None
    record: Record | None
    events: tuple[tuple[str, str], ...]
    due: datetime | None
    watched: bool = True
    problem: str = ""
    why: str | None = None
    """What is decided at first sight; None where that is for a look."""
    provider: str = ""
    """Whose payment method it names; "" where that is nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look, whole, as it is committed."""

    order: Order
    record: Record
    payment: Payment | None
    provider: str
    payment_id: str
    follow: Follow
    why: str
    attention: str
    facts: str
    due: datetime | None
    watched: bool
    events: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    """(mark, text) of notes to write; a mark that the order has already is not written again."""
    promises: frozenset[str] = frozenset()
    """The marks of the promises to pay refunds that hold; others that are not written yet are withdrawn."""
    done_amount: int | None = None
    """What that call did, in minor units."""
    done: str | None = None
    """The open action's call has been seen at the provider, under this reference."""
    moved: bool = False
    next_try: datetime | None = None
    """Until then the open action is not called again; None: it stays as it was."""


def known_from(row: OrderRow, settlements: list[Settlement], action: ActionRow | None) -> Known:
    record = load(RECORD, row.record)
    if record is not None:
        open_ = None
        if action is not None:
            step = STEP.decode(action.step)
            open_ = OpenAction(
                step=step,
                state=State(action.state),
                reason=action.reason,
                facts=json.loads(action.facts),
                approved=action.approved,
                refusal=action.refusal,
                shadow=action.shadow,
            )
        record = record.evolve(settlements=tuple(settlements), open=open_)
    return Known(
        row=row.id,
        version=row.version,
        order=load(ORDER, row.snapshot),
        record=record,
        payment=load(PAYMENT, row.payment),
        action=action.id if action else None,
        attempt=load(ATTEMPT, action.attempt) if action else None,
        attempts=action.attempts if action else 0,
        next_try=action.next_try if action else None,
        action_created=action.created if action else None,
        due=row.due,
        failures=row.failures,
        problem=row.problem,
        why=row.why,
        attention=row.attention,
        facts=row.facts,
        attention_since=row.attention_since,
        provider=row.provider,
    )


def record_text(record: Record) -> str:
    """The record as it is kept: settlements and the open action have tables of their own."""
    return dump(RECORD, record.evolve(settlements=(), open=None))


def failed_on(error: Exception) -> str:
    """The problem of an order on which we ourselves failed. What the error says may be personal."""
    return f"wc-bridge itself failed on this order ({type(error).__name__}): its log says where"


def as_problem(sight: Sight, problem: str) -> Sight:
    """The same order, set aside."""
    events = (("problem", problem),)
    return replace(sight, order=None, record=None, events=events, due=None, problem=problem, why=None)
