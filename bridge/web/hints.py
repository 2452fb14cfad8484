"""Hints: orders that somebody says have changed, each looked at at once, and then not again for a second."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

log = structlog.get_logger()

PAUSE: Final = 1.0
"""Seconds from one look to the next at the same thing, however many hints come."""


class Hints:
    """Calls `look` for what is hinted at. Hints that come within the pause are one, and are not lost."""

    def __init__(self, look: Callable[[int], Awaitable[None]], pause: float = PAUSE) -> None:
        self._look, self._pause = look, pause
        self._again: dict[int, bool] = {}
        """What was looked at within the pause, or is being looked at: whether to look once more after it."""
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, what: int) -> None:
        """Have it looked at; return at once."""
        if what in self._again:
            self._again[what] = True
            return
        self._again[what] = False
        task = asyncio.create_task(self._follow(what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, what: int) -> None:
        try:
            while True:
                try:
                    await self._look(what)
                except Exception:  # a hint is worth no more than that: the poll comes anyway
                    log.exception("hint.failed", order=what)
                await asyncio.sleep(self._pause)
                if not self._again[what]:
                    return
                self._again[what] = False
        finally:
            del self._again[what]

    async def close(self) -> None:
        """Drop what is hinted at; a look that is under way is cut off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
