"""A database of as many snapshots as one wants: one that the bridge has made itself, over and over again."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bridge.db.models import ActionRow, EventRow, OrderRow

COPIES = 1_000_000_000
"""What all rows of copies lie above, and what the ids of their orders in the shop lie below."""
_ORDERS, _EVENTS, _ACTIONS = (model._meta.db_table for model in (OrderRow, EventRow, ActionRow))
_TENTH = "n % 10 = 0"
"""Those that the bridge has captured; of the others it never read a payment."""
_LONG_AGO = "datetime({0}, '-' || (100 + n % 1000) || ' days') || '+00:00'"
_OF_ORDERS = {
    "id": f"{COPIES} + n",
    "order_id": "n",
    "number": "CAST(n AS TEXT)",
    "payment_id": "payment_id || '-' || n",
    "payment": f"CASE WHEN {_TENTH} THEN payment END",
    "changed": _LONG_AGO.format("changed"),
    "moved": f"CASE WHEN {_TENTH} THEN {_LONG_AGO.format('moved')} END",
}
"""What is a copy's own: last changed at some time within the last years; most of them before there was a bridge."""
_OF_EVENTS = {"id": f"-(id * {COPIES} + n)", "order_id": f"{COPIES} + n"}
"""Told before all that there is."""
_OF_ACTIONS = {"id": f"id * {COPIES} + n", "order_id": f"{COPIES} + n"}


def fill(path: Path, count: int) -> None:
    """Put copies of an order that was captured into the database until there are so many orders: each tenth with
    its payment, actions and whole story, the others as if there before the bridge. Nobody else may have the
    database open, and the shop's own orders have ids from `COPIES` on (see `orders.begin`).
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in ("journal_mode = DELETE", "synchronous = OFF", "cache_size = -200000"):
            database.execute(f"PRAGMA {pragma}")
        # Made at the end, an index is sorted once.
        tables = f"('{_ORDERS}', '{_EVENTS}', '{_ACTIONS}')"
        indexes = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN {tables}"  # noqa: S608
        made = [(name, sql) for name, sql in database.execute(indexes) if sql]
        for name, _ in made:
            database.execute(f'DROP INDEX "{name}"')
        database.execute("BEGIN")
        [there] = database.execute(f"SELECT count(*) FROM {_ORDERS}").fetchone()  # noqa: S608 (our own names)
        captured = (
            f"SELECT o.id FROM {_ORDERS} o JOIN {_ACTIONS} a ON a.order_id = o.id "  # noqa: S608 (our own names)
            "WHERE a.state = 'done' AND a.kind = 'capture' AND NOT o.watched AND o.due IS NULL LIMIT 1"
        )
        [pattern] = database.execute(captured).fetchone()
        first = f"(SELECT min(id) FROM {_EVENTS} WHERE order_id = {pattern})"  # noqa: S608 (our own names)
        for table, which, own in (
            (_ORDERS, f"id = {pattern}", _OF_ORDERS),
            (_EVENTS, f"order_id = {pattern} AND ({_TENTH} OR id = {first})", _OF_EVENTS),
            (_ACTIONS, f"order_id = {pattern} AND {_TENTH}", _OF_ACTIONS),
        ):
            _copy(database, table, which, own, count - there)
        database.execute("COMMIT")
        for _, sql in made:
            database.execute(sql)
        database.execute("PRAGMA journal_mode = WAL")
    with path.open("rb") as file:  # or whoever starts then waits until the disk has it all
        os.fsync(file.fileno())


def _copy(database: sqlite3.Connection, table: str, which: str, own: dict[str, str], count: int) -> None:
    """Copy the rows of a table so many times; n tells the copies apart."""
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(own.get(column, column) for column in columns)
    database.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 (our own names)
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "
        f"SELECT {values} FROM numbers, {table} WHERE {which}",
        (count,),
    )


def let_all_be_due(path: Path, *, moved: int) -> None:
    """Let the sweep of once a day and the daily message be due, and money have moved on so many orders lately."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE stores SET swept_slowly = NULL")
        database.execute("DELETE FROM channels WHERE name = 'watch'")
        told = "INSERT INTO channels (name, used, failures, problem) VALUES ('watch', ?, 0, '')"
        database.execute(told, ("2026-01-01 00:00:00+00:00",))
        database.execute(
            f"UPDATE {_ORDERS} SET moved = datetime('now') || '+00:00' WHERE id IN "  # noqa: S608 (our own names)
            f"(SELECT id FROM {_ORDERS} WHERE id < {COPIES} LIMIT {moved})"
        )
