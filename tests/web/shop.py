"""A shop that delivers to the bridge's listener, and somebody who sends it whatever he likes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp

from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox
from bridge.web import webhooks
from bridge.web.listener import listening
from bridge.web.signature import HEADER, signature
from bridge.web.webhooks import Shop, delivery_url
from bridge.woo.client import WooStore

NAME = "butiken"
SECRET = "a secret between shop and bridge"
ANY_PORT = "127.0.0.1:0"


@dataclass(slots=True, kw_only=True)
class Place:
    store: StoreSandbox
    client: WooStore
    session: aiohttp.ClientSession
    address: str
    shops: dict[str, Shop]
    """The stores as the listener meets them."""
    hinted: list[int] = field(default_factory=list)
    """The orders that the listener was given a hint of, in order."""

    @property
    def url(self) -> str:
        return delivery_url(self.address, NAME)

    async def send(
        self, body: bytes, *, signed: str | None = None, topic: str = "order.updated", **headers: str
    ) -> int:
        """Send a body with this signature, by default the right one; return the answer's status."""
        sent = {HEADER: signature(SECRET, body) if signed is None else signed, "X-WC-Webhook-Topic": topic}
        async with self.session.post(self.url, data=body, headers={**sent, **headers}) as answer:
            return answer.status


@asynccontextmanager
async def open_place(secret: Callable[[], Awaitable[str]] | None = None) -> AsyncIterator[Place]:
    """Open a shop, and a listener that reads the shop's secret with `secret`; SECRET where it is None."""
    store = StoreSandbox(clock=lambda: datetime.now(UTC), https=False)
    hinted: list[int] = []

    async def known() -> str:
        return SECRET

    shops = {NAME: Shop(secret=secret or known, hint=hinted.append)}
    async with (
        Server(store.app) as server,
        listening(ANY_PORT, webhooks.routes(shops)) as address,
        aiohttp.ClientSession() as session,
    ):
        client = WooStore(
            session,
            name=NAME,
            url=server.url,
            consumer_key="ck_sandbox",
            consumer_secret="cs_sandbox",
            keep_meta=frozenset(),
        )
        yield Place(store=store, client=client, session=session, address=address, shops=shops, hinted=hinted)
