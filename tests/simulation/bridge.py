"""The bridge as it is run: lives of its process one after another on the same database, as daemon or as `once`."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bridge.app import units
from bridge.engine.cycles import look_around, once, tell, work_unless_resting
from bridge.engine.unit import Unit
from bridge.settings import Settings
from tests.simulation.life import Doom, Life
from tests.simulation.story import Story
from tests.simulation.wires import Connector, Exchange

_POLL, _SWEEP, _TICK, _TELL = 60.0, 600.0, 1.0, 60.0
"""Seconds between the daemon's polls (half as often as by default), sweeps, looks for what is due, and alerts."""
_CALLS = ("call sent", "call took effect", "call answered")
_DOOMS = (*_CALLS, *_CALLS, "before a commit", "after a commit", "note", "read")
"""Where a life may end, and how often: all depends on the calls."""


Body = Callable[[Unit], Coroutine[Any, Any, None]]
"""What a life does with the unit that it works with."""


class Bridge:
    """`life` is the one that lives now, `unit` what it works with; both None between two lives."""

    def __init__(
        self,
        settings: Settings,
        exchange: Exchange,
        now: Callable[[], datetime],
        chance: random.Random,
        story: Story,
    ) -> None:
        self._settings, self._exchange, self._now = settings, exchange, now
        self._chance, self._story = chance, story
        self.life: Life | None = None
        self.unit: Unit | None = None
        self.crashes_left = 0
        self.crashes = 0
        self._news = asyncio.Event()
        self._stopping = False

    async def live(self) -> None:
        """Live until `stop`; after each crash, or whatever else ended it, start again."""
        while not self._stopping:
            if self._chance.random() < 0.25:
                wait = timedelta(seconds=self._chance.choice((0, 30, 90, 400)))
                body: Body = partial(self._once, wait)
                manner = f"`once --wait {wait.total_seconds():.0f}s`"
            else:
                body, manner = self._daemon, "the daemon"
            self._story.tell("bridge", f"{manner} starts")
            try:
                await self.be(body)
            except Exception as error:  # noqa: BLE001 - a command ends with what it raises, and is started again
                self._story.tell("bridge", f"{manner} ends: {type(error).__name__}: {error}")
            await asyncio.sleep(self._chance.choice((0.1, 1, 5, 60)))

    async def be(self, body: Body) -> None:
        """One life, in which `body` is done."""
        self.life = life = Life()
        self.doom()

        async def lives() -> None:
            async with self._opened() as unit:
                self.unit, life.context = unit, copy_context()
                await body(unit)

        try:
            await life.live(lives())
        finally:
            self.life = self.unit = None
            if life.dead:
                self.crashes += 1
                self._story.tell("CRASH", f"the bridge's process dies: {life.died_at}")

    def doom(self) -> None:
        """Let the life that lives now end in a crash somewhere, as long as some are left."""
        if self.crashes_left > 0 and self.life is not None:
            self.crashes_left -= 1
            where = self._chance.choice(_DOOMS)
            few = where.startswith(("call", "note"))
            self.life.doom = Doom(where, self._chance.choice((1, 1, 2, 3) if few else (1, 5, 20, 40, 80, 150)))

    def spare(self) -> None:
        """No crash any more."""
        self.crashes_left = 0
        if self.life is not None:
            self.life.doom = None

    def stop(self) -> None:
        """As SIGTERM does, with no grace: what is under way is cut off and recorded."""
        self._stopping = True
        if self.life is not None:
            self.life.end()

    def hint(self, order_id: int) -> None:
        """The shop's webhook says that this order has changed."""
        if self.life is not None and not self.life.dead and self.unit is not None:
            self.life.spawn(self._hinted(self.unit, order_id, self._chance.uniform(0.1, 2.0)))

    async def _hinted(self, unit: Unit, order_id: int, delay: float) -> None:
        await asyncio.sleep(delay)
        if order_id in unit.busy:
            return
        with suppress(Exception):
            if await unit.journal.known(order_id) is None:
                await look_around(unit, sweeping=False)
            await unit.agenda.wake([order_id], unit.now())
        self._news.set()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Unit]:
        connect = partial(Connector, self._exchange)
        async with units(self._settings, now=self._now, chance=self._chance.random, connector=connect) as [unit]:
            yield unit

    async def _once(self, wait: timedelta, unit: Unit) -> None:
        await once(unit, wait)

    async def _daemon(self, unit: Unit) -> None:
        """As `bridge.daemon` does: polls, and beside them work on what is due; a tick that fails is told."""
        async with asyncio.TaskGroup() as clocks:
            clocks.create_task(self._polls(unit))
            clocks.create_task(self._works(unit))
            clocks.create_task(self._tells(unit))

    async def _polls(self, unit: Unit) -> None:
        swept: float | None = None
        while True:
            now = asyncio.get_running_loop().time()
            sweeping = swept is None or now - swept >= _SWEEP
            try:
                problem = await look_around(unit, sweeping=sweeping)
                swept = now if sweeping and not problem else swept
            except Exception as error:  # noqa: BLE001 - the daemon's clock goes on, whatever a tick raises
                self._story.tell("bridge", f"a poll fails: {type(error).__name__}")
            self._news.set()
            await asyncio.sleep(_POLL)

    async def _works(self, unit: Unit) -> None:
        """The daemon asks each second; here only when something is due or new, which comes to the same."""
        while True:
            wait = _POLL
            try:
                await work_unless_resting(unit)
                due = await unit.agenda.next_due(notes=unit.live)
                wait = (due - unit.now()).total_seconds() if due else _POLL
            except Exception as error:  # noqa: BLE001 - as in `_polls`
                self._story.tell("bridge", f"work fails: {type(error).__name__}")
            with suppress(TimeoutError):
                async with asyncio.timeout(min(max(wait, _TICK), _POLL)):
                    await self._news.wait()
            self._news.clear()

    async def _tells(self, unit: Unit) -> None:
        while True:
            try:
                await tell(unit)
            except Exception as error:  # noqa: BLE001 - as in `_polls`
                self._story.tell("bridge", f"telling fails: {type(error).__name__}")
            await asyncio.sleep(_TELL)
