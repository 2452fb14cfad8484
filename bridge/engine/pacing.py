"""The pace: so many calls a minute to a store's providers. It makes calls later, and holds nothing."""

from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class Pace:
    """The turns of calls: no more than `per_minute` in any minute, in the order in which they were asked for.

    A call is only made right after a look. So whoever must wait for its turn is not kept waiting here: it is told
    when that is, looks again then, and finds the turn kept.
    """

    def __init__(self, per_minute: int) -> None:
        self._turns: deque[datetime] = deque(maxlen=per_minute)
        self._kept: dict[int, datetime] = {}
        """By order: turns that are still to come."""
        self._asked: datetime | None = None

    def turn(self, order: int, now: datetime) -> datetime:
        """When the order's call may be made; `now`: it may be made, and is counted as made."""
        if self._asked is not None and now < self._asked:  # the clock was set back: its turns are of another time
            self._turns.clear()
            self._kept.clear()
        self._asked = now
        turn = self._kept.pop(order, None) or self._next(now)
        if turn <= now:
            return now
        self._kept[order] = turn
        return turn

    def _next(self, now: datetime) -> datetime:
        full = len(self._turns) == self._turns.maxlen
        turn = max(now, self._turns[0] + MINUTE) if full else now
        self._turns.append(turn)
        return turn
