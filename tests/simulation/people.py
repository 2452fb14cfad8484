"""What people do while the bridge works: customers, staff, somebody in the portal, the shop's plugin, an operator.

Each act is drawn from what is possible at that moment; what shop or provider refuse is told as such.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from bridge.db import persons, queries
from bridge.errors import BridgeError
from tests.simulation.acts import PORTAL, STAFF, Act, Acts
from tests.simulation.story import Story, figure
from tests.simulation.town import GOODS, REFUSALS, Placed, Town

Hint = Callable[[int], None]

_TRIES = 4
"""How many acts are drawn until one of them is possible."""


class People(Acts):
    """`hint` delivers the shop's webhook; `now` is the time by the bridge's machine, for what an operator types."""

    def __init__(
        self, town: Town, chance: random.Random, story: Story, hint: Hint, now: Callable[[], datetime]
    ) -> None:
        super().__init__(town, chance)
        self._story, self._hint, self._now = story, hint, now
        self._later: set[asyncio.Task[None]] = set()

    async def act(self) -> None:
        """One act, or two between two looks of the bridge."""
        placed = self._chance.choice(list(self._town.orders.values()))
        for _ in range(self._chance.choice((1, 1, 1, 2, 2, 3))):
            who = self._chance.choices(
                ("staff", "portal"), (8, 1 + 2 * (self._town.plan.lag.total_seconds() == 0))
            )[0]
            acts = STAFF if who == "staff" else PORTAL
            drawn = self._chance.choices(list(acts), list(acts.values()), k=_TRIES)
            any(self.do(who, placed, act) for act in drawn)
        if self._chance.random() < 0.4:
            self._hint(placed.id)

    def do(self, who: str, placed: Placed, act: Act) -> bool:
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
            self._in(chance.uniform(5, 400), partial(self._pays_late, placed))
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

    def _in(self, seconds: float, what: Callable[[], Awaitable[None]]) -> None:
        async def later() -> None:
            await asyncio.sleep(seconds)
            await what()

        task = asyncio.create_task(later())
        self._later.add(task)

    # ---- the shop's plugin

    def status_set(self, placed: Placed, status: str) -> None:
        act = Acts.capture_all if status == "completed" else Acts.cancel_payment
        self._in(self._chance.choice((0.0, 0.5, 3.0, 8.0)), partial(self._plugin, placed, act))

    def refund_made(self, placed: Placed, refund: int, amount: int) -> None:
        self._in(self._chance.choice((0.5, 3.0, 20.0)), partial(self._plugin_pays, placed, refund, amount))

    async def _plugin(self, placed: Placed, act: Act) -> None:
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

    # ---- the provider

    def frozen(self, placed: Placed) -> None:
        self._in(self._chance.uniform(10, 300), partial(self._thaw, placed))

    async def _thaw(self, placed: Placed) -> None:
        self._town.resurs.unfreeze(placed.payment)
        self._town.touch(placed)
        self._story.tell("portal", f"order {placed.id}: the payment is accepted again")
