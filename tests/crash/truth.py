"""What must be so after any kill: at once, and when all is quiet again."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from tests.crash.journal import Journal, Row, moment
from tests.crash.shop import Shop

_TABLES = {
    "actions": "SELECT o.order_id, key, kind, state, a.amount, target, refund, reference, reason "
    "FROM actions a JOIN orders o ON o.id = a.order_id ORDER BY o.order_id, a.id",
    "settlements": "SELECT o.order_id, refund, how, amount, entry "
    "FROM settlements s JOIN orders o ON o.id = s.order_id ORDER BY o.order_id, refund, s.id",
    "orders": "SELECT order_id, status, attention, facts, problem, watched, provider, payment_id, failures "
    "FROM orders ORDER BY order_id",
    "notes": "SELECT o.order_id, mark, text, note_id IS NULL "
    "FROM notes n JOIN orders o ON o.id = n.order_id ORDER BY o.order_id, n.id",
}
_RECORDS = "SELECT order_id, record FROM orders ORDER BY order_id"
_REMEMBERED = ("agreed", "closed", "closed_status", "counts", "voided", "log_length", "baseline", "payment_id")
"""What is remembered of an order, less the moments."""


@dataclass(frozen=True, slots=True)
class Ending:
    """All that matters when all is quiet, without moments and ids of our own."""

    books: dict[int, Any]
    """Order: what is reserved, captured and returned, and each entry of the ledger."""
    notes: dict[int, list[str]]
    """In no order: while one may still arrive that was sent before a kill, the others are written."""
    statuses: dict[int, str]
    journal: dict[str, list[Row]]

    def actions(self) -> list[str]:
        """As "capture 81125 done"."""
        return [f"{kind} {amount} {state}" for _, _, kind, state, amount, *_ in self.journal["actions"]]

    def differences(self, calm: "Ending") -> list[str]:
        """What is otherwise than without a kill."""
        return [
            f"{field.name} of {key}: {mine.get(key)} instead of {theirs.get(key)}"
            for field in fields(self)
            for mine, theirs in [(getattr(self, field.name), getattr(calm, field.name))]
            for key in sorted({*mine, *theirs})
            if mine.get(key) != theirs.get(key)
        ]

    def differences_of_money(self, calm: "Ending") -> list[str]:
        """The same where a call that moves no money was rightly given up: the books, and that staff were told."""
        told = [f"books: {self.books} instead of {calm.books}"] if self.books != calm.books else []
        notes, usual = ({order: len(texts) for order, texts in it.notes.items()} for it in (self, calm))
        return told + ([f"notes: {self.notes}"] if notes != usual else [])


async def ending(shop: Shop, journal: Journal) -> Ending:
    tables = {name: await journal.rows(query) for name, query in _TABLES.items()}
    records = [(order, json.loads(text)) for order, text in await journal.rows(_RECORDS) if text]
    tables["records"] = [(order, *(record[name] for name in _REMEMBERED)) for order, record in records]
    return Ending(
        books={it.order: (it.side.books(it.payment), shop.ledger(it)) for it in shop.placed},
        notes={it.order: sorted(shop.notes(it.order)) for it in shop.placed},
        statuses={it.order: shop.store.status(it.order) for it in shop.placed},
        journal=tables,
    )


async def unrecorded(shop: Shop, journal: Journal, ledgers: dict[int, int]) -> list[str]:
    """What breaks a promise at once, whatever comes later; `ledgers`: their lengths before the daemon came."""
    called = (
        "SELECT o.order_id, sum(attempts) FROM actions a JOIN orders o ON o.id = a.order_id GROUP BY o.order_id"
    )
    attempts = {order: times for order, times, *_ in await journal.rows(called)}
    sent = {mark for (mark,) in await journal.rows("SELECT mark FROM notes WHERE attempts > 0")}
    told = []
    for it in shop.placed:
        if len(shop.ledger(it)) - ledgers.get(it.order, 1) > attempts.get(it.order, 0):
            told.append(f"a call on order {it.order} took effect that was not written down: {shop.ledger(it)[-1]}")
        told += [
            f"a note on order {it.order} was sent that was not written down: {text}"
            for text in shop.notes(it.order)
            if text.rpartition("(wc-bridge ")[2].rstrip(")") not in sent
        ]
    return told + await _unseen(shop, journal)


async def _unseen(shop: Shop, journal: Journal) -> list[str]:
    """Orders that the cursor has passed without their change."""
    cursor = await cursor_of(journal)
    changed = {order: moment(at) for order, at in await journal.rows("SELECT order_id, changed FROM orders")}
    told = []
    for it in shop.placed:
        modified, known = shop.store.order(it.order).modified.replace(microsecond=0), changed.get(it.order)
        if cursor is not None and modified <= cursor and (known is None or known < modified):
            told.append(f"the cursor stands at {cursor} without the change of order {it.order} at {modified}")
    return told


async def cursor_of(journal: Journal) -> datetime | None:
    return next((moment(at) for (at,) in await journal.rows("SELECT cursor FROM stores")), None)
