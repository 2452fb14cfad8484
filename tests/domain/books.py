"""A payment in its provider's own books: it does what it is told as a provider would, and no more."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bridge.domain.payments import Can, Entry, EntryKind, Payment, PaymentState
from bridge.domain.steps import Call, Step


class Fate(StrEnum):
    """What becomes of a call to the provider."""

    DONE = "done"
    ANSWER_LOST = "answer lost"
    LOST_ON_THE_WAY = "lost on the way"
    SHOWN_LATE = "done, but reads show it late"
    ANSWER_LOST_AND_SHOWN_LATE = "answer lost, and reads show it late"


class Refusal(Exception):
    """The provider says no; nothing has happened."""


@dataclass
class Books:
    """A payment in the provider's own books."""

    changeable: bool
    """Like Resurs: parts can be released, and it can be raised. Otherwise like Ecster."""
    reserved: int
    limit: int | None
    captured: int = 0
    returned: int = 0
    state: PaymentState = PaymentState.READY
    log: list[Entry] = field(default_factory=list)

    def payment(self) -> Payment:
        """What a read shows now."""
        if self.state is PaymentState.GONE:
            return replace(
                Books(changeable=False, reserved=0, limit=None).payment(), state=self.state, detail="404", log=()
            )
        can: set[Can] = set()
        if self.reserved:
            can |= {Can.CAPTURE, Can.CAPTURE_PART, Can.RELEASE}
            can.add(Can.RELEASE_PART if self.changeable else Can.CAPTURE_AND_CLOSE)
        if self.limit is not None:
            can.add(Can.RAISE)
        if self.captured > self.returned:
            can |= {Can.REFUND, Can.REFUND_PART}
        return Payment(
            id="p-1",
            reference="1042",
            currency="SEK",
            state=self.state,
            detail=self.state.upper(),
            reserved=self.reserved,
            captured=self.captured,
            returned=self.returned,
            limit=self.limit,
            can=frozenset(can) if self.state is PaymentState.READY else frozenset(),
            log=tuple(self.log),
        )

    def enter(self, kind: EntryKind, amount: int, key: str | None, now: datetime) -> None:
        self.log.append(Entry(id=f"e{len(self.log)}", kind=kind, amount=amount, key=key, created=now))

    def capture(self, amount: int, key: str | None, now: datetime, *, close: bool = False) -> None:
        if not 0 < amount <= self.reserved:
            raise Refusal("more than is reserved")
        self.reserved -= amount
        self.captured += amount
        self.enter(EntryKind.CAPTURE, amount, key, now)
        if close and not self.changeable:
            self.reserved = 0

    def release(self, amount: int, key: str | None, now: datetime) -> None:
        if not 0 < amount <= self.reserved or (amount < self.reserved and not self.changeable):
            raise Refusal("this can't be released")
        self.reserved -= amount
        self.enter(EntryKind.RELEASE, amount if self.changeable else 0, key, now)

    def raise_by(self, amount: int, key: str | None, now: datetime) -> None:
        if self.limit is None or self.captured + self.reserved + amount > self.limit:
            raise Refusal("over the limit")
        self.reserved += amount
        self.enter(EntryKind.RAISE, amount, key, now)

    def give_back(self, amount: int, key: str | None, now: datetime) -> None:
        if not 0 < amount <= self.captured - self.returned:
            raise Refusal("more than was captured")
        self.returned += amount
        self.enter(EntryKind.RETURN, amount, key, now)

    def perform(self, step: Step, now: datetime) -> None:
        match step.call:
            case Call.CAPTURE:
                self.capture(step.amount, step.key, now, close=step.everything)
            case Call.RELEASE:
                self.release(self.reserved if step.everything else step.amount, step.key, now)
            case Call.RAISE:
                self.raise_by(step.amount, step.key, now)
            case Call.REFUND:
                self.give_back(step.amount, step.key, now)
            case Call.RESTORE:
                raise AssertionError("no provider restores a status")
