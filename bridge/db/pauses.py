"""What a person has stopped: one order, a store, or everything. It is watched as before, and no call begins on it.

Whoever begins a call asks for this in the transaction that writes the call down (`stops`). On PostgreSQL that
transaction shares the key of the store's row, which `pause` wants for itself; on SQLite one transaction writes at a
time. So a call was either written down before the pause, which then knows of it, or it never begins.
"""

from dataclasses import dataclass
from datetime import datetime

from tortoise.connection import get_connection
from tortoise.expressions import F
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from bridge.db import statements
from bridge.db.codec import ORDER, load
from bridge.db.models import ActionRow, OrderRow, PauseRow, StoreRow
from bridge.db.rows import ids, own_several, slices
from bridge.domain.changes import SWITCH
from bridge.domain.records import State
from bridge.errors import UsageError

_SHARED = "SELECT 1 FROM stores WHERE name = $1 FOR KEY SHARE"
_ORDER = "SELECT o.order_id FROM actions a JOIN orders o ON o.id = a.order_id WHERE a.id = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is stopped."""

    store: str = ""
    """"" for every store."""
    order: int | None = None
    """The WooCommerce id; None for all orders."""

    def __str__(self) -> str:
        if self.order is not None:
            return f"order {self.order} of {self.store}"
        return self.store or "everything"

    @property
    def words(self) -> str:
        """How a command line names it."""
        return " ".join(filter(None, (self.store or "--all", str(self.order or ""))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    scope: Scope
    since: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that is under way, or that waits."""

    store: str
    order: int
    kind: str
    amount: int
    """Minor units."""
    currency: str
    key: str


async def of(store: str, order: int | None = None) -> list[Pause]:
    """All that stops the store, the widest first, or (`order`) that order of it."""
    rows = await statements.rows(PauseRow, store=["", store], order_id=[0, order or 0])
    return [_pause(row) for row in sorted(rows, key=lambda row: (row.store, row.order_id))]


async def every() -> list[Pause]:
    return [_pause(row) for row in await PauseRow.all().order_by("store", "order_id")]


def _pause(row: PauseRow) -> Pause:
    return Pause(scope=Scope(store=row.store, order=row.order_id or None), since=row.since, why=row.why)


async def stops(store: str, action: int) -> bool:
    """Whether the action's call must not begin; nobody pauses it until the transaction ends."""
    connection = get_connection("default")
    if connection.capabilities.support_for_update:
        await connection.execute_query(_SHARED, [store])
    else:
        await own_several(store)
    [order] = await statements.select(_ORDER, [action])
    return bool(await of(store, order["order_id"]))


async def pause(scope: Scope, why: str, now: datetime) -> tuple[Pause, list[Call]]:
    """Let no call begin on it any more; return also those that are under way, which end.

    What is paused already stays so, since then; a reason that is given takes the place of the one before. Raises
    UsageError where the store or the order is not known.
    """
    async with in_transaction():
        await _have_to_ourselves(scope.store)
        await check(scope)
        row, _ = await PauseRow.get_or_create(
            defaults={"since": now, "why": why}, store=scope.store, order_id=scope.order or 0
        )
        if why and why != row.why:
            row.why = why
            await row.save()
        return _pause(row), await _calls(scope, State.RUNNING)


async def _have_to_ourselves(store: str) -> None:
    stores = StoreRow.filter(name=store) if store else StoreRow.all()
    if get_connection("default").capabilities.support_for_update:
        await stores.order_by("name").select_for_update()
    else:
        await stores.update(problem=F("problem"))


async def check(scope: Scope) -> None:
    """Raise UsageError where the store or the order is not known."""
    if scope.store and not await StoreRow.filter(name=scope.store).exists():
        known = ", ".join(row["name"] for row in await StoreRow.all().order_by("name").values("name"))
        raise UsageError(f"there is no store {scope.store!r} in the database: there is {known or 'none'}")
    if scope.order is None:
        return
    if not await OrderRow.filter(store_id=scope.store, order_id=scope.order).exists():
        raise UsageError(f"order {scope.order} of store {scope.store} is not known: see `wc-bridge status`")


async def resume(scope: Scope, now: datetime) -> int:
    """Take back that very pause, and let all that waits there be looked at; return how many actions that are.

    What is stopped by a narrower or a wider pause stays so.
    """
    async with in_transaction():
        await _have_to_ourselves(scope.store)
        await PauseRow.filter(store=scope.store, order_id=scope.order or 0).delete()
        waiting = await ids(_of(scope, State.READY, State.WAITING), "order_id")
        for store in sorted({scope.store} if scope.store else await _stores()):
            await own_several(store)
        for some in slices(waiting):
            await OrderRow.filter(id__in=some).update(due=now, version=F("version") + 1)
        return len(waiting)


async def _stores() -> set[str]:
    return {row["name"] for row in await StoreRow.all().values("name")}


async def own_word(scope: Scope) -> str:
    """What the order's own meta `wc_bridge` says ("off", "pause"), as last seen; "" where it says nothing."""
    row = await OrderRow.get_or_none(store_id=scope.store, order_id=scope.order or 0)
    order = load(ORDER, row.snapshot) if row else None
    return (order.meta_value(SWITCH) or "") if order else ""


async def waiting(scope: Scope) -> list[Call]:
    """The calls there that are to be made, oldest first."""
    return await _calls(scope, State.READY, State.WAITING)


def _of(scope: Scope, *states: State) -> QuerySet[ActionRow]:
    found = ActionRow.filter(state__in=states, open_slot__gt=0, shadow=False)
    if scope.store:
        found = found.filter(order__store_id=scope.store)
    return found if scope.order is None else found.filter(order__order_id=scope.order)


async def _calls(scope: Scope, *states: State) -> list[Call]:
    columns = ("order__store_id", "order__order_id", "kind", "amount", "currency", "key")
    return [
        Call(
            store=row["order__store_id"],
            order=row["order__order_id"],
            **{name: row[name] for name in ("kind", "amount", "currency", "key")},
        )
        for row in await _of(scope, *states).order_by("id").values(*columns)
    ]
