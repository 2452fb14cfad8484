"""What the shop's staff and its checkout do, as methods. They act through the same rules as the API.

Lines are named by their product's SKU ("MUGG") or, for freight and fees, by their name ("Frakt"); orders by id.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bridge.sandbox.store import coupons, editing, refunds
from bridge.sandbox.store.figures import ZERO, rounded
from bridge.sandbox.store.model import Item, ItemKind, Note, Order, Product
from bridge.sandbox.store.refunds import Part
from bridge.sandbox.store.shop import Backup, Shop, Touch

_CUSTOMER = {
    "first_name": "Anna",
    "last_name": "Berg",
    "address_1": "Storgatan 1",
    "city": "Lund",
    "postcode": "22222",
    "country": "SE",
    "email": "anna@example.com",
}


class Staff:
    """Raises KeyError for a line that is not there and Refusal for what the store does not allow."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    # ---- looking

    def order(self, order_id: int) -> Order:
        return self.shop.order(order_id)

    def total(self, order_id: int) -> Decimal:
        return self.order(order_id).total

    def status(self, order_id: int) -> str:
        return self.order(order_id).status

    def notes(self, order_id: int) -> list[Note]:
        """Return the order's notes, newest first."""
        return self.shop.newest(self.order(order_id).notes)

    def line(self, order_id: int, name: str) -> Item:
        for item in self.order(order_id).items:
            if name in (item.name, item.product.sku if item.product else ""):
                return item
        raise KeyError(name)

    # ---- orders

    def create_order(
        self,
        lines: Mapping[str, int],
        *,
        shipping: str | None = "49.00",
        payment_method: str = "resursbank",
        status: str = "processing",
        meta: Mapping[str, str] | None = None,
        transaction_id: str = "",
        fees: Mapping[str, str] | None = None,
        coupon: str = "",
    ) -> int:
        """Let a customer order products (SKU: how many); `shipping` and `fees` are without tax. Returns the id."""
        posted: dict[str, Any] = {
            "payment_method": payment_method,
            "payment_method_title": payment_method,
            "status": status,
            "transaction_id": transaction_id,
            "created_via": "checkout",
            "billing": _CUSTOMER,
            "line_items": [{"product_id": self._product(sku).id, "quantity": n} for sku, n in lines.items()],
            "fee_lines": [{"name": name, "total": total} for name, total in (fees or {}).items()],
            "meta_data": [{"key": key, "value": value} for key, value in (meta or {}).items()],
        }
        if shipping is not None:
            posted["shipping_lines"] = [{"method_id": "flat_rate", "method_title": "Frakt", "total": shipping}]
        if coupon:
            posted["coupon_lines"] = [{"code": coupon}]
        return editing.create(self.shop, posted).id

    def set_status(self, order_id: int, status: str) -> None:
        """Move the order to a status; out of the trash, use `restore`."""
        order = self.order(order_id)
        if order.status != status:
            editing.set_status(self.shop, order, status)

    def set_meta(self, order_id: int, key: str, value: str | None) -> None:
        """Write order meta; None removes it."""
        order = self.order(order_id)
        self.shop.set_meta(order, key, value)
        self.shop.saved(order, Touch.CONTENT)

    def trash(self, order_id: int) -> None:
        self.shop.trash(self.order(order_id))

    def restore(self, order_id: int) -> None:
        """Take it out of the trash, back to the status it had."""
        self.shop.restore(self.order(order_id))

    def delete(self, order_id: int) -> None:
        """Delete it for good."""
        self.shop.delete(self.order(order_id))

    def add_note(self, order_id: int, text: str) -> int:
        return self.shop.add_note(self.order(order_id), text, author="admin").id

    # ---- lines

    def set_quantity(self, order_id: int, name: str, quantity: int) -> None:
        """Edit a line in the order view, which keeps its price a piece."""
        order, item = self.order(order_id), self.line(order_id, name)
        for figure in ("subtotal", "total"):
            piece = getattr(item, figure) / (item.quantity or 1)
            setattr(item, figure, rounded(piece * quantity, self.shop.decimals))
        item.quantity = quantity
        self._edited(order)

    def add_line(self, order_id: int, sku: str, quantity: int = 1) -> None:
        order = self.order(order_id)
        order.items.append(self.shop.product_item(self._product(sku), quantity))
        self._edited(order)

    def remove_line(self, order_id: int, name: str) -> None:
        order, item = self.order(order_id), self.line(order_id, name)
        order.items.remove(item)
        self._edited(order)

    def swap_line(self, order_id: int, name: str, sku: str, quantity: int = 1) -> None:
        """Take one line out and put another product in, saved once."""
        order, item = self.order(order_id), self.line(order_id, name)
        order.items.remove(item)
        order.items.append(self.shop.product_item(self._product(sku), quantity))
        self._edited(order)

    def recalculate(self, order_id: int) -> None:
        """Click Recalculate."""
        self._edited(self.order(order_id))

    # ---- refunds

    def refund(
        self,
        order_id: int,
        amount: str | Decimal | None = None,
        lines: Mapping[str, int] | None = None,
        reason: str = "",
        *,
        refunded_payment: bool = False,
    ) -> int:
        """Enter a refund and return its id.

        `lines` says how many of each; of freight and fees any number means the whole line. `amount` (with tax) is
        by default what the lines come to, and without lines all that is left.
        """
        order = self.order(order_id)
        parts: dict[int, Part] = {}
        for name, quantity in (lines or {}).items():
            item = self.line(order_id, name)
            parts[item.id] = self._part(item, quantity)
        if amount is None:
            amount = sum((part.amount for part in parts.values()), ZERO) if parts else order.total - order.refunded
        return refunds.make_refund(
            self.shop,
            order,
            amount=Decimal(amount),
            reason=reason,
            parts=parts,
            refunded_payment=refunded_payment,
        ).id

    def delete_refund(self, order_id: int, refund_id: int) -> None:
        order = self.order(order_id)
        order.refunds = [refund for refund in order.refunds if refund.id != refund_id]

    def mark_refund_paid(self, order_id: int, refund_id: int) -> None:
        """Let the shop's own payment plugin say that it has moved the money (it is saved unpaid before)."""
        for refund in self.order(order_id).refunds:
            if refund.id == refund_id:
                refund.refunded_payment = True

    # ---- the shop

    def backup(self) -> Backup:
        """Back the shop's database up."""
        return self.shop.backup()

    def restore_backup(self, backup: Backup) -> None:
        """Put a backup back: orders, refunds and dates are as they were, and ids are given out again."""
        self.shop.go_back(backup)

    def add_product(self, sku: str, name: str, price: str, tax_class: str = "") -> int:
        """Stock another product; `price` is without tax, `tax_class` "" or "reduced-rate" (12 %) and so on."""
        product = Product(id=next(self.shop.ids), name=name, sku=sku, price=Decimal(price), tax_class=tax_class)
        self.shop.products[product.id] = product
        return product.id

    def add_coupon(self, code: str, amount: str, kind: str = "percent") -> None:
        coupons.make(self.shop, code, kind, Decimal(amount))

    def register_status(self, slug: str, name: str) -> None:
        """Let a plugin register an order status of its own."""
        self.shop.statuses[slug] = name

    def _product(self, sku: str) -> Product:
        return next(product for product in self.shop.products.values() if product.sku == sku)

    def _part(self, item: Item, quantity: int) -> Part:
        product = item.kind is ItemKind.PRODUCT
        of, pieces = (item.quantity, quantity) if product else (1, 1)
        return Part(
            quantity=quantity if product else 0,
            total=rounded(item.total * pieces / of, self.shop.decimals),
            taxes={tax.rate.id: rounded(tax.total * pieces / of, self.shop.decimals) for tax in item.taxes},
        )

    def _edited(self, order: Order) -> None:
        self.shop.recalculate(order)
        self.shop.saved(order, Touch.CONTENT)
