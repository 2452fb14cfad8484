"""In which stores there is anything to do: one question for all that a daemon works on, however many they are.

Most stores have nothing to do most of the time. To ask each for itself every second would be most of what a daemon
of many stores does.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from bridge.db.models import ActionRow, FirstRow, NoteRow, OrderRow, StoreRow
from bridge.db.rows import EVER
from bridge.domain.reasons import Reason


async def with_work(stores: Collection[str], now: datetime) -> set[str]:
    """Return those of these stores in which a look or a note is due, or a person wants orders looked at again."""
    names = list(stores)
    if not names:
        return set()
    found = await _stores(OrderRow.filter(store_id__in=names, due__gt=EVER, due__lte=now), "store_id")
    found |= await _stores(NoteRow.filter(next_try__gt=EVER, next_try__lte=now), "order__store_id")
    found |= await _stores(StoreRow.filter(name__in=names, relook_below__isnull=False), "name")
    return found.intersection(names)


async def with_alerts(stores: Collection[str]) -> set[str]:
    """Return those of these stores of which there may be something to tell the administrator; of others there is
    not: nothing is begun in them and not done, no money is missing, no first call differed, nothing holds them.
    """
    names = list(stores)
    if not names:
        return set()
    # Found by that alone: asked for a store too, SQLite would begin with all of its orders.
    found = await _stores(ActionRow.filter(open_slot__gt=0), "order__store_id")
    unpaid = OrderRow.filter(store_id__in=names, watched=True, attention=Reason.NO_MONEY)
    found |= await _stores(unpaid, "store_id")
    found |= await _stores(FirstRow.filter(~Q(differed=""), store_id__in=names, told=False), "store_id")
    found |= await _stores(StoreRow.filter(~Q(held=""), name__in=names, held_told=False), "name")
    return found.intersection(names)


async def _stores(rows: QuerySet[Any], column: str) -> set[str]:
    return {row[column] for row in await rows.distinct().values(column)}
