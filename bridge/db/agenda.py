"""What is due of one store: looks at its orders, notes, and what the sweep re-reads."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tortoise.expressions import F, Q

from bridge.db import statements
from bridge.db.leases import OfStore
from bridge.db.models import ActionRow, NoteRow, OrderRow, OutageRow
from bridge.db.rows import EVER, ids, orders_of, own_several, slices
from bridge.domain.reasons import Bound

_DUE = """SELECT o."order_id", o."provider", o."insisted" FROM "orders" o
    WHERE o."store_id" = ? AND o."due" <= ? AND o."order_id" NOT IN {without}{open} ORDER BY o."due" LIMIT ?"""
# Joined so, SQLite begins with the notes that are due and not with all orders of the store.
_NOTES = """SELECT o."order_id" FROM "notes" n CROSS JOIN "orders" o WHERE o."id" = n."order_id"
    AND o."store_id" = ? AND n."next_try" <= ? AND o."order_id" NOT IN {without} ORDER BY n."next_try" LIMIT ?"""


class Agenda(OfStore):
    """What is due of one store."""

    async def due(
        self, now: datetime, limit: int, without: Iterable[int], shut: Iterable[str] | None = ()
    ) -> list[tuple[int, str, bool]]:
        """Return up to `limit` orders to look at now, longest due first: id, provider, whether a person insists.

        Of the providers that are `shut` (None: all) only those on which a person insists.
        """
        open_, closed = "", list(shut or ())
        if shut is None:
            open_ = ' AND o."insisted"'
        elif closed:
            open_ = f' AND (o."provider" NOT IN {_places(closed)} OR o."insisted")'
        busy = list(without) or [-1]
        text = _DUE.format(without=_places(busy), open=open_)
        rows = await statements.select(text, [self.store, now, *busy, *closed, limit])
        return [(row["order_id"], row["provider"], bool(row["insisted"])) for row in rows]

    async def next_due(self, *, notes: bool) -> datetime | None:
        """Return when the next look is due, or (`notes`) the next note, or a remote that is waited for is tried."""
        orders = OrderRow.filter(store_id=self.store, due__gt=EVER)
        moments: list[datetime | None] = []
        if paused := await OutageRow.filter(store_id=self.store, paused=True):
            if await orders.filter(provider__in=[it.remote for it in paused]).exists():
                moments += [it.next_try for it in paused]
            orders = orders.filter(~Q(provider__in=[it.remote for it in paused if not it.calls]))
        row = await orders.order_by("due").first()
        moments.append(row.due if row else None)
        if notes:
            waiting = await NoteRow.filter(next_try__gt=EVER).values("order_id", "next_try")
            ours = await orders_of(self.store, {note["order_id"] for note in waiting})
            moments += [note["next_try"] for note in waiting if note["order_id"] in ours]
        return min((moment for moment in moments if moment is not None), default=None)

    async def count_due(self, *, notes: bool) -> int:
        """Return how many orders have a look, or (`notes`) a note, due now or later."""
        due = set(await ids(OrderRow.filter(store_id=self.store, due__gt=EVER), "id"))
        noted = await ids(NoteRow.filter(next_try__gt=EVER), "order_id") if notes else []
        return len(due | (await orders_of(self.store, set(noted))).keys())

    async def notes_due(self, now: datetime, limit: int, without: Iterable[int]) -> list[int]:
        """Return up to `limit` orders that have a note to write now, longest due first, one at least if any has."""
        busy = list(without) or [-1]
        rows = await statements.select(_NOTES.format(without=_places(busy)), [self.store, now, *busy, limit])
        return list(dict.fromkeys(row["order_id"] for row in rows))

    async def rest(self, order_id: int, until: datetime, version: int | None = None) -> None:
        """Leave an order alone until then, without a word about it; if given, only while this is its version."""
        rows = OrderRow.filter(store_id=self.store, order_id=order_id)
        async with self.lease.guard():
            await (rows if version is None else rows.filter(version=version)).update(due=until)

    async def wake(self, order_ids: Iterable[int], now: datetime) -> None:
        """Let these orders be looked at now, also where a look that began earlier is still to be committed."""
        for some in slices(order_ids):
            async with self.lease.transaction():
                await own_several(self.store)
                orders = OrderRow.filter(store_id=self.store, order_id__in=some)
                await orders.update(due=now, version=F("version") + 1)

    async def wake_unfinished(self, now: datetime, *, bounded: bool) -> None:
        """Let every order that has an open action or attention, or waits for anything, be looked at now.

        Those that only bounds hold (`bounded`: these too) need no look before the shop or a person says something.
        """
        resting = [] if bounded else list(Bound)
        open_ = ActionRow.filter(open_slot__gt=0)
        acted = await ids(open_.exclude(reason__in=resting) if resting else open_, "open_slot")
        unfinished = await orders_of(self.store, acted)
        async with self.lease.transaction():
            await own_several(self.store)
            ours = OrderRow.filter(store_id=self.store)
            await ours.filter(due__gt=EVER).update(due=now)
            await ours.filter(~Q(attention__in=["", *resting]) | ~Q(problem=""), watched=True).update(due=now)
            for some in slices(unfinished):
                await OrderRow.filter(id__in=some).update(due=now)

    async def watched(self) -> list[int]:
        """Return the orders that the sweep re-reads."""
        return sorted(await ids(OrderRow.filter(store_id=self.store, watched=True), "order_id"))

    async def moved_since(self, moment: datetime) -> list[int]:
        """Return the orders at rest on which money moved since `moment`."""
        # Most of a store is at rest: by that no row is found, so it is not asked for.
        rows = await OrderRow.filter(store_id=self.store, moved__gte=moment).values_list("order_id", "watched")
        return sorted(order_id for order_id, watched in rows if not watched)


def _places(values: list[Any]) -> str:
    """Where so many values stand in a statement."""
    return f"({','.join('?' * len(values))})"
