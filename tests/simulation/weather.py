"""The weather of a history: how requests fare, what is out, the disk's troubles, and clocks that are set."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from bridge.sandbox.faults import Fault
from tests.simulation import loop
from tests.simulation.disk import Disk, Trouble
from tests.simulation.document import PORTS
from tests.simulation.road import Road, Weather
from tests.simulation.story import Story
from tests.simulation.town import Town
from tests.simulation.wires import Exchange

_CHANCES = (0.0, 0.03, 0.1, 0.15)
"""How likely something becomes of a request, in the histories' several weathers."""
_LATEST = 240.0
"""Seconds in which a call takes effect and is readable: `settle.unknown` less what clocks may be set by."""
_PATIENT = 25.0
"""Seconds in which what is written to a shop arrives, if ever: of a note that arrives after the bridge has given it
up and looked for it, nobody promises that it does not stand there twice."""
_OUT = (Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.BUSY)


class Sky:
    """`skew` is how far the clock of the bridge's machine is off, `clock_set` when somebody last set it."""

    def __init__(
        self,
        town: Town,
        roads: Mapping[str, Road],
        exchange: Exchange,
        disk: Disk,
        story: Story,
        chance: random.Random,
    ) -> None:
        self._town, self._roads, self._exchange, self._disk = town, roads, exchange, disk
        self._story, self._chance = story, chance
        self.skew, self.clock_set = timedelta(), -1e9
        self.counted: Counter[str] = Counter()

    def clear_up(self) -> None:
        """Nothing goes wrong any more. A clock that is off stays so."""
        self._disk.heal()
        for remote, road in self._roads.items():
            self._clear(remote)
            road.weather = Weather()

    async def change(self) -> None:
        """Let the weather change until the history has had its days."""
        chance = self._chance
        usual = chance.choice(_CHANCES)
        late = max(3.0, _LATEST - self._town.plan.lag.total_seconds() - 20)
        for remote, road in self._roads.items():
            longest = _PATIENT if remote == "shop" else min(late, 200.0)
            road.weather = Weather(chance=usual, of_calls=min(1.0, usual * 6), late=longest)
        rough = usual > 0
        while rough:
            await asyncio.sleep(chance.uniform(5, 200))
            match chance.randrange(4):
                case 0 | 1:
                    await self._outage()
                case 2:
                    await self._trouble()
                case _:
                    self._set_clock()

    async def _outage(self) -> None:
        chance = self._chance
        remote, seconds = chance.choice(("shop", self._town.plan.provider)), chance.choice((3, 20, 60, 150))
        manner = chance.choice(("refused", "maintenance", *_OUT))
        self._story.tell("weather", f"{remote} is out for {seconds} s: {manner}")
        road, port = self._roads[remote], PORTS[remote]
        if manner == "refused":
            self._exchange.down.add(port)
        elif manner == "maintenance" and remote == "shop":
            self._town.store.mishaps.maintenance = True
        else:
            road.weather.out = Fault(manner) if manner != "maintenance" else Fault.ERROR_BEFORE
        await asyncio.sleep(seconds)
        self._clear(remote)

    def _clear(self, remote: str) -> None:
        self._exchange.down.discard(PORTS[remote])
        self._town.store.mishaps.maintenance = False
        self._roads[remote].weather.out = None

    async def _trouble(self) -> None:
        chance = self._chance
        trouble, seconds = chance.choice(tuple(Trouble)), chance.choice((1, 5, 30, 90))
        self._story.tell("weather", f"the database is {trouble} for {seconds} s")
        self._disk.begin(trouble)
        self.counted[f"database {trouble}"] += 1
        await asyncio.sleep(seconds)
        self._disk.heal()
        self._story.tell("weather", "the database is well again")

    def _set_clock(self) -> None:
        to = timedelta(seconds=self._chance.choice((-15, -4, 4, 15)))
        self.skew, self.clock_set = to, loop.seconds()
        self._story.tell("weather", f"the machine's clock is set: {to.total_seconds():+.0f} s from the true time")
