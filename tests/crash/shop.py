"""A shop and its two providers in real time, which can end the daemon while a request of it is with them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.resurs import ResursSandbox
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox
from tests.commands.shop import NAME, settings_of
from tests.crash.points import Point, request_name
from tests.flow.world import GOODS, EcsterSide, ResursSide, Side

BEFORE = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
"""When all was placed that was there before the bridge: the same in every shop, so that one database fits all."""


UNKNOWN = 6
"""`settle.unknown` in seconds: within it each call takes effect, as the bridge is promised."""
LONGEST = 3
"""Seconds that a request is held up at most; what is left of UNKNOWN is for a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order of the shop, and the payment that it names."""

    order: int
    payment: str
    side: Side


@dataclass(slots=True, kw_only=True)
class Shop:
    store: StoreSandbox
    resurs: ResursSide
    ecster: EcsterSide
    placed: list[Placed] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def place(self, side: Side, status: str = "processing", *, captured: bool = False) -> Placed:
        """A customer orders and pays; `captured`: the money was captured already, by somebody else."""
        order = self.store.create_order(GOODS, payment_method=side.method, status="pending")
        total = int(self.store.total(order) * 100)
        placed = Placed(order, side.pay(str(order), total), side)
        self.store.set_meta(order, side.meta, placed.payment)
        self.store.set_status(order, status)
        if captured:
            side.capture(placed.payment, total)
        self.placed.append(placed)
        return placed

    def settings(self, database: str, **changes: Any) -> dict[str, Any]:
        """The daemon's, with the shortest waits; it polls when it starts, so that points come in one order."""
        made = settings_of(NAME, Path(), *self.urls) | {"database": database}
        [store] = made["stores"]
        store["settle"] = {"change": "0s", "refund": "0s", "unknown": f"{UNKNOWN}s", "others": "0s"}
        store["poll"] = {"interval": "1h", "overlap": "2m", "sweep": "1h"}
        store.update(changes)
        return made

    def ledger(self, placed: Placed) -> list[str]:
        """What truly happened to a payment, in order, with the keys that it bears."""
        if isinstance(placed.side, EcsterSide):
            return [" ".join(map(str, entry)) for entry in placed.side.sandbox.references(placed.payment)]
        return [
            f"{entry['type']} {sum(line['totalAmountIncludingVat'] for line in entry['orderLines'])} {_key(entry)}"
            for entry in placed.side.sandbox.payment(placed.payment)["order"]["actionLog"]
        ]

    def notes(self, order: int) -> list[str]:
        """The bridge's notes, oldest first."""
        ours = [note for note in self.store.notes(order) if "(wc-bridge " in note.text]
        return [note.text for note in sorted(ours, key=lambda note: note.id)]


def _key(entry: Mapping[str, Any]) -> str:
    return str(entry["transactionId"] or entry["creator"] or entry["orderLines"][0].get("reference"))


class Gates:
    """What stands in front of the remotes: the points from a request's arrival to its answer."""

    def __init__(self) -> None:
        self._fatal: Point | None = None
        self._trace: Path | None = None
        self._reached: Counter[str] = Counter()
        self._holding: web.Application | None = None
        self._read = asyncio.Event()
        self.kill: Callable[[], Awaitable[None]] | None = None
        """Ends the daemon, and returns when it is gone."""

    def arm(self, fatal: Point | None, trace: Path) -> None:
        """Watch another daemon from now on."""
        self._fatal, self._trace, self._reached = fatal, trace, Counter()

    @property
    def held_up(self) -> bool:
        """Whether a request is still on its way."""
        return self._holding is not None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pass the points of a request that may do something.

        One that is held up takes effect only when the next daemon has read something from this remote, if that
        comes soon enough.
        """
        if request.method == "GET" or "/oauth2/" in request.path:
            answer = await handler(request)
            if self._holding is request.app and request.method == "GET":
                self._read.set()
            return answer
        name = request_name(request.method, request.path)
        await request.read()
        await self._pass(f"arrived {name}")
        if await self._pass(f"held up {name}"):
            self._holding = request.app
            with suppress(TimeoutError):
                await asyncio.wait_for(self._read.wait(), LONGEST)
            self._holding = None
        answer = await handler(request)
        await self._pass(f"took effect {name}")
        return answer

    async def _pass(self, name: str) -> bool:
        """Return whether it was the end of the daemon."""
        self._reached[name] += 1
        if self._trace is not None:
            with self._trace.open("a", encoding="utf-8") as trace:
                trace.write(f"{name}\n")
        if self._fatal != Point(name, self._reached[name]) or self.kill is None:
            return False
        await self.kill()
        return True


class Clock:
    """Stands at BEFORE until it is let go; from then on it shows the time."""

    def __init__(self) -> None:
        self.goes = False

    def now(self) -> datetime:
        return datetime.now(UTC) if self.goes else BEFORE


@asynccontextmanager
async def open_shop(gates: Gates) -> AsyncIterator[tuple[Shop, Clock]]:
    clock = Clock()
    store = StoreSandbox(clock=clock.now, https=False)
    resurs = ResursSandbox(clock=clock.now)
    ecster = EcsterSandbox(clock=clock.now, api_key="ecster-key-of-the-shop", merchant_key="10000001")
    shop = Shop(store=store, resurs=ResursSide(resurs), ecster=EcsterSide(ecster))
    async with AsyncExitStack() as stack:
        for app in (store.app, resurs.app, ecster.app):
            app.middlewares.append(gates.middleware)
            shop.urls.append((await stack.enter_async_context(Server(app))).url)
        yield shop, clock
