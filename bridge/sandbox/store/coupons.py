"""Coupons: making one, and letting an order have it."""

from collections.abc import Iterable
from decimal import Decimal

from bridge.sandbox.store import totals
from bridge.sandbox.store.figures import ZERO
from bridge.sandbox.store.model import Coupon, CouponLine, ItemKind, Order
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.shop import Shop

_KINDS = ("percent", "fixed_cart", "fixed_product")


def make(shop: Shop, code: str, kind: str, amount: Decimal) -> Coupon:
    """Put a coupon into the books; codes are kept in lower case."""
    if kind not in _KINDS:
        words = "discount_type is not one of percent, fixed_cart, and fixed_product."
        raise Refusal.parameter("discount_type", "rest_not_in_enum", words)
    code = code.lower()
    if code in shop.coupons:
        raise Refusal(400, "woocommerce_rest_coupon_code_already_exists", "The coupon code already exists")
    coupon = Coupon(id=next(shop.ids), code=code, kind=kind, amount=amount, created=shop.now())
    shop.coupons[code] = coupon
    return coupon


def apply(shop: Shop, order: Order, codes: Iterable[str]) -> None:
    """Let the order have these coupons and no others, one after another. Recalculates."""
    products = order.of(ItemKind.PRODUCT)
    order.coupon_lines = []
    for item in products:
        item.total = item.subtotal
    shop.recalculate(order)
    for code in codes:
        coupon = shop.coupons.get(code.lower())
        if coupon is None:
            raise Refusal(400, "woocommerce_rest_invalid_coupon", f'Coupon "{code}" does not exist!')
        before = [(item.total, item.tax) for item in products]
        totals.discount(coupon, products, shop.decimals)
        shop.recalculate(order)
        cuts = [(net - item.total, tax - item.tax) for (net, tax), item in zip(before, products, strict=True)]
        order.coupon_lines.append(
            CouponLine(
                id=next(shop.item_ids),
                coupon=coupon,
                discount=sum((net for net, _ in cuts), ZERO),
                discount_tax=sum((tax for _, tax in cuts), ZERO),
                meta_id=next(shop.item_meta_ids),
            )
        )
