"""`approve`, `adopt`, `drop` and `retry`: what a person says about actions."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from bridge.cli.shared import Command, ask, json_option, print_json, run_async, settings
from bridge.db import persons, queries
from bridge.db.connection import existing
from bridge.db.persons import Said
from bridge.domain.money import to_major
from bridge.errors import UsageError

T = TypeVar("T")

_named = click.argument("numbers", metavar="[ACTION]...", type=int, nargs=-1)
_order = click.option("--order", "order", type=(str, int), metavar="STORE N", help="The open action of this order.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command(cls=Command)
@_named
@_order
@_yes
@json_option
def approve(*, numbers: tuple[int, ...], order: tuple[str, int] | None, yes: bool, as_json: bool) -> None:
    """Let held actions go, each as it stands: a call of another amount needs another approval.

    \b
    Examples:
      wc-bridge approve 7 9
      wc-bridge approve --order butiken 1042 --yes
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    _each("approve", numbers, order, persons.approve, yes=yes, as_json=as_json)


@click.command(cls=Command)
@_named
@_order
@_yes
@json_option
def retry(*, numbers: tuple[int, ...], order: tuple[str, int] | None, yes: bool, as_json: bool) -> None:
    """Look again now; what waits or was refused is tried again. An unknown call is never just sent again.

    \b
    Examples:
      wc-bridge retry 7
      wc-bridge retry --order butiken 1042      (also an order at rest: its payment is read again)
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    if order is not None and not numbers:
        store, order_id = order
        url = settings().database
        if not _in_database(url, lambda: persons.actions_of(store, order_id)):
            said = _in_database(url, lambda: persons.look_again(store, order_id, _now()))
            _tell([said], as_json=as_json)
            return
    _each("retry", numbers, order, persons.retry, yes=yes, as_json=as_json)


@click.command(cls=Command)
@_named
@_order
@click.option("--why", required=True, help="The reason; it stands in the order's story.")
@_yes
@json_option
def drop(*, numbers: tuple[int, ...], order: tuple[str, int] | None, why: str, yes: bool, as_json: bool) -> None:
    """Give actions up: a refund for good, another step for its target.

    \b
    Example:
      wc-bridge drop 7 --why "paid back in cash"
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    _each("drop", numbers, order, lambda number, now: persons.drop(number, why, now), yes=yes, as_json=as_json)


@click.command(cls=Command)
@_named
@_order
@_yes
@json_option
def adopt(*, numbers: tuple[int, ...], order: tuple[str, int] | None, yes: bool, as_json: bool) -> None:
    """Take what was done elsewhere as done.

    ACTION: a held refund that was paid in another way. --order STORE N: returns at the provider that no refund of
    the shop explains.

    \b
    Examples:
      wc-bridge adopt 7
      wc-bridge adopt --order butiken 1042
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    if order is None:
        _each("adopt", numbers, None, persons.adopt_refund, yes=yes, as_json=as_json)
        return
    if numbers:
        raise UsageError("name either actions or an order")
    store, order_id = order
    chosen = settings()
    tag = next((one.tag for one in chosen.stores if one.name == store), None) or ""
    shown = _in_database(chosen.database, lambda: persons.unexplained(store, order_id, tag))
    returned = f"{to_major(shown.amount, shown.currency)} {shown.currency}"
    ask(f"take returns of {returned} on order {order_id} as no business of the shop?", yes=yes)
    said = _in_database(chosen.database, lambda: persons.adopt_returns(store, order_id, tag, shown, _now()))
    _tell([said], as_json=as_json)


def _each(
    word: str,
    numbers: tuple[int, ...],
    order: tuple[str, int] | None,
    say: Callable[[int, datetime], Awaitable[Said]],
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Say one thing about each action, after a person has seen which they are."""
    if not numbers and order is None:
        raise UsageError("name the actions by number (see `wc-bridge actions`), or an order by --order STORE N")
    url = settings().database
    chosen = _in_database(url, lambda: _chosen(numbers, order))
    ask(f"{word} {_count_and_sum(chosen)}?", yes=yes)

    async def work() -> list[Said]:
        return [await say(action["id"], _now()) for action in chosen]

    _tell(_in_database(url, work), as_json=as_json)


async def _chosen(numbers: tuple[int, ...], order: tuple[str, int] | None) -> list[dict[str, Any]]:
    found = dict.fromkeys([*numbers, *(await persons.actions_of(*order) if order else [])])
    if not found:
        raise UsageError("the order has no open action")
    for number in found:
        await persons.open_action(number)
    return [action for action in await queries.actions() if action["id"] in found]


def _count_and_sum(actions: list[dict[str, Any]]) -> str:
    sums: dict[str, int] = defaultdict(int)
    for action in actions:
        sums[action["currency"]] += action["amount"]
    amounts = " + ".join(f"{to_major(amount, currency)} {currency}" for currency, amount in sums.items())
    kinds = sorted({action["kind"] for action in actions})
    return f"{len(actions)} {'action' if len(actions) == 1 else 'actions'} ({', '.join(kinds)}), {amounts}"


def _in_database(url: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do this in the database. It is closed between question and answer: a person takes time."""

    async def inside() -> T:
        async with existing(url):
            return await work()

    return run_async(inside)


def _tell(said: list[Said], *, as_json: bool) -> None:
    if as_json:
        told: list[dict[str, Any]] = [{"action": one.action, "text": one.text} for one in said]
        print_json(told)
        return
    for one in said:
        click.echo(f"action {one.action}: {one.text}" if one.action else one.text)


def _now() -> datetime:
    return datetime.now(UTC)
