"""A whole world on loopback: a store, both providers, and the bridge between them on one clock that tests move."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from bridge.app import read_settings, units
from bridge.db import alerts, queries
from bridge.engine.cycles import Ended, once
from bridge.engine.unit import Unit
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.faults import Faults
from bridge.sandbox.resurs import ResursSandbox
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox
from bridge.ticking import Ticks, tell_where_due, work_where_due
from tests import databases

RESURS_METHOD = "6f1c2c7e-9a54-4f6b-8a53-3f4d9f0b1c11"
STORE = "butiken"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

GOODS = {"MUGG": 2, "LAMPA": 1}
"""What a customer orders here: 2 × 125.00 and 500.00 with VAT, and freight of 61.25."""
TOTAL = 81125
MUG = 12500

ProviderName = Literal["resurs", "ecster"]
Money = tuple[int, int, int]
"""Reserved, captured and returned, in minor units."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order of the store, and the payment that it names."""

    id: int
    payment: str


class ResursSide:
    """Resurs as these tests drive it: customers who pay, people in its portal, the truth about the money."""

    name: ProviderName = "resurs"
    method = RESURS_METHOD
    meta = "resursbank_payment_id"

    def __init__(self, sandbox: ResursSandbox) -> None:
        self.sandbox = sandbox
        self.faults: Faults = sandbox.faults

    def pay(self, reference: str, amount: int, limit: int = 50000) -> str:
        return self.sandbox.create_payment(reference, amount=Decimal(amount) / 100, approved_limit=Decimal(limit))

    def pay_at_once(self, reference: str, amount: int) -> str:
        """By Swish, Vipps or Trustly through Resurs: born captured."""
        return self.sandbox.create_payment(reference, amount=Decimal(amount) / 100, external=True, captured=True)

    def books(self, payment: str) -> Money:
        books = self.sandbox.books(payment)
        return books.reserved, books.captured, books.returned

    def capture(self, payment: str, amount: int) -> None:
        self.sandbox.portal_capture(payment, Decimal(amount) / 100)

    def refund(self, payment: str, amount: int) -> None:
        self.sandbox.portal_refund(payment, Decimal(amount) / 100)

    def cancel(self, payment: str) -> None:
        self.sandbox.portal_cancel(payment)

    def release(self, payment: str, amount: int) -> None:
        self.sandbox.portal_cancel(payment, Decimal(amount) / 100)


class EcsterSide:
    """Ecster, likewise. Its reservations can't be changed, only annulled or debited."""

    name: ProviderName = "ecster"
    method = "ecster"
    meta = "_wc_ecster_internal_reference"

    def __init__(self, sandbox: EcsterSandbox) -> None:
        self.sandbox = sandbox
        self.faults: Faults = sandbox.faults

    def pay(self, reference: str, amount: int, limit: int = 0) -> str:
        return self.sandbox.create_order(reference, amount)

    def pay_at_once(self, reference: str, amount: int) -> str:
        """By Swish: debited at purchase."""
        return self.sandbox.create_order(reference, amount, method="SWISH")

    def books(self, payment: str) -> Money:
        books = self.sandbox.books(payment)
        return books.reserved, books.captured, books.returned

    def capture(self, payment: str, amount: int) -> None:
        self.sandbox.dashboard_debit(payment, amount)

    def refund(self, payment: str, amount: int) -> None:
        self.sandbox.dashboard_credit(payment, amount)

    def cancel(self, payment: str) -> None:
        self.sandbox.dashboard_annul(payment)


Side = ResursSide | EcsterSide


async def all_done(ticks: Ticks) -> None:
    """Wait until nothing of the store is under way any more."""
    while under_way := ticks.under_way:
        await asyncio.wait(under_way)


async def to_their_end(ticks: Ticks, *begun: Awaitable[None]) -> None:
    """Begin with each only when all that the one before has begun is done."""
    for it in begun:
        await it
        await all_done(ticks)


@dataclass(slots=True, kw_only=True)
class World:
    clock: ManualClock
    store: StoreSandbox
    resurs: ResursSandbox
    ecster: EcsterSandbox
    side: Side
    """The provider that this world's customers pay with."""
    folder: Path
    urls: list[str]
    changes: dict[str, Any] = field(default_factory=dict)
    """Keys of the store in settings.yaml that differ from those of `_settings`; read when the bridge starts."""
    match_reference: bool = True
    """Of Resurs; read when the bridge starts."""
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)
    _unit: Unit | None = None

    async def bridge(self) -> Unit:
        """The bridge over this world; opened on its database where it is not running."""
        if self._unit is None:
            if not await databases.is_there(self.database):
                await databases.make(self.database)
            path = self.folder / "settings.yaml"
            with path.open("w") as file:
                YAML().dump(_settings(self), file)
            opening = units(read_settings(path), now=self.clock.now, chance=lambda: 0.5)
            [self._unit] = await self._running.enter_async_context(opening)
        return self._unit

    async def stop(self) -> None:
        """End the bridge; whatever comes next starts it again."""
        self._unit = None
        await self._running.aclose()

    @property
    def database(self) -> str:
        """Its URL."""
        return databases.url_in(self.folder)

    async def lose_database(self) -> None:
        await self.stop()
        await databases.lose(self.database)

    async def cycle(self, wait: timedelta = timedelta(minutes=15)) -> Ended:
        """One `once`, waiting by the world's clock."""
        return await once(await self.bridge(), wait, self.sleep)

    async def work(self) -> None:
        """What a daemon does at its ticks, to their end."""
        unit, [store] = await self.bridge(), read_settings(self.folder / "settings.yaml").stores
        ticks = Ticks(unit, store)
        await to_their_end(ticks, work_where_due([ticks], self.clock.now()), tell_where_due([ticks]))

    @property
    def instant(self) -> timedelta:
        """For a cycle in which nothing is waited for."""
        return timedelta()

    @asynccontextmanager
    async def cycling(self) -> AsyncIterator["asyncio.Task[Ended]"]:
        """A cycle that runs beside the test; at the end it is waited for, or was cancelled."""
        await self.bridge()
        task = asyncio.create_task(self.cycle())
        try:
            yield task
        finally:
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(math.ceil(seconds))

    async def actions(self, order_id: int | None = None) -> list[dict[str, Any]]:
        await self.bridge()
        return await queries.actions(order=order_id)

    async def states(self, order_id: int) -> list[str]:
        """The order's actions, oldest first, as "capture 81125 done"."""
        return [f"{it['kind']} {it['amount']} {it['state']}" for it in await self.actions(order_id)]

    async def story(self, order_id: int) -> dict[str, Any]:
        await self.bridge()
        return await queries.order(STORE, order_id)

    async def told(self, order_id: int, topic: str) -> list[str]:
        """The texts of the story's events of one topic."""
        return [event["text"] for event in (await self.story(order_id))["story"] if event["topic"] == topic]

    async def status(self) -> dict[str, Any]:
        await self.bridge()
        return (await queries.status(self.clock.now()))[0]

    async def alerted(self) -> list[str]:
        """The topics of all alerts, oldest first: no channel here has taken any."""
        await self.bridge()
        return [str(alert.topic) for alert in (await alerts.untold("email")).values()]

    async def attention(self) -> dict[int, str]:
        """Order id: reason, of all that needs a person."""
        return {item["order"]: item["reason"] for item in (await self.status())["attention"]}

    # ---- customers

    def place(
        self,
        lines: dict[str, int] | None = None,
        *,
        status: str = "processing",
        reserved: int | None = None,
        limit: int = 50000,
        reference: str | None = None,
    ) -> Placed:
        """A customer orders and the provider reserves the total (or `reserved`, minor units)."""
        order = self.store.create_order(lines or GOODS, payment_method=self.side.method, status=status)
        amount = int(self.store.total(order) * 100) if reserved is None else reserved
        return self.name(order, self.side.pay(reference or str(order), amount, limit))

    def place_paid_at_once(self, status: str = "processing") -> Placed:
        """A customer orders and pays with a method that moves the money at once."""
        order = self.store.create_order(GOODS, payment_method=self.side.method, status=status)
        return self.name(order, self.side.pay_at_once(str(order), TOTAL))

    def name(self, order: int, payment: str) -> Placed:
        """Let an order carry its payment's id, as the shop plugin's checkout does."""
        self.store.set_meta(order, self.side.meta, payment)
        return Placed(order, payment)

    def books(self, placed: Placed) -> Money:
        return self.side.books(placed.payment)

    # ---- what went over the wires

    def calls(self) -> list[str]:
        """The paths of all calls to the provider that may move money, in order."""
        return [path for method, path in self.side.faults.seen if method != "GET" and "/oauth2/" not in path]

    def writes(self) -> list[str]:
        """All writes to the store, in order."""
        return [f"{method} {path.partition('?')[0]}" for method, path in self.store.faults.seen if method != "GET"]

    def notes(self, order_id: int) -> list[str]:
        """The bridge's notes on an order, oldest first."""
        ours = [note for note in self.store.notes(order_id) if "(wc-bridge " in note.text]
        return [note.text for note in sorted(ours, key=lambda note: note.id)]


Staff = Callable[[World, Placed], object]
"""What staff, or somebody in a provider's portal, do about an order."""


async def until(true: Callable[[], bool]) -> None:
    """Let the others go on until it is so; the test fails where that does not come about."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def world(
    folder: Path,
    provider: ProviderName = "resurs",
    *,
    storage: Literal["hpos", "posts"] = "hpos",
    store_clock: Callable[[datetime], datetime] = lambda now: now,
    **changes: Any,
) -> AsyncIterator[World]:
    """Start the three sandboxes; `changes` are keys of the store in settings.yaml.

    `store_clock` makes the store's time of ours.
    """
    clock = ManualClock(START)
    store = StoreSandbox(clock=lambda: store_clock(clock.now()), https=False, storage=storage)
    resurs = ResursSandbox(clock=clock.now)
    ecster = EcsterSandbox(clock=clock.now, api_key="key", merchant_key="10000001")
    async with AsyncExitStack() as stack:
        urls = [(await stack.enter_async_context(Server(app))).url for app in (store.app, resurs.app, ecster.app)]
        made = World(
            clock=clock,
            store=store,
            resurs=resurs,
            ecster=ecster,
            side=ResursSide(resurs) if provider == "resurs" else EcsterSide(ecster),
            folder=folder,
            urls=urls,
            changes=changes,
        )
        stack.push_async_callback(databases.lose, made.database)
        stack.push_async_callback(made.stop)
        yield made


@asynccontextmanager
async def known_order(
    folder: Path,
    provider: ProviderName = "resurs",
    *,
    place: Callable[[World], Placed] = World.place,
    **options: Any,
) -> AsyncIterator[tuple[World, Placed]]:
    """A world with one order in processing that the bridge has seen to agree with its payment."""
    async with world(folder, provider, **options) as w:
        await w.cycle()
        placed = place(w)
        await w.cycle()
        yield w, placed


def _settings(w: World) -> dict[str, Any]:
    """The settings of a live store with both providers; its `changes` go over the store's keys."""
    store, resurs, ecster = w.urls
    return {
        "database": w.database,
        "stores": [
            {
                "name": STORE,
                "mode": "live",
                "url": store,
                "consumer_key": "ck_sandbox",
                "consumer_secret": "cs_sandbox",
                "language": "en",
                "providers": [
                    {
                        "type": "resurs",
                        "environment": "test",
                        "base_url": resurs,
                        "match_reference": w.match_reference,
                        "client_id": "sandbox",
                        "client_secret": "sandbox-secret",
                        "store_id": "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10",
                    },
                    {
                        "type": "ecster",
                        "environment": "test",
                        "base_url": ecster,
                        "api_key": "key",
                        "merchant_key": "10000001",
                    },
                ],
                **w.changes,
            }
        ],
    }
