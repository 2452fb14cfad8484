"""What a sandbox's user may do beside the shop's own API: buy, and act in a provider's portal. JSON over HTTP.

GET  /                                       every order with its payment
POST /{provider}/order                       a customer buys
POST /{provider}/{order or payment}/{act}    capture, cancel or refund; `?amount=100.00`, without it everything
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import simplejson
from aiohttp import web

from bridge.demo.houses import CURRENCY, House, Refused
from bridge.demo.sandboxes import BASKET, Sale, Sandboxes
from bridge.domain.money import AmountError, to_major, to_minor


class Portal:
    """Serve `app`."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes
        self.app = web.Application()
        self.app.router.add_get("/", self._list)
        self.app.router.add_post("/{provider}/order", self._buy)
        self.app.router.add_post("/{provider}/{payment}/{act:capture|cancel|refund}", self._act)

    async def _list(self, _: web.Request) -> web.Response:
        return _json([self._shown(sale) for sale in self._sandboxes.sales])

    async def _buy(self, request: web.Request) -> web.Response:
        return _json(self._shown(self._sandboxes.sell(self._house(request), BASKET)), 201)

    async def _act(self, request: web.Request) -> web.Response:
        house, named = self._house(request), request.match_info["payment"]
        sale = next(
            (s for s in self._sandboxes.sales if s.house is house and named in (s.number, s.payment_id)), None
        )
        if sale is None:
            return _problem(404, f"{house.name} has no payment {named!r}: GET / lists them")
        acts: dict[str, Callable[[str, int | None], None]] = {
            "capture": house.capture,
            "cancel": house.cancel,
            "refund": house.refund,
        }
        try:
            amount = to_minor(request.query["amount"], CURRENCY) if "amount" in request.query else None
            acts[request.match_info["act"]](sale.payment_id, amount)
        except (AmountError, Refused) as error:
            return _problem(400, str(error))
        return _json(self._shown(sale))

    def _house(self, request: web.Request) -> House:
        wanted = request.match_info["provider"]
        for house in self._sandboxes.houses:
            if house.name.lower() == wanted:
                return house
        raise web.HTTPNotFound(text="There is /resurs and /ecster.\n")

    def _shown(self, sale: Sale) -> dict[str, Any]:
        """An order beside its payment, amounts in major units as people type them."""
        figures = asdict(sale.house.books(sale.payment_id))
        order = self._sandboxes.store.order(sale.order_id)
        return {
            "order": sale.order_id,
            "status": order.status,
            "total": str(order.total),
            "provider": sale.house.name.lower(),
            "payment": sale.payment_id,
            **{name: str(to_major(minor, CURRENCY)) for name, minor in figures.items()},
        }


def _json(body: object, status: int = 200) -> web.Response:
    text = simplejson.dumps(body, indent=1, ensure_ascii=False)
    return web.Response(text=f"{text}\n", status=status, content_type="application/json")


def _problem(status: int, text: str) -> web.Response:
    return _json({"error": text}, status)
