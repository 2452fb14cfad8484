"""`status`: how each store stands. No secret is resolved, no remote is asked."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bridge.cli.refused import print_refusals
from bridge.cli.shared import Command, console, finish, json_option, print_json, run_async, settings, settings_file
from bridge.cli.tables import amount, cell, lean_table, paragraph, when
from bridge.db import queries
from bridge.db.bounds import Bunch
from bridge.db.connection import existing
from bridge.db.firsts import First
from bridge.db.holds import Held
from bridge.domain.money import to_major
from bridge.engine import binding
from bridge.engine.remedies import (
    beyond,
    decides,
    first_decides,
    first_differed,
    held_line,
    not_polled,
    paused_line,
)
from bridge.errors import DatabaseError, SettingsError
from bridge.settings import database_of

_MINUTE = 60
_STORAGES = {"hpos": "HPOS", "posts": "posts storage", "": "unknown storage"}
_NEEDING = (
    *("refused_settings", "attention", "problem", "held", "unbound", "bounded", "failing", "unwritten"),
    *("tried_long", "silent", "channels"),
)
"""The parts of a store's status that are empty while all is well."""


@click.command(cls=Command)
@json_option
def status(*, as_json: bool) -> None:
    """Show each store: mode, last good poll, orders, actions by state, and what needs attention.

    Ends 1 when something does: an order, an action that is tried for longer than `warn_after`, a store that could
    not be polled or was not for long (`silent`), a provider that could not be read, or a store that is paused.

    \b
    Examples:
      wc-bridge status
      wc-bridge status --json
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    try:
        chosen = settings()
    except SettingsError as error:
        _tell_despite(error, as_json=as_json)
        return
    names = {store.name: store.mode for store in chosen.stores}
    warn_after = {store.name: store.warn_after for store in chosen.stores}

    async def read() -> list[dict[str, Any]]:
        async with existing(chosen.database, read_only=True):
            return await queries.status(datetime.now(UTC), names, warn_after)

    intervals = {store.name: store.poll.interval for store in chosen.stores}
    stores = [
        {**store, "silent": store["store"] in intervals and not_polled(store, intervals[store["store"]])}
        for store in run_async(read)
    ]
    _print(stores, names, as_json=as_json)
    finish(1 if any(map(_needs_somebody, stores)) else 0)


def _tell_despite(error: SettingsError, *, as_json: bool) -> None:
    """Say what is wrong with the settings, and how the stores stand for a daemon that goes on by those of before.

    Raises the error itself where the file does not say which database that is, or there is none.
    """
    url = database_of(settings_file())
    if url is None:
        raise error

    async def read() -> list[dict[str, Any]]:
        async with existing(url, read_only=True):
            return await queries.status(datetime.now(UTC))

    try:
        stores = [{**store, "silent": False} for store in run_async(read)]
    except DatabaseError:
        raise error from None
    click.echo(f"wc-bridge: {error}", err=True)
    _print(stores, {store["store"] for store in stores}, as_json=as_json)
    finish(error.exit_code)


def _print(stores: list[dict[str, Any]], known: Collection[str], *, as_json: bool) -> None:
    if as_json:
        print_json(stores)
        return
    out = console()
    print_refusals(out, stores)
    for store in stores:
        _print_store(out, store, known=store["store"] in known)


def _needs_somebody(store: dict[str, Any]) -> bool:
    differed = any(first["figures"] for first in store["firsts"])
    stopped = any(pause["order"] is None for pause in store["paused"])
    return (
        differed or stopped or any(store[name] for name in _NEEDING) or any(it["alerted"] for it in store["down"])
    )


def _print_store(out: Console, store: dict[str, Any], *, known: bool) -> None:
    mode = ("live", "green") if store["mode"] == "live" else ("shadow (writes nothing)", "yellow")
    polled = f"polled {_ago(store['lag'])} ago ({when(store['polled'])})" if store["polled"] else first_run(store)
    gone = "" if known else (" not in settings.yaml any more", "yellow")
    out.print(Text.assemble((store["store"], "bold"), "  ", mode, gone, "  ", polled), soft_wrap=True)
    _print_troubles(out, store)
    counts = ", ".join(f"{count} {state}" for state, count in store["actions"].items() if count) or "none yet"
    if store["version"]:
        paragraph(out, "", f"WooCommerce {store['version']}, orders on {_STORAGES[store['storage']]}", style="")
    paragraph(out, "", f"orders: {store['orders']} known, {store['open']} watched, {store['due']} due", style="")
    if store["looked_at_again"]:
        paragraph(out, "", f"{store['looked_at_again']:,} still to be looked at again (`resync`)", style="")
    paragraph(out, "", f"actions: {counts}", style="")
    if worker := store["worker"]:
        where = f"{worker['host']}, process {worker['pid']}, since {when(worker['since'])}"
        paragraph(out, "", f"worked on by {where}", style="")
    if store["polled"] is None and not store["problem"] and store["baseline"] is None:
        paragraph(out, "", "start `wc-bridge run`, or try `wc-bridge once`", style="")
    elif not store["down"] and not _needs_somebody(store):
        paragraph(out, "", "nothing needs attention", style="")
    if store["attention"]:
        _print_attention(out, store)


def first_run(store: dict[str, Any]) -> str:
    """What to say of a store whose orders have never been read to the end."""
    if store["baseline"] is None:
        return "never polled"
    return f"baseline: {store['baseline']['read']:,} of {store['baseline']['total']:,} orders read"


def _print_not_polling(out: Console, store: dict[str, Any]) -> None:
    if store["problem"]:
        rests = f"; asked again {when(store['rests_until'])}" if store["rests_until"] else ""
        paragraph(out, "not polling: ", f"{store['problem']}{rests}")
    if store["silent"]:
        ask = "does the daemon run? (systemctl status wc-bridge)"
        paragraph(out, f"not polled for {_ago(store['lag'])}: ", ask)


def _print_troubles(out: Console, store: dict[str, Any]) -> None:
    _print_not_polling(out, store)
    if store["held"]:
        paragraph(out, *held_line(Held(store["held"]), store["held_why"], store["store"]))
    print_paused(out, store["paused"])
    if store["unbound"]:
        paragraph(out, "refused, nothing is done: ", f"{store['unbound']}; {binding.remedy(store['store'])}")
    for bunch in store["bounded"]:
        _print_bunch(out, store, bunch)
    for first in store["firsts"]:
        paragraph(out, "first call: ", _first(store["store"], first), style="bold yellow")
    for it in store["down"]:
        tries = f"no answer since {when(it['since'])}, tried again {when(it['next_try'])}"
        paragraph(out, f"{it['remote']} is down: ", f"{tries}, {_orders(it['waiting'])} waiting; {it['text']}")
    told = {it["text"] for it in store["down"]}
    failing = [one["text"] for one in store["failing"] if one["text"] not in told]
    for text, count in Counter(failing).items():
        paragraph(out, f"{count} waiting: ", text)
    for item in store["tried_long"]:
        paragraph(out, "tried for long: ", _tried(item))
    for it in store["channels"]:
        paragraph(out, f"alerts don't go out by {it['channel']} since {when(it['since'])}: ", it["text"])
    if store["unwritten"]:
        count = store["unwritten"]
        notes = "1 note is not on its order: " if count == 1 else f"{count} notes are not on their orders: "
        paragraph(out, notes, "staff do not know of it; why is in the log, as note.failed or store.alert")


def print_paused(out: Console, pauses: list[dict[str, Any]]) -> None:
    """What a person has stopped, as `status` and `order` have it."""
    for it in pauses:
        paragraph(out, *paused_line(it["store"], it["order"], when(it["since"]), it["why"]), style="bold yellow")


def _print_bunch(out: Console, store: dict[str, Any], bunch: dict[str, Any]) -> None:
    """What a bound holds; where nothing is called anyway, nobody is asked to decide."""
    text, live = beyond(Bunch(**{**bunch, "since": None})), store["mode"] == "live"
    ask = f": {decides(store['store'], bunch['kind'], bunch['count'])}" if live and not store["held"] else ""
    paragraph(out, "" if live else "would be held: ", f"{text}{ask}", style="yellow")


def _first(store: str, first: dict[str, Any]) -> str:
    if first["figures"]:
        return f"{first_differed(First(row=0, **first))}; {first_decides(store, First(row=0, **first))}"
    what = (
        f"the first {first['call']} at {first['account']} goes alone, on order {first['order']}: {first['state']}"
    )
    return f"{what}; others wait until its effect is seen"


def _print_attention(out: Console, store: dict[str, Any]) -> None:
    paragraph(out, f"{len(store['attention'])} need attention", "")
    table = lean_table("order", "status", "since", "action", "why")
    for item in store["attention"]:
        number = item["order_number"]
        order = f"{item['order']} ({number})" if number not in ("", str(item["order"])) else str(item["order"])
        since = (item["since"] or "")[:10]
        table.add_row(order, item["status"], since, cell(item["action"]), _why(item))
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    paragraph(
        out, "", f"wc-bridge order {store['store']} N tells the story, and what the note on it says", style=""
    )
    if any(item["action"] is not None for item in store["attention"]):
        paragraph(out, "", "wc-bridge approve, drop or adopt ACTION decides", style="")


def _orders(count: int) -> str:
    return f"{count} {'order' if count == 1 else 'orders'}"


def _tried(item: dict[str, Any]) -> str:
    attempts = item["attempts"]
    tries = f"{attempts} {'try' if attempts == 1 else 'tries'} since {when(item['created'])}"
    answer = f"; {item['answer']}" if item["answer"] else ""
    return f"{item['kind']} of {amount(item)} for order {item['order']}, {item['state']}, {tries}{answer}"


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
