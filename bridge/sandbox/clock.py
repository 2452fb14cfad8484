"""A clock that only moves when it is told to, for sandboxes and tests."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Stands still at `start` (aware) until `advance` moves it."""

    def __init__(self, start: datetime = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock without a time zone tells no time")
        self._now = start

    def now(self) -> datetime:
        """Return the moment it shows, in UTC."""
        return self._now.astimezone(UTC)

    def advance(self, seconds: int) -> None:
        """Move on by whole seconds; never back."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self._now += timedelta(seconds=seconds)
