"""What is remembered of others who act on a store's orders (see `bridge.domain.alone`)."""

from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from bridge.db.models import ActionRow, OrderRow, StoreRow
from bridge.db.rows import own_several


async def live_since(store: str, *, live: bool, now: datetime) -> None:
    """Remember since when the store is live, at a start of the bridge; in shadow mode others are to act."""
    if live:
        await StoreRow.filter(name=store, alone_since__isnull=True).update(alone_since=now)
    else:
        await StoreRow.filter(name=store).update(alone_since=None)


async def alone_since(store: str) -> datetime | None:
    """Since when nobody else is to act on the store's orders."""
    return (await StoreRow.get(name=store)).alone_since


async def references(order_row: int) -> set[str]:
    """What the provider called the calls that were made about an order."""
    rows = await ActionRow.filter(order_id=order_row).exclude(reference="").values("reference")
    return {row["reference"] for row in rows}


async def noticed(store: str, order_row: int, now: datetime, within: timedelta) -> int:
    """Remember that something followed from this order's change; return how many orders had that before it."""
    async with in_transaction():
        await own_several(store)
        since = max(filter(None, (now - within, await alone_since(store))))
        before = await OrderRow.filter(store_id=store, followed__gt=since).count()
        await OrderRow.filter(id=order_row).update(followed=now)
    return before
