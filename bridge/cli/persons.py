"""`approve`, `adopt`, `drop` and `retry`: what a person says about actions."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import click

from bridge.cli.shared import Command, json_option, print_json, run_async, settings
from bridge.db import persons
from bridge.db.connection import opened
from bridge.db.persons import Said
from bridge.errors import UsageError

_named = click.argument("numbers", metavar="[ACTION]...", type=int, nargs=-1)
_order = click.option("--order", "order", type=(str, int), metavar="STORE N", help="The open action of this order.")


@click.command(cls=Command)
@_named
@_order
@json_option
def approve(*, numbers: tuple[int, ...], order: tuple[str, int] | None, as_json: bool) -> None:
    """Let held actions go, each as it stands: a call of another amount needs another approval."""
    _each(numbers, order, persons.approve, as_json=as_json)


@click.command(cls=Command)
@_named
@_order
@json_option
def retry(*, numbers: tuple[int, ...], order: tuple[str, int] | None, as_json: bool) -> None:
    """Look again now; what waits or was refused is tried again. An unknown call is never just sent again."""
    _each(numbers, order, persons.retry, as_json=as_json)


@click.command(cls=Command)
@_named
@_order
@click.option("--why", required=True, help="The reason; it stands in the order's story.")
@json_option
def drop(*, numbers: tuple[int, ...], order: tuple[str, int] | None, why: str, as_json: bool) -> None:
    """Give actions up: a refund for good, another step for its target."""
    _each(numbers, order, lambda number, now: persons.drop(number, why, now), as_json=as_json)


@click.command(cls=Command)
@_named
@_order
@json_option
def adopt(*, numbers: tuple[int, ...], order: tuple[str, int] | None, as_json: bool) -> None:
    """Take what was done elsewhere as done.

    ACTION: a held refund that was paid in another way. --order STORE N: returns at the provider that no refund of
    the shop explains.
    """
    if order is None:
        _each(numbers, None, persons.adopt_refund, as_json=as_json)
        return
    chosen = settings()
    store, order_id = order
    tags = {one.name: one.tag or "" for one in chosen.stores}

    async def work() -> list[Said]:
        async with opened(chosen.database):
            return [await persons.adopt_returns(store, order_id, tags.get(store, ""), _now())]

    _tell(run_async(work), as_json=as_json)


def _each(
    numbers: tuple[int, ...],
    order: tuple[str, int] | None,
    say: Callable[[int, datetime], Awaitable[Said]],
    *,
    as_json: bool,
) -> None:
    if not numbers and order is None:
        raise UsageError("name the actions by number (see `wc-bridge actions`), or an order by --order STORE N")
    chosen = settings()

    async def work() -> list[Said]:
        async with opened(chosen.database):
            found = [*numbers, *(await persons.actions_of(*order) if order else [])]
            if not found:
                raise UsageError("the order has no open action")
            for number in found:
                await persons.open_action(number)
            return [await say(number, _now()) for number in dict.fromkeys(found)]

    _tell(run_async(work), as_json=as_json)


def _tell(said: list[Said], *, as_json: bool) -> None:
    if as_json:
        told: list[dict[str, Any]] = [{"action": one.action, "text": one.text} for one in said]
        print_json(told)
        return
    for one in said:
        click.echo(f"action {one.action}: {one.text}" if one.action else one.text)


def _now() -> datetime:
    return datetime.now(UTC)
