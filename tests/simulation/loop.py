"""An event loop with a virtual clock: where nobody is ready, it jumps to the next timer. No wait takes any time."""

import asyncio
import selectors
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""The moment at which every history begins."""


class Stuck(Exception):
    """Nobody is ready and no timer is set: this history would never end."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """What runs on it must have no threads and no sockets; executors do their work at once, in the loop."""

    def __init__(self) -> None:
        self._seconds = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Seconds since `START`."""
        return self._seconds

    def jump(self, seconds: float) -> None:
        self._seconds += seconds

    def run_in_executor(  # type: ignore[override]  # its own signature is not to be spelt
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is for whoever waits for the work
            done.set_exception(error)
        return done


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: the time that it was to wait for input is over at once."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck
        if timeout > 0:
            self._loop.jump(timeout)
        return []


def now() -> datetime:
    """The true time of the history that is running."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


def seconds() -> float:
    """The same, in seconds since `START`."""
    return asyncio.get_running_loop().time()
