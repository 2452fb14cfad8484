"""Settings in their positions: what staff do under one, what comes of it, and what once it is switched."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.flow.ways import (
    ADOPTED,
    ALL_CAPTURED,
    CANCEL,
    CAPTURE,
    E_CANCELLED,
    E_CAPTURED,
    E_REFUNDED,
    E_REST_RELEASED,
    E_WILL_PAY,
    LOWERED,
    NOTHING_LEFT,
    ONE_MUG_BACK,
    ONE_MUG_LESS,
    PART_OF_IT,
    R_CANCELLED,
    R_CAPTURED,
    R_LOWERED,
    R_PART,
    R_REFUNDED,
    R_REST_RELEASED,
    R_WILL_PAY,
    RECORDED,
    REFUND,
    STILL_RESERVED,
    Outcome,
)
from tests.flow.world import MUG, TOTAL, Money, Placed, World

Act = Callable[[World, Placed], object]
Settings = dict[str, Any]
"""Keys of the store that differ from their defaults."""

BY_DEFAULT: Settings = {}


def actions(**groups: Any) -> Settings:
    return {"actions": groups}


class Said(NamedTuple):
    """What a note begins with."""

    resurs: str
    ecster: str


@dataclass(frozen=True, slots=True)
class Ends:
    resurs: Outcome
    ecster: Outcome


def both(money: Money, done: tuple[str, ...] = (), *notes: Said, attention: str = "") -> Ends:
    """The same of both providers, which only speak in other words."""
    resurs, ecster = tuple(note.resurs for note in notes), tuple(note.ecster for note in notes)
    return Ends(Outcome(money, done, resurs, attention), Outcome(money, done, ecster, attention))


@dataclass(frozen=True, slots=True)
class Then:
    """The bridge is started again with these settings; staff may go on after that."""

    settings: Settings
    ends: Ends
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    settings: Settings
    acts: tuple[Act, ...]
    """On an order in processing that the bridge has seen to agree with its payment; a full cycle follows each."""
    ends: Ends
    then: tuple[Then, ...] = ()

    @property
    def id(self) -> str:
        return re.sub(r"\W+", "-", self.name)


# ---- what staff, portals and time do


def to(status: str) -> Act:
    return lambda w, it: w.store.set_status(it.id, status)


def says(word: str | None) -> Act:
    """Set the order meta `wc_bridge`; None removes it."""
    return lambda w, it: w.store.set_meta(it.id, "wc_bridge", word)


def mugs(number: int) -> Act:
    """Edit the order, which has two of them."""
    return lambda w, it: w.store.set_quantity(it.id, "MUGG", number)


def mug_refunded(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})


def all_refunded(w: World, it: Placed) -> None:
    w.store.refund(it.id)


def refund_deleted(w: World, it: Placed) -> None:
    w.store.delete_refund(it.id, w.store.order(it.id).refunds[-1].id)


def refund_marked_paid(w: World, it: Placed) -> None:
    """The shop's own payment plugin says that it moved the money."""
    w.store.mark_refund_paid(it.id, w.store.order(it.id).refunds[-1].id)


def portal_captures(amount: int) -> Act:
    return lambda w, it: w.side.capture(it.payment, amount)


def portal_refunds_mug(w: World, it: Placed) -> None:
    w.side.refund(it.payment, MUG)


def portal_cancels(w: World, it: Placed) -> None:
    w.side.cancel(it.payment)


def minutes(number: int) -> Act:
    return lambda w, it: w.clock.advance(60 * number)


def days(number: int) -> Act:
    return minutes(24 * 60 * number)


def at_once(*acts: Act) -> Act:
    """All of it between two looks."""

    def together(w: World, it: Placed) -> None:
        for act in acts:
            act(w, it)

    return together


# ---- what often comes of it

CAPTURED, CANCELLED = Said(R_CAPTURED, E_CAPTURED), Said(R_CANCELLED, E_CANCELLED)
PART, REFUNDED = Said(R_PART, E_CAPTURED), Said(R_REFUNDED, E_REFUNDED)
ANNOUNCED = Said(R_WILL_PAY, E_WILL_PAY)
REST_RELEASED = Said(R_REST_RELEASED.format("125.00 kr"), E_REST_RELEASED.format("125.00 kr"))

UNTOUCHED = both(STILL_RESERVED)
IN_FULL = both(ALL_CAPTURED, (CAPTURE,), CAPTURED)
BACK = both(ONE_MUG_BACK, (CAPTURE, REFUND), CAPTURED, ANNOUNCED, REFUNDED)
RELEASED = both(NOTHING_LEFT, (CANCEL,), CANCELLED)
LESS_A_MUG = Ends(
    Outcome(ONE_MUG_LESS, (PART_OF_IT, f"cancel {MUG} done"), (R_PART, REST_RELEASED.resurs)),
    Outcome(ONE_MUG_LESS, (PART_OF_IT,), (E_CAPTURED,)),
)
"""Ecster closes the rest with the debit."""
LESS_A_MUG_AS_RECORDED = Ends(LESS_A_MUG.resurs, Outcome(ONE_MUG_LESS, (PART_OF_IT,), (RECORDED, E_CAPTURED)))
LOWERED_BY_A_MUG = Ends(
    Outcome((TOTAL - MUG, 0, 0), (LOWERED,), (R_LOWERED,)), Outcome(STILL_RESERVED, (), (RECORDED,))
)
LEFT_LOWER = Ends(UNTOUCHED.resurs, LOWERED_BY_A_MUG.ecster)
"""Nothing is done at either; Ecster could do nothing anyway, and that is told."""
REST_KEPT = both((MUG, TOTAL - MUG, 0), (PART_OF_IT,), PART)
WAITING = both(ALL_CAPTURED, (CAPTURE,), CAPTURED, ANNOUNCED)
BY_HAND = both(ONE_MUG_BACK, (CAPTURE,), CAPTURED, Said(ADOPTED.format("Resurs", 14), ADOPTED.format("Ecster", 14)))
NO_MONEY = Said(*["No money is secured for this order, which asks for 811.25 kr"] * 2)


def put_back(status: str) -> Said:
    return Said(*[f"The order was put back to “{status}”: it is closed,"] * 2)
