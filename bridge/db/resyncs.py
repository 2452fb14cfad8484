"""Looking at everything again: what a person asks for who doubts that all was seen. Nothing is forgotten for it.

A few orders at a time are taken up, so that what staff do meanwhile never queues behind thousands of them.
"""

from datetime import datetime

from tortoise.expressions import F
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from bridge.db.leases import Lease
from bridge.db.models import OrderRow, StoreRow
from bridge.db.rows import own_several

_ABOVE_ALL = 2**62
"""More than the id of any order."""


async def stores(name: str | None) -> list[str]:
    """The stores whose first run is through, that one or all; before it there is nothing to look at again."""
    rows = StoreRow.filter(baseline_done=True).order_by("name")
    found = await (rows if name is None else rows.filter(name=name)).values("name")
    return [row["name"] for row in found]


async def begin(store: str, since: datetime | None) -> int:
    """Let the next poll read on from `since`, and all orders that changed since then be looked at; return how many.

    None: from where the bridge began, and all orders that are known. One that was begun before goes on within it.
    """
    async with in_transaction():
        await own_several(store)
        row = await StoreRow.get(name=store)
        begun = row.relook_below is not None
        whole = since is None or (begun and row.relook_since is None)
        earliest = None if whole else min(it for it in (since, row.relook_since) if it is not None)
        starts = [it for it in (earliest or row.baseline or row.cursor, row.reread_from) if it is not None]
        await StoreRow.filter(name=store).update(
            reread_from=min(starts, default=None), relook_below=_ABOVE_ALL, relook_since=earliest
        )
        return await left(await StoreRow.get(name=store))


async def left(row: StoreRow) -> int:
    """How many orders of the store are still to be looked at again."""
    return await _left(row).count() if row.relook_below is not None else 0


def _left(row: StoreRow) -> QuerySet[OrderRow]:
    found = OrderRow.filter(store_id=row.name, order_id__gt=0, order_id__lt=row.relook_below)
    return found if row.relook_since is None else found.filter(changed__gte=row.relook_since)


async def take_up(lease: Lease, row: StoreRow, count: int, now: datetime) -> None:
    """Let the next orders be looked at now, the youngest first; `row` is the store's as last read."""
    if row.relook_below is None:
        return
    chosen = await _left(row).order_by("-order_id").limit(count).values("id", "order_id")
    below = chosen[-1]["order_id"] if len(chosen) == count else None
    async with lease.transaction():
        as_read = StoreRow.filter(name=row.name, relook_below=row.relook_below)
        if await as_read.update(relook_below=below) and chosen:
            orders = OrderRow.filter(id__in=[it["id"] for it in chosen])
            await orders.update(due=now, version=F("version") + 1)


async def was_read(lease: Lease, start: datetime) -> None:
    """All from `start` on was listed; where a person has asked for more meanwhile, that is still to be."""
    async with lease.guard():
        await StoreRow.filter(name=lease.store, reread_from=start).update(reread_from=None)
