"""Whether a store is watched as it should be, and what is wrong where it is not: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.db.vitals import Vitals
from bridge.domain.outages import is_silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How well a store is watched."""

    ready: bool
    """Whether it was polled in time, whoever did."""
    poll_age: float | None
    """Seconds since a poll last ended well; None: never."""
    wrong: str
    """What is the matter with it, and with being ready or not; "" when nothing is."""


def health(stands: Vitals | None, interval: timedelta, now: datetime) -> Health:
    """Judge a store that is polled every `interval`; None: the database does not know it yet."""
    if stands is None:
        return Health(ready=False, poll_age=None, wrong="not begun yet")
    lag = None if stands.polled is None else max(timedelta(), now - stands.polled)
    late = lag is None or is_silent(lag, interval)
    wrong = stands.unbound or stands.held_why or stands.problem
    if late and not wrong:
        wrong = _first_run(stands) if lag is None else f"not polled for {round(lag.total_seconds())} s"
    return Health(ready=not late, poll_age=lag.total_seconds() if lag is not None else None, wrong=wrong)


def _first_run(stands: Vitals) -> str:
    return f"first run: {stands.read} of {stands.total} orders read" if stands.total else "never polled"
