"""Hints: orders that somebody says have changed, each looked at at once, and then not again for a second."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

log = structlog.get_logger()

PAUSE: Final = 1.0
"""Seconds from one look to the next at the same thing, however many hints come."""
BURST: Final = 20
"""Looks that may come at once. Beyond them there is one each pause, whatever it is at."""


class Hints:
    """Calls `look` for what is hinted at. Hints that come within the pause are one, and are not lost.

    `look` says whether it could look; where not, it is asked again after the pause. `too_many` is called in the
    place of looks beyond the `burst`, so neither the shop nor our memory pays for a flood.
    """

    def __init__(
        self,
        look: Callable[[int], Awaitable[bool]],
        too_many: Callable[[], None] = lambda: None,
        *,
        pause: float = PAUSE,
        burst: int = BURST,
    ) -> None:
        self._look, self._too_many, self._pause, self._burst = look, too_many, pause, burst
        self._spent = 0.0
        """The moment (of the loop's clock) until which the looks so far take up one pause each."""
        self._again: dict[int, bool] = {}
        """What was looked at within the pause, or is being looked at: whether to look once more after it."""
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, what: int) -> None:
        """Have it looked at; return at once."""
        if what in self._again:
            self._again[what] = True
        elif self._may_look():
            self._again[what] = False
            task = asyncio.create_task(self._follow(what))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _may_look(self) -> bool:
        """Whether one more look is within bounds; where not, there were too many."""
        now = asyncio.get_running_loop().time()
        spent = max(self._spent, now) + self._pause
        if spent > now + self._burst * self._pause:
            self._too_many()
            return False
        self._spent = spent
        return True

    async def _follow(self, what: int) -> None:
        try:
            while True:
                looked = True
                try:
                    looked = await self._look(what)
                except Exception:  # a hint is worth no more than that: the poll comes anyway
                    log.exception("hint.failed", order=what)
                await asyncio.sleep(self._pause)
                if looked and not self._again[what]:
                    return
                self._again[what] = False
                if not self._may_look():
                    return
        finally:
            del self._again[what]

    async def close(self) -> None:
        """Drop what is hinted at; a look that is under way is cut off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
