"""What one look can lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import Closed
from bridge.domain.steps import Step

Facts = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Act:
    """The one next step."""

    step: Step


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing now. Look again at `until` (None: when something changes, or at the next sweep)."""

    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing to do. `agreed`: order and payment are as they should be, and this total is remembered."""

    why: str
    agreed: bool = False
    closes: Closed | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A person is needed. With `step`, that very step may be approved or dropped; without, it is a condition."""

    reason: Reason | Bound
    facts: Facts = field(default_factory=dict)
    step: Step | None = None


Decision = Act | Wait | Quiet | Hold
