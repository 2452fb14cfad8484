"""How a call to a provider can end. Every ending is one of these four; an exception would be a bug."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Done:
    """The provider says that it is done. `reference` is its own id for it, "" where it gives none."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider says no, and nothing has happened.

    `reason` is what it says itself, safe to show to staff, and "" where it says nothing.
    """

    reason: str
    surprising: bool = False
    """The payment as read says that it could be done: only reading it again tells which of the two is wrong."""


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing has happened, and the same call may go through later (429, connection refused, no token)."""

    reason: str
    after: timedelta | None = None
    """The least wait that the provider asked for."""
    down: bool = False
    """It would have said so to any other call as well."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have happened: time-out, dropped connection, 5xx, an answer that makes no sense."""

    detail: str


Outcome = Done | Refused | Later | Unknown
