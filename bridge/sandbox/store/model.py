"""What a store keeps: products, orders with their items, refunds and notes, coupons, webhooks. Data, no rules.

Mutable on purpose: this is a small database. Amounts are Decimals in major units, times are aware and in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A tax rate of the shop; `percent` 25 is 25 %."""

    id: int
    code: str
    label: str
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`price` is without tax; `tax_class` "" is the standard rate."""

    id: int
    name: str
    sku: str
    price: Decimal
    tax_class: str = ""


@dataclass(slots=True, kw_only=True)
class Meta:
    id: int
    key: str
    value: Any


class ItemKind(StrEnum):
    PRODUCT = "line_items"
    SHIPPING = "shipping_lines"
    FEE = "fee_lines"


@dataclass(slots=True, kw_only=True)
class Tax:
    """What one item pays at one rate, before (`subtotal`) and after (`total`) coupons."""

    rate: Rate
    subtotal: Decimal
    total: Decimal


@dataclass(slots=True, kw_only=True)
class Item:
    """A product, shipping or fee line of an order, or (with negative figures) of a refund."""

    id: int
    kind: ItemKind
    name: str
    quantity: int = 1
    subtotal: Decimal
    """Before coupons; the same as `total` for shipping and fees."""
    total: Decimal
    taxes: list[Tax] = field(default_factory=list)
    tax_class: str = ""
    tax_status: str = "taxable"
    product: Product | None = None
    method_id: str = ""
    meta: list[Meta] = field(default_factory=list)

    @property
    def tax(self) -> Decimal:
        return sum((tax.total for tax in self.taxes), Decimal(0))

    @property
    def subtotal_tax(self) -> Decimal:
        return sum((tax.subtotal for tax in self.taxes), Decimal(0))


@dataclass(slots=True, kw_only=True)
class TaxLine:
    """An order's or refund's sum of one rate."""

    id: int
    rate: Rate
    tax: Decimal
    shipping_tax: Decimal


@dataclass(slots=True, kw_only=True)
class Coupon:
    id: int
    code: str
    kind: str
    """percent, fixed_cart or fixed_product."""
    amount: Decimal
    created: datetime


@dataclass(slots=True, kw_only=True)
class CouponLine:
    id: int
    coupon: Coupon
    discount: Decimal
    discount_tax: Decimal
    meta_id: int


@dataclass(slots=True, kw_only=True)
class Note:
    id: int
    created: datetime
    text: str
    author: str = "WooCommerce"
    customer_note: bool = False


@dataclass(slots=True, kw_only=True)
class Refund:
    """`amount` is positive, its items are negative."""

    id: int
    order_id: int
    created: datetime
    amount: Decimal
    reason: str
    refunded_payment: bool
    items: list[Item] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Order:
    id: int
    number: str
    key: str
    status: str
    currency: str
    created: datetime
    modified: datetime
    paid: datetime | None = None
    completed: datetime | None = None
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    created_via: str = "rest-api"
    customer_note: str = ""
    billing: dict[str, str] = field(default_factory=dict)
    shipping: dict[str, str] = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)
    coupon_lines: list[CouponLine] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    before_trash: str = ""
    """The status to go back to when it is restored."""

    def of(self, kind: ItemKind) -> list[Item]:
        return [item for item in self.items if item.kind is kind]

    @property
    def total_tax(self) -> Decimal:
        return sum((line.tax + line.shipping_tax for line in self.tax_lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """With tax and after coupons; refunds do not lower it."""
        return sum((item.total for item in self.items), Decimal(0)) + self.total_tax

    @property
    def refunded(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds), Decimal(0))


@dataclass(slots=True, kw_only=True)
class Webhook:
    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    created: datetime
    modified: datetime | None = None
    status: str = "active"
    failures: int = 0
    """Failed deliveries in a row; to make it active again does not forget them."""
    ping_due: bool = True
    ping_pending: bool = True
    """Whether no ping was answered with 200 yet: every change of it makes the store try again."""
