"""Several shops, each with two doors, so that what is asked of it tells by which daemon; and those daemons."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.db.leases import Terms
from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.resurs import ResursSandbox
from bridge.sandbox.store import StoreSandbox
from tests import databases
from tests.commands.shop import Daemon, Shop, settings_of, started

LONG = bool(os.environ.get("BRIDGE_LEASES"))
"""With the terms that hold in earnest: half a minute for each daemon that dies."""
TERMS = Terms() if LONG else Terms(length=6.0, renewal=1.0, call=1.0, spare=0.5)
TOTAL = 81125


@dataclass(slots=True, kw_only=True)
class Place:
    folder: Path
    database: str
    shops: dict[str, Shop]
    """By name."""
    doors: dict[str, dict[str, tuple[str, str]]]
    """By daemon and shop: the addresses of the store and of Resurs."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Keys of all stores in settings.yaml that differ; read when a daemon starts."""
    web: dict[str, dict[str, str]] = field(default_factory=dict)
    """By daemon: where it listens."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Every request: the daemon, the shop, and what for."""

    def settings(self, daemon: str) -> Path:
        path = self.folder / f"{daemon}.yaml"
        made: list[Any] = []
        for name, (store, resurs) in self.doors[daemon].items():
            [of_shop] = settings_of(name, path, store, resurs, resurs)["stores"]
            made.append({**of_shop, "providers": of_shop["providers"][:1], **self.changes})
        settings = {"database": self.database, "web": self.web.get(daemon), "stores": made}
        path.write_text(json.dumps(settings), encoding="utf-8")
        return path

    @asynccontextmanager
    async def daemon(self, name: str) -> AsyncIterator[Daemon]:
        words = (str(self.settings(name)), json.dumps(asdict(TERMS)))
        async with started(*words, module="tests.several.daemon") as daemon:
            await daemon.says("daemon.started")
            yield daemon

    def by_turns(self, shop: str) -> str:
        """Which daemons asked anything of the shop or its provider, one after the other."""
        return "".join(who for who, _ in groupby(who for who, where, _ in self.asked if where == shop))

    def captures(self, shop: str, payment: str) -> list[str]:
        """Who sent captures of a payment, in order."""
        return [who for who, where, what in self.asked if where == shop and what.endswith(f"{payment}/capture")]

    async def fetch(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.database)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()


@asynccontextmanager
async def open_place(folder: Path, shops: int, daemons: str = "AB") -> AsyncIterator[Place]:
    def now() -> datetime:
        return datetime.now(UTC)

    database = databases.url_in(folder)
    place = Place(folder=folder, database=database, shops={}, doors={daemon: {} for daemon in daemons})
    async with AsyncExitStack() as stack:
        await databases.make(database)
        stack.push_async_callback(databases.lose, database)
        for number in range(shops):
            name = f"shop-{number}"
            store, resurs = StoreSandbox(clock=now, https=False), ResursSandbox(clock=now)
            ecster = EcsterSandbox(clock=now, api_key="ecster-key-of-the-shop", merchant_key="10000001")
            place.shops[name] = Shop(folder=folder, store=store, resurs=resurs, ecster=ecster, store_url="")

            def heard(door: int, request: web.Request, name: str = name) -> None:
                place.asked.append((daemons[door], name, f"{request.method} {request.path}"))

            opened = [
                await stack.enter_async_context(_doors(app, len(daemons), heard)) for app in (store.app, resurs.app)
            ]
            for daemon, *urls in zip(daemons, *opened, strict=True):
                place.doors[daemon][name] = (urls[0], urls[1])
            stack.callback(store.faults.release.set)
            stack.callback(resurs.faults.release.set)
        yield place


@asynccontextmanager
async def _doors(
    app: web.Application, count: int, heard: Callable[[int, web.Request], None]
) -> AsyncIterator[list[str]]:
    """Serve an application at several addresses; `heard` is told at which each request came."""
    ports: list[int] = []

    @web.middleware
    async def listen(request: web.Request, handler: Handler) -> web.StreamResponse:
        heard(ports.index(request.url.port or 0), request)
        return await handler(request)

    app.middlewares.insert(0, listen)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        for _ in range(count):
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports += [int(address[1]) for address in runner.addresses]
        yield [f"http://127.0.0.1:{port}" for port in ports]
    finally:
        await runner.cleanup()
