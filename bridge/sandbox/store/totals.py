"""The store's arithmetic: taxes of items, sums of an order, discounts of coupons. It changes only what it is given.

Products, shipping and fees are taxed at the rate of their tax class. A negative fee is a discount over the rest of
the order: its tax follows the order's own mix of rates, and whether it is marked taxable makes no difference
(recordings, 19).
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from bridge.domain.money import split
from bridge.sandbox.store.figures import ZERO, rounded
from bridge.sandbox.store.model import Coupon, Item, ItemKind, Order, Rate, Tax, TaxLine

RATES: Mapping[str, Rate] = {
    "": Rate(id=1, code="SE-MOMS-1", label="Moms", percent=Decimal(25)),
    "reduced-rate": Rate(id=2, code="SE-MOMS 12-1", label="Moms 12", percent=Decimal(12)),
    "super-reduced-rate": Rate(id=3, code="SE-MOMS 6-1", label="Moms 6", percent=Decimal(6)),
}
"""By tax class; a class that is not here ("zero-rate") is not taxed. Only the first is recorded."""


def tax_items(order: Order, decimals: int) -> None:
    """Work out every item's taxes anew from its net figures."""
    for item in order.items:
        if not _is_discount(item):
            rate = RATES.get(item.tax_class) if item.tax_status == "taxable" else None
            item.taxes = [] if rate is None else [_tax(rate, item.subtotal, item.total, decimals)]
    for item in filter(_is_discount, order.items):
        item.taxes = [
            _tax(rate, net, net, decimals)
            for rate, net in _spread(item.total, _nets(order), decimals).items()
            if rate is not None
        ]


def tax_lines(items: Iterable[Item], known: Iterable[TaxLine], next_id: Callable[[], int]) -> list[TaxLine]:
    """Sum the items' taxes by rate; a rate that was there before keeps its line's id."""
    ids = {line.rate.id: line.id for line in known}
    lines: dict[int, TaxLine] = {}
    for item in items:
        for tax in item.taxes:
            line = lines.get(tax.rate.id)
            if line is None:
                line_id = ids.get(tax.rate.id) or next_id()
                line = lines[tax.rate.id] = TaxLine(id=line_id, rate=tax.rate, tax=ZERO, shipping_tax=ZERO)
            if item.kind is ItemKind.SHIPPING:
                line.shipping_tax += tax.total
            else:
                line.tax += tax.total
    return list(lines.values())


def discount(coupon: Coupon, items: list[Item], decimals: int) -> None:
    """Take the coupon off the products' totals (not off shipping and fees), never below zero."""
    if coupon.kind == "percent":
        cuts = [rounded(item.total * coupon.amount / 100, decimals) for item in items]
    elif coupon.kind == "fixed_product":
        cuts = [coupon.amount * item.quantity for item in items]
    else:
        whole = min(coupon.amount, sum((item.total for item in items), ZERO))
        minor = int(rounded(whole, decimals).scaleb(decimals))
        parts = split(minor, [item.total for item in items]) if items else []
        cuts = [Decimal(part).scaleb(-decimals) for part in parts]
    for item, cut in zip(items, cuts, strict=True):
        item.total -= min(cut, item.total)


def _tax(rate: Rate, subtotal: Decimal, total: Decimal, decimals: int) -> Tax:
    return Tax(
        rate=rate,
        subtotal=rounded(subtotal * rate.percent / 100, decimals),
        total=rounded(total * rate.percent / 100, decimals),
    )


def _is_discount(item: Item) -> bool:
    return item.kind is ItemKind.FEE and item.total < 0


def _nets(order: Order) -> dict[Rate | None, Decimal]:
    """What the order's products cost at each rate; None: what pays no tax."""
    nets: dict[Rate | None, Decimal] = {}
    for item in order.of(ItemKind.PRODUCT):
        rate = item.taxes[0].rate if item.taxes else None
        nets[rate] = nets.get(rate, ZERO) + item.total
    return nets


def _spread(total: Decimal, nets: dict[Rate | None, Decimal], decimals: int) -> dict[Rate | None, Decimal]:
    minor = int(rounded(total, decimals).scaleb(decimals))
    parts = split(minor, list(nets.values())) if nets else []
    return {rate: Decimal(part).scaleb(-decimals) for rate, part in zip(nets, parts, strict=True)}
