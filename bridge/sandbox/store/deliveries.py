"""The store's background jobs: webhook deliveries, made when they are told to run (recordings, 40)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

import aiohttp

from bridge.sandbox.store.api import dumps
from bridge.sandbox.store.model import Webhook
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.shop import Shop
from bridge.sandbox.store.wire import Writer

FAILURES_UNTIL_DISABLED = 5
_PATIENCE = aiohttp.ClientTimeout(total=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What was sent; `status` None where nobody answered."""

    webhook: int
    headers: dict[str, str]
    body: str
    status: int | None


class Deliverer:
    def __init__(self, shop: Shop, writer: Writer) -> None:
        self._shop, self._write = shop, writer
        self._made = 0

    async def run(self) -> list[Delivery]:
        """Ping the webhooks that are new or changed, then deliver what is due, once, each order as it is now."""
        done = []
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
            for webhook in self._shop.webhooks.values():
                if webhook.ping_due:
                    webhook.ping_due = False
                    ping = await self._send(session, webhook, f"webhook_id={webhook.id}", _ping())
                    if ping.status == 200:
                        webhook.ping_pending, webhook.modified = False, self._shop.now()
                    done.append(ping)
            due, self._shop.due = self._shop.due, {}
            for webhook_id, topic, order_id in due:
                webhook_or_none = self._shop.webhooks.get(webhook_id)
                if webhook_or_none is None or webhook_or_none.status != "active":
                    continue
                body = self._body(topic, order_id)
                headers = self._headers(webhook_or_none, topic, body)
                delivery = await self._send(session, webhook_or_none, body, headers)
                _count(webhook_or_none, delivery)
                done.append(delivery)
        return done

    def _body(self, topic: str, order_id: int) -> str:
        if topic == "order.deleted":
            return dumps({"id": order_id})
        order = self._shop.orders.get(order_id)
        return dumps(Refusal.no_order().body if order is None else self._write.order(order))

    def _headers(self, webhook: Webhook, topic: str, body: str) -> dict[str, str]:
        self._made += 1
        resource, event = topic.split(".", maxsplit=1)
        digest = hmac.new(webhook.secret.encode(), body.encode(), hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": f"{self._write.home}/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-WC-Webhook-ID": str(webhook.id),
            "X-WC-Webhook-Delivery-ID": hashlib.sha256(str(self._made).encode()).hexdigest()[:32],
        }

    async def _send(
        self, session: aiohttp.ClientSession, webhook: Webhook, body: str, headers: dict[str, str]
    ) -> Delivery:
        version = f"WooCommerce/{self._shop.version} Hookshot (WordPress/6.9.1)"
        headers = {"User-Agent": version, **headers}
        try:
            async with session.post(
                webhook.delivery_url, data=body.encode(), headers=headers, allow_redirects=False
            ) as response:
                status: int | None = response.status
        except (aiohttp.ClientError, TimeoutError):
            status = None
        return Delivery(webhook=webhook.id, headers=headers, body=body, status=status)


def _ping() -> dict[str, str]:
    return {"Content-Type": "application/x-www-form-urlencoded"}


def _count(webhook: Webhook, delivery: Delivery) -> None:
    """After five failures in a row the store gives the webhook up; a redirect is none, though nobody follows it."""
    fine = delivery.status is not None and 200 <= delivery.status < 303
    webhook.failures = 0 if fine else webhook.failures + 1
    if webhook.failures >= FAILURES_UNTIL_DISABLED:
        webhook.status = "disabled"
