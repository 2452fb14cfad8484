"""What is written down of remotes that give no answer, and of the orders that wait for them."""

from collections.abc import Collection
from datetime import datetime

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from bridge.db.models import ActionRow, NoteRow, OrderRow, OutageRow
from bridge.db.rows import EVER, ids, of_store, own_several
from bridge.domain.outages import SHOP, Outage
from bridge.domain.records import State

_FIELDS = ("since", "tries", "next_try", "why", "paused", "calls", "alerted")


async def outages(store: str) -> list[Outage]:
    """Return the outages of a store's remotes, the oldest first."""
    rows = await OutageRow.filter(store_id=store).order_by("since", "remote")
    return [Outage(remote=row.remote, **{name: getattr(row, name) for name in _FIELDS}) for row in rows]


async def keep(store: str, outage: Outage) -> None:
    values = {name: getattr(outage, name) for name in _FIELDS}
    rows = OutageRow.filter(store_id=store, remote=outage.remote)
    if not await rows.update(**values):
        await OutageRow.create(store_id=store, remote=outage.remote, **values)


async def end(store: str, outage: Outage, now: datetime, *, hurry: bool) -> None:
    """The remote answers: what was still to be said of the outage is not true any more, and is not said.

    `hurry`: what waited for it need not wait for its own next try.
    """
    async with in_transaction():
        await own_several(store)
        await OutageRow.filter(store_id=store, remote=outage.remote).delete()
        if hurry:
            await _of(store, outage.remote).filter(failures__gt=0, due__gt=now).update(due=now)
            await _cut_short(store, outage.remote, now)
        unsaid = await of_store(store, NoteRow.filter(about=outage.remote, next_try__gt=EVER), "id")
        await NoteRow.filter(id__in=[it["id"] for it in unsaid] or [-1]).update(next_try=None)


async def _cut_short(store: str, remote: str, now: datetime) -> None:
    if remote == SHOP:
        notes = await of_store(store, NoteRow.filter(next_try__gt=now), "id")
        await NoteRow.filter(id__in=[it["id"] for it in notes] or [-1]).update(next_try=now)
        return
    tried = ActionRow.filter(order__provider=remote, state=State.WAITING, next_try__gt=now)
    actions = await of_store(store, tried, "id", "order_id")
    await OrderRow.filter(id__in=[it["order_id"] for it in actions] or [-1]).update(due=now)
    await ActionRow.filter(id__in=[it["id"] for it in actions] or [-1]).update(next_try=None)


def _of(store: str, remote: str) -> QuerySet[OrderRow]:
    orders = OrderRow.filter(store_id=store)
    return orders if remote == SHOP else orders.filter(provider=remote)


def _waiting(store: str, remote: str, now: datetime) -> QuerySet[OrderRow]:
    """Orders that would be looked at now, or were in vain."""
    return _of(store, remote).filter(Q(due__lte=now) | Q(failures__gt=0), due__gt=EVER)


async def count_waiting(store: str, remote: str, now: datetime) -> int:
    return await _waiting(store, remote, now).count()


async def waiting(store: str, remote: str, now: datetime) -> list[int]:
    return sorted(await ids(_waiting(store, remote, now), "order_id"))


async def who_asks(store: str, outage: Outage, now: datetime, without: Collection[int]) -> int | None:
    """Return the order that is to ask the remote next: best one that has not asked in vain.

    Where none of those waits, one at rest; else those that have, in turn. One that takes no calls can only be
    asked by an order that has one to make.
    """
    waiting = _waiting(store, outage.remote, now).exclude(order_id__in=list(without) or [-1]).order_by("due")
    if outage.calls:
        actions = ActionRow.filter(state__in=[State.READY, State.WAITING], order__provider=outage.remote)
        callers = [it["order_id"] for it in await of_store(store, actions, "order_id")]
        calling = _of(store, outage.remote).filter(id__in=callers or [-1], due__gt=EVER)
        row = await calling.exclude(order_id__in=list(without) or [-1]).order_by("due").first()
        return row.order_id if row else None
    row = await waiting.filter(failures=0).first()
    if row is None and outage.remote != SHOP:
        resting = _of(store, outage.remote).exclude(payment_id="").filter(failures=0, order_id__gt=0)
        row = await resting.exclude(order_id__in=list(without) or [-1]).order_by("-order_id").first()
    row = row or await waiting.first()
    return row.order_id if row else None


async def may_call(store: str, order_id: int) -> None:
    """Let the order's call be made now, whenever it was to be tried again."""
    waiting = ActionRow.filter(order__store_id=store, order__order_id=order_id, state=State.WAITING)
    await ActionRow.filter(id__in=await ids(waiting, "id") or [-1]).update(next_try=None)


async def promise(store: str, order_id: int, remote: str, mark: str, text: str, now: datetime) -> None:
    """Let a note say that the order waits for the remote; taken back where it answers before that is written."""
    row = await OrderRow.get(store_id=store, order_id=order_id)
    values = {"text": text, "created": now, "next_try": now, "about": remote}
    await NoteRow.get_or_create(defaults=values, order_id=row.id, mark=mark)
