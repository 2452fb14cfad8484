"""Parts of a transaction: what journal, outbox and persons write within one of their own.

On PostgreSQL transactions run side by side. Those that write to the same rows take them from the top down, so that
none waits for another that waits for it: first the brake of a kind of action, where they count by it; then the
store's row, where they write to it too, or to several orders; then the order's; then what belongs to the order, and
the row of a first call. Whoever has the order's row has all that belongs to it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from tortoise.connection import get_connection
from tortoise.queryset import QuerySet

from bridge.db import statements
from bridge.db.codec import STEP, dump
from bridge.db.known import Look
from bridge.db.models import ActionRow, EventRow, NoteRow, OrderRow, SettlementRow
from bridge.domain.records import How, OpenAction, Settlement, State
from bridge.domain.remarks import Topics

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before any moment that is written down. What comes after it is found by an index; what is "not null" is not."""
PROMISE = f"-{Topics.WILL_PAY}-".upper()
"""Stands in the mark of a note which says that a refund is going to be paid."""
_SLICE = 500
"""Values of one IN: a statement of SQLite takes 32,766, and looks each of so few up by itself."""


def slices(values: Iterable[int]) -> Iterator[list[int]]:
    """Split the values into lists that one statement takes."""
    every = list(values)
    for start in range(0, len(every), _SLICE):
        yield every[start : start + _SLICE]


async def orders_of(store: str, rows: Collection[int]) -> dict[int, int]:
    """Return the WooCommerce ids, by row, of those of these rows that are this store's, in the order given.

    Found by row alone: asked for both, SQLite would read the whole store.
    """
    found: dict[int, int] = {}
    for some in slices(rows):
        for row in await OrderRow.filter(id__in=some).values("id", "store_id", "order_id"):
            if row["store_id"] == store:
                found[row["id"]] = row["order_id"]
    return {row: found[row] for row in rows if row in found}


async def of_store(store: str, query: QuerySet[Any], *columns: str) -> list[dict[str, Any]]:
    """Return these columns of those actions or notes that belong to orders of the store.

    Each tells its store: asked for it, SQLite would begin with all of the store's orders.
    """
    rows = await query.values("order__store_id", *columns)
    return [row for row in rows if row["order__store_id"] == store]


async def ids(query: QuerySet[Any], column: str) -> list[int]:
    return [row[column] for row in await query.values(column)]


async def own(order_row: int) -> None:
    """Have an order to oneself until the transaction ends: whoever writes to its row has it."""
    await statements.run('UPDATE "orders" SET "version"="version" WHERE "id"=?', [order_row])


async def own_several(store: str) -> None:
    """Begin a transaction that writes to several orders of a store; of such, one at a time goes on."""
    await statements.run('UPDATE "stores" SET "problem"="problem" WHERE "name"=?', [store])


async def claim(action: int) -> bool:
    """Have an action and its order to oneself until the transaction ends; False where somebody else has either.

    On SQLite nobody can while a transaction writes.
    """
    if not get_connection("default").capabilities.support_for_update:
        return True
    row = ActionRow.filter(id=action)
    found = await row.values("order_id")
    orders = OrderRow.filter(id__in=[it["order_id"] for it in found] or [-1])
    if not await orders.select_for_update(skip_locked=True, no_key=True):
        return False
    return bool(await row.select_for_update(skip_locked=True))


async def withdraw_promises(order_row: int, but: Collection[str] = ()) -> None:
    """Withdraw the promises to pay refunds, `but` for these marks, that are not written yet."""
    unsaid = await statements.columns(NoteRow, "id", "mark", order_id=order_row, next_try=statements.GIVEN)
    untrue = [note["id"] for note in unsaid if PROMISE in note["mark"] and note["mark"] not in but]
    if untrue:
        await withdraw(NoteRow.filter(id__in=untrue, next_try__isnull=False))


async def withdraw(notes: QuerySet[NoteRow]) -> None:
    """Let notes that are not true any more not be written; what is true then may be told anew.

    One that was sent may stand in the store all the same: that is kept in mind, without its text.
    """
    await notes.filter(attempts=0).delete()
    await notes.update(next_try=None, text="")


async def to_write(order_row: int, mark: str, text: str, now: datetime, about: str = "") -> None:
    """Let a note be written, once for each mark; one that was withdrawn is looked for in the store first."""
    values = {"text": text, "created": now, "next_try": now, "about": about}
    its: dict[str, Any] = {"order_id": order_row, "mark": mark}
    if not await statements.insert(NoteRow, {**its, **values}, unless_there=True):
        await statements.update(NoteRow, values, **its, text="")


async def save_settlements(row: int, wanted: Sequence[Settlement]) -> None:
    """Make the rows equal to `wanted`; what stays keeps its row."""
    missing = list(wanted)
    for item in await statements.rows(SettlementRow, "id", order_id=row):
        value = Settlement(refund=item.refund, how=How(item.how), amount=item.amount, entry=item.entry)
        if value in missing:
            missing.remove(value)
        else:
            await item.delete()
    await statements.insert(SettlementRow, *({"order_id": row, **_settled(it)} for it in missing))


def settlement_row(row: int, value: Settlement) -> SettlementRow:
    return SettlementRow(order_id=row, **_settled(value))


def _settled(value: Settlement) -> dict[str, Any]:
    return {"refund": value.refund, "how": value.how, "amount": value.amount, "entry": value.entry}


async def start_action(row: int, open_: OpenAction, look: Look, now: datetime) -> int:
    step = open_.step
    values = {
        "order_id": row,
        "open_slot": row,
        "step": dump(STEP, step),
        "key": step.key,
        "kind": step.kind,
        "state": open_.state,
        "amount": step.amount,
        "target": step.target,
        "currency": look.order.currency,
        "refund": step.refund,
        "provider": look.provider,
        "reason": open_.reason or step.why,
        "facts": facts_text(open_),
        "shadow": open_.shadow,
        "created": now,
        "updated": now,
    }
    [action] = await statements.insert(ActionRow, values)
    return action


def facts_text(open_: OpenAction) -> str:
    return json.dumps(dict(open_.facts), sort_keys=True)


async def end_action(
    action: int, state: State, reason: str, now: datetime, reference: str = "", amount: int | None = None
) -> None:
    """End an action; `amount` is what was done, where that is known."""
    values = {
        "state": state,
        "open_slot": None,
        "updated": now,
        "next_try": None,
        "reason": reason,
        **({"reference": reference} if reference else {}),
        **({"amount": amount} if amount is not None else {}),
    }
    await statements.update(ActionRow, values, id=action)


async def tell(row: int, events: Iterable[tuple[str, str]], now: datetime) -> None:
    """Add lines to an order's story."""
    lines = [{"order_id": row, "at": now, "topic": topic, "text": text} for topic, text in events]
    await statements.insert(EventRow, *lines)


def event_rows(row: int, events: Iterable[tuple[str, str]], now: datetime) -> list[EventRow]:
    return [EventRow(order_id=row, at=now, topic=topic, text=text) for topic, text in events]
