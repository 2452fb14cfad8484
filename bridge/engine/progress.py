"""How far the first run has come, and how long it will still take: told to whoever listens, else to the log."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

log = structlog.get_logger()

LATELY = timedelta(minutes=1)
"""What is read in this time tells how fast it goes."""
ENOUGH = 500
"""Orders that must have been read lately before a guess is honest."""
CALM = timedelta(seconds=30)
"""Between two lines of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The orders of one store's first run: so many of `total` are read and committed."""

    store: str
    at: datetime
    done: int
    total: int
    left: timedelta | None
    """How long the rest will take; None while that can't be told."""


class Listener(Protocol):
    def __call__(self, progress: Progress) -> None:
        """Take notice; called at the start, with each page of orders, and at the end."""


class Pace:
    """Guesses the time left from what was read lately: not what an earlier start read, nor a quick beginning."""

    def __init__(self) -> None:
        self._lately: deque[tuple[datetime, int]] = deque()

    def left(self, done: int, total: int, now: datetime) -> timedelta | None:
        """Return how long the rest will take at the pace of lately."""
        self._lately.append((now, done))
        while now - self._lately[0][0] > LATELY and len(self._lately) > 2:  # noqa: PLR2004 - two make a pace
            self._lately.popleft()
        began, before = self._lately[0]
        if done >= total:
            return timedelta()
        if done - before < min(ENOUGH, total - done) or now <= began:
            return None
        return (now - began) / (done - before) * (total - done)


class Logged:
    """Tells the log, at a calm pace."""

    def __init__(self) -> None:
        self._told: datetime | None = None

    def __call__(self, progress: Progress) -> None:
        if self._told is not None and progress.at - self._told < CALM:
            return
        self._told = progress.at
        log.info(
            "baseline.progress",
            store=progress.store,
            done=progress.done,
            total=progress.total,
            seconds_left=None if progress.left is None else round(progress.left.total_seconds()),
        )
