"""`wc-bridge` under observation: $SAMPLES names the file that gets its costliest functions, $SYNCHRONOUS another
durability of SQLite.

A timer that counts the process's CPU time interrupts it; where the main thread has had little of that since the
last time, it was the database's.
"""

import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from bridge.cli import main, run
from bridge.db import connection
from bridge.providers.registry import provider_kinds

__all__ = ["run"]  # which `main` would import, as does what follows; so that is no part of the samples
provider_kinds()

DATABASE = "SQLite, in its thread"
_INTERVAL = 0.004
"""Seconds; the kernel's clock allows no less everywhere."""


class Sampler:
    """Counts what runs, each time as the function that runs itself, not those which it was called by."""

    def __init__(self) -> None:
        self._own: Counter[str] = Counter()
        self._last = 0.0

    def begin(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _INTERVAL, _INTERVAL)

    def end(self, path: Path) -> None:
        """Write a line for each function: its share in percent, and its name; the costliest first."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        every = max(self._own.total(), 1)
        lines = [f"{100 * times / every:.1f} % {name}\n" for name, times in self._own.most_common()]
        path.write_text("".join(lines), encoding="utf-8")

    def _sample(self, _: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        others = now - self._last < _INTERVAL / 2
        self._last = now
        self._own[DATABASE if others or frame is None else _name(frame)] += 1


def _name(frame: FrameType) -> str:
    code = frame.f_code
    place = next((root for root in sys.path if root and code.co_filename.startswith(root)), "")
    return f"{code.co_filename.removeprefix(place).lstrip('/')}: {code.co_qualname}"


def be_durable(synchronous: str) -> None:
    """Let SQLite wait for the disk as this says, from when it is opened."""
    config = connection.tortoise_config

    def changed(url: str, *, read_only: bool = False) -> dict[str, Any]:
        tree = config(url, read_only=read_only)
        tree["connections"]["default"]["credentials"]["synchronous"] = synchronous
        return tree

    connection.tortoise_config = changed


if __name__ == "__main__":
    if synchronous := os.environ.get("SYNCHRONOUS"):
        be_durable(synchronous)
    sampler, samples = Sampler(), os.environ.get("SAMPLES")
    if samples:
        sampler.begin()
    try:
        main()
    finally:
        if samples:
            sampler.end(Path(samples))
