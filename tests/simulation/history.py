"""One history, whole: a seed, what comes of it, and whether everything held that must hold."""

import asyncio
import random
import traceback
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import stamina
from stamina.instrumentation import set_on_retry_hooks

from tests import databases
from tests.simulation import loop
from tests.simulation.bridge import Bridge
from tests.simulation.claims import Reader
from tests.simulation.disk import Disk
from tests.simulation.document import PORTS, settings
from tests.simulation.ending import Ending
from tests.simulation.life import adopting
from tests.simulation.logbook import reading
from tests.simulation.people import People
from tests.simulation.road import Road, Watch
from tests.simulation.story import Story
from tests.simulation.town import Plan, Town
from tests.simulation.watch import Watcher
from tests.simulation.weather import Sky
from tests.simulation.wires import Exchange

_GAPS = (0.5, 8, 45, 70, 130, 200, 320)
"""Seconds from one act of people to the next, at most."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one history."""

    seed: int
    broken: tuple[str, ...]
    story: str
    counted: Counter[str]


def tell(seed: int) -> Told:
    """Live through the history of a seed."""
    folder = _MEMORY if _MEMORY.is_dir() else None
    with (
        TemporaryDirectory(dir=folder) as made,
        stamina.set_testing(False),
        asyncio.Runner(loop_factory=loop.VirtualLoop) as runner,
    ):
        random.seed(seed)  # what stamina draws its waits from
        set_on_retry_hooks([])
        return runner.run(_History(seed, Path(made)).run())


class _History:
    def __init__(self, seed: int, folder: Path) -> None:
        self._seed, self._folder = seed, folder
        self._plan = Plan.by(self._chance("plan"))
        self._story = Story()
        self._counted: Counter[str] = Counter()

    def _chance(self, of: str) -> random.Random:
        """Each part draws from a source of its own, so that one that is changed moves no other."""
        return random.Random(f"{self._seed} {of}")

    def _now(self) -> datetime:
        """The time as the bridge's machine has it."""
        return loop.now() + self._sky.skew

    async def run(self) -> Told:
        asyncio.get_running_loop().set_task_factory(adopting)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of tasks that a crash has ended
        async with AsyncExitStack() as stack:
            stack.enter_context(reading(self._story))
            try:
                await self._live(stack)
            except Exception as error:  # noqa: BLE001 - a history that can't be told is a failing one, with its seed
                self._story.breaks("the history itself", "".join(traceback.format_exception(error)))
        return Told(self._seed, tuple(self._story.broken), self._story.text(), self._counted)

    async def _live(self, stack: AsyncExitStack) -> None:
        self._story.tell("world", f"seed {self._seed}: {self._plan}")
        self._disk = Disk(self._folder / "bridge.sqlite3")
        stack.enter_context(self._disk.driving())
        self._town = Town(self._plan, loop.now, loop.seconds)
        self._exchange = Exchange()
        stack.push_async_callback(self._exchange.close)
        await databases.make(f"sqlite://{self._disk.path}")
        self._bridge = Bridge(
            settings(self._plan, self._disk.path), self._exchange, self._now, self._chance("bridge"), self._story
        )
        self._watcher = Watcher(self._town, self._story, self._disk.path)
        self._reader = Reader(self._town, self._watcher, self._story)
        self._roads = await self._built()
        self._sky = Sky(self._town, self._roads, self._exchange, self._disk, self._story, self._chance("weather"))
        self._watcher.clock_set = lambda: self._sky.clock_set
        self._people = People(self._town, self._chance("people"), self._story, self._bridge.hint, self._now)
        living = asyncio.create_task(self._bridge.live())
        await asyncio.sleep(45)
        weather = asyncio.create_task(self._sky.change())
        await self._days()
        weather.cancel()
        await self._calm()
        await asyncio.sleep(60)
        self._bridge.stop()
        await living
        self._ending = Ending(self._town, self._story, self._now)
        await self._bridge.be(self._ending.come)
        self._account()

    async def _built(self) -> dict[str, Road]:
        """Lay the roads to the three remotes, and watch them."""
        town, roads = self._town, {}
        for remote, sandbox in (("shop", town.store), ("resurs", town.resurs), ("ecster", town.ecster)):
            road = Road(remote, sandbox.faults, self._chance(remote), self._story, lambda: self._bridge.life)
            self._watcher.watch(road)
            if remote == "shop":
                self._reader.watch(road)
            elif self._plan.lag:
                road.arriving.append(self._lags(self._chance("lag")))
            sandbox.app.middlewares.insert(0, road.middleware)
            await self._exchange.serve(sandbox.app, PORTS[remote])
            roads[remote] = road
        return roads

    def _lags(self, chance: random.Random) -> Watch:
        """Each read is as fresh, or as far behind, as the copy of the provider's books that it comes to."""
        return lambda _: self._town.lag(self._plan.lag * chance.choice((0, 0.5, 1, 1)))

    async def _days(self) -> None:
        """The part of the history in which people act, and things go wrong."""
        chance = self._chance("days")
        for _ in range(chance.choice((1, 2, 2, 3))):
            self._people.order()
        operated = chance.random() < 0.15
        self._bridge.crashes_left = chance.choice((0, 1, 1, 2, 3, 4))
        await asyncio.sleep(chance.uniform(0, 120))
        self._bridge.doom()
        for _ in range(chance.randint(3, 9)):
            await self._people.act()
            if (
                operated
                and chance.random() < 0.5
                and self._bridge.life is not None
                and self._bridge.unit is not None
            ):
                self._bridge.life.spawn(self._people.operator())
            await asyncio.sleep(chance.uniform(0, chance.choice(_GAPS)))
        await asyncio.sleep(chance.choice((5, 60, 200)))

    async def _calm(self) -> None:
        """The faults stop, and nobody acts any more."""
        self._sky.clear_up()
        self._bridge.spare()
        await self._people.go_home()
        self._story.tell("weather", "from here on nothing goes wrong, and nobody acts")

    def _account(self) -> None:
        for counted in (self._watcher.counted, self._sky.counted, self._ending.counted):
            self._counted.update(counted)
        self._counted["notes"] += self._reader.read
        self._counted["crashes"] += self._bridge.crashes
        for road in self._roads.values():
            self._counted.update(road.counted)
