"""A payment as the provider's own books show it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PaymentState(StrEnum):
    READY = "ready"
    """Final: what is reserved may be captured, what is captured may be returned."""
    PENDING = "pending"
    """Not final yet: frozen, in inspection, unsigned, the customer has still to act."""
    DEAD = "dead"
    """Rejected, expired or voided: nothing is reserved, and nothing ever will be."""
    GONE = "gone"
    """The provider does not show it (not found, or no longer available): its amounts are not known."""


class EntryKind(StrEnum):
    CREATE = "create"
    CAPTURE = "capture"
    RELEASE = "release"
    RAISE = "raise"
    RETURN = "return"


class Can(StrEnum):
    """What the provider would accept on this payment now."""

    CAPTURE = "capture"
    """All that is reserved."""
    CAPTURE_PART = "capture_part"
    """Any stated amount, up to all."""
    CAPTURE_AND_CLOSE = "capture_and_close"
    """One call captures a part and releases the rest."""
    RELEASE = "release"
    RELEASE_PART = "release_part"
    RAISE = "raise"
    REFUND = "refund"
    REFUND_PART = "refund_part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the payment's log. Entries only ever come on at the end."""

    id: str
    kind: EntryKind
    amount: int
    """Minor units, positive (0 where the provider does not say, as Ecster's ANNUL)."""
    key: str | None
    """Our key or somebody else's text, as far as the provider keeps one with this kind of call."""
    created: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One read of a payment; amounts in minor units of `currency`."""

    id: str
    reference: str
    """What the payment calls the shop's order."""
    currency: str
    state: PaymentState
    detail: str
    """The provider's own word for the state ("FROZEN", "FULLY_DELIVERED")."""
    reserved: int
    """A: reserved and still open."""
    captured: int
    """C: captured in all; returns do not lower it."""
    returned: int
    """R: returned in all."""
    limit: int | None
    """L: how much may be reserved and captured in all; None where it cannot be raised."""
    can: frozenset[Can]
    log: tuple[Entry, ...]
    fee: int = 0
    """What the provider itself added to what the shop asked for; the order's total may contain it or not."""
    returnable: tuple[int, ...] = ()
    """What is left to return of each capture, where one return can only go against one; empty elsewhere."""
    keyless: frozenset[EntryKind] = frozenset()
    """Kinds of entries that can never bear a key of ours at this provider (Ecster's Swish refunds)."""
    failed: str = ""
    """The provider's word for how the last such call failed; "" when it did not, or is under way."""

    @property
    def net(self) -> int:
        """What the customer has paid: captured less returned."""
        return self.captured - self.returned

    def entry(self, kind: EntryKind, key: str) -> Entry | None:
        """Return the first log entry of `kind` that bears `key`."""
        return next((entry for entry in self.log if entry.kind is kind and entry.key == key), None)
