"""`resume`: a store that is held whole, as its plugin's order management seemed to be on, goes on."""

from datetime import UTC, datetime

import click

from bridge.cli.shared import Command, ask, json_option, print_json, run_async, settings
from bridge.db import holds
from bridge.db.connection import existing
from bridge.db.holds import Held
from bridge.engine.remedies import remedy
from bridge.errors import UsageError


@click.command(cls=Command)
@click.argument("name", metavar="STORE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def resume(*, name: str, yes: bool, as_json: bool) -> None:
    """Let STORE go on, which is held since the plugin's order management seemed to be on.

    Switch that off in the shop first. What was held meanwhile is looked at again: what the shop still asks for and
    nobody has done is done now.

    \b
    Example:
      wc-bridge resume butiken
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    url = settings().database

    async def why() -> str:
        async with existing(url, read_only=True):
            by, why = await holds.held(name)
        if by is Held.REWOUND:
            raise UsageError(f"{name} seems to have gone back in time: {remedy(by, name)}")
        return why

    async def go() -> int:
        async with existing(url):
            return await holds.resume(name, datetime.now(UTC))

    reason = run_async(why)
    if not reason:
        raise UsageError(f"{name} is not held")
    ask(f"{name} is held: {reason}; let it go on?", yes=yes)
    count = run_async(go)
    if as_json:
        print_json({"store": name, "looked_at_again": count})
    else:
        click.echo(
            f"{name} goes on; {count} {'action' if count == 1 else 'actions'} that it held are looked at again"
        )
