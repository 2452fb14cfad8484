"""What the bridge is compared with: a plain loop over the packages `woocommerce` and `requests`.

It makes the reads, calls and notes that the bridge makes for the same changes, one after the other; it remembers
nothing, and survives nothing.
"""

import time
from decimal import Decimal
from typing import Any

import requests
from woocommerce import API

from bridge.demo.houses import EcsterHouse, ResursHouse
from bridge.demo.sandboxes import BASKET
from tests.bench import orders
from tests.bench.orders import LOWERED, Changes
from tests.bench.sandboxes import REAL_PROVIDER, REAL_STORE, be_slow, sandboxes

PAGE = 100
_PATIENCE = 30
"""Seconds for one request."""
_PIECE = Decimal(125)
"""What a piece of the line that staff refund, or take away, costs with its VAT."""


def seconds_an_order(count: int) -> float:
    """Let staff change so many orders, carry them over one by one, and return what one took on average."""
    changes = Changes.of(count)
    with sandboxes() as street:
        sold = street.ask(orders.sell, changes)
        street.ask(orders.change, sold)
        street.ask(be_slow, REAL_STORE, REAL_PROVIDER)
        loop, began = Loop(*street.urls), time.monotonic()
        loop.carry_over(count)
        seconds = time.monotonic() - began
        street.ask(orders.all_noted, sold.all)
    return seconds / count


class Loop:
    def __init__(self, store: str, resurs: str, ecster: str) -> None:
        self._store = API(store, "ck_sandbox", "cs_sandbox", version="wc/v3", timeout=_PATIENCE)
        self._payments, self._orders = f"{resurs}/v2/payments", f"{ecster}/rest/public/v1/orders"
        self._resurs, self._ecster = requests.Session(), requests.Session()
        client = {"client_id": ResursHouse.client_id, "client_secret": ResursHouse.client_secret}
        asked = {"grant_type": "client_credentials", "scope": "mock-merchant-api", **client}
        token = _read(self._resurs.post(f"{resurs}/oauth2/token", data=asked, timeout=_PATIENCE))["access_token"]
        self._resurs.headers["Authorization"] = f"Bearer {token}"
        keys = {"x-api-key": EcsterHouse.api_key, "x-merchant-key": EcsterHouse.merchant_key}
        self._ecster.headers.update(keys)

    def carry_over(self, count: int) -> None:
        """Carry all changed orders over, in pages as they are listed."""
        for page in range(1, -(-count // PAGE) + 1):
            # Over plain HTTP the package sends `params` twice, and puts a "?" behind an address without any.
            listing = f"orders?orderby=modified&order=asc&per_page={PAGE}&page={page}&_="
            for listed in _read(self._store.get(listing)):
                self._one(listed["id"])

    def _one(self, order_id: int) -> None:
        order = self._look(order_id)
        at_resurs = order["payment_method"] == ResursHouse.payment_method
        read, call = (self._read_resurs, self._call_resurs) if at_resurs else (self._read_ecster, self._call_ecster)
        key = ResursHouse.id_key if at_resurs else EcsterHouse.id_key
        payment_id = next(meta["value"] for meta in order["meta_data"] if meta["key"] == key)
        payment = read(payment_id)
        call(order, payment)
        self._look(order_id)
        read(payment_id)
        note = {"note": f"It is done (wc-bridge {order['number']}X1)"}
        _read(self._store.post(f"orders/{order_id}/notes", note))

    def _look(self, order_id: int) -> Any:
        order = _read(self._store.get(f"orders/{order_id}"))
        if order["refunds"]:
            _read(self._store.get(f"orders/{order_id}/refunds"))
        return order

    def _read_resurs(self, payment_id: str) -> Any:
        return _read(self._resurs.get(f"{self._payments}/{payment_id}", timeout=_PATIENCE))

    def _call_resurs(self, order: Any, payment: Any) -> None:
        line = {"description": LOWERED, "quantity": 1, "vatRate": 25, "totalAmountIncludingVat": float(_PIECE)}
        part: dict[str, Any] = {
            "orderLines": [{**line, "type": "NORMAL", "quantityUnit": "st", "reference": LOWERED}]
        }
        whole: dict[str, Any] = {}
        action, body = {
            "cancelled": ("cancel", whole),
            "processing": ("cancel", part),
            "completed": ("refund", part) if order["refunds"] else ("capture", whole),
        }[order["status"]]
        address = f"{self._payments}/{payment['id']}/{action}"
        _read(self._resurs.post(address, json={**body, "creator": "loop"}, timeout=_PATIENCE))

    def _read_ecster(self, payment_id: str) -> Any:
        return _read(self._ecster.get(f"{self._orders}/{payment_id}", timeout=_PATIENCE))

    def _call_ecster(self, order: Any, payment: Any) -> None:
        body: dict[str, Any] = {"type": "ANNUL", "transactionReference": order["number"]}
        if order["refunds"]:
            payment = self._read_ecster(payment["id"])
            debit = next(it["id"] for it in payment["transactions"] if it["type"] == "DEBIT")
            body |= {"type": "CREDIT", "debitTransaction": debit, **_rows(_PIECE)}
        elif order["status"] == "completed":
            body |= {"type": "DEBIT", **_rows(Decimal(order["total"]))}
        address = f"{self._orders}/{payment['id']}/transactions"
        _read(self._ecster.post(address, json=body, timeout=_PATIENCE))


def _rows(amount: Decimal) -> dict[str, Any]:
    minor = int(amount * 100)
    row = {"name": ", ".join(BASKET), "quantity": 1, "unitAmount": minor, "vatRate": 2500}
    return {"amount": minor, "rows": [row]}


def _read(answer: requests.Response) -> Any:
    answer.raise_for_status()
    return answer.json()
