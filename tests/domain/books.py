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


class Manner(StrEnum):
    """What providers let be done with a payment."""

    PARTS = "parts"
    """Like Resurs: any part can be captured, released and returned, and it can be raised."""
    FIXED = "fixed"
    """Like Ecster: a reservation is never changed, and a return goes against one capture."""
    WHOLE = "whole"
    """Everything or nothing; yet it can be raised, against a limit that releases may or may not free again."""


class Refusal(Exception):
    """The provider says no; nothing has happened."""


@dataclass
class Books:
    """A payment in the provider's own books."""

    manner: Manner
    reserved: int
    limit: int | None
    releases_free: bool = True
    """Whether what was released no longer counts against the limit."""
    captured: int = 0
    returned: int = 0
    state: PaymentState = PaymentState.READY
    log: list[Entry] = field(default_factory=list)
    returnable: list[int] = field(default_factory=list)
    """What is left to return of each capture."""

    def payment(self) -> Payment:
        """What a read shows now."""
        if self.state is PaymentState.GONE:
            return replace(
                Books(manner=Manner.FIXED, reserved=0, limit=None).payment(), state=self.state, detail="404", log=()
            )
        can: set[Can] = set()
        if self.reserved:
            can |= {Can.CAPTURE, Can.RELEASE} | {
                Manner.PARTS: {Can.CAPTURE_PART, Can.RELEASE_PART},
                Manner.FIXED: {Can.CAPTURE_PART, Can.CAPTURE_AND_CLOSE},
                Manner.WHOLE: set(),
            }[self.manner]
        if self.limit is not None:
            can.add(Can.RAISE)
        if self.captured > self.returned:
            can |= {Can.REFUND} if self.manner is Manner.WHOLE else {Can.REFUND, Can.REFUND_PART}
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
            returnable=tuple(left for left in self.returnable if left) if self.manner is Manner.FIXED else (),
        )

    def enter(self, kind: EntryKind, amount: int, key: str | None, now: datetime) -> None:
        self.log.append(Entry(id=f"e{len(self.log)}", kind=kind, amount=amount, key=key, created=now))

    def capture(self, amount: int, key: str | None, now: datetime, *, close: bool = False) -> None:
        if not 0 < amount <= self.reserved or (amount < self.reserved and self.manner is Manner.WHOLE):
            raise Refusal("this can't be captured")
        self.reserved -= amount
        self.captured += amount
        self.returnable.append(amount)
        self.enter(EntryKind.CAPTURE, amount, key, now)
        if close and self.manner is Manner.FIXED:
            self.reserved = 0

    def release(self, amount: int, key: str | None, now: datetime) -> None:
        if not 0 < amount <= self.reserved or (amount < self.reserved and self.manner is not Manner.PARTS):
            raise Refusal("this can't be released")
        self.reserved -= amount
        self.enter(EntryKind.RELEASE, 0 if self.manner is Manner.FIXED else amount, key, now)

    def raise_by(self, amount: int, key: str | None, now: datetime) -> None:
        gone = 0 if self.releases_free else sum(e.amount for e in self.log if e.kind is EntryKind.RELEASE)
        if self.limit is None or self.captured + self.reserved + gone + amount > self.limit:
            raise Refusal("over the limit")
        self.reserved += amount
        self.enter(EntryKind.RAISE, amount, key, now)

    def give_back(self, amount: int, key: str | None, now: datetime) -> None:
        net = self.captured - self.returned
        if not 0 < amount <= net or (amount < net and self.manner is Manner.WHOLE):
            raise Refusal("this can't be returned")
        if self.manner is Manner.FIXED:
            fitting = [i for i, left in enumerate(self.returnable) if left >= amount]
            if not fitting:
                raise Refusal("no single capture has this much left")
            self.returnable[fitting[0]] -= amount
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
