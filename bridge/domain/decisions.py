"""What one look can lead to."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from msgspec import Struct, field

from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import Closed
from bridge.domain.steps import Step

Facts = Mapping[str, int | str]


class Act(Struct, frozen=True):
    """The one next step."""

    step: Step


class Wait(Struct, frozen=True):
    """Nothing now. Look again at `until` (None: when something changes, or at the next sweep)."""

    until: datetime | None
    why: str
    step: ClassVar[None] = None
    """As of every decision: what it would do."""


class Quiet(Struct, frozen=True):
    """Nothing to do. `agreed`: order and payment are as they should be, and this total is remembered."""

    why: str
    agreed: bool = False
    closes: Closed | None = None
    step: ClassVar[None] = None


class Hold(Struct, frozen=True):
    """A person is needed. With `step`, that very step may be approved or dropped; without, it is a condition."""

    reason: Reason | Bound
    facts: Facts = field(default_factory=dict)
    step: Step | None = None


Decision = Act | Wait | Quiet | Hold
