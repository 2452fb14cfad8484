"""A database with something of everything in it, and what is in a database."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import asyncpg

from bridge.db.connection import at_any_age, tortoise_config
from bridge.db.schema import bring_up
from bridge.db.urls import sqlite_path

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATE = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
LARGEST = 2**63 - 1

WRITTEN: dict[str, list[dict[str, Any]]] = {
    "stores": [
        {"name": "butiken", "mode": "live", "cursor": NOON, "baseline_done": True, "polled": None, "problem": "",
         "locale": "sv_SE"},
        {"name": "åäö 'shop'", "mode": "shadow", "cursor": None, "baseline_done": False, "polled": LATE,
         "problem": '100 % "odd"\n\\', "locale": ""},
    ],
    "orders": [
        {"id": 7, "store_id": "butiken", "order_id": LARGEST, "number": "A-17", "status": "completed",
         "snapshot": '{"lines":[{"name":"Räksmörgås \\u0000"}]}', "record": None, "payment": None,
         "provider": "resurs", "payment_id": "p", "problem": "", "due": LATE, "failures": 0, "why": "",
         "attention": "", "facts": "",
         "attention_since": None, "watched": True, "moved": NOON, "version": 3},
    ],
    "settlements": [{"id": 3, "order_id": 7, "refund": 1077, "how": "paid", "amount": LARGEST, "entry": None}],
    "actions": [
        {"id": 41, "order_id": 7, "open_slot": 7, "step": "{}", "key": "1042C1", "kind": "capture",
         "state": "ready", "amount": 1, "target": 1, "currency": "SEK", "refund": None, "provider": "resurs",
         "reason": "", "facts": "{}", "refusal": "", "reference": "", "approved": True, "shadow": False,
         "attempts": 0, "attempt": None,
         "next_try": None, "created": NOON, "updated": LATE},
    ],
    "events": [{"id": 9, "order_id": 7, "at": LATE, "topic": "seen", "text": "first seen: processing"}],
    "notes": [
        {"id": 2, "order_id": 7, "mark": "M", "text": "t", "attempts": 1, "next_try": None, "note_id": 5,
         "created": NOON},
    ],
}  # fmt: skip
"""What the tables of the first version held."""


async def write(url: str, version: str = "__latest__") -> None:
    """Make the tables of the first version, fill them, and bring them up to another."""
    async with at_any_age(url, make=True):
        await bring_up(tortoise_config(url), "0001_initial")
    for table, rows in WRITTEN.items():
        for row in rows:
            places = ["?" if sqlite_path(url) else f"${number}" for number in range(1, len(row) + 1)]
            statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(places)})"  # noqa: S608 (our own names)
            await execute(url, statement, *row.values())
    if sqlite_path(url) is None:
        for table in ("events", "settlements"):
            await execute(url, f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 9)")
    async with at_any_age(url):
        await bring_up(tortoise_config(url), version)


async def execute(url: str, statement: str, *values: Any) -> None:
    path = sqlite_path(url)
    if path is not None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement, [_plain(value) for value in values])
            connection.commit()
        return
    server = await asyncpg.connect(url)
    await server.execute(statement, *values)
    await server.close()


async def execute_together(url: str, *statements: str) -> None:
    """Execute these in one transaction."""
    path = sqlite_path(url)
    if path is not None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    server = await asyncpg.connect(url)
    async with server.transaction():
        for statement in statements:
            await server.execute(statement)
    await server.close()


def _plain(value: Any) -> Any:
    return value.isoformat(" ") if isinstance(value, datetime) else value


async def read(url: str) -> dict[str, list[dict[str, Any]]]:
    """What stands in the columns of the first version now, in the words of `WRITTEN`."""
    found = {}
    for table, (row, *_) in WRITTEN.items():
        found[table] = [_in_words(one, row) for one in await _rows(url, table, list(row))]
    return found


async def _rows(url: str, table: str, columns: list[str]) -> list[dict[str, Any]]:
    statement = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {columns[0]}"  # noqa: S608 (our own names)
    path = sqlite_path(url)
    if path is not None:
        with closing(sqlite3.connect(path)) as connection:
            return [dict(zip(columns, row, strict=True)) for row in connection.execute(statement)]
    server = await asyncpg.connect(url)
    found = await server.fetch(statement)
    await server.close()
    return [dict(row) for row in found]


def _in_words(row: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """SQLite has numbers for truth and texts for moments."""
    moments = {"cursor", "polled", "due", "moved", "created", "updated", "at", "next_try", "attention_since"}
    return {
        name: bool(value) if isinstance(like[name], bool)
        else datetime.fromisoformat(value) if name in moments and isinstance(value, str)
        else value
        for name, value in row.items()
    }  # fmt: skip
