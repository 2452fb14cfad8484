"""`status`, `actions` and `order`: what the database holds. No secret is resolved, no remote is asked."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bridge.cli.shared import Command, console, finish, json_option, print_json, run_async, settings
from bridge.db import queries
from bridge.db.connection import existing
from bridge.db.rewinds import held
from bridge.domain.money import to_major
from bridge.domain.records import State
from bridge.engine.rewinding import remedy
from bridge.errors import UsageError

_COLOURS = {"done": "green", "held": "bold red", "unknown": "bold yellow", "waiting": "yellow", "dropped": "dim"}
_MINUTE = 60
_STORAGES = {"hpos": "HPOS", "posts": "posts storage", "": "unknown storage"}
_NEEDING = ("attention", "problem", "rewound", "failing", "unwritten", "tried_long")
"""The parts of a store's status that are empty while all is well."""


@click.command(cls=Command)
@json_option
def status(*, as_json: bool) -> None:
    """Show each store: mode, last good poll, orders, actions by state, and what needs attention.

    Ends 1 when something does: an order, an action that is tried for longer than `warn_after`, a store that could
    not be polled, or a provider that could not be read.
    """
    chosen = settings()
    names = {store.name: store.mode for store in chosen.stores}
    warn_after = {store.name: store.warn_after for store in chosen.stores}

    async def read() -> list[dict[str, Any]]:
        async with existing(chosen.database, read_only=True):
            return await queries.status(datetime.now(UTC), names, warn_after)

    stores = run_async(read)
    if as_json:
        print_json(stores)
    else:
        out = console()
        for store in stores:
            _print_store(out, store, known=store["store"] in names)
    finish(1 if any(store[name] for store in stores for name in _NEEDING) else 0)


def _print_store(out: Console, store: dict[str, Any], *, known: bool) -> None:
    mode = ("live", "green") if store["mode"] == "live" else ("shadow (writes nothing)", "yellow")
    polled = f"polled {_ago(store['lag'])} ago ({store['polled']})" if store["polled"] else first_run(store)
    gone = "" if known else (" not in settings.yaml any more", "yellow")
    out.print(Text.assemble((store["store"], "bold"), "  ", mode, gone, "  ", polled), soft_wrap=True)
    _print_troubles(out, store)
    counts = ", ".join(f"{count} {state}" for state, count in store["actions"].items() if count) or "none yet"
    if store["version"]:
        _paragraph(out, "", f"WooCommerce {store['version']}, orders on {_STORAGES[store['storage']]}", style="")
    _paragraph(out, "", f"orders: {store['orders']} known, {store['open']} watched, {store['due']} due", style="")
    _paragraph(out, "", f"actions: {counts}", style="")
    if store["polled"] is None and not store["problem"] and store["baseline"] is None:
        _paragraph(out, "", "start `wc-bridge run`, or try `wc-bridge once`", style="")
    elif not any(store[name] for name in _NEEDING):
        _paragraph(out, "", "nothing needs attention", style="")
    if store["attention"]:
        _print_attention(out, store)


def first_run(store: dict[str, Any]) -> str:
    """What to say of a store whose orders have never been read to the end."""
    if store["baseline"] is None:
        return "never polled"
    return f"baseline: {store['baseline']['read']:,} of {store['baseline']['total']:,} orders read"


def _print_troubles(out: Console, store: dict[str, Any]) -> None:
    if store["problem"]:
        rests = f"; asked again {_when(store['rests_until'])}" if store["rests_until"] else ""
        _paragraph(out, "not polling: ", f"{store['problem']}{rests}")
    _print_held(out, store["store"], store["rewound"])
    for text, count in Counter(one["text"] for one in store["failing"]).items():
        _paragraph(out, f"{count} waiting: ", text)
    for item in store["tried_long"]:
        _paragraph(out, "tried for long: ", _tried(item))
    if store["unwritten"]:
        count = store["unwritten"]
        notes = "1 note is not on its order: " if count == 1 else f"{count} notes are not on their orders: "
        _paragraph(out, notes, "staff do not know of it; why is in the log, as note.failed or store.alert")


def _print_held(out: Console, store: str, why: str) -> None:
    if why:
        _paragraph(out, "held, nothing is called or noted: ", f"{why}; {remedy(store)}")


def _print_attention(out: Console, store: dict[str, Any]) -> None:
    _paragraph(out, f"{len(store['attention'])} need attention", "")
    table = _table("order", "status", "since", "action", "why")
    for item in store["attention"]:
        number = item["order_number"]
        order = f"{item['order']} ({number})" if number not in ("", str(item["order"])) else str(item["order"])
        since = (item["since"] or "")[:10]
        table.add_row(order, item["status"], since, _text(item["action"]), _why(item))
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    _paragraph(
        out, "", f"wc-bridge order {store['store']} N tells the story, and what the note on it says", style=""
    )
    if any(item["action"] is not None for item in store["attention"]):
        _paragraph(out, "", "wc-bridge approve, drop or adopt ACTION decides", style="")


def _paragraph(out: Console, front: str, text: str, *, style: str = "bold red") -> None:
    out.print(Padding(Text.assemble((front, style), text), (0, 0, 0, 2), expand=False))


def _tried(item: dict[str, Any]) -> str:
    attempts = item["attempts"]
    tries = f"{attempts} {'try' if attempts == 1 else 'tries'} since {_when(item['created'])}"
    answer = f"; {item['answer']}" if item["answer"] else ""
    return f"{item['kind']} of {_amount(item)} for order {item['order']}, {item['state']}, {tries}{answer}"


def _why(item: dict[str, Any]) -> str:
    if item["reason"] == "unreadable":
        return str(item["text"])
    facts = {
        name: to_major(value, item["currency"]) if isinstance(value, int) and item["currency"] else value
        for name, value in item["facts"].items()
    }
    figures = ", ".join(f"{name} {value}" for name, value in facts.items())
    return f"{item['reason']}{f' ({figures})' if figures else ''}"


def _ago(seconds: int) -> str:
    minutes = seconds // _MINUTE
    hours = minutes // _MINUTE
    if not minutes:
        return f"{seconds} s"
    return f"{minutes} min" if hours < 2 else f"{hours} h"  # noqa: PLR2004 (119 min say more than 1 h)


@click.command(cls=Command)
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only actions in this state.")
@click.option("--order", "order_id", metavar="N", type=int, help="Only those of this order (the WooCommerce id).")
@json_option
def actions(*, state: str | None, order_id: int | None, as_json: bool) -> None:
    """List the queue of actions, oldest first: all of it, or what the options leave.

    \b
    Examples:
      wc-bridge actions --state held
      wc-bridge actions --order 1042 --json
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings()

    async def read() -> tuple[list[dict[str, Any]], dict[str, str]]:
        async with existing(chosen.database, read_only=True):
            rows = await queries.actions(state, order_id)
            return rows, {store: await held(store) for store in sorted({row["store"] for row in rows})}

    found, whole = run_async(read)
    if as_json:
        print_json(found)
        return
    out = console()
    if not found:
        out.print("no actions" if state is None and order_id is None else "no such actions")
        return
    several = len({row["store"] for row in found}) > 1
    table = _table("id", *(["store"] if several else []), "order", "kind", "amount", "state", "updated", "reason")
    for row in found:
        table.add_row(
            _text(row["id"]),
            *([row["store"]] if several else []),
            _text(row["order"]),
            row["kind"],
            _amount(row),
            Text(row["state"], style=_COLOURS.get(row["state"], "")),
            _when(row["updated"]),
            row["reason"],
        )
    out.print(table)
    for store, why in whole.items():
        _print_held(out, store, why)


@click.command(cls=Command)
@click.argument("store")
@click.argument("order_id", metavar="N", type=int)
@json_option
def order(*, store: str, order_id: int, as_json: bool) -> None:
    """Tell the whole story of order N (the WooCommerce id) of STORE.

    \b
    Example:
      wc-bridge order butiken 1042
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings()
    names = [one.name for one in chosen.stores]

    async def read() -> tuple[dict[str, Any], str]:
        async with existing(chosen.database, read_only=True):
            try:
                return await queries.order(store, order_id), await held(store)
            except UsageError:
                if store in names:
                    raise
                known = ", ".join(names) or "none"
                raise UsageError(f"there is no store {store!r} in the settings: there is {known}") from None

    found, why = run_async(read)
    if as_json:
        print_json(found)
        return
    _print_order(console(), found)
    _print_held(console(), store, why)


def _print_order(out: Console, found: dict[str, Any]) -> None:
    number = "" if found["order_number"] in ("", str(found["order"])) else f" ({found['order_number']})"
    out.print(
        Text.assemble((f"Order {found['order']}", "bold"), f"{number} of {found['store']}: {found['status']}")
    )
    payment = found["payment"]
    if payment:
        figures = [
            f"{name} {to_major(payment[name], payment['currency'])}"
            for name in ("reserved", "captured", "returned")
            if payment["currency"]
        ]
        _paragraph(out, "", f"{found['provider']} payment {found['payment_id']}", style="")
        _paragraph(out, "", ", ".join([payment["detail"] or payment["state"], *figures]), style="")
    if found["problem"] or found["decision"]:
        _paragraph(out, "now: ", found["problem"] or found["decision"], style="bold")
    if found["due"]:
        _paragraph(out, "", f"looked at again at {found['due']}", style="")
    if found["story"]:
        out.print()
        out.print(Padding(_story(found["story"]), (0, 0, 0, 2), expand=False))
    if found["actions"]:
        table = _table("action", "kind", "amount", "state", "tries", "key", "reason")
        for row in found["actions"]:
            state = Text(row["state"], style=_COLOURS.get(row["state"], ""))
            tries = _text(row["attempts"])
            table.add_row(_text(row["id"]), row["kind"], _amount(row), state, tries, row["key"], row["reason"])
        out.print()
        out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _story(events: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True, style="cyan")
    table.add_column()
    for event in events:
        table.add_row(_when(event["at"]), event["topic"], Text(event["text"]))
    return table


def _table(*columns: str) -> Table:
    """A table without lines, in which only the last column wraps."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns[:-1]:
        right = name in ("id", "amount", "tries")
        table.add_column(name, no_wrap=True, justify="right" if right else "left", overflow="fold")
    table.add_column(columns[-1], ratio=1, overflow="fold")
    return table


def _when(moment: str) -> str:
    """A moment as people read it, still in UTC; JSON has it in full."""
    return moment.replace("T", " ").removesuffix("Z")[:16]


def _amount(row: dict[str, Any]) -> str:
    return f"{to_major(row['amount'], row['currency'])} {row['currency']}"


def _text(value: object) -> str:
    return "" if value is None else str(value)
