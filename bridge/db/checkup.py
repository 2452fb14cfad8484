"""What a check asks of the database: whether it can be written, and what it knows of a store."""

from dataclasses import dataclass, field
from datetime import datetime

from tortoise.connection import get_connection

from bridge.db.codec import BINDING, ORDER, load
from bridge.db.models import OrderRow, StoreRow
from bridge.domain.binding import Binding
from bridge.domain.orders import Order

_NOTHING = "UPDATE stores SET name = name WHERE 1 = 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database knows of a store; all empty where it does not know the store, or is not there."""

    binding: Binding | None = None
    alone_since: datetime | None = None
    """Since when nobody else is to act on its orders; None in `mode: shadow`."""
    webhook_secret: str = field(default="", repr=False)
    newest: tuple[tuple[Order, str], ...] = ()
    """The newest orders of each provider, each with the id of its payment."""


async def try_to_write() -> None:
    """Change nothing in the open database, which takes the right, and the room, to change it."""
    await get_connection("default").execute_query(_NOTHING)


async def known(store: str, most: int) -> Known:
    """Return what is known of a store, and of each of its providers at most so many orders."""
    row = await StoreRow.get_or_none(name=store)
    if row is None:
        return Known()
    providers = await OrderRow.filter(store_id=store).exclude(payment_id="").distinct().values("provider")
    return Known(
        binding=load(BINDING, row.binding) if row.binding else None,
        alone_since=row.alone_since,
        webhook_secret=row.webhook_secret,
        newest=tuple([it for found in providers for it in await _newest(store, found["provider"], most)]),
    )


async def _newest(store: str, provider: str, most: int) -> list[tuple[Order, str]]:
    rows = OrderRow.filter(store_id=store, provider=provider, order_id__gt=0).exclude(payment_id="")
    found = [(load(ORDER, row.snapshot), row.payment_id) for row in await rows.order_by("-order_id").limit(most)]
    return [(order, payment) for order, payment in found if order is not None]
