"""A step: one thing to do about one order, whole before anybody is called."""

from enum import StrEnum

from msgspec import Struct

from bridge.domain.payments import EntryKind


class Kind(StrEnum):
    """The kinds of action as people see them (`actions --json`, settings, metrics)."""

    CAPTURE = "capture"
    CANCEL = "cancel"
    """Release of everything that is reserved."""
    REFUND = "refund"
    MODIFY = "modify"
    """A changed reservation: a part released, or raised."""
    RESTORE_STATUS = "restore_status"


class Call(StrEnum):
    """The calls behind the kinds."""

    CAPTURE = "capture"
    RELEASE = "release"
    RAISE = "raise"
    REFUND = "refund"
    RESTORE = "restore"


EFFECT: dict[Call, EntryKind] = {
    Call.CAPTURE: EntryKind.CAPTURE,
    Call.RELEASE: EntryKind.RELEASE,
    Call.RAISE: EntryKind.RAISE,
    Call.REFUND: EntryKind.RETURN,
}
"""The log entry by which each call to a provider shows."""


class Step(Struct, frozen=True, kw_only=True):
    """What is to be done, with the key that says so at the provider. Amounts in minor units."""

    kind: Kind
    call: Call
    key: str
    amount: int
    """Of the call; 0 for a restored status."""
    target: int
    """What it aims at: captured in all, returned in all, or reserved, after the call."""
    why: str
    """The story, in one English sentence."""
    refund: int | None = None
    """The store's refund that is paid."""
    everything: bool = False
    """Nothing stays reserved after it: a release of all, or a capture that may close the rest."""
    status: str | None = None
    """The status to put the order back to."""

    def same(self, other: "Step") -> bool:
        """Whether both ask for one and the same thing (a story told in other words does not matter)."""
        mine = (self.kind, self.call, self.amount, self.target, self.refund, self.everything, self.status)
        return mine == (
            other.kind,
            other.call,
            other.amount,
            other.target,
            other.refund,
            other.everything,
            other.status,
        )
