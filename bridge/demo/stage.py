"""The bridge in a played world, on a clock that moves only when the day or the bridge's own patience says so."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from bridge.app import read_settings, units
from bridge.demo.sandboxes import Sandboxes
from bridge.engine.cycles import once
from bridge.engine.unit import Unit
from bridge.errors import Unreachable
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.store import StoreSandbox

MORNING = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
"""Eight o'clock in the shop, on a Friday."""
FIRST_NUMBER = 1042
PATIENCE = timedelta(minutes=15)
"""How long a cycle goes on for what is due: longer than any wait of the default settings that the day meets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    clock: ManualClock
    sandboxes: Sandboxes
    unit: Unit

    @property
    def store(self) -> StoreSandbox:
        return self.sandboxes.store

    def local(self, moment: datetime) -> datetime:
        """The moment on the shop's own wall."""
        return moment.astimezone(self.store.shop.timezone)

    def move_to(self, hour: time) -> None:
        """Let it become that time of the day in the shop, unless it is later already."""
        now = self.local(self.clock.now())
        left = datetime.combine(now.date(), hour, now.tzinfo) - now
        self.clock.advance(max(0, math.ceil(left.total_seconds())))

    async def cycle(self) -> None:
        """Let the bridge look around and do all that is due. Raises Unreachable when it can't read the shop."""
        ended = await once(self.unit, PATIENCE, self._sleep)
        if ended.problem:
            raise Unreachable(ended.problem, remote=ended.store)

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(math.ceil(seconds))


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Build the world, with the bridge's settings.yaml and database in `folder`, and open the bridge over it."""
    clock = ManualClock(MORNING)
    sandboxes = Sandboxes(clock.now, first_number=FIRST_NUMBER)
    async with sandboxes.served() as urls:
        path = folder / "settings.yaml"
        sandboxes.write_settings(path, urls)
        async with units(read_settings(path), now=clock.now, chance=lambda: 0.5) as (unit,):
            yield Stage(clock=clock, sandboxes=sandboxes, unit=unit)
