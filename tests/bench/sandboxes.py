"""The sandboxes in a process of their own, as slow as the real things are.

A store takes 45 ms for a request and 1.2 ms more for each order that it lists, and works on four at a time, more
wait; a provider takes 120 ms: what was measured on real ones. What the sandboxes themselves need to work an answer
out passes within that time, so it shows only where it is longer.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Concatenate, ParamSpec, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.app import utc_now
from bridge.demo.houses import CURRENCY, EcsterHouse, ResursHouse
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 600.0
"""Seconds in which whatever is asked of the sandboxes must have come about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How slow a remote is; in seconds."""

    request: float = 0.0
    row: float = 0.0
    """For each order that is listed."""
    at_once: int = 1000
    """Requests that are worked on at a time; more wait for their turn."""


REAL_STORE = Latency(request=0.045, row=0.0012, at_once=4)
REAL_PROVIDER = Latency(request=0.120)
NONE = Latency()


class Slow:
    """In front of a sandbox: lets each request take its time, and counts them."""

    def __init__(self, app: web.Application) -> None:
        self.latency = NONE
        self.requests = 0
        """That were answered."""
        self.answered = asyncio.Condition()
        """Told of each of them."""
        app.middlewares.insert(0, self.middleware)

    @property
    def latency(self) -> Latency:
        return self._latency

    @latency.setter
    def latency(self, latency: Latency) -> None:
        self._latency, self._gate = latency, asyncio.Semaphore(latency.at_once)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        async with self._gate:
            began = time.monotonic()
            answer = await handler(request)
            takes = self._latency.request + self._latency.row * _listed(request, answer)
            if (left := began + takes - time.monotonic()) > 0:
                await asyncio.sleep(left)
        self.requests += 1
        async with self.answered:
            self.answered.notify_all()
        return answer


def _listed(request: web.Request, answer: web.StreamResponse) -> int:
    """How many orders an answer lists; 0 for anything but a list of orders."""
    total = answer.headers.get("X-WP-Total", "")
    if not total or not request.path.endswith("/orders"):
        return 0
    size, page = int(request.query.get("per_page", "10")), int(request.query.get("page", "1"))
    return max(0, min(size, int(total) - (page - 1) * size))


class Street:
    """The sandboxes of a run: some stores, and the two providers that all of them share."""

    def __init__(self, stores: int) -> None:
        self.stores = [
            StoreSandbox(clock=utc_now, https=False, currency=CURRENCY, home=f"https://store{place}.example")
            for place in range(stores)
        ]
        self.resurs, self.ecster = ResursHouse(utc_now), EcsterHouse(utc_now)
        self.houses = (self.resurs, self.ecster)
        self.slow_stores = [Slow(store.app) for store in self.stores]
        self.slow_houses = [Slow(house.app) for house in self.houses]

    @property
    def apps(self) -> list[web.Application]:
        return [*(store.app for store in self.stores), *(house.app for house in self.houses)]


class Sandboxes:
    """The street as the bench holds it; `ask` lets a coroutine function run over there."""

    def __init__(self, pipe: Connection, pid: int) -> None:
        self._pipe, self.pid = pipe, pid
        self.urls: list[str] = self._answer()
        """Of the stores, then of Resurs and of Ecster."""

    def ask(
        self, act: Callable[Concatenate[Street, P], Coroutine[Any, Any, T]], *args: P.args, **named: P.kwargs
    ) -> T:
        """Return what it returns, and raise what it raises; meanwhile the sandboxes go on to answer requests.

        All that goes there and back is pickled: the function is one of a module. Raises TimeoutError.
        """
        self._pipe.send((act, args, named))
        answer: T = self._answer()
        return answer

    def _answer(self) -> Any:
        if not self._pipe.poll(PATIENCE):
            raise TimeoutError(f"the sandboxes gave no answer within {PATIENCE:.0f} s")
        answer = self._pipe.recv()
        if isinstance(answer, BaseException):
            raise answer
        return answer


@contextmanager
def sandboxes(stores: int = 1) -> Iterator[Sandboxes]:
    """Serve them in another process until the end."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_live, args=(theirs, stores), daemon=True)
    process.start()
    theirs.close()
    try:
        assert process.pid is not None
        yield Sandboxes(ours, process.pid)
    finally:
        ours.close()  # which ends it
        process.join()


def _live(pipe: Connection, stores: int) -> None:
    asyncio.run(_serve(pipe, stores))


async def _serve(pipe: Connection, stores: int) -> None:
    """In the other process: do what comes through the pipe, one thing at a time, until its other end is closed."""
    street, asked = Street(stores), asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), asked.set)
    async with AsyncExitStack() as stack:
        pipe.send([(await stack.enter_async_context(Server(app))).url for app in street.apps])
        while True:
            await asked.wait()
            asked.clear()
            if not pipe.poll():  # it was told of twice
                continue
            try:
                act, args, named = pipe.recv()
            except EOFError:
                return
            try:
                answer = await act(street, *args, **named)
            except Exception as error:  # noqa: BLE001 (it is raised over there)
                answer = error
            pipe.send(answer)


async def be_slow(street: Street, store: Latency, provider: Latency) -> None:
    """Let each store, and each provider, be as slow as this from now on."""
    for slow in street.slow_stores:
        slow.latency = store
    for slow in street.slow_houses:
        slow.latency = provider


async def counted(street: Street) -> tuple[int, int, int]:
    """How many requests the stores, Resurs and Ecster have answered so far."""
    resurs, ecster = (slow.requests for slow in street.slow_houses)
    return sum(slow.requests for slow in street.slow_stores), resurs, ecster


async def asked(street: Street, before: tuple[int, int, int]) -> None:
    """Wait until the first store has answered a request more than `before`."""
    slow = street.slow_stores[0]
    async with slow.answered:
        await slow.answered.wait_for(lambda: slow.requests > before[0])
