"""What a store's settings ask of the decisions, in the domain's own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from bridge.domain.steps import Kind


class StatusLock(StrEnum):
    """What follows when staff set a closed order back."""

    OFF = "off"
    NOTE = "note"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may happen before a person is asked. Amounts are in major units of the order's currency."""

    refund_per_action: Decimal | None = None
    refunds_per_day: Decimal | None = None
    """All refunds in one currency within 24 hours. None: no limit."""
    within: timedelta = timedelta(minutes=10)
    surge: Mapping[Kind, int] = field(
        default_factory=lambda: {Kind.CAPTURE: 1000, Kind.CANCEL: 50, Kind.REFUND: 20, Kind.MODIFY: 100}
    )
    """How many of a kind may be decided `within` that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Defaults are those of settings.yaml (design § 5)."""

    capture: bool = True
    capture_on: frozenset[str] = field(default_factory=lambda: frozenset({"completed"}))
    release_leftover: bool = True
    cancel: bool = True
    cancel_on: frozenset[str] = field(default_factory=lambda: frozenset({"cancelled"}))
    refund: bool = True
    release_before_capture: bool = True
    refund_delay: timedelta = timedelta()
    hold_older_than: timedelta = timedelta(days=3)
    modify: bool = True
    status_lock: StatusLock = StatusLock.NOTE
    settle_change: timedelta = timedelta(seconds=5)
    settle_refund: timedelta = timedelta(seconds=60)
    settle_unknown: timedelta = timedelta(minutes=5)
    settle_others: timedelta = timedelta(minutes=1)
    warn_after: timedelta = timedelta(days=1)
    limits: Limits = field(default_factory=Limits)
    tag: str = ""
    """In front of our keys where shops share a provider account."""
