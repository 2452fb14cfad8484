"""Refunds: made by staff or by the store itself, and taken away again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bridge.sandbox.store import totals
from bridge.sandbox.store.figures import ZERO
from bridge.sandbox.store.model import Item, Meta, Order, Refund, Tax
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.shop import Shop, Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is given back of one line of the order; positive, `taxes` by the rate's id."""

    quantity: int = 0
    total: Decimal = ZERO
    taxes: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal:
        return self.total + sum(self.taxes.values(), ZERO)


def make_refund(
    shop: Shop,
    order: Order,
    *,
    amount: Decimal,
    reason: str = "",
    parts: Mapping[int, Part] | None = None,
    refunded_payment: bool = False,
) -> Refund:
    """Book a refund of `amount` (with tax). Once everything is refunded, the order becomes so.

    The store does not ask whether the lines sum to the amount. An amount beyond what is left is refused with a
    500 whose `data` is the bare number (recordings, 16).
    """
    if amount <= 0 or amount > order.total - order.refunded:
        raise _refused("Invalid refund amount.")
    refund = Refund(
        id=next(shop.ids),
        order_id=order.id,
        created=shop.now(),
        amount=amount,
        reason=reason,
        refunded_payment=refunded_payment,
    )
    for item_id, part in (parts or {}).items():
        item = next((item for item in order.items if item.id == item_id), None)
        if item is not None and (part.quantity or part.amount):
            refund.items.append(_given_back(shop, item, part))
    refund.tax_lines = totals.tax_lines(refund.items, (), lambda: next(shop.item_ids))
    order.refunds.append(refund)
    everything = order.refunded == order.total
    if shop.modern:
        refund.meta.append(
            Meta(id=next(shop.meta_ids), key="_refund_type", value="full" if everything else "partial")
        )
    shop.mail(order, ["Refunded order"])
    if everything:
        shop.change_status(order, "refunded")
    shop.saved(order, Touch.POST)
    return refund


def refund_the_rest(shop: Shop, order: Order) -> None:
    """What the store does when staff set the status to refunded: book the rest, without lines (recordings, 13)."""
    left = order.total - order.refunded
    if left > 0:
        make_refund(shop, order, amount=left, reason="Order fully refunded.")
        shop.add_note(
            order,
            "Order status set to refunded. To return funds to the customer you will need to issue a refund "
            "through your payment gateway.",
        )


def no_gateway() -> Refusal:
    """The shop's payment method can't move money by itself (`api_refund`)."""
    return _refused("The payment gateway for this order does not exist.")


def _refused(message: str) -> Refusal:
    return Refusal(500, "woocommerce_rest_cannot_create_order_refund", message, data=500)


def _given_back(shop: Shop, item: Item, part: Part) -> Item:
    taxes = [
        Tax(rate=tax.rate, subtotal=-part.taxes[tax.rate.id], total=-part.taxes[tax.rate.id])
        for tax in item.taxes
        if tax.rate.id in part.taxes
    ]
    return Item(
        id=next(shop.item_ids),
        kind=item.kind,
        name=item.name,
        quantity=-part.quantity,
        subtotal=-part.total,
        total=-part.total,
        taxes=taxes,
        tax_class=item.tax_class,
        tax_status=item.tax_status,
        product=item.product,
        method_id=item.method_id,
        meta=[Meta(id=next(shop.item_meta_ids), key="_refunded_item_id", value=str(item.id))],
    )
