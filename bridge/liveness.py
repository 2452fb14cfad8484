"""Whether what a daemon does over and over is still done: the pulse of each of its jobs.

A job that waits for ever is not started again, and nothing else would show it: the event loop turns, other stores
are served. So each has a pulse. It beats when the job is begun, and when a request that the job has made has ended,
however it did: with a shop that is down, or slow, it goes on beating.
"""

from collections.abc import Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Final

import aiohttp

HUNG: Final = 300.0
"""Seconds without a beat, beyond the job's own interval, after which it hangs: several times what any request, or
the database, may take."""

_pulse: ContextVar["Pulse | None"] = ContextVar("pulse", default=None)


class Pulse:
    """The pulse of one job that is begun every so many seconds."""

    def __init__(self, job: str, every: float, clock: Callable[[], float]) -> None:
        self.job = job
        self._every, self._clock = every, clock
        self._last = clock()

    def begin(self) -> None:
        """The job begins; the requests that it makes, and those of its tasks, are its own from here on."""
        _pulse.set(self)
        self.beat()

    def beat(self) -> None:
        self._last = self._clock()

    def hangs(self, hung: float) -> bool:
        """Whether it has not beaten for longer than `hung` seconds beyond its interval."""
        return self._clock() - self._last > self._every + hung


def trace() -> aiohttp.TraceConfig:
    """Let the requests of a session beat the pulse of the job that makes them."""
    config = aiohttp.TraceConfig()
    config.on_request_end.append(_ended)
    config.on_request_exception.append(_ended)
    return config


async def _ended(_: aiohttp.ClientSession, __: SimpleNamespace, ___: object) -> None:
    pulse = _pulse.get()
    if pulse is not None:
        pulse.beat()
