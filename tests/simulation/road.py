"""The way between the bridge and a remote: how long each request and answer takes, and what becomes of it there.

Every request of the bridge passes `middleware`, in front of the sandbox. What goes wrong is drawn from the seed:
lost requests and answers, errors before and after the effect, HTML for JSON, 429, slow requests and slow answers,
whole outages. `Faults` of the sandbox does what servers do; only the time is taken here.
"""

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.sandbox.faults import Fault, Faults
from tests.simulation.life import Life
from tests.simulation.story import Story

_QUICK = (0.01, 0.4)
"""Seconds that a request or an answer takes on an ordinary day."""
_PATIENCE = 30.0
"""Seconds after which the bridge gives up waiting for an answer."""
_OF_READS = (Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.BUSY)
_OF_CALLS = (*_OF_READS, Fault.ERROR_AFTER, Fault.HTML_AFTER)
_SAID = {
    Fault.DROP_BEFORE: "the request is lost",
    Fault.DROP_AFTER: "the answer is lost",
    Fault.ERROR_BEFORE: "500, and nothing has happened",
    Fault.ERROR_AFTER: "it happens, and the answer is 500",
    Fault.HTML_BEFORE: "200 with an HTML page, and nothing has happened",
    Fault.HTML_AFTER: "it happens, and the answer is an HTML page",
    Fault.BUSY: "429",
}


@dataclass(slots=True, kw_only=True)
class Weather:
    """How bad it is: `chance` of each request that something becomes of it, and what is out altogether."""

    chance: float = 0.0
    out: Fault | None = None
    of_calls: float = 0.0
    """The same of the calls that may move money: there are few of them, and all depends on them."""
    late: float = 0.0
    """The longest that a request may be on its way, seconds: with the reads' lag less than `settle.unknown`."""


@dataclass(slots=True)
class Passing:
    """One request on its way."""

    method: str
    path: str
    body: str
    sent: float
    """Seconds since the history began."""
    told: bool = False
    """The bridge was told in time what became of it."""

    @property
    def reads(self) -> bool:
        return self.method == "GET"

    @property
    def what(self) -> str:
        return f"{self.method} {self.path}"


Watch = Callable[[Passing], None]


class Road:
    """To one remote. `life` gives the process that is living now; the two watches see each request and effect."""

    def __init__(
        self, remote: str, faults: Faults, chance: random.Random, story: Story, life: Callable[[], Life | None]
    ) -> None:
        self.remote, self.weather = remote, Weather()
        self._faults, self._chance, self._story, self._life = faults, chance, story, life
        self.departing: list[Watch] = []
        self.arriving: list[Watch] = []
        """Told before the request takes effect, and …"""
        self.arrived: list[Watch] = []
        """… after it; and, where there is a whole answer, when the bridge has it."""
        self.answered: list[Watch] = []
        self.counted: dict[str, int] = {}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await self._pass(request, handler)
        except (web.HTTPException, asyncio.CancelledError):
            raise
        except Exception as error:
            self._story.breaks("the simulation itself", f"{self.remote}: {error!r}")
            raise

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        passing = Passing(request.method, request.path, await request.text(), asyncio.get_running_loop().time())
        for watch in self.departing:
            watch(passing)
        life = self._life()
        kind = "call" if self._moves(passing) else "note" if self.remote == "shop" and not passing.reads else "read"
        _reach(life, f"{kind} sent: {passing.what}")
        fate, there, back = self._drawn(passing)
        await asyncio.sleep(there)
        answer = await self._handled(request, handler, passing, fate)
        _reach(life, f"{kind} took effect: {passing.what}")
        await asyncio.sleep(back)
        in_time = asyncio.get_running_loop().time() - passing.sent < _PATIENCE and not (life and life.dead)
        passing.told = in_time and fate in (None, Fault.BUSY)
        for watch in self.answered:
            watch(passing)
        _reach(life, f"{kind} answered: {passing.what}")
        return answer

    async def _handled(
        self, request: web.Request, handler: Handler, passing: Passing, fate: Fault | None
    ) -> web.StreamResponse:
        self._faults.planned.clear()
        self._faults.seen.clear()
        if fate is not None:
            self._faults.plan(fate, path=re.escape(request.path), retry_after=self._chance.choice((1, 5, 40)))
        for watch in self.arriving:
            watch(passing)
        answer = await handler(request)
        for watch in self.arrived:
            watch(passing)
        return answer

    def _moves(self, passing: Passing) -> bool:
        """Whether the request is one that may move money."""
        return self.remote != "shop" and not passing.reads and "/oauth2/" not in passing.path

    def _drawn(self, passing: Passing) -> tuple[Fault | None, float, float]:
        """What becomes of this request: a fault, and how long it and its answer take."""
        weather, chance = self.weather, self._chance
        there, back = chance.uniform(*_QUICK), chance.uniform(*_QUICK)
        fate = weather.out
        if fate is None and chance.random() < (weather.of_calls if self._moves(passing) else weather.chance):
            match chance.randrange(8):
                case 0 | 1:
                    back = chance.uniform(2, 60)
                    self._say(passing, f"the answer takes {back:.0f} s")
                case 2 | 3 if not passing.reads:
                    there = chance.uniform(2, weather.late)
                    self._say(passing, f"the request takes {there:.0f} s to arrive")
                case 2:
                    there = chance.uniform(2, 40)
                case _:
                    fate = chance.choice(_OF_READS if passing.reads else _OF_CALLS)
        if fate is not None and (fate is not weather.out or not passing.reads):
            self._say(passing, _SAID[fate])
        return fate, there, back

    def _say(self, passing: Passing, what: str) -> None:
        word = what.partition(" takes ")[0]
        self.counted[word] = self.counted.get(word, 0) + 1
        self._story.tell("network", f"{self.remote}: {passing.what}: {what}")


def _reach(life: Life | None, point: str) -> None:
    """The request is where a crash of its process may be."""
    if life is not None:
        life.reaches(point)
