"""The Merchant API's routes over the sandbox's payments."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import simplejson
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.sandbox.resurs import answers, rules
from bridge.sandbox.resurs.ledger import Account, Refusal
from bridge.sandbox.resurs.lines import Line
from bridge.sandbox.resurs.payments import Payments
from bridge.sandbox.resurs.tokens import Tokens


class Routes:
    def __init__(
        self,
        payments: Payments,
        tokens: Tokens,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[str], str],
        create: Callable[[dict[str, Any]], Account],
        country: str,
    ) -> None:
        self._payments = payments
        self._tokens = tokens
        self._clock = clock
        self._new_id = new_id
        self._create = create
        self._country = country

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/oauth2/token", self._token)
        app.router.add_get("/v2/stores", self._stores)
        app.router.add_post("/v2/payments", self._create_payment)
        app.router.add_post("/v2/payments/search", self._search)
        app.router.add_get("/v2/payments/{id}", self._get)
        app.router.add_post("/v2/payments/{id}/{action:capture|cancel|refund}", self._manage)
        app.router.add_post("/v2/payments/{id}/order", self._add_lines)
        app.router.add_get("/v2/payments/{id}/actions/{action}", self._action)
        app.router.add_get("/v2/payments/{id}/tasks/status", self._task)
        app.router.add_put("/v2/payments/{id}/metadata", self._metadata)
        app.router.add_route("*", "/{rest:.*}", self._nowhere)

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Ask for the token, and say every refusal in the API's own shape."""
        try:
            self._admit(request)
            return await handler(request)
        except Refusal as refusal:
            trace = self._new_id("trace").replace("-", "")
            return answers.error(refusal, trace, self._payments.switches, self._clock())

    def _admit(self, request: web.Request) -> None:
        if request.path != "/oauth2/token" and not self._tokens.good(request.headers.get("Authorization", "")):
            raise Refusal("Full authentication is required", status=401, code="UNAUTHORIZED")

    async def _token(self, request: web.Request) -> web.Response:
        is_json = request.content_type == "application/json"
        form = await _body(request) if is_json else dict(await request.post())
        return self._tokens.grant(form, self._payments.switches)

    async def _stores(self, request: web.Request) -> web.Response:
        store = {
            "id": self._payments.store_id,
            "nationalStoreId": 1,
            "countryCode": self._country,
            "name": "Butiken",
        }
        first_page = request.query.get("page", "0") == "0"
        return answers.answer({"content": [store] if first_page else []})

    async def _create_payment(self, request: web.Request) -> web.Response:
        body = await _body(request)
        rules.refuse(rules.creation(body))
        if body["storeId"].lower() != self._payments.store_id:
            raise Refusal("Access denied", status=403, code="FORBIDDEN")
        account = self._create(body)
        return answers.answer(self._payments.view(account), self._payments.switches.create_status)

    async def _search(self, request: web.Request) -> web.Response:
        body = await _body(request)
        rules.refuse(rules.uuid(body.get("storeId"), "storeId"))
        reference, person = body.get("orderReference"), body.get("governmentId")
        hits = [
            answers.found(self._payments.view(account))
            for account in self._payments.all()
            if (not reference or account.reference == reference)
            and (not person or account.customer.get("governmentId") == person)
        ]
        return answers.answer({"content": hits if body["storeId"].lower() == self._payments.store_id else []})

    async def _get(self, request: web.Request) -> web.Response:
        account = self._payments.account(request.match_info["id"])
        return answers.answer(self._payments.read(account))

    async def _manage(self, request: web.Request) -> web.Response:
        body, switches, now = await _body(request), self._payments.switches, self._clock()
        rules.refuse(rules.management(body, longest=switches.longest_transaction_id))
        lines = None if body.get("orderLines") is None else _lines(body)
        creator, transaction_id = body.get("creator"), body.get("transactionId")
        with self._payments.changing(request.match_info["id"]) as account:
            match request.match_info["action"]:
                case "capture":
                    account.capture(lines, switches, now, creator=creator, transaction_id=transaction_id)
                case "refund":
                    account.refund(lines, switches, now, creator=creator, transaction_id=transaction_id)
                case _:
                    # Cancel knows no transactionId; one that is sent is lost.
                    account.cancel(lines, switches, now, creator=creator)
        return self._changed(account)

    async def _add_lines(self, request: web.Request) -> web.Response:
        body, switches = await _body(request), self._payments.switches
        rules.refuse(rules.management(body, longest=None, lines_required=True))
        with self._payments.changing(request.match_info["id"]) as account:
            account.add(_lines(body), switches, self._clock())
        return self._changed(account)

    async def _action(self, request: web.Request) -> web.Response:
        account = self._payments.account(request.match_info["id"])
        for entry in account.log:
            if entry.id == request.match_info["action"].lower():
                return answers.answer(answers.action(entry, self._payments.switches))
        raise Refusal("Action not found", status=404, code="NOT_FOUND")

    async def _task(self, request: web.Request) -> web.Response:
        account = self._payments.account(request.match_info["id"])
        body: dict[str, Any] = {"completed": not account.unsigned}
        if account.unsigned:
            body["customer"] = {"customerUrl": answers.customer_url(account), "hasActiveTask": True}
        return answers.answer(body)

    async def _metadata(self, request: web.Request) -> web.Response:
        body = await _body(request)
        rules.refuse(rules.metadata(body))
        with self._payments.changing(request.match_info["id"]) as account:
            account.metadata = {name: body[name] for name in ("creator", "custom") if name in body}
        return answers.answer(account.metadata)

    async def _nowhere(self, _: web.Request) -> web.Response:
        raise Refusal("No such path", status=404, code="NOT_FOUND")

    def _changed(self, account: Account) -> web.Response:
        return answers.answer(self._payments.view(account), self._payments.switches.success_status)


async def _body(request: web.Request) -> dict[str, Any]:
    """Read a JSON object; `{}` is the least. Raises Refusal."""
    try:
        body = simplejson.loads(await request.text(), use_decimal=True)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal("Malformed request body")
    return body


def _lines(body: dict[str, Any]) -> tuple[Line, ...]:
    return tuple(Line.from_json(line) for line in body["orderLines"])
