"""`once`: one full cycle, in the foreground."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bridge.app import units
from bridge.cli.shared import Command, Duration, finish, json_option, print_json, run_async, settings
from bridge.db import queries
from bridge.db.connection import sqlite_path
from bridge.db.copying import copy_sqlite
from bridge.domain.money import to_major
from bridge.engine.cycles import Ended
from bridge.engine.cycles import once as one_cycle
from bridge.errors import UsageError
from bridge.settings import Settings


@click.command(cls=Command)
@click.option(
    "--wait", type=Duration(), default="90s", show_default=True, help="How long to go on for what is due."
)
@click.option("--dry-run", is_flag=True, help="Show what would be done now; write nothing anywhere.")
@json_option
def once(*, wait: timedelta, dry_run: bool, as_json: bool) -> None:
    """Run one full cycle: poll, sweep, look at everything unfinished, act, and go on while something is due.

    Ends 3 when a store could not be read, 1 when something needs attention.
    """
    with _rehearsal(settings()) if dry_run else _as_it_is(settings()) as chosen:
        cycles, before, after, stores = run_async(lambda: _work(chosen, wait))
    fresh = [action for action in after if action not in before]
    if as_json:
        print_json({"stores": [_ended(cycle) for cycle in cycles], "actions": fresh})
    else:
        _print(Console(), cycles, fresh, dry_run=dry_run)
    needing = any(store["attention"] for store in stores)
    finish(3 if any(cycle.problem for cycle in cycles) else 1 if needing else 0)


async def _work(chosen: Settings, wait: timedelta) -> tuple[list[Ended], list[Any], list[Any], list[Any]]:
    async with units(chosen) as made:
        before = await queries.actions()
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one_cycle(unit, wait)) for unit in made]
        return [task.result() for task in running], before, await queries.actions(), await queries.status()


@contextmanager
def _as_it_is(chosen: Settings) -> Iterator[Settings]:
    yield chosen


@contextmanager
def _rehearsal(chosen: Settings) -> Iterator[Settings]:
    """Work on a copy of the database that is thrown away, in shadow mode: nothing is written anywhere."""
    source = sqlite_path(chosen.database)
    if source is None:
        raise UsageError("--dry-run works on a copy of the database, which this version can make of SQLite alone")
    with tempfile.TemporaryDirectory(prefix="wc-bridge-") as folder:
        target = Path(folder, "rehearsal.sqlite3")
        copy_sqlite(source, target)
        shadows = tuple(store.model_copy(update={"mode": "shadow"}) for store in chosen.stores)
        yield chosen.model_copy(update={"database": f"sqlite://{target}", "stores": shadows})


def _print(console: Console, cycles: list[Ended], fresh: list[dict[str, Any]], *, dry_run: bool) -> None:
    for action in fresh:
        amount = to_major(action["amount"], action["currency"])
        does = "would " if dry_run and action["state"] == "ready" else ""
        console.print(
            f"{action['store']} order {action['order']}: {does}{action['kind']} {amount} {action['currency']} "
            f"{'' if does else action['state']}  {action['key']}  {action['reason']}",
            markup=False,
            highlight=False,
        )
    for cycle in cycles:
        if cycle.problem:
            click.echo(f"wc-bridge: {cycle.problem}", err=True)
        due = f", the next at {cycle.next_due:%H:%M:%S} UTC" if cycle.next_due else ""
        console.print(
            f"{cycle.store}: {cycle.worked} orders looked at, {cycle.later} due later{due}", highlight=False
        )


def _ended(cycle: Ended) -> dict[str, Any]:
    return {
        "store": cycle.store,
        "problem": cycle.problem,
        "worked": cycle.worked,
        "later": cycle.later,
        "next_due": cycle.next_due.isoformat(timespec="seconds") if cycle.next_due else None,
    }
