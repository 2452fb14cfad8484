"""`actions` and `order`: the queue, and one order's story. No secret is resolved, no remote is asked."""

from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bridge.cli.shared import Command, console, json_option, print_json, run_async, settings
from bridge.cli.status import print_paused
from bridge.cli.tables import amount, cell, lean_table, paragraph, when
from bridge.db import queries
from bridge.db.connection import existing
from bridge.db.holds import Held, held
from bridge.domain.money import to_major
from bridge.domain.records import State
from bridge.engine.remedies import held_line
from bridge.errors import UsageError

_Down = dict[str, list[dict[str, Any]]]
"""By store its remotes that give no answer."""
_COLOURS = {"done": "green", "held": "bold red", "unknown": "bold yellow", "waiting": "yellow", "dropped": "dim"}


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

    async def read() -> tuple[
        list[dict[str, Any]], dict[str, tuple[Held | None, str]], _Down, list[dict[str, Any]]
    ]:
        async with existing(chosen.database, read_only=True):
            rows = await queries.actions(state, order_id)
            whole = {store: await held(store) for store in sorted({row["store"] for row in rows})}
            return rows, whole, await queries.all_down(datetime.now(UTC)), await queries.paused()

    found, whole, down, paused = run_async(read)
    if as_json:
        print_json(found)
        return
    out = console()
    if found:
        _print_actions(out, found)
    else:
        out.print("no actions" if state is None and order_id is None else "no such actions")
    for store, (by, why) in whole.items():
        if by is not None:
            paragraph(out, *held_line(by, why, store))
    print_paused(out, paused)
    for store, remotes in down.items():
        for it in remotes:
            waiting = f"{it['waiting']} {'order waits' if it['waiting'] == 1 else 'orders wait'} to be looked at"
            since = f"{it['remote']} is down since {when(it['since'])}: "
            paragraph(out, f"{store}: {since}", f"{waiting}, next try {when(it['next_try'])}")


def _print_actions(out: Console, found: list[dict[str, Any]]) -> None:
    several = len({row["store"] for row in found}) > 1
    columns = ("order", "kind", "amount", "state", "updated", "next try", "reason")
    table = lean_table("id", *(["store"] if several else []), *columns)
    for row in found:
        table.add_row(
            cell(row["id"]),
            *([row["store"]] if several else []),
            cell(row["order"]),
            row["kind"],
            amount(row),
            Text(row["state"], style=_COLOURS.get(row["state"], "")),
            when(row["updated"]),
            when(row["next_try"] or "")[-6:],
            row["reason"],
        )
    out.print(table)


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

    async def read() -> tuple[dict[str, Any], tuple[Held | None, str]]:
        async with existing(chosen.database, read_only=True):
            try:
                return await queries.order(store, order_id), await held(store)
            except UsageError:
                if store in names:
                    raise
                known = ", ".join(names) or "none"
                raise UsageError(f"there is no store {store!r} in the settings: there is {known}") from None

    found, (by, why) = run_async(read)
    if as_json:
        print_json(found)
        return
    _print_order(console(), found)
    if by is not None:
        paragraph(console(), *held_line(by, why, store))
    print_paused(console(), found["paused"])


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
        paragraph(out, "", f"{found['provider']} payment {found['payment_id']}", style="")
        paragraph(out, "", ", ".join([payment["detail"] or payment["state"], *figures]), style="")
    if found["problem"] or found["decision"]:
        paragraph(out, "now: ", found["problem"] or found["decision"], style="bold")
    if found["due"]:
        paragraph(out, "", f"looked at again at {when(found['due'])}", style="")
    if found["story"]:
        out.print()
        out.print(Padding(_story(found["story"]), (0, 0, 0, 2), expand=False))
    if found["actions"]:
        table = lean_table("action", "kind", "amount", "state", "tries", "key", "reason")
        for row in found["actions"]:
            state = Text(row["state"], style=_COLOURS.get(row["state"], ""))
            tries = cell(row["attempts"])
            table.add_row(cell(row["id"]), row["kind"], amount(row), state, tries, row["key"], row["reason"])
        out.print()
        out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _story(events: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True, style="cyan")
    table.add_column()
    for event in events:
        table.add_row(when(event["at"]), event["topic"], Text(event["text"]))
    return table
