"""`check`: whether all that the bridge needs is there, and who must do what where it is not."""

from collections.abc import Iterator

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bridge.check.finding import Finding, State, ends
from bridge.check.rounds import rounds
from bridge.cli.shared import Command, console, finish, json_option, print_json, run_async, settings, settings_file
from bridge.errors import UsageError
from bridge.settings import Settings, StoreSettings

_STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}
_WIDTH = 6
"""Of the column with the state."""


@click.command(cls=Command)
@click.option("--store", "name", metavar="STORE", help="Only this store, and its providers.")
@json_option
def check(*, name: str | None, as_json: bool) -> None:
    """Try every connection, key and permission for real, changing nothing, and say what to do where one fails.

    It looks at settings and database; at each shop, its key, version, storage, clock and webhook; at each
    provider, its credentials and the payments of the five newest orders; and for the shop plugin's own order
    management. It works before the database is made, and beside the daemon.

    Ends 0 all well, 1 something needs attention, 2 a setting or a permission has to be changed, 3 a shop, a
    provider or the database can't be reached; of 2 and 3 the first that fits.

    \b
    Examples:
      wc-bridge check
      wc-bridge check --store butiken --json
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    path, chosen = settings_file(), settings(with_stores=True)
    found: list[Finding] = []
    out, told = console(), set[str]()

    async def work() -> None:
        async for finding in rounds(path, chosen, list(_named(chosen, name))):
            found.append(finding)
            if not as_json:
                _print(out, finding, told)

    run_async(work)
    if as_json:
        print_json([_shown(finding) for finding in found])
    finish(ends(found))


def _named(chosen: Settings, name: str | None) -> Iterator[StoreSettings]:
    """Yield the stores of that name, or all. Raises UsageError where there is none."""
    stores = [store for store in chosen.stores if name in (None, store.name)]
    if not stores:
        known = ", ".join(store.name for store in chosen.stores)
        raise UsageError(f"there is no store {name!r} in the settings: there is {known}")
    yield from stores


def _shown(finding: Finding) -> dict[str, str]:
    """The stable fields of one finding."""
    return {
        "name": finding.name,
        "subject": finding.subject,
        "state": finding.state,
        "text": finding.text,
        "remedy": finding.remedy,
    }


def _print(out: Console, finding: Finding, told: set[str]) -> None:
    """A line, under its subject, which is told once; what is to be done stands below it."""
    if finding.subject not in told:
        told.add(finding.subject)
        out.print(Text(finding.subject, "bold"), soft_wrap=True)
    state = (f"{finding.state:<{_WIDTH}}", _STYLES[finding.state])
    out.print(Text.assemble("  ", state, finding.text), soft_wrap=True)
    if finding.remedy:
        out.print(Padding(Text(finding.remedy, "cyan"), (0, 0, 0, _WIDTH + 4), expand=False))
