"""What a store's rows are bound to, and whether they are refused to the shop or the machine that is there now."""

from dataclasses import replace
from datetime import datetime

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from bridge.db.codec import BINDING, ORDER, dump, load
from bridge.db.models import OrderRow, StoreRow
from bridge.domain.binding import Binding, Place, same_place
from bridge.domain.orders import GONE, Order


async def bound(store: str) -> Binding | None:
    """Return what the store is bound to; None before it was first asked."""
    row = await StoreRow.get_or_none(name=store)
    return load(BINDING, row.binding) if row and row.binding else None


async def refused(store: str) -> str:
    """Why nothing is done for the store; "" while it is."""
    row = await StoreRow.get_or_none(name=store)
    return row.unbound if row else ""


async def bind(store: str, before: Binding | None, now: Binding) -> bool:
    """Bind the store, if it is still bound as `before`; nothing is refused any more."""
    was = dump(BINDING, before) if before else ""
    return bool(await StoreRow.filter(name=store, binding=was).update(binding=dump(BINDING, now), unbound=""))


async def take_along(place: Place) -> None:
    """Let what is at home at `place`, where this database was copied from, be bound to where the copy is used."""
    for row in await StoreRow.exclude(binding=""):
        before = load(BINDING, row.binding)
        if before is not None and same_place(before.place, place):
            after = replace(before, place=Place(name=place.name, id=""))
            await StoreRow.filter(name=row.name).update(binding=dump(BINDING, after))


async def refuse(store: str, why: str) -> None:
    """Have nothing done for the store."""
    await StoreRow.filter(name=store).update(unbound=why)


async def rebind(store: str, before: Binding, after: Binding, now: datetime) -> bool:
    """Bind the store as a person was shown it, and let what waited go on; False where it is bound otherwise now."""
    async with in_transaction():
        if not await bind(store, before, after):
            return False
        waiting = OrderRow.filter(store_id=store, due__isnull=False)
        await waiting.update(due=now, version=F("version") + 1)
    return True


async def known_orders(store: str, most: int) -> list[tuple[Order, str]]:
    """Return the newest orders that have a payment, with its id."""
    rows = (
        OrderRow.filter(store_id=store, order_id__gt=0).exclude(payment_id="").exclude(status__in=("trash", GONE))
    )
    found = [(load(ORDER, row.snapshot), row.payment_id) for row in await rows.order_by("-order_id").limit(most)]
    return [(order, payment) for order, payment in found if order is not None]
