"""Playing a recording of a real store against the sandbox, over real HTTP."""

import base64
import hashlib
import hmac
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import simplejson
from aiohttp import web

from bridge.sandbox.clock import ManualClock
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox
from tests.sandbox.correspondence import Correspondence

HEADERS = ("Content-Type", "Allow", "X-WP-Total", "X-WP-TotalPages", "Retry-After")
LEFT_OUT_OF_LINKS = {
    "dp": "HPOS leaves this default out past the last page, as it does the next",
    "context": "see dp",
}
LEFT_OUT_OF_DELIVERIES = {
    "X-WC-Webhook-Source": "the recorded store's own address",
    "X-WC-Webhook-Signature": "differs with the body; it is verified instead",
    "X-WC-Webhook-Delivery-ID": "chance",
}
ANY_ORDER_OF_NOTES = {
    "12-refund-everything": "one real store's clock moved on between two notes of its own",
}
ANY_ORDER_OF_TIES = {
    (
        "8.2.2",
        "20-many-orders-paged",
    ): "orders of one second came in another order on each page (one twice, one never)",
}
CREDENTIALS = {
    "wrong key": ("ck_unknown", "cs_sandbox"),
    "wrong secret": ("ck_sandbox", "cs_wrong"),
    "no credentials": None,
    "read-only key reads": ("ck_readonly", "cs_readonly"),
    "read-only key writes a note": ("ck_readonly", "cs_readonly"),
}
SWITCHES = {
    "while WordPress updates itself (maintenance mode)": "maintenance",
    "a plugin crashes PHP": "crash",
    "a plugin prints a notice ahead of the JSON": "notice",
}


@dataclass(slots=True)
class Replay:
    """One recording against one new sandbox; `play` yields what differs. Use as a context manager."""

    recording: Any
    clock: ManualClock = field(default_factory=lambda: ManualClock(datetime(2026, 11, 21, 21, 0, tzinfo=UTC)))
    received: deque[tuple[dict[str, str], bytes]] = field(default_factory=deque)
    sandbox: StoreSandbox = field(init=False)
    same: Correspondence = field(init=False)
    _store: Server = field(init=False)
    _listener: Server = field(init=False)
    _session: aiohttp.ClientSession = field(init=False)

    def __post_init__(self) -> None:
        store = self.recording["store"]
        self.sandbox = StoreSandbox(
            clock=self.clock.now, storage=store["order_storage"], version=store["woocommerce"]
        )
        self.same = Correspondence(self.clock.now)

    async def __aenter__(self) -> Self:
        hook = web.Application()
        hook.router.add_post("/hook", self._receive)
        self._store, self._listener = Server(self.sandbox.app), Server(hook)
        await self._store.__aenter__()
        await self._listener.__aenter__()
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._listener.__aexit__(kind, error, trace)
        await self._store.__aexit__(kind, error, trace)

    async def _receive(self, request: web.Request) -> web.Response:
        self.received.append((dict(request.headers), await request.read()))
        return web.Response()

    async def play(self) -> list[str]:
        """Take every step; return the differences, each with the step it was found at."""
        self._before()
        found = []
        for i, step in enumerate(self.recording["steps"]):
            if "wait" in step:
                self.clock.advance(step["wait"])
            elif "admin" in step:
                await self._staff(step["what"])
            elif "delivery" in step:
                found += [f"{i} {step['what']}: {one}" for one in self._delivered(step["delivery"])]
            else:
                found += [f"{i} {step['what']}: {one}" for one in await self._ask(step)]
        return found

    def _before(self) -> None:
        """What the real store held already and the recording takes for granted."""
        scenario = self.recording["scenario"][:2]
        if scenario == "20":
            for recorded in range(41, 53):
                order_id = self.sandbox.create_order({"MUGG": 1}, shipping=None)
                self.same.bind("post", recorded, order_id)
        if scenario == "30":
            for _ in range(35):
                self.sandbox.create_order({"MUGG": 1})

    async def _staff(self, what: str) -> None:
        order_id = max(self.sandbox.shop.orders)
        match what:
            case "an admin edits the quantity 2 to 1 in the order view and saves":
                self.sandbox.set_quantity(order_id, "MUGG", 1)
            case "an admin clicks Recalculate":
                self.sandbox.recalculate(order_id)
            case "the store runs its background jobs":
                await self.sandbox.deliver()
            case _:
                raise AssertionError(what)

    async def _ask(self, step: dict[str, Any]) -> list[str]:
        what, request, response = step["what"], step["request"], step["response"]
        switch = SWITCHES.get(what)
        if switch:
            setattr(self.sandbox.mishaps, switch, True)
        credentials = CREDENTIALS[what] if "auth" in request else ("ck_sandbox", "cs_sandbox")
        headers = {} if credentials is None else {"Authorization": aiohttp.encode_basic_auth(*credentials)}
        body = self.same.body(request["body"])
        if isinstance(body, dict) and "delivery_url" in body:
            body["delivery_url"] = f"{self._listener.url}/hook"
        async with self._session.request(
            request["method"],
            self._store.url + self.same.path(request["path"]),
            params=self.same.query(request["query"]),
            data=None if body is None else simplejson.dumps(body, use_decimal=True),
            headers=headers,
            allow_redirects=False,
        ) as answer:
            text = await answer.text()
            found = [f"status {response['status']} recorded, {answer.status} here"]
            found = [] if answer.status == response["status"] else found
            found += self._headers(response["headers"], answer.headers)
        if switch:
            setattr(self.sandbox.mishaps, switch, False)
        return found + self._body(request["path"], response, text)

    def _headers(self, recorded: dict[str, str], ours: Any) -> Iterator[str]:
        for name in HEADERS:
            if recorded.get(name) != ours.get(name):
                yield f"{name}: {recorded.get(name)} recorded, {ours.get(name)} here"
        if self._links(recorded.get("Link", "")) != self._links(ours.get("Link", ""), ours=True):
            yield f"Link: {recorded.get('Link')} recorded, {ours.get('Link')} here"

    def _links(self, header: str, *, ours: bool = False) -> dict[str, Any]:
        links = {}
        for url, rel in re.findall(r'<([^>]*)>; rel="([^"]*)"', header):
            parts = urlsplit(url)
            query = [(name, value) for name, value in parse_qsl(parts.query) if name not in LEFT_OUT_OF_LINKS]
            if not ours:
                query = [(n, str(self.same.id("post", int(v))) if "include" in n else v) for n, v in query]
            links[rel] = (parts.netloc, parts.path, query)
        return links

    def _body(self, path: str, response: dict[str, Any], text: str) -> list[str]:
        if "text" in response:
            newest = f'[{{"id":{max(self.sandbox.shop.orders)}}}]'
            page = re.sub(r'\[\{"id":\d+\}\]', newest, _plain(response["text"]))
            return [] if page == _plain(text) else [f"{page!r} recorded, {_plain(text)!r} here"]
        recorded, ours = response["body"], _exact(text)
        kind = "note" if "/notes" in path else "webhook" if "/webhooks" in path else "post"
        bears_ids = re.search(r"/(orders|refunds|coupons|webhooks)", path) is not None
        if kind == "note" and self.recording["scenario"] in ANY_ORDER_OF_NOTES:
            recorded, ours = (sorted(notes, key=lambda note: note["id"]) for notes in (recorded, ours))
        if (self.sandbox.shop.version, self.recording["scenario"]) in ANY_ORDER_OF_TIES:
            recorded, ours = ([_unnamed(row) for row in rows] for rows in (recorded, ours))
        if path.endswith("/v3/"):
            recorded, ours = _routes_of_both(recorded, ours)
        if "delivery_url" in str(recorded):
            recorded = recorded | {"delivery_url": f"{self._listener.url}/hook"}
        return list(self.same.differences(recorded, ours, kind if bears_ids else ""))

    def _delivered(self, delivery: dict[str, Any]) -> Iterator[str]:
        headers, raw = self.received.popleft()
        for name in delivery["headers"].keys() - LEFT_OUT_OF_DELIVERIES.keys():
            recorded = delivery["headers"][name]
            if name == "X-WC-Webhook-ID":
                recorded = str(self.same.id("webhook", int(recorded)))
            if headers.get(name) != recorded:
                yield f"{name}: {recorded} recorded, {headers.get(name)} here"
        if not delivery["body"].startswith("{"):
            sent = re.sub(r"\d+", lambda m: str(self.same.id("webhook", int(m[0]))), delivery["body"])
            if raw.decode() != sent:
                yield f"{sent} recorded, {raw.decode()} here"
            return
        digest = base64.b64encode(hmac.new(b"topsecret", raw, hashlib.sha256).digest()).decode()
        if headers.get("X-WC-Webhook-Signature") != digest:
            yield "the signature does not fit the body"
        yield from self.same.differences(_exact(delivery["body"]), _exact(raw.decode()), "post")


def _exact(text: str) -> Any:
    return simplejson.loads(text, use_decimal=True)


def _routes_of_both(recorded: Any, ours: Any) -> tuple[Any, Any]:
    """The recorded index was cut to what is about orders; of that, the sandbox serves what it serves."""
    served = {route: recorded["routes"][route] for route in recorded["routes"] if route in ours["routes"]}
    about_orders = re.compile(r"/(orders|refunds|webhooks|system_status)")
    listed = {route: ours["routes"][route] for route in ours["routes"] if about_orders.search(route)}
    return recorded | {"routes": served}, ours | {"routes": listed}


def _unnamed(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "number")}


def _plain(html: str) -> str:
    """Leave out what a page looks like, and runs of white space."""
    html = re.sub(r"<style.*?</style>|<meta[^>]*>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", "", html)
