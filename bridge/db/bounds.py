"""What is counted against the bounds, and let through them: in one transaction with the decision.

A transaction that counts begins by locking the brake of its kind, so of many looks at once each counts what those
before it let through.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from bridge.db import firsts, statements
from bridge.db.codec import STEP
from bridge.db.holds import Held, held
from bridge.db.models import ActionRow, BrakeRow
from bridge.db.rows import PROMISE, of_store
from bridge.domain.bounds import DAY, Counted
from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import State
from bridge.domain.rules import Limits
from bridge.domain.steps import Call, Kind

BOUNDS = [str(bound) for bound in Bound]
# Counted by the database, as there may be as many as `surge` allows at each look. Joined so, and not asked for
# the store first, SQLite begins with what is recent and not with all orders of the store.
_OURS = """SELECT {} FROM "{}" it CROSS JOIN "orders" o WHERE o."id" = it."order_id" AND o."store_id" = ? AND """
_COUNT = 'count(*) AS "count"'
_OTHERS = """AND it."kind" = ? AND it."shadow" = ? AND it."id" <> ? """
_BRAKED = _OURS.format(1, "actions") + f"""it."state" = ? AND it."reason" = ? {_OTHERS} LIMIT 1"""
_DECIDED = (
    _OURS.format(_COUNT, "actions")
    + f"""it."admitted" > ? {_OTHERS}
    AND it."approved" = ? AND NOT (it."state" = ? AND it."attempts" = 0)"""
)
_ANNOUNCED = _OURS.format(_COUNT, "notes") + """it."created" > ? AND it."mark" LIKE ? AND it."order_id" <> ?"""
_TOLD_TOGETHER = [str(Bound.SURGE), str(Bound.PER_ACTION), str(Bound.PER_DAY)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the counting is about."""

    store: str
    account: str
    """The provider's entry in settings.yaml."""
    kind: Kind
    call: Call
    currency: str
    order: int
    """The order's row."""
    action: int | None
    """The order's open action."""
    live: bool
    """What is only recorded in shadow mode is counted by itself."""


@asynccontextmanager
async def counting(asked: Asked, limits: Limits, now: datetime) -> AsyncIterator[Counted]:
    """Count for one decision; what is committed within it is what others count after it."""
    async with in_transaction():
        brake = await _locked(asked.store, asked.kind)
        open_ = await statements.first(ActionRow, id=asked.action) if asked.action is not None else None
        since = max(now - limits.within, brake.counted_from or now - limits.within)
        others = (asked.kind, not asked.live, asked.action or -1)
        braked = (asked.store, State.HELD, Bound.SURGE, *others)
        decided = (asked.store, since, *others, False, State.DROPPED)
        by, _ = await held(asked.store)
        counted = Counted(
            plugin_on=by is Held.PLUGIN,
            differed=await firsts.differed(asked.store, asked.account, asked.call),
            let_through=open_ is not None and open_.admitted is not None,
            braked=bool(await statements.select(_BRAKED, braked)),
            decided=await _count(_DECIDED, *decided),
        )
        if asked.kind is Kind.REFUND:
            announced = await _count(_ANNOUNCED, asked.store, since, f"%{PROMISE}%", asked.order)
            counted = replace(counted, announced=announced)
        if asked.kind is Kind.REFUND and limits.refunds_per_day is not None:
            amounts = await of_store(asked.store, _let_through_today(asked, now), "amount")
            counted = replace(counted, refunded=sum(row["amount"] for row in amounts))
        yield counted


@asynccontextmanager
async def together() -> AsyncIterator[None]:
    """Commit all that is written within, or nothing of it."""
    async with in_transaction():
        yield


async def own_brakes(store: str) -> None:
    """Have a brake for each kind, so that what is held of it can be told."""
    for kind in Kind:
        await BrakeRow.get_or_create(store_id=store, kind=kind)


async def _locked(store: str, kind: Kind) -> BrakeRow:
    """The brake of a kind, which nobody else has until the transaction ends."""
    its: dict[str, Any] = {"store_id": store, "kind": kind}
    if not await statements.update(BrakeRow, {"kind": kind}, **its):
        await BrakeRow.get_or_create(**its)
        # Another may have made it meanwhile: then it is had by whoever writes it.
        await statements.update(BrakeRow, {"kind": kind}, **its)
    [brake] = await statements.rows(BrakeRow, **its)
    return brake


def _let_through_today(asked: Asked, now: datetime) -> QuerySet[ActionRow]:
    taken_back = Q(state=State.DROPPED, attempts=0)
    lately = Q(open_slot__gt=0) | Q(updated__gt=now - DAY)
    others = ActionRow.filter(kind=asked.kind, shadow=not asked.live).exclude(id=asked.action or -1)
    return others.filter(~taken_back, lately, admitted__isnull=False, currency=asked.currency)


async def _count(statement: str, *values: Any) -> int:
    [row] = await statements.select(statement, values)
    return int(row["count"])


async def admit(action: int, now: datetime) -> None:
    """Let an action through; what was let through before stays so."""
    await statements.update(ActionRow, {"admitted": now}, id=action, admitted=None)


async def judge_anew(store: str) -> None:
    """Let the bounds, which have changed, judge what was let through and is not begun."""
    waiting = ActionRow.filter(state__in=[State.READY, State.WAITING], approved=False)
    rows = [row["id"] for row in await of_store(store, waiting, "id")]
    await ActionRow.filter(id__in=rows or [-1]).update(admitted=None)


async def said_go(action: ActionRow, now: datetime) -> None:
    """A person approves an action that the surge guard may hold, which counts anew from there.

    It begins the transaction in which that is written.
    """
    store = action.order.store_id
    if action.reason == Bound.SURGE:
        await _locked(store, Kind(action.kind))
        await BrakeRow.filter(store_id=store, kind=action.kind).update(counted_from=now)


async def taken_so(action: ActionRow, now: datetime) -> None:
    """What a first call did is taken as it was by whoever approves another of its kind, or the rest of it."""
    store = action.order.store_id
    if action.reason == Bound.FIRST:
        account = str(json.loads(action.facts)[firsts.AT])
        await firsts.taken_so(store, account, STEP.decode(action.step).call, now)
    elif action.reason == Reason.OTHER_AMOUNT:
        await firsts.own_taken_so(store, action.id, now)


# ---------------------------------------------------------------------- what is held


@dataclass(frozen=True, slots=True, kw_only=True)
class Bunch:
    """All actions of a kind that one bound holds, or several that are told together."""

    kind: str
    reasons: tuple[str, ...]
    count: int
    sums: dict[str, int]
    """Minor units, by currency."""
    first: int
    """The lowest WooCommerce id of their orders."""
    last: int
    since: datetime | None


async def bunches(store: str) -> list[Bunch]:
    """All that bounds hold of a store, by kind and bound."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in await _rows(store, ActionRow.filter(state=State.HELD, reason__in=BOUNDS)):
        found.setdefault((row["kind"], row["reason"]), []).append(row)
    return [_bunch(kind, rows) for (kind, _), rows in sorted(found.items())]


async def _rows(store: str, actions: QuerySet[ActionRow]) -> list[dict[str, Any]]:
    columns = ("kind", "reason", "amount", "currency", "order__order_id", "order__attention_since")
    return await of_store(store, actions, *columns)


def _bunch(kind: str, rows: list[dict[str, Any]]) -> Bunch:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount"]
    orders = [row["order__order_id"] for row in rows]
    moments = [row["order__attention_since"] for row in rows if row["order__attention_since"]]
    return Bunch(
        kind=kind,
        reasons=tuple(sorted({row["reason"] for row in rows})),
        count=len(rows),
        sums=sums,
        first=min(orders),
        last=max(orders),
        since=min(moments, default=None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """What is held of a kind, some of it since the administrator was last alerted to it."""

    bunch: Bunch
    oldest: datetime
    """When the first of those was held."""
    newest: datetime
    told: datetime | None
    """When the newest was held that the administrator was alerted to; None: none of those is held any more."""


async def untold(store: str) -> list[Untold]:
    """What bounds hold of a live store, or hold since shadow mode, that the administrator has not been told of."""
    found = []
    for brake in await BrakeRow.filter(store_id=store):
        beyond = Q(shadow=False, reason__in=_TOLD_TOGETHER) | Q(reason=Bound.SHADOWED)
        holding = ActionRow.filter(beyond, kind=brake.kind, state=State.HELD)
        fresh = holding.filter(order__attention_since__gt=brake.told) if brake.told else holding
        if not await of_store(store, fresh.distinct()):
            continue
        rows = await _rows(store, holding)
        moments = [row["order__attention_since"] for row in rows if row["order__attention_since"]]
        new = [moment for moment in moments if brake.told is None or moment > brake.told]
        if not new:  # a person has decided in between
            continue
        before = brake.told if len(new) < len(moments) else None
        bunch = _bunch(brake.kind, rows)
        found.append(Untold(bunch=bunch, oldest=min(new), newest=max(new), told=before))
    return found


async def tell(store: str, kind: str, newest: datetime) -> None:
    """The administrator was alerted to all that is held of the kind since `newest` or longer."""
    await BrakeRow.filter(store_id=store, kind=kind).update(told=newest)


async def bunch(store: str, kind: str, *, held: bool) -> list[int]:
    """The open actions of a kind, oldest first; `held`: those that bounds hold, or that a restored database does.

    What is held for a reason of its own order is no such thing: it is to be looked at by itself.
    """
    query = ActionRow.filter(kind=kind, open_slot__gt=0)
    if held:
        query = query.filter(state=State.HELD, reason__in=[*BOUNDS, str(Reason.RESTORED)])
    return sorted(row["id"] for row in await of_store(store, query, "id"))
