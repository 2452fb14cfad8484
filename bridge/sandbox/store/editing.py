"""Orders written through the API: what each field of a POST or PUT does."""

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.store import coupons, refunds
from bridge.sandbox.store.figures import ZERO, amount
from bridge.sandbox.store.model import Item, ItemKind, Order
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.shop import Shop, Touch

_TEXTS = ("payment_method", "payment_method_title", "transaction_id", "customer_note", "created_via", "currency")
_NAME = {ItemKind.PRODUCT: "name", ItemKind.SHIPPING: "method_title", ItemKind.FEE: "name"}
_NULLED = ("product_id", "method_id", "method_title", "name")
"""A line that is posted with one of these as null is taken away."""


def create(shop: Shop, posted: Mapping[str, Any]) -> Order:
    """Make an order. It begins pending and is then moved to the posted status."""
    status = _status(shop, posted)
    order = shop.place()
    try:
        _fill(shop, order, posted)
    except Refusal:
        del shop.orders[order.id]
        raise
    if posted.get("set_paid") and status in (None, "pending"):
        status = "processing"
    if status is not None:
        shop.change_status(order, status)
    shop.announce("order.created", order)
    return order


def update(shop: Shop, order: Order, posted: Mapping[str, Any]) -> Order:
    """Change what is posted and leave the rest."""
    status = _status(shop, posted)
    _fill(shop, order, posted)
    if status is None or status == order.status:
        shop.saved(order, Touch.CONTENT)
        return order
    set_status(shop, order, status)
    return order


def set_status(shop: Shop, order: Order, status: str) -> None:
    """Move the order to a status and save it."""
    shop.change_status(order, status)
    if status == "refunded":
        refunds.refund_the_rest(shop, order)
    shop.saved(order, Touch.POST)


def _status(shop: Shop, posted: Mapping[str, Any]) -> str | None:
    status = posted.get("status")
    known = ["auto-draft", *(name for name in shop.statuses if name != "checkout-draft"), "checkout-draft"]
    if status is not None and status not in known:
        words = f"status is not one of {', '.join(known[:-1])}, and {known[-1]}."
        raise Refusal.parameter("status", "rest_not_in_enum", words)
    return status if isinstance(status, str) else None


def _fill(shop: Shop, order: Order, posted: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        if name in posted:
            setattr(order, name, str(posted[name]))
    order.billing.update(posted.get("billing") or {})
    order.shipping.update(posted.get("shipping") or {})
    for meta in posted.get("meta_data") or ():
        shop.set_meta(order, meta["key"], meta.get("value"))
    items = False
    for kind in ItemKind:
        for line in posted.get(kind.value) or ():
            items = True
            _write_item(shop, order, kind, line)
    if posted.get("coupon_lines") is not None:
        coupons.apply(shop, order, [line["code"] for line in posted["coupon_lines"] if line.get("code")])
    elif items:
        shop.recalculate(order)


def _write_item(shop: Shop, order: Order, kind: ItemKind, line: Mapping[str, Any]) -> None:
    item_id = line.get("id")
    known = next((item for item in order.of(kind) if item.id == item_id), None)
    if item_id and known is None:
        raise Refusal(
            400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order."
        )
    gone = any(name in line and line[name] is None for name in _NULLED) or line.get("quantity") == 0
    if gone:
        order.items = [item for item in order.items if item is not known]
        return
    item = known or _new_item(shop, kind, line)
    if known is None:
        order.items.append(item)
    _set_figures(item, line)


def _new_item(shop: Shop, kind: ItemKind, line: Mapping[str, Any]) -> Item:
    if kind is ItemKind.PRODUCT:
        product = shop.products.get(line.get("product_id") or 0)
        if product is None:
            message = "Product ID or SKU is required."
            raise Refusal(400, "woocommerce_rest_required_product_reference", message)
        return shop.product_item(product, int(line.get("quantity", 1)))
    return Item(id=next(shop.item_ids), kind=kind, name="", subtotal=ZERO, total=ZERO)


def _set_figures(item: Item, line: Mapping[str, Any]) -> None:
    """Take the posted figures as they are: a new quantity alone leaves the line's total where it was."""
    name = line.get(_NAME[item.kind])
    if name is not None:
        item.name = str(name)
    if "quantity" in line:
        item.quantity = int(line["quantity"])
    item.method_id = str(line.get("method_id", item.method_id))
    item.tax_class = str(line.get("tax_class", item.tax_class))
    item.tax_status = str(line.get("tax_status", item.tax_status))
    if "total" in line:
        item.total = amount(line["total"], "total")
    if item.kind is not ItemKind.PRODUCT:
        item.subtotal = item.total
    elif "subtotal" in line:
        item.subtotal = amount(line["subtotal"], "subtotal")
