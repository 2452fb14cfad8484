"""What a store's settings ask of the decisions, in the domain's own words."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


class StatusLock(StrEnum):
    """What follows when staff set a closed order back."""

    OFF = "off"
    NOTE = "note"
    RESTORE = "restore"


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
    tag: str = ""
    """In front of our keys where shops share a provider account."""
