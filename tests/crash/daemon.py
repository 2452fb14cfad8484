"""`wc-bridge run` as a process, forked from one that has everything imported, with its points watched."""

import asyncio
import gc
import multiprocessing
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bridge.cli import main, run
from bridge.engine import looking, noting, outages, reading
from bridge.providers.registry import provider_kinds
from bridge.settings import values
from tests.crash.flaws import FLAWS
from tests.crash.points import Point, Points

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__])

__all__ = ["run"]  # which `main` would import, as does what follows; so it is there before the fork
provider_kinds()
gc.freeze()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a daemon is to run, and where it is to die."""

    settings: Path
    log: Path
    trace: Path | None = None
    """Gets the name of each point that was reached, one a line."""
    fatal: Point | None = None
    flaw: str = ""
    """One of FLAWS to plant in it; "": none."""


def _run(plan: Plan) -> None:
    """In the forked process."""
    os.dup2(os.open(plan.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), 2)
    _hurry()
    points = Points(plan.fatal, plan.trace)
    points.watch_remotes()
    points.watch_database()
    if plan.flaw:
        FLAWS[plan.flaw]()
    main(["run", "--settings", str(plan.settings)])


def _hurry() -> None:
    """Shorten the waits that settings can't: for what goes over the internet; on loopback it takes milliseconds."""
    values.LONGEST_CALL = timedelta(seconds=1)
    noting.PATIENCE = timedelta(seconds=2)
    for module in (looking, outages, reading):
        module.SOON = timedelta(seconds=2)  # type: ignore[attr-defined]


class Daemon:
    """A running daemon."""

    def __init__(self, plan: Plan) -> None:
        self._process: ForkServerProcess = _FORKING.Process(target=_run, args=(plan,), daemon=True)
        self._process.start()
        self._ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(self._process.sentinel, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        if not self._ended.done():
            self._ended.set_result(self._process.exitcode)

    @property
    def running(self) -> bool:
        return not self._ended.done()

    async def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        if self.running:
            assert self._process.pid is not None
            with suppress(ProcessLookupError):  # it did so itself a moment ago
                os.kill(self._process.pid, signal.SIGKILL)
        await self._ended

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._ended.result() if self._ended.done() else None

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL
