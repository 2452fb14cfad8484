"""The shop's webhooks: `POST /webhooks/woocommerce/STORE`.

A delivery is a hint to look at an order now. Its body, however well signed, is never the truth: it may be old,
or sent again. All that is taken from it is the order's id, so that the worst that anybody can bring about with it
is a read. What is lost is found by the poll.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import simplejson
import structlog
from aiohttp import web

from bridge.web.signature import HEADER, fits

log = structlog.get_logger()

ACCEPTED: Final = HTTPStatus.ACCEPTED
"""The answer to what is signed. No page of another web server is likely to give it."""
_PATH: Final = "/webhooks/woocommerce/"
_PATIENCE: Final = 10.0
"""Seconds for a body to come in."""
_PING: Final = re.compile(rb"webhook_id=[0-9]+")
"""What the shop sends, unsigned, when a webhook is made; only 200 will do as an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A store as its webhooks meet it."""

    secret: Callable[[], Awaitable[str]]
    """Reads it; `webhook install` may make one at any time; "" until then."""
    hint: Callable[[int], None]
    """Takes the id of an order to look at, and returns at once."""


class _Door:
    """Lets in what a shop has signed. Its secret is kept as last read, so that the answer waits for no database.

    It is read anew where it does not fit: at once, but only once for all who wait for that, so that no number of
    forged deliveries keeps the database busy.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._read, self._secret = shop.secret, ""
        self._reading: asyncio.Task[None] | None = None

    async def lets_in(self, body: bytes, given: str) -> bool:
        """Whether `given` is the body's signature."""
        if not fits(self._secret, body, given):
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._learn())
            await self._reading
        return fits(self._secret, body, given)

    async def _learn(self) -> None:
        try:
            self._secret = await self._read()
        except Exception as error:  # noqa: BLE001 (who works on the orders tells of the database in full)
            log.warning("webhook.secret_not_read", problem=type(error).__name__)


def routes(shops: Mapping[str, Shop]) -> list[web.RouteDef]:
    """Return the routes for these stores, by name; `shops` is asked at each request which these are by then."""
    doors: dict[str, _Door] = {}

    def door(name: str) -> _Door | None:
        shop = shops.get(name)
        if shop is None:
            doors.pop(name, None)
            return None
        if name not in doors or doors[name].shop is not shop:
            doors[name] = _Door(shop)
        return doors[name]

    async def receive(request: web.Request) -> web.Response:
        return await _receive(request, door(request.match_info["store"]))

    return [web.post(f"{_PATH}{{store}}", receive)]


def delivery_url(public_url: str, store: str) -> str:
    """Return where the shop is to deliver to."""
    return f"{public_url}{_PATH}{quote(store, safe='')}"


async def _receive(request: web.Request, door: _Door | None) -> web.Response:
    """Answer one request; the shop waits for that, so everything else comes after it."""
    if door is None:
        return _answer(HTTPStatus.NOT_FOUND)
    try:
        async with asyncio.timeout(_PATIENCE):
            body = await request.read()
    except TimeoutError:
        return _answer(HTTPStatus.REQUEST_TIMEOUT)
    except web.HTTPRequestEntityTooLarge:
        return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except (ConnectionError, web.RequestPayloadError):  # it broke off; anybody could fill the log with that
        return _answer(HTTPStatus.BAD_REQUEST)
    given = request.headers.get(HEADER)
    if given is None:
        return _answer(HTTPStatus.OK if _PING.fullmatch(body) else HTTPStatus.UNAUTHORIZED)
    if not await door.lets_in(body, given):
        return _answer(HTTPStatus.UNAUTHORIZED)
    order = _order(request.headers.get("X-WC-Webhook-Topic", ""), body)
    if order is not None:
        door.shop.hint(order)
    return _answer(ACCEPTED)


def _order(topic: str, body: bytes) -> int | None:
    """Return the id of the order that a delivery is about; None where it is about nothing that we know."""
    try:
        content = simplejson.loads(body) if topic.startswith("order.") else None
    except (ValueError, RecursionError):
        return None
    order = content.get("id") if isinstance(content, dict) else None
    return order if type(order) is int and 0 < order < 2**63 else None


def _answer(status: HTTPStatus) -> web.Response:
    return web.Response(status=status, text=f"{status.phrase}\n")
