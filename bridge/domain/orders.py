"""An order as the bridge knows it: ids, amounts, statuses and line descriptions, no personal data."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

GONE = "deleted"
"""The status we give an order that the store no longer has (its id answers 404)."""


class LineKind(StrEnum):
    PRODUCT = "product"
    SHIPPING = "shipping"
    FEE = "fee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an order, or of a refund (there with positive figures).

    `net` and `tax` are the store's figures in major units after coupons; `rate` is the VAT in percent that
    the tax stored on the line stands for (25, 12.5, 0). A negative fee is negative here too.
    """

    id: int
    kind: LineKind
    name: str
    reference: str
    """The product's SKU, else its id, else the line's id; never empty."""
    quantity: Decimal
    net: Decimal
    tax: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund that staff made in the store.

    The order's own list gives `id` and `amount` alone; the rest is None or empty until the refund itself was
    read (`orders/ID/refunds`).
    """

    id: int
    amount: int
    """Minor units, positive."""
    created: datetime | None = None
    paid_by_shop: bool | None = None
    """`refunded_payment`: a gateway plugin in the shop says that it has moved the money already."""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One consistent look at an order."""

    id: int
    number: str
    status: str
    currency: str
    total: int
    """Minor units. It does not fall when something is refunded."""
    created: datetime
    modified: datetime
    paid: datetime | None
    payment_method: str
    transaction_id: str
    completed: datetime | None = None
    """When it last became `completed`; the store keeps no such date for other statuses."""
    meta: tuple[tuple[str, str], ...] = ()
    """Only the keys that name a payment, and `wc_bridge`; sorted."""
    lines: tuple[Line, ...] = ()
    refunds: tuple[Refund, ...] = ()
    """Lowest id first."""

    @property
    def refunded(self) -> int:
        """F: the sum of the live refunds, minor units."""
        return sum([refund.amount for refund in self.refunds])

    def meta_value(self, key: str) -> str:
        """Return the meta value under `key`, or ""."""
        return dict(self.meta).get(key, "")

    def refund(self, refund_id: int) -> Refund | None:
        return next((refund for refund in self.refunds if refund.id == refund_id), None)
