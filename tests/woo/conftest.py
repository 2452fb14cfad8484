"""A store client at hand, and a scripted server where the wire itself counts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bridge.woo.client import WooStore

KEY = "ck_0000000000000000000000000000000001234567"
SECRET = "cs_0000000000000000000000000000000007654321"
KEEP = frozenset({"resursbank_payment_id", "wc_bridge"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MakeStore = Callable[..., WooStore]


class Script:
    """A server on loopback whose answers are given one after the other; the last one repeats."""

    def __init__(self) -> None:
        self.handlers: list[Handler] = []
        self.requests: list[web.Request] = []
        self.bodies: list[str] = []
        self.url = ""

    def answers(self, *handlers: Handler) -> None:
        self.handlers = list(handlers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.text())
        handler = self.handlers.pop(0) if len(self.handlers) > 1 else self.handlers[0]
        return await handler(request)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    scripted = Script()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", scripted.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


@pytest.fixture
def make_store(session: aiohttp.ClientSession) -> MakeStore:
    def make(url: str = "https://shop.example", **options: Any) -> WooStore:
        numbers = count(1)
        settings: dict[str, Any] = {
            "name": "butiken",
            "url": url,
            "consumer_key": KEY,
            "consumer_secret": SECRET,
            "keep_meta": KEEP,
            "clock": lambda: 1795298400,
            "nonce": lambda: f"n{next(numbers)}",
        }
        return WooStore(session, **{**settings, **options})

    return make


@pytest.fixture
def store(make_store: MakeStore) -> WooStore:
    return make_store()
