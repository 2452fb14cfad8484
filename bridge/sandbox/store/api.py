"""The API as one handler: from an HTTP request through the doorman and the routes to an HTTP answer."""

from datetime import datetime
from email.utils import format_datetime
from typing import Any

import simplejson
from aiohttp import web

from bridge.sandbox.store import rest_orders, rest_parts, rest_shop
from bridge.sandbox.store.asking import Answer, Asked, Query, picked
from bridge.sandbox.store.auth import Doorman
from bridge.sandbox.store.lines import Json
from bridge.sandbox.store.mishaps import NOTICE, Mishaps, redirect
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.routes import Call, Route
from bridge.sandbox.store.shop import Shop
from bridge.sandbox.store.wire import Writer

ROUTES = (*rest_parts.ROUTES, *rest_orders.ROUTES, *rest_shop.ROUTES)
_NAMESPACE = "/wc/v3"
_VISITOR = {
    "GET": ("view", "Sorry, you cannot view this resource."),
    "POST": ("create", "Sorry, you are not allowed to create resources."),
    "PUT": ("edit", "Sorry, you are not allowed to edit this resource."),
    "DELETE": ("delete", "Sorry, you are not allowed to delete this resource."),
}
"""What a visitor is told, by method; a list has its own words."""


def dumps(body: Any) -> str:
    """Write JSON as PHP does: no spaces, slashes escaped, ASCII alone. Exact for Decimal."""
    return simplejson.dumps(body, use_decimal=True, separators=(",", ":")).replace("/", "\\/")


class Api:
    def __init__(self, shop: Shop, writer: Writer, doorman: Doorman, mishaps: Mishaps, *, gateway: bool) -> None:
        self.shop, self._write, self._doorman, self._mishaps = shop, writer, doorman, mishaps
        self._gateway = gateway
        self._cached: dict[str, web.Response] = {}
        self._lagging: dict[str, tuple[datetime, web.Response]] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Answer any request at all."""
        if not self._mishaps.caching:
            self._cached.clear()
        elif request.method == "GET":
            if request.path_qs not in self._cached:
                self._cached[request.path_qs] = await self._fresh(request)
            kept = self._cached[request.path_qs]
            return web.Response(status=kept.status, body=kept.body, headers=kept.headers)
        if self._mishaps.lag and request.method == "GET":
            return await self._of_late(request)
        return await self._fresh(request)

    async def _of_late(self, request: web.Request) -> web.Response:
        """Answer as at most `lag` ago."""
        query = sorted(
            pair for pair in request.query.items() if pair[0] != "_" and not pair[0].startswith("oauth_")
        )
        address, now = f"{request.path}?{query}", self.shop.now()
        if address not in self._lagging or now - self._lagging[address][0] >= self._mishaps.lag:
            self._lagging[address] = now, await self._fresh(request)
        kept = self._lagging[address][1]
        headers = {**kept.headers, "Date": format_datetime(now, usegmt=True)}
        return web.Response(status=kept.status, body=kept.body, headers=headers)

    async def _fresh(self, request: web.Request) -> web.Response:
        query = tuple(request.query.items())
        path = Asked(query).text("rest_route") or None
        pretty = path is None and request.path.startswith("/wp-json")
        if pretty:
            path = request.path.removeprefix("/wp-json") or "/"
        answer = self._mishaps.instead(pretty=pretty)
        if answer is None and path is None:
            answer = redirect(self._write.home)
        if answer is None:
            assert path is not None, "a request to nowhere was redirected"
            try:
                answer = await self._answer(request, path.rstrip("/"), query)
            except Refusal as refusal:
                answer = Answer(refusal.status, refusal.body)
        return self._response(answer)

    async def _answer(self, request: web.Request, path: str, query: Query) -> Answer:
        method = "GET" if request.method == "HEAD" else request.method
        url = f"{request.scheme}://{request.host}{request.rel_url.raw_path}"
        authorization = request.headers.get("Authorization", "")
        known = self._doorman.admit(request.method, url, query, authorization, self.shop.now())
        index = self._index(path)
        if index is not None:
            return Answer(
                200, picked(index, Asked(query).fields()) | {"_links": _up(self._write.home)}, _allow("GET")
            )
        for route in ROUTES:
            ids = route.ids(path.removeprefix(_NAMESPACE)) if path.startswith(_NAMESPACE) else None
            if ids is None or method not in route.handlers or (route.since_9 and not self.shop.modern):
                continue
            if not known:
                raise _visitor(method, ids)
            body = await _posted(request)
            return self._call(route, method, ids, Asked(query), body)
        raise Refusal.no_route()

    def _call(self, route: Route, method: str, ids: tuple[int, ...], asked: Asked, body: Json) -> Answer:
        call = Call(
            ids=ids,
            asked=asked,
            body=body,
            shop=self.shop,
            write=self._write,
            mishaps=self._mishaps,
            gateway=self._gateway,
        )
        try:
            answer = route.handlers[method](call)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body, _allow(route.allow))
        return Answer(answer.status, _cut(answer.body, asked.fields()), {**answer.headers, **_allow(route.allow)})

    def _index(self, path: str) -> Json | None:
        """The lists of namespaces and of routes, which anybody may read."""
        if path == "":
            home = self._write.home
            zone = str(self.shop.timezone)
            return {"name": "Store", "url": home, "home": home, "timezone_string": zone, "namespaces": ["wc/v3"]}
        if path != _NAMESPACE:
            return None
        routes = [route for route in ROUTES if self.shop.modern or not route.since_9]
        return {
            "namespace": "wc/v3",
            "routes": {_spelt(route.path): {"methods": route.allow.split(", ")} for route in routes},
        }

    def _response(self, answer: Answer) -> web.Response:
        headers = {"Date": format_datetime(self.shop.now(), usegmt=True), **answer.headers}
        if "Content-Type" in headers:
            return web.Response(status=answer.status, body=str(answer.body).encode(), headers=headers)
        headers["Content-Type"] = "application/json; charset=UTF-8"
        headers.setdefault("Link", f'<{self._write.home}/wp-json/>; rel="https://api.w.org/"')
        text = (NOTICE if self._mishaps.notice else "") + dumps(answer.body)
        return web.Response(status=answer.status, body=text.encode(), headers=headers)


def _cut(body: Any, fields: list[str]) -> Any:
    """Apply `_fields`; a single resource keeps its links, a row of a list does not."""
    if isinstance(body, list):
        return [picked(row, fields) for row in body]
    links = {"_links": body["_links"]} if "_links" in body else {}
    return picked(body, fields) | links


def _visitor(method: str, ids: tuple[int, ...]) -> Refusal:
    verb, words = _VISITOR["PUT" if method in ("PATCH", "PUT") or (method == "POST" and ids) else method]
    if method == "GET" and not ids:
        words = "Sorry, you cannot list resources."
    return Refusal(401, f"woocommerce_rest_cannot_{verb}", words)


async def _posted(request: web.Request) -> Json:
    text = await request.text()
    if request.method not in ("POST", "PUT", "PATCH") or not text:
        return {}
    try:
        body = simplejson.loads(text, use_decimal=True)
    except ValueError:
        raise Refusal(400, "rest_invalid_json", "Invalid JSON body passed.") from None
    return body if isinstance(body, dict) else {}


def _spelt(path: str) -> str:
    """Write a route as WordPress lists it: the first number of a longer path is the order's."""
    path = f"{_NAMESPACE}{path}"
    if path.count("#") > 1 or path.endswith(("/notes", "/refunds")):
        path = path.replace("#", "(?P<order_id>[\\d]+)", 1)
    return path.replace("#", "(?P<id>[\\d]+)")


def _up(home: str) -> Json:
    return {"up": [{"href": f"{home}/wp-json/"}]}


def _allow(methods: str) -> dict[str, str]:
    return {"Allow": methods}
