"""`once`: one full cycle, in the foreground."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bridge.alerts.running import Lasting, alarms
from bridge.app import units
from bridge.cli.progress import bars
from bridge.cli.shared import (
    Command,
    Duration,
    console,
    finish,
    json_option,
    print_json,
    run_async,
    settings_to_work_by,
)
from bridge.cli.status import first_run
from bridge.db import queries
from bridge.db.agenda import Agenda
from bridge.db.bounds import Bunch
from bridge.db.copying import copy_to_rehearse
from bridge.db.holds import Held
from bridge.db.leases import Holder, holders
from bridge.db.standing import Standing
from bridge.db.urls import shown
from bridge.domain.money import to_major
from bridge.domain.records import State
from bridge.engine import binding
from bridge.engine.cycles import once as one_cycle
from bridge.engine.progress import Listener
from bridge.engine.remedies import beyond, held_line, paused_line
from bridge.engine.unit import Unit
from bridge.errors import DatabaseError
from bridge.settings import Alerts, Settings, StoreSettings

_SPARE = timedelta(seconds=2)
"""How long before the end of `--wait` nothing more is waited for: what is begun last has this long to end."""
_LAST = 1.0
"""Seconds in which what is cut off then writes down its call as unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cycle:
    """What one full cycle of a store came to."""

    store: str
    problem: str
    """Why the store could not be read; "" when it could."""
    looked: int | None
    """How often an order was looked at; None when the time was up first."""
    later: int
    """Orders that have something due later."""
    next_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    cycles: list[_Cycle]
    actions: list[dict[str, Any]]
    """Those that are new, or not what they were."""
    status: list[dict[str, Any]]


@click.command(cls=Command)
@click.option(
    "--wait",
    type=Duration(),
    default="90s",
    show_default=True,
    help="Go on for what is due within this, and end by then; 0s: one round, however long it takes.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done now; write nothing anywhere.")
@json_option
def once(*, wait: timedelta, dry_run: bool, as_json: bool) -> None:
    """Run one full cycle: poll, sweep, look at everything unfinished, act, and go on while something is due.

    On PostgreSQL it leaves alone, and names, the stores that a daemon works on.

    Ends 3 when a store could not be worked on or a provider not be read, 1 when something needs attention.

    \b
    Examples:
      wc-bridge once                settle, act, and see it through
      wc-bridge once --dry-run      what would it do? (works beside the daemon)
      wc-bridge once --wait 10m     wait for unknown calls as well
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings_to_work_by()
    with _rehearsal(chosen) if dry_run else nullcontext(chosen) as used, bars() as progress:
        result = run_async(lambda: _work(used, wait, progress))
    if as_json:
        stores = [{**asdict(cycle), "next_due": _moment(cycle.next_due)} for cycle in result.cycles]
        print_json({"dry_run": dry_run, "stores": stores, "actions": result.actions})
    else:
        _print(result, {store.name for store in chosen.stores if dry_run or store.mode == "shadow"})
    silent = _complain(result)
    needing = any(store[name] for store in result.status for name in ("attention", "held", "unbound", "bounded"))
    finish(3 if silent else 1 if needing else 0)


async def _work(used: Settings, wait: timedelta, progress: Listener | None) -> _Result:
    began = _now()
    async with units(used) as made:
        taken = {} if len(made) == len(used.stores) else await holders()
        for unit in made:
            unit.progress = progress or unit.progress
        before = await queries.actions()
        async with asyncio.TaskGroup() as group:
            running = {unit.store.name: group.create_task(_in_time(unit, wait)) for unit in made}
        ended = {name: task.result() for name, task in running.items()}
        if made:
            async with alarms(used, made[0].urgent, Lasting(used, began), _now) as telling:
                await telling.once()
        for unit in made:
            if unit.broken is not None:
                raise DatabaseError(f"the database {shown(used.database)} can't be used: {unit.broken.why}")
        after = await queries.actions()
        status = await queries.status(_now(), {store.name: store.mode for store in used.stores})
        return _Result(
            cycles=[
                await _cycle(store, *ended.get(store.name, (_elsewhere(store, taken), 0)), began)
                for store in used.stores
            ],
            actions=[action for action in after if action not in before and action["store"] in ended],
            status=[one for one in status if one["store"] in {store.name for store in used.stores}],
        )


def _elsewhere(store: StoreSettings, taken: Mapping[str, Holder]) -> str:
    """Why nothing was done for a store that another process works on."""
    by = f" on {taken[store.name]}" if store.name in taken else ""
    return f"store {store.name} is worked on by another wc-bridge{by}: nothing was done for it here"


async def _in_time(unit: Unit, wait: timedelta) -> tuple[str, int | None]:
    """Run one cycle, but no longer than `wait`. What it cuts off records its call as unknown."""
    task = asyncio.create_task(one_cycle(unit, max(wait - _SPARE, wait * 0.8)))
    try:
        await asyncio.wait({task}, timeout=wait.total_seconds() or None)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_LAST)
    if not task.done() or task.cancelled():
        return "", None
    ended = task.result()
    return ended.problem, ended.worked


async def _cycle(store: StoreSettings, problem: str, looked: int | None, began: datetime) -> _Cycle:
    agenda, live = Agenda(store.name), store.mode == "live"
    if looked is None and await _was_silent(store.name, began):
        problem = (
            f"the time was up before store {store.name} had answered: give it more with --wait, or check its url"
        )
    later, due = await agenda.count_due(notes=live), await agenda.next_due(notes=live)
    return _Cycle(store=store.name, problem=problem, looked=looked, later=later, next_due=due)


async def _was_silent(store: str, began: datetime) -> bool:
    """Whether the store was neither polled since then, nor is in the middle of its first run."""
    state = await Standing(store).state()
    on_its_way = state.baseline_until is not None and not state.baseline_done
    return not on_its_way and (state.polled is None or state.polled < began)


@contextmanager
def _rehearsal(chosen: Settings) -> Iterator[Settings]:
    """Work on a copy of the database that is thrown away, in shadow mode: nothing is written anywhere."""
    with tempfile.TemporaryDirectory(prefix="wc-bridge-") as folder:
        target = Path(folder, "rehearsal.sqlite3")
        run_async(lambda: copy_to_rehearse(chosen.database, target))
        shadows = tuple(store.model_copy(update={"mode": "shadow"}) for store in chosen.stores)
        yield chosen.model_copy(update={"database": f"sqlite://{target}", "stores": shadows, "alerts": Alerts()})


def _print(result: _Result, shadows: set[str]) -> None:
    """Print what was done (in `shadows`: would be), then a line a store, then how much is due later."""
    out = console()
    for action in result.actions:
        would = action["state"] == State.READY and action["store"] in shadows
        amount = f"{to_major(action['amount'], action['currency'])} {action['currency']}"
        does = f"would {action['kind']} {amount}" if would else f"{action['kind']} {amount}: {action['state']}"
        place = f"{action['store']} order {action['order']}"
        out.print(f"{place}: {does} ({action['key']}): {action['reason']}", soft_wrap=True)
    for cycle in result.cycles:
        if not cycle.problem:
            looked = "the time was up" if cycle.looked is None else _count(cycle.looked, "look")
            out.print(f"{cycle.store}: {looked}", soft_wrap=True)
    _print_stopped(out, result)
    for store in result.status:
        if store["baseline"] and not store["baseline"]["done"]:
            out.print(f"{store['store']}: {first_run(store)}; `once` and `run` go on from there", soft_wrap=True)
        for bunch in store["bounded"]:
            out.print(f"{store['store']}: {beyond(Bunch(**{**bunch, 'since': None}))}", soft_wrap=True)
    needing = sum(len(store["attention"]) for store in result.status)
    if needing:
        out.print(f"{_count(needing, 'order')} in need of attention: see `wc-bridge status`", soft_wrap=True)
    moments = [cycle.next_due for cycle in result.cycles if cycle.next_due]
    then = f", the next at {min(moments):%H:%M:%S} UTC" if moments else ""
    out.print(f"{sum(cycle.later for cycle in result.cycles)} due later{then}", soft_wrap=True)


def _print_stopped(out: Console, result: _Result) -> None:
    """Print what keeps calls from being made: the store is held, or a person has paused it."""
    for store in result.status:
        if store["held"]:
            line = "".join(held_line(Held(store["held"]), store["held_why"], store["store"]))
            out.print(f"{store['store']}: {line}", soft_wrap=True)
        for it in store["paused"]:
            line = "".join(paused_line(it["store"], it["order"], it["since"], it["why"]))
            out.print(f"{store['store']}: {line}", soft_wrap=True)


def _complain(result: _Result) -> bool:
    """Tell of each store and provider that could not be read, one line each; say whether there was one."""
    refused = {store["store"]: store["unbound"] for store in result.status if store["unbound"]}
    for name, why in refused.items():
        click.echo(f"wc-bridge: nothing is done for {name}: {why}; {binding.remedy(name)}", err=True)
    problems = [cycle.problem for cycle in result.cycles if cycle.problem and cycle.store not in refused]
    down = {cycle.store for cycle in result.cycles if cycle.problem}
    waiting = Counter[str]()
    for store in result.status:
        if store["store"] not in down:
            waiting |= Counter(failed["text"] for failed in store["failing"])
            waiting |= {it["text"]: it["waiting"] for it in store["down"]}
    problems += [f"{text}; {_count(count, 'order')} waiting for it" for text, count in waiting.items()]
    for problem in problems:
        click.echo(f"wc-bridge: {problem}", err=True)
    return bool(problems)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _now() -> datetime:
    return datetime.now(UTC)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="seconds").replace("+00:00", "Z")
