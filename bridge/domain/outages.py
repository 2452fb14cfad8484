"""Outages: a remote that gives no answer is asked by one at a time, ever more seldom, until it answers one.

While it is paused all that needs it waits together; what answers the one that asks opens it for all (design § 4).
An order whose own reads fail is no outage: another order is asked for before anything is paused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bridge.domain.lifecycle import CAP, SOON, retry_delay

SHOP: Final = "the shop"
"""Stands for the store itself among the names of its providers."""
LASTING: Final = timedelta(minutes=15)
"""After which somebody is told, once."""
LONG: Final = timedelta(hours=1)
"""After which staff are told on the orders that wait, once on each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What is known of a remote that did not answer the last time, and not since."""

    remote: str
    """A provider's name, or `SHOP`."""
    since: datetime
    tries: int
    """How often it was asked since then."""
    next_try: datetime
    why: str
    """What went wrong the last time."""
    paused: bool
    """False while it may be one order's own trouble."""
    calls: bool = False
    """It answers reads; what it does not take is calls."""
    alerted: bool = False

    def may_ask(self, now: datetime) -> bool:
        """Whether the next one may ask it. A time beyond the cap only comes of a clock that was set back."""
        return not now < self.next_try <= now + CAP

    def lasts(self, now: datetime) -> bool:
        """Whether it is time to tell somebody."""
        return self.paused and not self.alerted and now - self.since >= LASTING

    def was_felt(self, now: datetime) -> bool:
        """Whether it was long enough for what waits to have waits of its own that are worth cutting short."""
        return self.paused and now - self.since >= SOON


def unanswered(
    before: Outage | None,
    remote: str,
    why: str,
    now: datetime,
    chance: float,
    *,
    after: timedelta | None = None,
    sure: bool = False,
    calls: bool = False,
) -> Outage:
    """What holds after it gave no answer once more.

    `sure`: it can't have been about the one order (no connection, or it asks everybody to wait). `after` is the
    wait that it asked for.
    """
    if before is not None and before.paused and not before.may_ask(now):
        return replace(before, why=why)  # it was under way before the pause began
    if before is not None and not before.paused and before.calls != calls:
        before = None  # a read and a call that fail, of one order each, are no sign of the same thing
    since, tries = (before.since, before.tries + 1) if before else (now, 1)
    paused = sure or before is not None
    wait = retry_delay(tries, now - since, chance, after) if paused else timedelta()
    return Outage(
        remote=remote,
        since=since,
        tries=tries,
        next_try=now + wait,
        why=why,
        paused=paused,
        calls=calls and (before is None or before.calls),
        alerted=before is not None and before.alerted,
    )


def is_over(before: Outage, *, call: bool) -> bool:
    """Whether an answer ends it. To a `call`, or to a read; one that takes no calls may well answer reads."""
    return call or not before.calls


_SILENT, _POLLS = timedelta(minutes=2), 3


def is_silent(lag: timedelta, interval: timedelta) -> bool:
    """Whether a store that was last polled so long ago has no daemon that polls it every `interval`."""
    return lag > max(_SILENT, _POLLS * interval)
