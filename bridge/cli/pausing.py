"""`pause` and `resume`: stop now, and go on. What is stopped is watched as before, and no call begins on it.

Both need the database and nothing else: no store, no provider, no secret, and of settings.yaml only `database`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from bridge.cli.completing import STORE
from bridge.cli.shared import Command, ask, database_url, json_option, print_json, run_async, say
from bridge.db import holds, pauses
from bridge.db.connection import existing
from bridge.db.holds import Held
from bridge.db.pauses import Call, Scope
from bridge.domain.money import to_major
from bridge.engine.remedies import paused_line, remedy
from bridge.errors import UsageError


def _scope(store: str | None, order: int | None, *, every: bool) -> Scope:
    """What is named. Raises UsageError where nothing is, or both a store and everything."""
    if every == (store is not None):
        raise UsageError("name an order (STORE N), a store (STORE), or everything (--all)")
    return Scope(store=store or "", order=order)


@click.command(cls=Command)
@click.argument("store", type=STORE, required=False)
@click.argument("order", metavar="[N]", type=int, required=False)
@click.option("--all", "every", is_flag=True, help="Everything, stores to come included.")
@click.option("--why", default="", help="The reason; it stands in `status`.")
@json_option
def pause(*, store: str | None, order: int | None, every: bool, why: str, as_json: bool) -> None:
    """Stop now: order N (the WooCommerce id) of STORE, the whole STORE, or everything.

    No call to a provider begins from now on, nor after a restart, until `resume`. A call that is under way ends,
    and is recorded; those that are, are shown. All is watched as before, and what would be done waits.

    \b
    Examples:
      wc-bridge pause --all
      wc-bridge pause butiken --why "stocktaking until Monday"
      wc-bridge pause butiken 1042
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    scope, url = _scope(store, order, every=every), database_url()

    async def stop() -> tuple[pauses.Pause, list[Call]]:
        async with existing(url):
            return await pauses.pause(scope, why, _now())

    made, under_way = run_async(stop)
    if as_json:
        print_json({**_named(scope), "since": _moment(made.since), "why": made.why, "under_way": _shown(under_way)})
        return
    say(f"{scope} is paused since {_moment(made.since)}: no call begins; `wc-bridge resume {scope.words}` goes on")
    if under_way:
        say(f"under way, and ends: {_sum(under_way)}")


@click.command(cls=Command)
@click.argument("store", type=STORE, required=False)
@click.argument("order", metavar="[N]", type=int, required=False)
@click.option("--all", "every", is_flag=True, help="What `pause --all` stopped.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def resume(*, store: str | None, order: int | None, every: bool, yes: bool, as_json: bool) -> None:
    """Let go on what was stopped: order N of STORE, the whole STORE, or what `pause --all` stopped.

    STORE also goes on where it is held since the plugin's order management seemed to be on: switch that off in the
    shop first. What waits is looked at again: what the shop still asks for and nobody has done is done now. What
    another pause stops stays so, and is shown.

    \b
    Examples:
      wc-bridge resume --all
      wc-bridge resume butiken
      wc-bridge resume butiken 1042 --yes
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    scope, url = _scope(store, order, every=every), database_url()
    why, waiting = run_async(lambda: _why(url, scope))
    ask(f"{scope} is {why}; let it go on? What waits: {_sum(waiting)}", yes=yes)

    async def go() -> tuple[int, list[str]]:
        async with existing(url):
            count = 0
            if scope.store and scope.order is None and (await holds.held(scope.store))[0] is Held.PLUGIN:
                count += await holds.resume(scope.store, _now())
            return count + await pauses.resume(scope, _now()), await _still(scope)

    count, still = run_async(go)
    if as_json:
        print_json({**_named(scope), "looked_at_again": count, "still": still})
        return
    say(f"{scope} goes on; {count} {'action' if count == 1 else 'actions'} that waited are looked at again")
    for line in still:
        say(f"still {line}")


async def _why(url: str, scope: Scope) -> tuple[str, Sequence[Call]]:
    """Why it is stopped, and what waits there. Raises UsageError where this command lets nothing go on."""
    async with existing(url, read_only=True):
        await pauses.check(scope)
        ours = [
            f"paused since {_moment(it.since)}{_because(it.why)}"
            for it in await pauses.every()
            if it.scope == scope
        ]
        by, why = await holds.held(scope.store) if scope.store and scope.order is None else (None, "")
        if by is Held.PLUGIN:
            ours.append(f"held: {why}")
        if not ours:
            if by is Held.REWOUND:
                raise UsageError(f"{scope} seems to have gone back in time: {remedy(by, scope.store)}")
            others = "; ".join(await _still(scope))
            raise UsageError(f"{scope} is not paused{' by itself' if others else ''}{others and f': {others}'}")
        return ", and ".join(ours), await pauses.waiting(scope)


async def _still(scope: Scope) -> list[str]:
    """What else stops it, or a part of it, in words."""
    found = [it for it in await pauses.every() if it.scope != scope and _touch(it.scope, scope)]
    lines = [
        "".join(paused_line(it.scope.store or None, it.scope.order, _moment(it.since), it.why)) for it in found
    ]
    by, why = await holds.held(scope.store) if scope.store else (None, "")
    if by is not None and (by is Held.REWOUND or scope.order is not None):
        lines.append(f"held: {why}; {remedy(by, scope.store)}")
    word = await pauses.own_word(scope)
    if word in ("off", "pause"):
        lines.append(f"left alone: the order itself says wc_bridge = {word}, which is taken out of it in the shop")
    return lines


def _touch(one: Scope, other: Scope) -> bool:
    """Whether one is a part of the other."""
    same_store = one.store == other.store or not one.store or not other.store
    return same_store and (one.order is None or other.order is None)


def _sum(calls: Sequence[Call]) -> str:
    sums: dict[str, int] = defaultdict(int)
    for call in calls:
        sums[call.currency] += call.amount
    amounts = " + ".join(f"{to_major(amount, currency)} {currency}" for currency, amount in sums.items())
    return f"{len(calls)} {'action' if len(calls) == 1 else 'actions'}, {amounts}" if calls else "nothing"


def _shown(calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [asdict(call) for call in calls]


def _named(scope: Scope) -> dict[str, Any]:
    return {"store": scope.store or None, "order": scope.order}


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def _now() -> datetime:
    return datetime.now(UTC)


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")
