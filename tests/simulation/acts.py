"""What staff do in the shop, and somebody in the provider's portal: one act each, told in a few words.

An act that is not possible as things are does nothing and tells nothing. What it leads to later is for `People`.
"""

import random
from collections.abc import Callable
from decimal import Decimal

from tests.simulation.story import figure
from tests.simulation.town import Placed, Town, minor

_OPEN = ("processing", "on-hold")


class Acts:
    """The three hooks are called where more is to follow by itself."""

    def __init__(self, town: Town, chance: random.Random) -> None:
        self._town, self._chance = town, chance

    def status_set(self, placed: Placed, status: str) -> None:
        """The shop's plugin sees a status."""

    def refund_made(self, placed: Placed, refund: int, amount: int) -> None:
        """The shop's plugin is asked to pay a refund."""

    def frozen(self, placed: Placed) -> None:
        """The payment will be accepted again."""

    # ---- staff

    def complete(self, placed: Placed) -> str:
        return self._status(placed, "completed", _OPEN)

    def cancel(self, placed: Placed) -> str:
        return self._status(placed, "cancelled", (*_OPEN, "pending"))

    def cancel_late(self, placed: Placed) -> str:
        return self._status(placed, "cancelled", ("completed",))

    def set_back(self, placed: Placed) -> str:
        return self._status(placed, "processing", ("completed", "cancelled", "on-hold"))

    def put_on_hold(self, placed: Placed) -> str:
        return self._status(placed, "on-hold", ("processing",))

    def set_refunded(self, placed: Placed) -> str:
        return self._status(placed, "refunded", (*_OPEN, "completed"))

    def refund_a_line(self, placed: Placed) -> str:
        order = self._town.order(placed)
        if order is None or order.status not in (*_OPEN, "completed"):
            return ""
        goods = [it for it in order.items if it.product]
        if not goods:
            return ""
        item = self._chance.choice(goods)
        assert item.product is not None
        return self._refund(placed, lines={item.product.sku: 1})

    def refund_an_amount(self, placed: Placed) -> str:
        order = self._town.order(placed)
        if order is None or order.status not in (*_OPEN, "completed"):
            return ""
        left = minor(order.total - order.refunded)
        amount = self._chance.choice((left, left // 2, left // 3, 100))
        return self._refund(placed, amount=Decimal(amount) / 100) if 0 < amount <= left else ""

    def delete_a_refund(self, placed: Placed) -> str:
        order = self._town.order(placed)
        if order is None or not order.refunds:
            return ""
        refund = self._chance.choice(order.refunds)
        self._town.store.delete_refund(placed.id, refund.id)
        return f"refund {refund.id} of {refund.amount:.2f} is deleted"

    def raise_total(self, placed: Placed) -> str:
        order = self._town.order(placed)
        if order is None or order.status not in _OPEN:
            return ""
        self._town.store.add_line(placed.id, self._chance.choice(("MUGG", "BOK")))
        return f"total raised to {figure(self._town.total(placed))}"

    def lower_total(self, placed: Placed) -> str:
        order = self._town.order(placed)
        goods = [it for it in order.items if it.product] if order else []
        late = order is not None and order.status == "completed" and self._chance.random() < 0.2
        if order is None or (order.status not in _OPEN and not late) or not goods:
            return ""
        item = self._chance.choice(goods)
        assert item.product is not None
        if item.quantity > 1:
            self._town.store.set_quantity(placed.id, item.product.sku, item.quantity - 1)
        elif len(goods) > 1:
            self._town.store.remove_line(placed.id, item.product.sku)
        else:
            return ""
        return f"total lowered to {figure(self._town.total(placed))}"

    def swap_lines(self, placed: Placed) -> str:
        order = self._town.order(placed)
        if order is None or order.status not in _OPEN:
            return ""
        self._town.store.swap_line(placed.id, "BOK", "BOK")
        return "a line is taken out and put in again, the total stays"

    def trash(self, placed: Placed) -> str:
        order = self._town.order(placed)
        if order is None or order.status == "trash":
            return ""
        self._town.store.trash(placed.id)
        return "put to the trash"

    def restore(self, placed: Placed) -> str:
        order = self._town.order(placed)
        if order is None or order.status != "trash":
            return ""
        self._town.store.restore(placed.id)
        return f"taken out of the trash: {order.status}"

    def _status(self, placed: Placed, status: str, before: tuple[str, ...]) -> str:
        order = self._town.order(placed)
        if order is None or order.status not in before:
            return ""
        was = order.status
        self._town.store.set_status(placed.id, status)
        if self._town.plan.plugin and placed.payment and status in ("completed", "cancelled"):
            self.status_set(placed, status)
        return f"{was} → {status}"

    def _refund(self, placed: Placed, amount: Decimal | None = None, lines: dict[str, int] | None = None) -> str:
        refund = self._town.store.refund(placed.id, amount=amount, lines=lines)
        order = self._town.order(placed)
        made = next(it for it in order.refunds if it.id == refund) if order else None
        if self._town.plan.plugin and placed.payment and made:
            self.refund_made(placed, refund, minor(made.amount))
        return f"refund {refund} of {made.amount if made else 0:.2f} ({'by lines' if lines else 'an amount only'})"

    # ---- the provider's portal

    def capture_all(self, placed: Placed) -> str:
        return self._capture(placed, 1)

    def capture_half(self, placed: Placed) -> str:
        return self._capture(placed, 2)

    def cancel_payment(self, placed: Placed) -> str:
        if not self._town.books(placed)[0]:
            return ""
        self._town.side.cancel(placed.payment)
        return "all that is reserved is released at the provider"

    def pay_back(self, placed: Placed) -> str:
        _, captured, returned = self._town.books(placed)
        amount = (captured - returned) // self._chance.choice((1, 2, 4))
        if not amount:
            return ""
        self._town.side.refund(placed.payment, amount)
        return f"{figure(amount)} is returned at the provider"

    def freeze(self, placed: Placed) -> str:
        if self._town.side.name != "resurs" or not placed.payment:
            return ""
        self._town.resurs.freeze(placed.payment)
        self.frozen(placed)
        return "the payment is frozen"

    def _capture(self, placed: Placed, part: int) -> str:
        amount = self._town.books(placed)[0] // part
        if not amount:
            return ""
        self._town.side.capture(placed.payment, amount)
        return f"{figure(amount)} is captured at the provider"


Act = Callable[[Acts, Placed], str]

STAFF: dict[Act, int] = {
    Acts.complete: 10,
    Acts.cancel: 4,
    Acts.cancel_late: 1,
    Acts.set_back: 3,
    Acts.put_on_hold: 1,
    Acts.set_refunded: 1,
    Acts.refund_a_line: 6,
    Acts.refund_an_amount: 5,
    Acts.delete_a_refund: 2,
    Acts.raise_total: 4,
    Acts.lower_total: 5,
    Acts.swap_lines: 1,
    Acts.trash: 1,
    Acts.restore: 3,
}
PORTAL: dict[Act, int] = {
    Acts.capture_all: 3,
    Acts.capture_half: 3,
    Acts.cancel_payment: 2,
    Acts.pay_back: 5,
    Acts.freeze: 1,
}
"""How often each is done, one against another."""
