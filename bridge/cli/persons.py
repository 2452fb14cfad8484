"""`approve`, `adopt`, `drop` and `retry`: what a person says about actions."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from bridge.cli.completing import ACTION, STORE
from bridge.cli.shared import Command, ask, finish, json_option, print_json, run_async, say, settings
from bridge.db import bounds, pauses, persons, queries
from bridge.db.connection import existing
from bridge.db.persons import Said, Shown
from bridge.domain.money import to_major
from bridge.domain.records import State
from bridge.domain.steps import Kind
from bridge.errors import UsageError

T = TypeVar("T")

_yes = click.option("--yes", is_flag=True, help="Do not ask.")


def _which(command: T) -> T:
    """Give a command what says which actions are meant."""
    for option in (
        click.option("--kind", type=click.Choice([str(kind) for kind in Kind]), help="The kind of these actions."),
        click.option(
            "--store", metavar="STORE", type=STORE, help="With --kind: all held there for their number or sum."
        ),
        click.option("--order", type=(str, int), metavar="STORE N", help="The open action of this order."),
        click.argument("numbers", metavar="[ACTION]...", type=ACTION, nargs=-1),
    ):
        command = option(command)  # type: ignore[type-var]  # click's decorators take functions, as this one
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class _Which:
    """The actions that are meant, as the command line names them."""

    numbers: tuple[int, ...]
    order: tuple[str, int] | None
    store: str | None
    kind: str | None

    async def ids(self, word: str) -> list[int]:
        """Their ids. Raises UsageError where none are named, or those named are not there."""
        if (self.store is None) != (self.kind is None):
            raise UsageError("--store STORE and --kind KIND go together")
        if not self.numbers and self.order is None and self.store is None:
            raise UsageError(
                "name the actions by number (see `wc-bridge actions`), an order by --order STORE N, or all "
                "that are held in a bunch by --store STORE --kind KIND"
            )
        found = [*self.numbers, *(await persons.actions_of(*self.order) if self.order else [])]
        if self.store is not None and self.kind is not None:
            await pauses.check(pauses.Scope(store=self.store))
            found += await bounds.bunch(self.store, self.kind, held=word != "retry")
        if not found:
            raise UsageError(
                "the order has no open action" if self.order else f"no such {self.kind} of {self.store} is there"
            )
        for number in self.numbers:
            await persons.open_action(number)
        return list(dict.fromkeys(found))


@click.command(cls=Command)
@_which
@_yes
@json_option
def approve(*, yes: bool, as_json: bool, **which: Any) -> None:
    """Let held actions go, each as it stands: a call of another amount needs another approval.

    \b
    Examples:
      wc-bridge approve 7 9
      wc-bridge approve --order butiken 1042 --yes
      wc-bridge approve --store butiken --kind cancel      (all that are held for their number or sum)
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    _each("approve", _Which(**which), persons.approve, yes=yes, as_json=as_json)


@click.command(cls=Command)
@_which
@_yes
@json_option
def retry(*, yes: bool, as_json: bool, **which: Any) -> None:
    """Look again now; what waits or was refused is tried again. An unknown call is never just sent again.

    \b
    Examples:
      wc-bridge retry 7
      wc-bridge retry --order butiken 1042      (also an order at rest: its payment is read again)
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    named = _Which(**which)
    if named.order is not None and not named.numbers and not named.store:
        store, order_id = named.order
        url = settings().database
        if not _in_database(url, lambda: persons.actions_of(store, order_id)):
            said = _in_database(url, lambda: persons.look_again(store, order_id, _now()))
            _tell([said], as_json=as_json)
            return
    _each("retry", named, lambda number, now, _: persons.retry(number, now), yes=yes, as_json=as_json)


@click.command(cls=Command)
@_which
@click.option("--why", required=True, help="The reason; it stands in the order's story.")
@_yes
@json_option
def drop(*, why: str, yes: bool, as_json: bool, **which: Any) -> None:
    """Give actions up: a refund for good, another step for its target.

    \b
    Example:
      wc-bridge drop 7 --why "paid back in cash"
    """  # noqa: D301 (\\b is click's: leave these lines as they are)

    async def drop_one(number: int, now: datetime, shown: Shown) -> Said:
        return await persons.drop(number, why, now, shown)

    _each("drop", _Which(**which), drop_one, yes=yes, as_json=as_json)


@click.command(cls=Command)
@_which
@_yes
@json_option
def adopt(*, yes: bool, as_json: bool, **which: Any) -> None:
    """Take what was done elsewhere as done.

    ACTION: a held refund that was paid in another way. --order STORE N: returns at the provider that no refund of
    the shop explains.

    \b
    Examples:
      wc-bridge adopt 7
      wc-bridge adopt --order butiken 1042
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    named = _Which(**which)
    if named.order is None:
        _each("adopt", named, persons.adopt_refund, yes=yes, as_json=as_json)
        return
    if named.numbers or named.store:
        raise UsageError("name either actions or an order")
    store, order_id = named.order
    chosen = settings()
    tag = next((one.tag for one in chosen.stores if one.name == store), None) or ""
    shown = _in_database(chosen.database, lambda: persons.unexplained(store, order_id, tag))
    returned = f"{to_major(shown.amount, shown.currency)} {shown.currency}"
    ask(f"take returns of {returned} on order {order_id} as no business of the shop?", yes=yes)
    said = _in_database(chosen.database, lambda: persons.adopt_returns(store, order_id, tag, shown, _now()))
    _tell([said], as_json=as_json)


def _each(
    word: str, which: _Which, tell: Callable[[int, datetime, Shown], Awaitable[Said]], *, yes: bool, as_json: bool
) -> None:
    """Say one thing about each action as it stands, after a person has seen which they are."""
    url = settings().database

    async def look() -> list[dict[str, Any]]:
        found = set(await which.ids(word))
        return [action for action in await queries.actions() if action["id"] in found]

    chosen = _in_database(url, look)
    ask(f"{word} {_count_and_sum(chosen)}?", yes=yes)

    async def one(action: dict[str, Any]) -> Said:
        shown = Shown(**{name: action[name] for name in ("state", "reason", "amount", "target")})
        try:
            return await tell(action["id"], _now(), shown)
        except UsageError as error:
            if len(chosen) == 1:
                raise
            # Of many, one has moved on: the others are no less meant.
            return Said(action["id"], str(error), done=False)

    async def work() -> list[Said]:
        return [await one(action) for action in chosen]

    _tell(_in_database(url, work), as_json=as_json)


def _count_and_sum(actions: list[dict[str, Any]]) -> str:
    sums: dict[str, int] = defaultdict(int)
    for action in actions:
        sums[action["currency"]] += action["amount"]
    amounts = " + ".join(f"{to_major(amount, currency)} {currency}" for currency, amount in sums.items())
    kinds = sorted({action["kind"] for action in actions})
    reasons = sorted({action["reason"] for action in actions if action["state"] == State.HELD})
    held = f", held as {', '.join(reasons)}" if reasons else ""
    return f"{len(actions)} {'action' if len(actions) == 1 else 'actions'} ({', '.join(kinds)}{held}), {amounts}"


def _in_database(url: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do this in the database. It is closed between question and answer: a person takes time."""

    async def inside() -> T:
        async with existing(url):
            return await work()

    return run_async(inside)


def _tell(said: list[Said], *, as_json: bool) -> None:
    if as_json:
        told: list[dict[str, Any]] = [{"action": one.action, "text": one.text, "done": one.done} for one in said]
        print_json(told)
    else:
        for one in said:
            say(f"action {one.action}: {one.text}" if one.action and one.done else one.text)
    finish(0 if all(one.done for one in said) else 1)


def _now() -> datetime:
    return datetime.now(UTC)
