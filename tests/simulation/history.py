"""One history, whole: a seed, what comes of it, and whether everything held that must hold."""

import asyncio
import json
import random
import traceback
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import stamina
from ruamel.yaml import YAML
from stamina.instrumentation import set_on_retry_hooks

from bridge.app import read_settings
from bridge.db import persons, queries
from bridge.engine.cycles import once
from bridge.engine.unit import Unit
from bridge.errors import UsageError
from bridge.sandbox.faults import Fault
from bridge.settings import Settings
from tests import databases
from tests.flow.world import STORE
from tests.simulation import loop
from tests.simulation.asked import Asked
from tests.simulation.bridge import Bridge
from tests.simulation.claims import Reader
from tests.simulation.disk import Disk, Trouble
from tests.simulation.life import adopting
from tests.simulation.logbook import reading
from tests.simulation.people import People
from tests.simulation.road import Road, Watch, Weather
from tests.simulation.story import Line, Story
from tests.simulation.town import Plan, Town
from tests.simulation.watch import Watcher
from tests.simulation.wires import Exchange

_GAPS = (0.5, 8, 45, 70, 130, 200, 320)
"""Seconds from one act of people to the next, at most."""
_CHANCES = (0.0, 0.03, 0.1, 0.15)
"""How likely something becomes of a request, in the histories' several weathers."""
_LATEST = 240.0
"""Seconds in which a call takes effect and is readable: `settle.unknown` less what clocks may be set by."""
_PATIENT = 25.0
"""Seconds in which what is written to a shop arrives, if ever: of a note that arrives after the bridge has given it
up and looked for it, nobody promises that it does not stand there twice."""
_PORTS = {"shop": 9001, "resurs": 9002, "ecster": 9003}
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
        self._skew = timedelta()
        self._counted: Counter[str] = Counter()

    def _chance(self, of: str) -> random.Random:
        """Each part draws from a source of its own, so that one that is changed moves no other."""
        return random.Random(f"{self._seed} {of}")

    def _now(self) -> datetime:
        """The time as the bridge's machine has it."""
        return loop.now() + self._skew

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
            _settings(self._plan, self._disk.path), self._exchange, self._now, self._chance("bridge"), self._story
        )
        self._watcher = Watcher(self._town, self._story, self._disk.path)
        self._reader = Reader(self._town, self._watcher, self._story)
        self._roads = await self._built()
        self._people = People(self._town, self._chance("people"), self._story, self._bridge.hint, self._now)
        living = asyncio.create_task(self._bridge.live())
        weather = asyncio.create_task(self._weather())
        await asyncio.sleep(45)
        await self._days()
        weather.cancel()
        await self._calm()
        await asyncio.sleep(60)
        self._bridge.stop()
        await living
        await self._bridge.be(self._end)
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
            await self._exchange.serve(sandbox.app, _PORTS[remote])
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
        self._bridge.crashes_left = chance.choice((0, 0, 1, 1, 2, 3))
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

    async def _weather(self) -> None:
        chance = self._chance("weather")
        usual = chance.choice(_CHANCES)
        late = max(3.0, _LATEST - self._plan.lag.total_seconds() - 20)
        await asyncio.sleep(45)
        for remote, road in self._roads.items():
            longest = _PATIENT if remote == "shop" else min(late, 200.0)
            road.weather = Weather(chance=usual, of_calls=min(1.0, usual * 6), late=longest)
        rough = usual > 0
        while rough:
            await asyncio.sleep(chance.uniform(5, 200))
            match chance.randrange(4):
                case 0 | 1:
                    await self._outage(chance)
                case 2:
                    await self._trouble(chance)
                case _:
                    self._set_clock(chance)

    async def _outage(self, chance: random.Random) -> None:
        remote, seconds = chance.choice(("shop", self._plan.provider)), chance.choice((3, 20, 60, 150))
        manner = chance.choice(("refused", "maintenance", *_OUT))
        self._story.tell("weather", f"{remote} is out for {seconds} s: {manner}")
        road, port = self._roads[remote], _PORTS[remote]
        if manner == "refused":
            self._exchange.down.add(port)
        elif manner == "maintenance" and remote == "shop":
            self._town.store.mishaps.maintenance = True
        else:
            road.weather.out = Fault(manner) if manner != "maintenance" else Fault.ERROR_BEFORE
        await asyncio.sleep(seconds)
        self._clear(remote)

    def _clear(self, remote: str) -> None:
        self._exchange.down.discard(_PORTS[remote])
        self._town.store.mishaps.maintenance = False
        self._roads[remote].weather.out = None

    async def _trouble(self, chance: random.Random) -> None:
        trouble, seconds = chance.choice(tuple(Trouble)), chance.choice((1, 5, 30, 90))
        self._story.tell("weather", f"the database is {trouble} for {seconds} s")
        self._disk.begin(trouble)
        self._counted[f"database {trouble}"] += 1
        await asyncio.sleep(seconds)
        self._disk.heal()
        self._story.tell("weather", "the database is well again")

    def _set_clock(self, chance: random.Random) -> None:
        to = timedelta(seconds=chance.choice((-15, -4, 4, 15)))
        self._skew = to
        self._watcher.jumped = loop.seconds()
        self._story.tell("weather", f"the machine's clock is set: {to.total_seconds():+.0f} s from the true time")

    async def _calm(self) -> None:
        """The faults stop, and nobody acts any more."""
        self._disk.heal()
        for remote, road in self._roads.items():
            self._clear(remote)
            road.weather = Weather()
        self._bridge.spare()
        await self._people.go_home()
        self._story.tell("weather", "from here on nothing goes wrong, and nobody acts")

    async def _end(self, unit: Unit) -> None:
        """Time passes until nothing is due; then books and shop are compared."""
        for pause in (0, 90000):
            await asyncio.sleep(pause)
            await once(unit, timedelta(minutes=30))
        # What somebody did in the provider's portal to an order at rest is seen when a person asks for it.
        for order_id in self._town.orders:
            with suppress(UsageError):  # it was never seen: that is for the comparison to tell
                await persons.look_again(STORE, order_id, self._now())
        ended = await once(unit, timedelta(minutes=30))
        self._story.tell("world", "the end")
        if ended.problem:
            self._story.breaks("promise 6", f"the shop could not be read: {ended.problem}")
        [status] = await queries.status(self._now())
        actions = await queries.actions()
        named = {item["order"]: item["reason"] for item in status["attention"]}
        for action in actions:
            if action["state"] in ("ready", "running", "waiting", "unknown"):
                self._story.breaks(
                    "promise 6", f"never ended: order {action['order']} {action['key']} {action['state']}"
                )
            elif action["state"] == "held":
                named.setdefault(action["order"], action["reason"])
        for placed in self._town.orders.values():
            self._compare(placed.id, named.get(placed.id, ""))
        if status["unwritten"]:
            self._story.breaks("§ 4 Notes", f"{status['unwritten']} notes were never written")
        if self._story.broken:
            await self._recall()

    def _compare(self, order_id: int, named: str) -> None:
        placed = self._town.orders[order_id]
        difference = Asked.by(self._town.order(placed)).difference(self._town.books(placed), self._plan)
        self._counted["orders"] += 1
        self._counted[
            "orders in `status`" if named else "orders that differ" if difference else "orders equal"
        ] += 1
        if named:
            self._story.tell("status", f"order {order_id} needs attention: {named}")
        if difference and placed.payment and not named and not placed.told:
            self._story.breaks("design § 3, agreement", f"order {order_id} is not in `status`: {difference}")

    async def _recall(self) -> None:
        """Put what the bridge itself wrote down into the story."""
        for order_id in self._town.orders:
            try:
                told = (await queries.order(STORE, order_id))["story"]
            except Exception as error:  # noqa: BLE001 - it may never have been seen
                self._story.tell("journal", f"order {order_id}: {error}")
                continue
            for event in told:
                at = (datetime.fromisoformat(event["at"]) - loop.START).total_seconds()
                self._story.lines.append(
                    Line(at, "journal", f"order {order_id}: {event['topic']}: {event['text']}")
                )

    def _account(self) -> None:
        self._counted.update(self._watcher.counted)
        self._counted["notes"] += self._reader.read
        self._counted["crashes"] += self._bridge.crashes
        for road in self._roads.values():
            self._counted.update(road.counted)


_OUT = (Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.BUSY)


def _settings(plan: Plan, database: Path) -> Settings:
    """The settings of this history; reading them takes longer than much else, so each kind is read once."""
    read = _read(json.dumps(plan.settings(), sort_keys=True))
    return read.model_copy(update={"database": f"sqlite://{database}"})


@cache
def _read(changes: str) -> Settings:
    with TemporaryDirectory() as folder:
        path = Path(folder, "settings.yaml")
        with path.open("w") as file:
            YAML().dump(_document(json.loads(changes)), file)
        return read_settings(path)


def _document(changes: dict[str, Any]) -> dict[str, Any]:
    addresses = {remote: f"http://127.0.0.1:{port}" for remote, port in _PORTS.items()}
    return {
        "database": "sqlite:///nowhere",
        "stores": [
            {
                "name": STORE,
                "mode": "live",
                "url": addresses["shop"],
                "consumer_key": "ck_sandbox",
                "consumer_secret": "cs_sandbox",
                "language": "en",
                "providers": [
                    {
                        "type": "resurs",
                        "environment": "test",
                        "base_url": addresses["resurs"],
                        "client_id": "sandbox",
                        "client_secret": "sandbox-secret",
                        "store_id": "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10",
                    },
                    {
                        "type": "ecster",
                        "environment": "test",
                        "base_url": addresses["ecster"],
                        "api_key": "key",
                        "merchant_key": "10000001",
                    },
                ],
                **changes,
            }
        ],
    }
