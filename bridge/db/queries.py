"""What the commands show: plain values with stable fields, read and nothing else (design § 6)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tortoise.expressions import Q

from bridge.db import alerts, bounds, firsts, pauses, refusals, resyncs
from bridge.db.bounds import Bunch
from bridge.db.codec import PAYMENT, load
from bridge.db.firsts import First
from bridge.db.leases import Holder, holders
from bridge.db.models import ActionRow, EventRow, NoteRow, OrderRow, OutageRow, SettlementRow, StoreRow
from bridge.db.outages import count_waiting, last_answer, outages
from bridge.db.pauses import Pause
from bridge.db.rewinds import former, number_of
from bridge.db.rows import ids
from bridge.domain.outages import SHOP
from bridge.domain.reasons import Bound
from bridge.domain.records import State
from bridge.errors import UsageError

_SOON = timedelta(minutes=5)
"""A note that takes no longer than this, or is tried again within it, is no news."""
PATIENCE = timedelta(days=1)
"""How long an action may be tried where settings.yaml says nothing of the store."""


async def actions(
    state: str | None = None, order: int | None = None, row: int | None = None
) -> list[dict[str, Any]]:
    """The queue, oldest first: one object an action with the fields of design § 6. `row` is an order's own row."""
    query = ActionRow.all().prefetch_related("order")
    if state is not None:
        query = query.filter(state=state)
    if order is not None:
        query = query.filter(order__order_id=order)
    if row is not None:
        query = query.filter(order_id=row)
    found = await query.order_by("id")
    pauses = await _pauses() if found else {}
    return [_action(action, pauses) for action in found]


async def _pauses() -> dict[tuple[str, str], datetime]:
    """When a provider that does not answer is tried next, by store and its name."""
    return {(row.store_id, row.remote): row.next_try for row in await OutageRow.filter(paused=True)}


def _next_try(row: OrderRow, pauses: Mapping[tuple[str, str], datetime]) -> datetime | None:
    """When the order is looked at next; while its provider does not answer, when that is tried next."""
    waits = [pauses.get((row.store_id, remote)) for remote in (row.provider, SHOP)]
    return max([row.due, *(it for it in waits if it is not None)]) if row.due else None


def _action(row: ActionRow, pauses: Mapping[tuple[str, str], datetime] = MappingProxyType({})) -> dict[str, Any]:
    trying = row.state in (State.READY, State.WAITING, State.UNKNOWN)
    return {
        "id": row.id,
        "key": row.key,
        "store": row.order.store_id,
        "order": number_of(row.order.order_id),
        "order_number": row.order.number,
        "kind": row.kind,
        "state": row.state,
        "amount": row.amount,
        "target": row.target,
        "currency": row.currency,
        "refund": row.refund,
        "reason": row.refusal or row.reason,
        "attempts": row.attempts,
        "created": _moment(row.created),
        "updated": _moment(row.updated),
        "provider": row.provider,
        "reference": row.reference,
        "next_try": _moment(_next_try(row.order, pauses)) if trying else None,
    }


async def all_down(now: datetime) -> dict[str, list[dict[str, Any]]]:
    """By store the remotes that give no answer, as in `status`."""
    return {
        row.name: found for row in await StoreRow.all().order_by("name") if (found := await down(row.name, now))
    }


async def order(store: str, order_id: int) -> dict[str, Any]:
    """One order's whole story, that of orders which had its id before included. Raises UsageError."""
    row = await OrderRow.get_or_none(store_id=store, order_id=order_id)
    if row is None:
        raise UsageError(f"order {order_id} of store {store} is not known: see `wc-bridge status`")
    payment = load(PAYMENT, row.payment)
    settled = await SettlementRow.filter(order_id=row.id).order_by("id")
    notes = await NoteRow.filter(order_id=row.id).exclude(text="").order_by("id")
    before = OrderRow.filter(former(order_id), store_id=store).order_by("-order_id")
    rows = [*await ids(before, "id"), row.id]
    return {
        "store": store,
        "order": row.order_id,
        "order_number": row.number,
        "status": row.status,
        "provider": row.provider,
        "payment_id": row.payment_id,
        "payment": None
        if payment is None
        else {
            "state": payment.state,
            "detail": payment.detail,
            "currency": payment.currency,
            "reserved": payment.reserved,
            "captured": payment.captured,
            "returned": payment.returned,
            "limit": payment.limit,
        },
        "decision": row.why,
        "problem": row.problem,
        "attention": row.attention,
        "facts": json.loads(row.facts or "{}"),
        "due": _moment(_next_try(row, await _pauses())),
        "paused": [_paused(pause) for pause in await pauses.of(store, order_id)],
        "settlements": [
            {"refund": item.refund, "how": item.how, "amount": item.amount, "entry": item.entry} for item in settled
        ],
        "actions": [action for one in rows for action in await actions(row=one)],
        "notes": [{"mark": note.mark, "text": note.text, "written": note.note_id} for note in notes],
        "story": [
            {"at": _moment(event.at), "topic": event.topic, "text": event.text}
            for one in rows
            for event in await EventRow.filter(order_id=one).order_by("id")
        ],
    }


async def last_read(store: str) -> dict[str, str | None]:
    """When a store was last polled, and when the payments of all its open orders were last read."""
    row = await StoreRow.get_or_none(name=store) or StoreRow(name=store)
    return {"polled": _moment(row.polled), "payments": _moment(row.swept_slowly)}


async def status(
    now: datetime, stores: Mapping[str, str] | None = None, warn_after: Mapping[str, timedelta] | None = None
) -> list[dict[str, Any]]:
    """Per store: mode, last good poll, orders open, actions by state, what is tried for long, what needs attention;
    and who works on it, where several may.

    `stores` (name: mode) are those of settings.yaml; one that was never started is there too, with nothing in it.
    `warn_after` says of each how old an action may be before it is tried for long.
    """
    rows = {row.name: row for row in await StoreRow.all()}
    for name, mode in (stores or {}).items():
        rows.setdefault(name, StoreRow(name=name, mode=mode))
    patience, workers = warn_after or {}, await holders()
    channels = [_failing(it) for it in await alerts.failing()]
    return [
        {
            **await _store(rows[name], now, patience.get(name, PATIENCE)),
            "worker": _worker(workers[name]) if name in workers else None,
            "channels": channels,
        }
        for name in sorted(rows)
    ]


def _failing(channel: alerts.Channel) -> dict[str, Any]:
    """A channel by which no alerts go out; it is the same for all stores."""
    return {
        "channel": channel.name,
        "since": _moment(channel.since),
        "next_try": _moment(channel.next_try),
        "tries": channel.failures,
        "text": channel.problem,
    }


def _worker(holder: Holder) -> dict[str, Any]:
    return {"host": holder.host, "pid": holder.pid, "since": _moment(holder.since)}


async def _store(row: StoreRow, now: datetime, patience: timedelta) -> dict[str, Any]:
    orders = OrderRow.filter(store_id=row.name, order_id__gt=0)
    counts = {state.value: await ActionRow.filter(order__store_id=row.name, state=state).count() for state in State}
    # What bounds hold is told together. All that needs somebody is watched; most of a store is not.
    watched = orders.filter(watched=True)
    needing = await watched.filter(~Q(attention__in=["", *Bound]) | ~Q(problem="")).order_by("order_id")
    failing = await orders.filter(failures__gt=0, due__isnull=False, problem="").order_by("order_id")
    return {
        "store": row.name,
        "mode": row.mode,
        "polled": _moment(row.polled),
        "lag": None if row.polled is None else max(0, (now - row.polled) // timedelta(seconds=1)),
        "cursor": _moment(row.cursor),
        "baseline": _baseline(row),
        "problem": row.problem,
        "rests_until": _moment(row.rest_until) if row.rest_until and row.rest_until > now else None,
        "version": row.version,
        "storage": row.storage,
        "held": row.held,
        "held_why": row.held_why,
        "unbound": row.unbound,
        "paused": await _stopped(row.name),
        "refused_settings": refusals.shown(row),
        "down": await down(row.name, now),
        "bounded": [_bunch(bunch) for bunch in await bounds.bunches(row.name)],
        "firsts": [_first(first) for first in await firsts.unsettled(row.name)],
        "orders": await orders.count(),
        "open": await orders.filter(watched=True).count(),
        "due": await orders.filter(due__isnull=False).count(),
        "looked_at_again": await resyncs.left(row),
        "actions": counts,
        "attention": [await _needing(item) for item in needing],
        "unwritten": await _unwritten(row.name, now),
        "tried_long": [await _tried(item) for item in await _tried_long(row, now - patience)],
        "failing": [{"order": item.order_id, "text": item.why, "due": _moment(item.due)} for item in failing],
    }


def _paused(pause: Pause) -> dict[str, Any]:
    scope = pause.scope
    return {"store": scope.store or None, "order": scope.order, "since": _moment(pause.since), "why": pause.why}


async def paused() -> list[dict[str, Any]]:
    """All that a person has stopped, the widest first."""
    return [_paused(pause) for pause in await pauses.every()]


async def _stopped(store: str) -> list[dict[str, Any]]:
    """What a person has stopped of the store: all of it, by itself or with every other one, or single orders."""
    found = [pause for pause in await pauses.every() if pause.scope.store in ("", store)]
    return [_paused(pause) for pause in found]


def _baseline(row: StoreRow) -> dict[str, Any] | None:
    """How many of the orders that were there before the bridge have been read; None before the first answer."""
    if not row.baseline_done and row.baseline_until is None:
        return None
    total = row.baseline_total
    return {"done": row.baseline_done, "read": total - row.baseline_left, "total": total}


async def _unwritten(store: str, now: datetime) -> int:
    """How many notes were tried, and are still not on their orders."""
    late = Q(created__lt=now - _SOON) | Q(next_try__gt=now + _SOON)
    tried = NoteRow.filter(late, next_try__isnull=False, attempts__gt=0)
    return await tried.filter(order__store_id=store).count()


async def down(store: str, now: datetime) -> list[dict[str, Any]]:
    """The remotes that give no answer, how many orders wait for each, and when the next of them asks."""
    return [
        {
            "remote": outage.remote,
            "since": _moment(outage.since),
            "next_try": _moment(outage.next_try),
            "waiting": await count_waiting(store, outage, now),
            "tries": outage.tries,
            "alerted": outage.alerted,
            "text": outage.why,
        }
        for outage in await outages(store)
        if outage.paused
    ]


def _bunch(bunch: Bunch) -> dict[str, Any]:
    return {
        "kind": bunch.kind,
        "reasons": list(bunch.reasons),
        "count": bunch.count,
        "sums": bunch.sums,
        "first": bunch.first,
        "last": bunch.last,
        "since": _moment(bunch.since),
    }


def _first(first: First) -> dict[str, Any]:
    shown = ("account", "call", "order", "action", "kind", "state", "currency")
    return {**{name: getattr(first, name) for name in shown}, "figures": dict(first.figures)}


async def _tried_long(store: StoreRow, before: datetime) -> list[ActionRow]:
    """The actions of a store, oldest first, that nobody holds and that are not done all the same.

    Those decided in shadow mode are not tried at all, nor those that a person has paused, but for unknown calls.
    """
    trying = (State.READY, State.WAITING, State.UNKNOWN)
    query = ActionRow.filter(order__store_id=store.name, state__in=trying, created__lt=before, shadow=False)
    stopped = {pause.scope.order for pause in await pauses.every() if pause.scope.store in ("", store.name)}
    found = await query.prefetch_related("order").order_by("id")
    return [it for it in found if it.state == State.UNKNOWN or not {None, it.order.order_id} & stopped]


async def _tried(row: ActionRow) -> dict[str, Any]:
    action = _action(row)
    shown = ("order", "order_number", "kind", "state", "amount", "currency", "attempts", "created")
    return {"action": row.id, **{name: action[name] for name in shown}, "answer": await last_answer(row)}


async def _needing(row: OrderRow) -> dict[str, Any]:
    payment = load(PAYMENT, row.payment)
    return {
        "order": row.order_id,
        "order_number": row.number,
        "status": row.status,
        "reason": row.attention or "unreadable",
        "facts": json.loads(row.facts or "{}"),
        "currency": payment.currency if payment else "",
        "text": row.problem or row.why,
        "since": _moment(row.attention_since),
        "action": await _held(row.id),
    }


async def _held(order_row: int) -> int | None:
    row = await ActionRow.get_or_none(open_slot=order_row)
    return row.id if row is not None else None


def _moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z") if value is not None else None
