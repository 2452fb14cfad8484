"""What people do while the bridge works: customers, staff, somebody in the portal, the shop's plugin, an operator.

Each act is drawn from what is possible at that moment; what shop or provider refuse is told as such.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal

from bridge.db import persons, queries
from bridge.errors import BridgeError
from tests.simulation.story import Story, figure
from tests.simulation.town import GOODS, REFUSALS, Placed, Town, minor

Hint = Callable[[int], None]

_OPEN = ("processing", "on-hold")
_TRIES = 4
"""How many acts are drawn until one of them is possible."""


class People:
    """`hint` delivers the shop's webhook; `now` is the time by the bridge's machine, for what an operator types."""

    def __init__(
        self, town: Town, chance: random.Random, story: Story, hint: Hint, now: Callable[[], datetime]
    ) -> None:
        self._town, self._chance, self._story, self._hint, self._now = town, chance, story, hint, now
        self._later: set[asyncio.Task[None]] = set()

    async def act(self) -> None:
        """One act, or two between two looks of the bridge."""
        placed = self._chance.choice(list(self._town.orders.values()))
        for _ in range(self._chance.choice((1, 1, 1, 2, 2, 3))):
            who = self._chance.choices(
                ("staff", "portal"), (8, 1 + 2 * (self._town.plan.lag.total_seconds() == 0))
            )[0]
            acts = _STAFF if who == "staff" else _PORTAL
            drawn = self._chance.choices(list(acts), list(acts.values()), k=_TRIES)
            any(self.do(who, placed, act) for act in drawn)
        if self._chance.random() < 0.4:
            self._hint(placed.id)

    def do(self, who: str, placed: Placed, act: "Act") -> bool:
        """Do this, where it is possible; say whether it was."""
        try:
            told = act(self, placed)
        except (*REFUSALS, KeyError) as refusal:
            self._story.tell(who, f"order {placed.id}: {act.__name__}: refused ({refusal})")
            return False
        if told:
            self._town.touch(placed)
            self._story.tell(who, f"order {placed.id}: {told}")
        return bool(told)

    def order(self) -> None:
        """A customer orders, and pays now or later."""
        chance, town = self._chance, self._town
        goods = chance.choice(GOODS)
        if chance.random() < 0.15:
            placed = town.place(goods, "pending")
            self._story.tell("customer", f"order {placed.id} of {figure(town.total(placed))}, to be paid later")
            self._in(chance.uniform(5, 400), self._pays_late(placed))
            return
        at_once = chance.random() < 0.12
        placed = town.place(goods, "processing")
        town.pay(placed, at_once=at_once)
        how = "paid at once" if at_once else "reserved"
        self._story.tell("customer", f"order {placed.id} of {figure(town.total(placed))}, {how}")

    async def _pays_late(self, placed: Placed) -> None:
        order = self._town.order(placed)
        if order is not None and order.status == "pending":
            self._town.pay(placed, at_once=False)
            self._town.store.set_status(placed.id, "processing")
            self._town.touch(placed)
            self._story.tell("customer", f"order {placed.id} is paid: {figure(self._town.total(placed))} reserved")

    async def operator(self) -> None:
        """Somebody types a command about an action that has not ended."""
        try:
            actions = [it for it in await queries.actions() if it["state"] not in ("done", "dropped")]
            if not actions:
                return
            action = self._chance.choice(actions)
            word = self._chance.choice(("retry", "retry", "approve", "drop", "adopt"))
            said: Callable[[], Awaitable[persons.Said]] = {
                "retry": lambda: persons.retry(action["id"], self._now()),
                "approve": lambda: persons.approve(action["id"], self._now()),
                "drop": lambda: persons.drop(action["id"], "not wanted", self._now()),
                "adopt": lambda: persons.adopt_refund(action["id"], self._now()),
            }[word]
            placed = self._town.orders[action["order"]]
            placed.told |= word != "retry"
            self._town.touch(placed)
            answer = (await said()).text
        except BridgeError as error:
            answer = f"refused: {error}"
        except Exception as error:  # noqa: BLE001 - the database has its troubles for this command too
            answer = f"failed: {type(error).__name__}"
        self._story.tell("operator", answer)

    async def go_home(self) -> None:
        """Let what was to come later happen now, or never; from here on nobody acts."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        for placed in self._town.orders.values():
            if self._town.side.name == "resurs" and placed.payment:
                self._town.resurs.unfreeze(placed.payment)

    def _in(self, seconds: float, what: Awaitable[None]) -> None:
        async def later() -> None:
            await asyncio.sleep(seconds)
            await what

        task = asyncio.create_task(later())
        self._later.add(task)

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
            act = People.capture_all if status == "completed" else People.cancel_payment
            self._in(self._chance.choice((0.0, 0.5, 3.0, 8.0)), self._plugin(placed, act))
        return f"{was} → {status}"

    def _refund(self, placed: Placed, amount: Decimal | None = None, lines: dict[str, int] | None = None) -> str:
        refund = self._town.store.refund(placed.id, amount=amount, lines=lines)
        order = self._town.order(placed)
        made = next(it for it in order.refunds if it.id == refund) if order else None
        if self._town.plan.plugin and placed.payment and made:
            pays = self._plugin_pays(placed, refund, minor(made.amount))
            self._in(self._chance.choice((0.5, 3.0, 20.0)), pays)
        return f"refund {refund} of {made.amount if made else 0:.2f} ({'by lines' if lines else 'an amount only'})"

    # ---- the shop's plugin

    async def _plugin(self, placed: Placed, act: "Act") -> None:
        self.do("plugin", placed, act)

    async def _plugin_pays(self, placed: Placed, refund: int, amount: int) -> None:
        """The gateway pays and the shop marks the refund as paid, or it fails and the shop takes it back."""
        if self._chance.random() < 0.3:
            self._town.store.delete_refund(placed.id, refund)
            told = f"could not pay refund {refund}: the shop takes it back"
        else:
            try:
                self._town.side.refund(placed.payment, amount)
                self._town.store.mark_refund_paid(placed.id, refund)
                told = f"pays refund {refund} of {figure(amount)} and marks it as paid"
            except REFUSALS as refusal:
                self._town.store.delete_refund(placed.id, refund)
                told = f"refund {refund} refused ({refusal}): the shop takes it back"
        self._town.touch(placed)
        self._story.tell("plugin", f"order {placed.id}: {told}")

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
        self._in(self._chance.uniform(10, 300), self._thaw(placed))
        return "the payment is frozen"

    async def _thaw(self, placed: Placed) -> None:
        self._town.resurs.unfreeze(placed.payment)
        self._town.touch(placed)
        self._story.tell("portal", f"order {placed.id}: the payment is accepted again")

    def _capture(self, placed: Placed, part: int) -> str:
        amount = self._town.books(placed)[0] // part
        if not amount:
            return ""
        self._town.side.capture(placed.payment, amount)
        return f"{figure(amount)} is captured at the provider"


Act = Callable[[People, Placed], str]

_STAFF: dict[Act, int] = {
    People.complete: 10,
    People.cancel: 4,
    People.cancel_late: 1,
    People.set_back: 3,
    People.put_on_hold: 1,
    People.set_refunded: 1,
    People.refund_a_line: 6,
    People.refund_an_amount: 5,
    People.delete_a_refund: 2,
    People.raise_total: 4,
    People.lower_total: 5,
    People.swap_lines: 1,
    People.trash: 1,
    People.restore: 3,
}
_PORTAL: dict[Act, int] = {
    People.capture_all: 3,
    People.capture_half: 3,
    People.cancel_payment: 2,
    People.pay_back: 5,
    People.freeze: 1,
}
"""How often each is done, one against another."""
