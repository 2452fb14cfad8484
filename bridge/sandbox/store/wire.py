"""Orders, refunds and notes as the API writes them, field for field and in its order (recordings 01, 11, 19)."""

from datetime import datetime
from typing import Any

from bridge.sandbox.store import statuses
from bridge.sandbox.store.figures import ZERO, padded
from bridge.sandbox.store.lines import UNRESTRICTED, Json, LineWriter
from bridge.sandbox.store.model import Coupon, ItemKind, Meta, Note, Order, Refund, Webhook
from bridge.sandbox.store.shop import Shop, Storage

_SHIPPING = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
_WHOLE = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Writer:
    """Writes for one shop, whose address is `home`."""

    def __init__(self, shop: Shop, home: str) -> None:
        self._shop, self.home = shop, home
        self._lines = LineWriter(shop)

    @property
    def api(self) -> str:
        return f"{self.home}/wp-json/wc/v3"

    # ---- orders

    def order(self, order: Order) -> Json:
        lines = order.of(ItemKind.PRODUCT)
        shipping, fees = order.of(ItemKind.SHIPPING), order.of(ItemKind.FEE)
        cut = sum((item.subtotal - item.total for item in lines), ZERO)
        cut_tax = sum((item.subtotal_tax - item.tax for item in lines), ZERO)
        key = order.key
        body = {
            "id": order.id,
            "parent_id": 0,
            "status": order.status,
            "currency": order.currency,
            "version": self._shop.version,
            "prices_include_tax": False,
            "date_created": self._local(order.created),
            "date_modified": self._local(order.modified),
            "discount_total": self._pad(cut),
            "discount_tax": self._pad(cut_tax),
            "shipping_total": self._pad(sum((item.total for item in shipping), ZERO)),
            "shipping_tax": self._pad(sum((line.shipping_tax for line in order.tax_lines), ZERO)),
            "cart_tax": self._pad(sum((line.tax for line in order.tax_lines), ZERO)),
            "total": self._pad(order.total),
            "total_tax": self._pad(order.total_tax),
            "customer_id": 0,
            "order_key": key,
            "billing": {name: order.billing.get(name, "") for name in (*_SHIPPING, "email", "phone")},
            "shipping": {name: order.shipping.get(name, "") for name in (*_SHIPPING, "phone")},
            "payment_method": order.payment_method,
            "payment_method_title": order.payment_method_title,
            "transaction_id": order.transaction_id,
            "customer_ip_address": "",
            "customer_user_agent": "",
            "created_via": order.created_via,
            "customer_note": order.customer_note,
            "date_completed": self._local(order.completed),
            "date_paid": self._local(order.paid),
            "cart_hash": "",
            "number": order.number,
            "meta_data": self._meta(order.meta),
            "line_items": [self._lines.item(item) for item in lines],
            "tax_lines": [self._lines.tax_line(line) for line in order.tax_lines],
            "shipping_lines": [self._lines.item(item) for item in shipping],
            "fee_lines": [self._lines.item(item) for item in fees],
            "coupon_lines": [self._lines.coupon_line(line) for line in order.coupon_lines],
            "refunds": [self._short_refund(refund) for refund in self._shop.newest(order.refunds)],
            "payment_url": f"{self.home}/checkout/order-pay/{order.id}/?pay_for_order=true&key={key}",
            "is_editable": order.status in statuses.EDITABLE,
            "needs_payment": order.status in statuses.UNPAID and order.total > 0,
            "needs_processing": bool(lines),
            "date_created_gmt": _gmt(order.created),
            "date_modified_gmt": _gmt(order.modified),
            "date_completed_gmt": _gmt(order.completed),
            "date_paid_gmt": _gmt(order.paid),
            "currency_symbol": SYMBOLS.get(order.currency, order.currency),
        }
        links = self._links(f"orders/{order.id}", _WHOLE)
        if self._shop.modern:
            mails = f"{self.api}/orders/{order.id}/actions/email_templates"
            links["email_templates"] = [{"embeddable": True, "href": mails}]
        return body | {"_links": links}

    # ---- refunds, notes, coupons, webhooks

    def _short_refund(self, refund: Refund) -> Json:
        tax = sum((item.tax for item in refund.items), ZERO)
        short = {"id": refund.id, "reason": refund.reason, "total": self._pad(-refund.amount)}
        return short | ({"total_tax": self._pad(tax)} if self._shop.modern else {})

    def refund(self, refund: Refund, *, whose: bool = False) -> Json:
        """Write a refund in full; `whose` adds its order, as the list over the whole store does."""
        order = f"orders/{refund.order_id}"
        return {
            "id": refund.id,
            **({"parent_id": refund.order_id} if whose else {}),
            "date_created": self._local(refund.created),
            "date_created_gmt": _gmt(refund.created),
            "amount": self._pad(refund.amount),
            "reason": refund.reason,
            "refunded_by": 1,
            "refunded_payment": refund.refunded_payment,
            "meta_data": self._meta(refund.meta),
            "line_items": [self._lines.item(item) for item in refund.items if item.kind is ItemKind.PRODUCT],
            "shipping_lines": [self._lines.item(item) for item in refund.items if item.kind is ItemKind.SHIPPING],
            "tax_lines": [self._lines.tax_line(line) for line in refund.tax_lines],
            "fee_lines": [self._lines.item(item) for item in refund.items if item.kind is ItemKind.FEE],
            "_links": self._links(f"{order}/refunds/{refund.id}", ["GET", "DELETE"], up=order),
        }

    def note(self, order: Order, note: Note) -> Json:
        path = f"orders/{order.id}"
        return {
            "id": note.id,
            "author": note.author,
            "date_created": self._local(note.created),
            "date_created_gmt": _gmt(note.created),
            "note": note.text,
            "customer_note": note.customer_note,
            "_links": self._links(f"{path}/notes/{note.id}", ["GET", "DELETE"], up=path),
        }

    def coupon(self, coupon: Coupon) -> Json:
        local, gmt = self._local(coupon.created), _gmt(coupon.created)
        return {
            "id": coupon.id,
            "code": coupon.code,
            "amount": self._pad(coupon.amount),
            "status": "publish",
            "date_created": local,
            "date_created_gmt": gmt,
            "date_modified": local,
            "date_modified_gmt": gmt,
            "discount_type": coupon.kind,
            "description": "",
            "date_expires": None,
            "date_expires_gmt": None,
            "usage_count": 0,
            "usage_limit": None,
            "usage_limit_per_user": None,
            "limit_usage_to_x_items": None,
            **UNRESTRICTED,
            "minimum_amount": self._pad(ZERO),
            "maximum_amount": self._pad(ZERO),
            "used_by": [],
            "meta_data": [],
            "_links": self._links(f"coupons/{coupon.id}", _WHOLE),
        }

    def webhook(self, webhook: Webhook) -> Json:
        resource, event = webhook.topic.split(".", maxsplit=1)
        return {
            "id": webhook.id,
            "name": webhook.name,
            "status": webhook.status,
            "topic": webhook.topic,
            "resource": resource,
            "event": event,
            "hooks": HOOKS[webhook.topic],
            "delivery_url": webhook.delivery_url,
            "date_created": self._local(webhook.created),
            "date_created_gmt": _gmt(webhook.created),
            "date_modified": self._local(webhook.modified),
            "date_modified_gmt": _gmt(webhook.modified),
            "_links": self._links(f"webhooks/{webhook.id}", _WHOLE),
        }

    # ---- parts

    def _pad(self, value: Any) -> str:
        return padded(value, self._shop.decimals)

    def _local(self, moment: datetime | None) -> str | None:
        return None if moment is None else f"{self._shop.local(moment):%Y-%m-%dT%H:%M:%S}"

    def _meta(self, metas: list[Meta]) -> list[Json]:
        """HPOS reads meta along its index of keys, posts storage in the order of writing (recordings, 17, 22)."""
        hpos = self._shop.storage is Storage.HPOS
        ordered = sorted(metas, key=lambda meta: (meta.key, meta.id)) if hpos else metas
        return [{"id": meta.id, "key": meta.key, "value": meta.value} for meta in ordered]

    def _links(self, path: str, allow: list[str], up: str = "") -> Json:
        collection = path.rsplit("/", maxsplit=1)[0]
        links: Json = {
            "self": [{"href": f"{self.api}/{path}", "targetHints": {"allow": allow}}],
            "collection": [{"href": f"{self.api}/{collection}"}],
        }
        return links | ({"up": [{"href": f"{self.api}/{up}"}]} if up else {})


SYMBOLS = {"SEK": "kr", "NOK": "kr", "DKK": "kr.", "EUR": "€", "JPY": "¥"}
HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post"],
    "order.restored": ["untrashed_post"],
}
"""The topics there are, with WordPress's hooks behind each; only those of `order.updated` are recorded."""


def _gmt(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}"
