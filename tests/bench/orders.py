"""What customers and staff do in the sandboxes, many times over; each is asked of them through `Sandboxes.ask`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from bridge.app import utc_now
from bridge.demo.houses import CURRENCY, House
from bridge.demo.sandboxes import BASKET
from bridge.domain.money import to_minor
from bridge.sandbox.store import StoreSandbox
from tests.bench.sandboxes import Street

OLD, YEAR = timedelta(days=100), timedelta(days=365)
LOWERED = "MUGG"
"""The line of the basket of which staff take one piece away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What staff do, each with orders of its own; at Ecster, where a reservation can't be changed, no modifies."""

    captures: int
    cancels: int
    refunds: int
    modifies: int

    @property
    def count(self) -> int:
        return self.captures + self.cancels + self.refunds + self.modifies

    @classmethod
    def of(cls, count: int) -> "Changes":
        """Half of them captures, the rest cancels, refunds and modifies."""
        rest = count - count // 2
        cancels = refunds = rest // 3
        return cls(captures=count // 2, cancels=cancels, refunds=refunds, modifies=rest - cancels - refunds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The orders that are to be changed, by what is to be done, as the store numbers them."""

    complete: tuple[int, ...]
    cancel: tuple[int, ...]
    refund: tuple[int, ...]
    lower: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        return (*self.complete, *self.cancel, *self.refund, *self.lower)


async def sell(street: Street, changes: Changes) -> Orders:
    """Let customers buy, at both providers in turn; those to be refunded are delivered and captured at once."""
    store = street.stores[0]

    def sold(count: int, houses: Sequence[House], status: str = "processing") -> tuple[int, ...]:
        return tuple(_sold(store, houses[place % len(houses)], status) for place in range(count))

    orders = Orders(
        complete=sold(changes.captures, street.houses),
        cancel=sold(changes.cancels, street.houses),
        refund=sold(changes.refunds, street.houses, "completed"),
        lower=sold(changes.modifies, (street.resurs,)),
    )
    for order_id in orders.refund:
        order = store.order(order_id)
        house = next(it for it in street.houses if it.payment_method == order.payment_method)
        house.capture(next(meta.value for meta in order.meta if meta.key == house.id_key))
    return orders


def _sold(store: StoreSandbox, house: House, status: str) -> int:
    order_id = store.create_order(BASKET, payment_method=house.payment_method, status=status)
    order = store.order(order_id)
    payment_id = house.reserve(order.number, to_minor(order.total, CURRENCY))
    store.set_meta(order_id, house.id_key, payment_id)
    return order_id


async def begin(street: Street, first: int) -> None:
    """Let the ids of the first store's orders begin there."""
    street.stores[0].shop.ids = count(first)


async def change(street: Street, orders: Orders) -> None:
    """Let staff do to each what is to be done to it."""
    store = street.stores[0]
    for order_id in orders.complete:
        store.set_status(order_id, "completed")
    for order_id in orders.cancel:
        store.set_status(order_id, "cancelled")
    for order_id in orders.refund:
        store.refund(order_id, lines={LOWERED: 1})
    for order_id in orders.lower:
        store.set_quantity(order_id, LOWERED, 1)


async def all_noted(street: Street, order_ids: Sequence[int]) -> None:
    """Wait until each of the orders has a note of the bridge."""
    shop, answered = street.stores[0].shop, street.slow_stores[0].answered
    left = set(order_ids)
    async with answered:
        while left:
            left = {it for it in left if not any("(wc-bridge " in note.text for note in shop.orders[it].notes)}
            if left:
                await answered.wait()


async def fill(
    street: Street,
    many: int,
    *,
    payment_method: str = "invoice",
    status: str = "completed",
    years: float = 2.0,
    store: int = 0,
) -> None:
    """Put many alike orders of years ago into a store, cheaply: they share their parts, so nobody may edit them.

    They were made and last changed one after the other, over so many years, the last of them `OLD` ago.
    """
    sandbox = street.stores[store]
    pattern = sandbox.order(sandbox.create_order(BASKET, payment_method=payment_method, status=status))
    shop = sandbox.shop
    del shop.orders[pattern.id]
    first = utc_now().replace(microsecond=0) - OLD - years * YEAR
    for place in range(many):
        order_id, moment = next(shop.ids), first + timedelta(seconds=years * YEAR.total_seconds() * place // many)
        key = "wc_order_" + hashlib.sha256(str(order_id).encode()).hexdigest()[:13]
        shop.orders[order_id] = replace(
            pattern, id=order_id, number=str(order_id), key=key, created=moment, modified=moment
        )
