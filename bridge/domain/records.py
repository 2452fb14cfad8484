"""What the bridge remembers of an order: the story, what is settled, and what persons decided.

Money is never decided from here alone: a record only says which refunds are met, whether order and payment
once agreed, and since when things are as they are. Everything else is read afresh at every look.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from bridge.domain.steps import Kind, Step


class How(StrEnum):
    """How a refund of the store was met (design § 3, Settlements)."""

    PAID = "paid"
    """By our call; the log entry bears our key."""
    ADOPTED = "adopted"
    """By a return that somebody else made."""
    RELEASED = "released"
    """The money was released before it was captured."""
    ALREADY = "already"
    """Nothing was left to return: never captured, or captured less."""
    BASELINE = "baseline"
    """It was there before the bridge was."""
    WAIVED = "waived"
    """A person said that the bridge shall not pay it."""


class Settlement(Struct, frozen=True, kw_only=True):
    """`amount` (minor units) of the store's refund `refund` is met; `entry` is the log entry that met it."""

    refund: int
    how: How
    amount: int
    entry: str | None = None


class Closed(StrEnum):
    """How an order ended for us."""

    CAPTURED = "captured"
    VOIDED = "voided"


class Agreed(Struct, frozen=True, kw_only=True):
    """The total and the sum of refunds when order and payment last agreed, minor units."""

    total: int
    refunded: int


class State(StrEnum):
    """The states of an action; the last two are final."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    HELD = "held"
    DONE = "done"
    DROPPED = "dropped"


class OpenAction(Struct, frozen=True, kw_only=True):
    """The one action of an order that has not ended."""

    step: Step
    state: State
    reason: str = ""
    """Why it is held: the `Reason`."""
    facts: Mapping[str, int | str] = field(default_factory=dict)
    """The figures that it is held with, and that an approval binds to."""
    approved: bool = False
    """A person said that this very step may go."""
    refusal: str = ""
    """What the provider said when it refused it."""
    shadow: bool = False
    """Decided while the store was in shadow mode."""


class Record(Struct, frozen=True, kw_only=True):
    first_seen: datetime
    changed: datetime
    """When something that matters was last seen to change."""
    status_since: datetime
    baseline: bool = False
    """The order was there before the bridge was."""
    counts: bool = False
    """A difference between order and payment is ours to carry over although the order is as it was last agreed:
    by `start_from`, or because we have begun to change the reservation since. Until the next agreement."""
    refunds_seen: tuple[tuple[int, datetime], ...] = ()
    settlements: tuple[Settlement, ...] = ()
    unrelated: frozenset[str] = frozenset()
    """Log entries: returns that are no business of the shop."""
    agreed: Agreed | None = None
    closed: Closed | None = None
    closed_status: str = ""
    restored: date | None = None
    closed_by_capture: bool = False
    """The provider would not release what our capture left: that has closed the payment, whatever it shows."""
    voided: bool = False
    """We released everything ourselves."""
    waived: frozenset[tuple[Kind, int]] = frozenset()
    """Steps (kind, target) that a person dropped."""
    pending_since: datetime | None = None
    stale_since: datetime | None = None
    """Since when every read showed less of the payment's log than one before."""
    log_length: int = 0
    """The longest log ever read: a shorter one is a stale answer."""
    payment_id: str = ""
    """The payment that the order's money was last seen on; "" before any agreement or call."""
    followed: frozenset[str] = frozenset()
    """Log entries, not ours, that were noticed to follow at once from a change in the shop."""
    open: OpenAction | None = None

    def evolve(self, **changes: Any) -> "Record":
        return replace(self, **changes)

    def seen(self, refund_id: int) -> datetime | None:
        """When the refund was first seen."""
        return dict(self.refunds_seen).get(refund_id)
