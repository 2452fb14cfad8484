"""A whole world on loopback: a store, both providers, and the bridge between them on one clock that tests move."""

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bridge.app import read_settings, units
from bridge.db import queries
from bridge.engine.cycles import Ended, once
from bridge.engine.unit import Unit
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.resurs import ResursSandbox
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox

RESURS_METHOD = "6f1c2c7e-9a54-4f6b-8a53-3f4d9f0b1c11"
STORE = "butiken"


def settings_text(folder: Path, store: str, resurs: str, ecster: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The settings of a live store with both providers; `changes` go over the store's keys."""
    return {
        "database": f"sqlite://{folder}/bridge.sqlite3",
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
                **changes,
            }
        ],
    }


@dataclass(slots=True, kw_only=True)
class World:
    clock: ManualClock
    store: StoreSandbox
    resurs: ResursSandbox
    ecster: EcsterSandbox
    settings: Path

    @asynccontextmanager
    async def bridge(self) -> AsyncIterator[Unit]:
        """The bridge over this world, opened afresh on the same database."""
        async with units(read_settings(self.settings), now=self.clock.now, chance=lambda: 0.5) as made:
            yield made[0]

    async def cycle(self, wait: timedelta = timedelta(minutes=15)) -> Ended:
        """One `once`, waiting by the world's clock."""
        async with self.bridge() as unit:
            return await once(unit, wait, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(math.ceil(seconds))

    async def actions(self) -> list[dict[str, Any]]:
        async with self.bridge():
            return await queries.actions()

    async def story(self, order_id: int) -> dict[str, Any]:
        async with self.bridge():
            return await queries.order(STORE, order_id)

    def resurs_order(
        self, lines: dict[str, int], *, status: str = "processing", limit: int | None = 50000
    ) -> tuple[int, str]:
        """A customer orders and Resurs reserves the total; returns the order's and the payment's id."""
        order_id = self.store.create_order(lines, payment_method=RESURS_METHOD, status=status)
        payment_id = self.resurs.create_payment(
            str(order_id),
            amount=self.store.total(order_id),
            approved_limit=None if limit is None else Decimal(limit),
        )
        self.store.set_meta(order_id, "resursbank_payment_id", payment_id)
        return order_id, payment_id

    def ecster_order(self, lines: dict[str, int], *, status: str = "processing") -> tuple[int, str]:
        order_id = self.store.create_order(lines, payment_method="ecster", status=status)
        payment_id = self.ecster.create_order(str(order_id), int(self.store.total(order_id) * 100))
        self.store.set_meta(order_id, "_wc_ecster_internal_reference", payment_id)
        return order_id, payment_id

    def note_texts(self, order_id: int) -> list[str]:
        """The bridge's notes on an order, oldest first."""
        return [note.text for note in reversed(self.store.notes(order_id)) if "(wc-bridge " in note.text]


@asynccontextmanager
async def world(folder: Path, **changes: Any) -> AsyncIterator[World]:
    """Start the three sandboxes; `changes` are keys of the store in settings.yaml."""
    clock = ManualClock(datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
    store = StoreSandbox(clock=clock.now, https=False)
    resurs = ResursSandbox(clock=clock.now)
    ecster = EcsterSandbox(clock=clock.now, api_key="key", merchant_key="10000001")
    async with AsyncExitStack() as stack:
        urls = [(await stack.enter_async_context(Server(app))).url for app in (store.app, resurs.app, ecster.app)]
        path = folder / "settings.yaml"
        with path.open("w") as file:
            YAML().dump(settings_text(folder, *urls, changes), file)
        yield World(clock=clock, store=store, resurs=resurs, ecster=ecster, settings=path)
