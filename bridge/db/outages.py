"""What is written down of remotes that give no answer, and of the orders that wait for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from bridge.db.models import ActionRow, EventRow, NoteRow, OrderRow, OutageRow, PauseRow
from bridge.db.rows import EVER, ids, of_store, own_several, tell, to_write, withdraw
from bridge.domain.outages import SHOP, Outage
from bridge.domain.records import State
from bridge.domain.steps import Kind

_FIELDS = ("since", "tries", "next_try", "why", "paused", "calls", "alerted")
ALERTED = "alerted"
"""The topic of the line of an order's story that says so."""
_TRIED_AGAIN = (State.READY, State.WAITING)


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
        if outage.calls and outage.paused:
            may = Q(next_try__isnull=True) | Q(next_try__lte=now)
            callers = [
                it["order_id"] for it in await of_store(store, _callers(outage.remote).filter(may), "order_id")
            ]
            await OrderRow.filter(id__in=callers or [-1], due__gt=now).update(due=now)
        if hurry:
            await _of(store, outage.remote).filter(failures__gt=0, due__gt=now).update(due=now)
            await _cut_short(store, outage.remote, now)
        unsaid = await of_store(store, NoteRow.filter(about=outage.remote, next_try__gt=EVER), "id")
        await withdraw(NoteRow.filter(id__in=[it["id"] for it in unsaid] or [-1]))


async def _cut_short(store: str, remote: str, now: datetime) -> None:
    if remote == SHOP:
        notes = await of_store(store, NoteRow.filter(next_try__gt=now), "id")
        await NoteRow.filter(id__in=[it["id"] for it in notes] or [-1]).update(next_try=now)
        return
    tried = ActionRow.filter(order__provider=remote, state__in=_TRIED_AGAIN, next_try__gt=now)
    actions = await of_store(store, tried, "id", "order_id")
    await OrderRow.filter(id__in=[it["order_id"] for it in actions] or [-1]).update(due=now)
    await ActionRow.filter(id__in=[it["id"] for it in actions] or [-1]).update(next_try=None)


def _of(store: str, remote: str) -> QuerySet[OrderRow]:
    orders = OrderRow.filter(store_id=store)
    return orders if remote == SHOP else orders.filter(provider=remote)


def _waiting(store: str, remote: str, now: datetime) -> QuerySet[OrderRow]:
    """Orders that would be looked at now, or were in vain."""
    return _of(store, remote).filter(Q(due__lte=now) | Q(failures__gt=0), due__gt=EVER)


def _callers(remote: str) -> QuerySet[ActionRow]:
    """What is to be called as soon as calls are taken; of an order that is not understood nothing is."""
    ready = ActionRow.filter(state__in=_TRIED_AGAIN, open_slot__gt=0, order__provider=remote)
    return ready.filter(order__due__isnull=False, order__problem="")


async def count_waiting(store: str, outage: Outage, now: datetime) -> int:
    return len(await waiting(store, outage, now))


async def waiting(store: str, outage: Outage, now: datetime) -> list[int]:
    """Return the orders that wait for the remote, by their WooCommerce ids."""
    if outage.calls:
        callers = await of_store(store, _callers(outage.remote), "order__order_id")
        return sorted(it["order__order_id"] for it in callers)
    return sorted(await ids(_waiting(store, outage.remote, now), "order_id"))


async def who_asks(store: str, outage: Outage, now: datetime, without: Collection[int]) -> int | None:
    """Return the order that is to ask the remote next: best one that has not asked in vain.

    Where none of those waits, one at rest; else those that have, in turn. One that takes no calls can only be
    asked by an order that has one to make: best one whose call was tried least, as it may be another kind of call.
    """
    if outage.calls:
        turns = _callers(outage.remote).order_by("order__failures", "attempts", "order__due", "order__order_id")
        callers = [it["order__order_id"] for it in await of_store(store, turns, "order__order_id")]
        paused = await _paused(store)
        return next((order for order in callers if order not in without and not paused & {0, order}), None)
    waiting = _waiting(store, outage.remote, now).exclude(order_id__in=list(without) or [-1]).order_by("due")
    row = await waiting.filter(failures=0).first()
    if row is None and outage.remote != SHOP:
        resting = _of(store, outage.remote).exclude(payment_id="").filter(failures=0, order_id__gt=0)
        row = await resting.exclude(order_id__in=list(without) or [-1]).order_by("-order_id").first()
    row = row or await waiting.first()
    return row.order_id if row else None


async def has_calls(store: str, remote: str) -> bool:
    """Whether a call is to be made, and is not paused, or the outcome of one is still to show."""
    trying = (*_TRIED_AGAIN, State.RUNNING, State.UNKNOWN)
    actions = ActionRow.filter(state__in=trying, open_slot__gt=0, order__provider=remote, shadow=False)
    paused = await _paused(store)
    found = await of_store(store, actions, "order__order_id", "state")
    return any(it["state"] not in _TRIED_AGAIN or not paused & {0, it["order__order_id"]} for it in found)


async def _paused(store: str) -> set[int]:
    """The orders of the store that a person has stopped, by their WooCommerce ids; 0: all of them."""
    return set(await ids(PauseRow.filter(store__in=["", store]), "order_id"))


async def may_call(store: str, order_id: int) -> None:
    """Let the order's call be made now, whenever it was to be tried again."""
    tried = ActionRow.filter(order__store_id=store, order__order_id=order_id, state__in=_TRIED_AGAIN)
    await ActionRow.filter(id__in=await ids(tried, "id") or [-1]).update(next_try=None)


async def promise(store: str, order_id: int, remote: str, mark: str, text: str, now: datetime) -> None:
    """Let a note say that the order waits for the remote; taken back where it answers before that is written.

    One for each action: it waits all the same where the remote answered others meanwhile.
    """
    row = await OrderRow.get(store_id=store, order_id=order_id)
    action = await ActionRow.get_or_none(open_slot=row.id)
    said = NoteRow.filter(order_id=row.id, about=remote).exclude(text="")
    if action is not None and await said.filter(created__gte=action.created).exists():
        return
    await to_write(row.id, mark, text, now, remote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An action that was called more than once, in vain, and is to be again."""

    order: int
    """The order's row."""
    order_id: int
    """Its WooCommerce id."""
    kind: Kind
    provider: str
    created: datetime
    why: str
    """What came of the last call."""
    told: bool
    """Whether the administrator was alerted to it."""


async def tried_since(store: str, before: datetime, now: datetime) -> list[Tried]:
    """Return what has been tried since `before` or longer, and rests now until it is tried again."""
    resting = ActionRow.filter(state__in=_TRIED_AGAIN, shadow=False, attempts__gt=1, next_try__gt=now)
    return [await tried(row) for row in await open_since(store, before, resting)]


async def open_since(store: str, before: datetime, actions: QuerySet[ActionRow]) -> list[ActionRow]:
    """Return those of the actions that are open at the store since `before` or longer, with their orders, the
    oldest first.
    """
    ours = [it["id"] for it in await of_store(store, actions.filter(open_slot__gt=0, created__lte=before), "id")]
    return await ActionRow.filter(id__in=ours or [-1]).prefetch_related("order").order_by("id")


async def tried(row: ActionRow) -> Tried:
    """What is told of an open action, whose order was read with it."""
    return Tried(
        order=row.order.id,
        order_id=row.order.order_id,
        kind=Kind(row.kind),
        provider=row.provider,
        created=row.created,
        why=await last_answer(row),
        told=await EventRow.filter(order_id=row.order.id, topic=ALERTED, at__gte=row.created).exists(),
    )


async def last_answer(action: ActionRow) -> str:
    """How the action's last call was answered; "" where none was."""
    answers = EventRow.filter(order_id=action.order.id, topic="answered", at__gte=action.created)
    last = await answers.order_by("-id").first()
    return last.text if last else ""


async def alerted_to(tried: Tried, now: datetime) -> None:
    """The administrator was alerted to it: the order's story says so, and it is not told again."""
    await tell(tried.order, ((ALERTED, f"{tried.kind} is not done for long: an alert was given"),), now)
