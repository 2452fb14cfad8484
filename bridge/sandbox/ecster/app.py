"""The routes below /rest/public/v1/orders, behind the two keys."""

from http import HTTPStatus

import simplejson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bridge.sandbox.ecster import requests, views
from bridge.sandbox.ecster.book import Book, found
from bridge.sandbox.ecster.orders import Problem, Refusal

_BASE = "/rest/public/v1/orders"
_CODES = {Problem.WRONG_STATE: 4424}
"""The only error code that is known. The others here are made up."""


def application(book: Book, *, api_key: str, merchant_key: str, faults: Middleware) -> web.Application:
    """Make the application; `faults` comes before everything."""
    app = web.Application(middlewares=[faults, _refusals(book), _keys(api_key, merchant_key)])
    routes = Routes(book, merchant_key)
    app.add_routes(
        [
            web.get(_BASE, routes.search),
            web.get(f"{_BASE}/", routes.search),
            web.get(f"{_BASE}/{{id}}", routes.order),
            web.post(f"{_BASE}/{{id}}/transactions", routes.transact),
            web.put(f"{_BASE}/{{id}}/orderReference", routes.rename),
            web.post(f"{_BASE}/{{id}}/refunds", routes.refund),
            web.get(f"{_BASE}/{{id}}/refunds/latest/status", routes.refund_status),
        ]
    )
    return app


class Routes:
    def __init__(self, book: Book, merchant: str) -> None:
        self._book = book
        self._merchant = merchant

    async def search(self, request: web.Request) -> web.Response:
        try:
            hits = found(self._book.all_shown(), self._merchant, dict(request.query))
        except (ValueError, TypeError) as error:
            raise Refusal(Problem.INVALID, "from and to must be times with an offset") from error
        return _json([views.summary(hit, self._merchant, self._book.switches) for hit in hits])

    async def order(self, request: web.Request) -> web.Response:
        order = self._book.shown(request.match_info["id"])
        return _json(views.order(order, self._merchant, self._book.switches))

    async def transact(self, request: web.Request) -> web.Response:
        switches = self._book.switches
        wanted = requests.transaction(requests.body(await request.text()), switches)
        order, entry = self._book.transact(request.match_info["id"], wanted)
        shown = views.transaction(entry, self._merchant, switches)
        return _json({"orderStatus": order.status, "transaction": shown}, switches.transaction_status)

    async def rename(self, request: web.Request) -> web.Response:
        reference = requests.string(requests.body(await request.text()), "orderReference")
        if not 0 < len(reference) <= 64:
            raise Refusal(Problem.INVALID, "orderReference must have 1 to 64 characters")
        order = self._book.rename(request.match_info["id"], reference)
        return _json({"orderReference": order.reference}, self._book.switches.reference_status)

    async def refund(self, request: web.Request) -> web.Response:
        fields = requests.body(await request.text())
        amount, debit = requests.amount(fields), requests.string(fields, "debitTransaction")
        status = self._book.swish_refund(request.match_info["id"], amount, debit)
        return _json({"status": status}, self._book.switches.refund_status)

    async def refund_status(self, request: web.Request) -> web.Response:
        status = self._book.swish_status(request.match_info["id"])
        if status is None:
            return _json(_problem(Problem.INVALID, "There was no refund"), self._book.switches.no_refund_status)
        return _json({"status": status})


def _json(body: object, status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(
        text=simplejson.dumps(body, use_decimal=True), status=status, content_type="application/json"
    )


def _problem(problem: Problem, message: str) -> dict[str, object]:
    return {"code": _CODES.get(problem, 4000), "type": problem.value, "message": message}


def _keys(api_key: str, merchant_key: str) -> Middleware:
    @web.middleware
    async def keys(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("x-api-key"), request.headers.get("x-merchant-key")
        if given != (api_key, merchant_key):
            raise Refusal(Problem.BAD_KEYS, "The keys are not known")
        return await handler(request)

    return keys


def _refusals(book: Book) -> Middleware:
    @web.middleware
    async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            switches = book.switches
            status = {
                Problem.INVALID: switches.invalid_status,
                Problem.WRONG_STATE: switches.wrong_state_status,
                Problem.UNKNOWN_ORDER: switches.unknown_order_status,
                Problem.BAD_KEYS: switches.bad_keys_status,
            }[refusal.problem]
            return _json(_problem(refusal.problem, str(refusal)), status)

    return refusals
