"""`status`, `actions` and `order`: what the database holds. No secret is resolved, no remote is asked."""

from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.cli.shared import Command, finish, json_option, print_json, run_async, settings
from bridge.db import queries
from bridge.db.connection import opened
from bridge.domain.money import to_major
from bridge.domain.records import State

_COLOURS = {"done": "green", "held": "bold red", "unknown": "bold yellow", "waiting": "yellow", "dropped": "dim"}


@click.command(cls=Command)
@json_option
def status(*, as_json: bool) -> None:
    """Show each store: mode, last good poll, orders, actions by state, and what needs attention.

    Ends 1 when something does.
    """
    chosen = settings()

    async def read() -> list[dict[str, Any]]:
        async with opened(chosen.database):
            return await queries.status()

    stores = run_async(read)
    if as_json:
        print_json(stores)
    else:
        console = Console()
        if not stores:
            console.print("No store has been polled yet: start `wc-bridge run`, or try `wc-bridge once`.")
        for store in stores:
            _print_store(console, store)
    finish(1 if any(store["attention"] or store["problem"] for store in stores) else 0)


def _print_store(console: Console, store: dict[str, Any]) -> None:
    mode = "[green]live[/]" if store["mode"] == "live" else "[yellow]shadow (writes nothing)[/]"
    console.print(f"[bold]{escape(store['store'])}[/]  {mode}  last good poll {store['polled'] or 'never'}")
    if store["problem"]:
        console.print(f"  [bold red]not polling:[/] {escape(store['problem'])}")
    counts = ", ".join(f"{count} {state}" for state, count in store["actions"].items() if count) or "none yet"
    console.print(f"  orders {store['orders']}, watched {store['open']}, due {store['due']}; actions: {counts}")
    if not store["attention"]:
        console.print("  nothing needs attention")
        return
    table = Table("order", "status", "since", "why", "action", title="needs attention", title_justify="left")
    for item in store["attention"]:
        why = item["text"] if item["reason"] == "unreadable" else _why(item)
        number = escape(item["order_number"] or "")
        table.add_row(
            f"{item['order']} ({number})", item["status"], item["since"] or "", escape(why), _text(item["action"])
        )
    console.print(table)


def _why(item: dict[str, Any]) -> str:
    figures = ", ".join(f"{name} {value}" for name, value in item["facts"].items())
    return f"{item['reason']}{f' ({figures})' if figures else ''}"


@click.command(cls=Command)
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only actions in this state.")
@click.option("--order", "order_id", type=int, help="Only those of this order (the WooCommerce id).")
@json_option
def actions(*, state: str | None, order_id: int | None, as_json: bool) -> None:
    """List the queue of actions, oldest first."""
    chosen = settings()

    async def read() -> list[dict[str, Any]]:
        async with opened(chosen.database):
            return await queries.actions(state, order_id)

    found = run_async(read)
    if as_json:
        print_json(found)
        return
    table = Table("id", "store", "order", "kind", "state", "amount", "key", "tries", "updated", "reason")
    for row in found:
        table.add_row(
            _text(row["id"]),
            escape(row["store"]),
            f"{row['order']} ({escape(row['order_number'])})",
            row["kind"],
            f"[{_COLOURS.get(row['state'], 'default')}]{row['state']}[/]",
            _amount(row),
            row["key"],
            _text(row["attempts"]),
            row["updated"],
            escape(row["reason"]),
        )
    Console().print(table if found else "No actions.")


def _amount(row: dict[str, Any]) -> str:
    return f"{to_major(row['amount'], row['currency'])} {row['currency']}"


@click.command(cls=Command)
@click.argument("store")
@click.argument("order_id", metavar="N", type=int)
@json_option
def order(*, store: str, order_id: int, as_json: bool) -> None:
    """Tell the whole story of order N (the WooCommerce id) of STORE."""
    chosen = settings()

    async def read() -> dict[str, Any]:
        async with opened(chosen.database):
            return await queries.order(store, order_id)

    found = run_async(read)
    if as_json:
        print_json(found)
        return
    _print_order(Console(), found)


def _print_order(console: Console, found: dict[str, Any]) -> None:
    number = escape(found["order_number"])
    console.print(f"[bold]Order {found['order']}[/] ({number}) of {escape(found['store'])}: {found['status']}")
    payment = found["payment"]
    if payment:
        figures = ", ".join(
            f"{name} {to_major(payment[name], payment['currency'])}"
            for name in ("reserved", "captured", "returned")
        )
        console.print(
            f"  {found['provider']} payment {found['payment_id']}: {escape(payment['detail'])}, {figures}"
        )
    console.print(f"  now: {escape(found['problem'] or found['decision'])}")
    if found["due"]:
        console.print(f"  looked at again at {found['due']}")
    for event in found["story"]:
        console.print(f"  [dim]{event['at']}[/] [cyan]{event['topic']:9}[/] {escape(event['text'])}")
    for action in found["actions"]:
        console.print(
            f"  action {action['id']}: {action['kind']} {_amount(action)} {action['state']}  {action['key']}"
        )


def _text(value: object) -> str:
    return "" if value is None else str(value)
