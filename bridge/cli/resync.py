"""`resync`: everything is looked at again. No secret is resolved, no remote asked: the daemon does the looking."""

from datetime import UTC, datetime
from typing import Any

import click

from bridge.cli.completing import STORE
from bridge.cli.shared import Command, database_url, json_option, print_json, run_async, say
from bridge.db import pauses, resyncs
from bridge.db.connection import existing
from bridge.db.pauses import Scope
from bridge.errors import UsageError


@click.command(cls=Command)
@click.option("--since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Midnight UTC (default: ever).")
@click.option("--store", metavar="STORE", type=STORE, help="Only this store (default: all).")
@json_option
def resync(*, since: datetime | None, store: str | None, as_json: bool) -> None:
    """Look again at every order that changed since DATE, and list again what the shop has had since then.

    For when something seems to have been missed: after work on the shop's database, or an import. Nothing is
    forgotten, and nothing is done twice: each order and its payment are read, and judged as ever. The daemon does
    so beside its other work, at most four orders a second; each `once` takes up 500. `status` says how many are
    left.

    \b
    Examples:
      wc-bridge resync --since 2026-11-01
      wc-bridge resync --store butiken
    """  # noqa: D301 (\b is click's: leave these lines as they are)
    start, url = since and since.replace(tzinfo=UTC), database_url()
    if start is not None and start > datetime.now(UTC):
        raise UsageError(f"--since {start:%Y-%m-%d} is still to come")

    async def work() -> list[dict[str, Any]]:
        async with existing(url):
            if store is not None:
                await pauses.check(Scope(store=store))
            return [await _one(name, start) for name in await resyncs.stores(store)]

    told = run_async(work)
    if not told:
        raise UsageError("the first run is not through yet: everything is looked at for the first time still")
    if as_json:
        print_json(told)
        return
    for one in told:
        orders = f"{one['orders']:,} {'order' if one['orders'] == 1 else 'orders'}"
        say(f"{one['store']}: {orders} to be looked at again, and the next poll lists what changed since then")


async def _one(store: str, since: datetime | None) -> dict[str, Any]:
    return {"store": store, "since": since and f"{since:%Y-%m-%d}", "orders": await resyncs.begin(store, since)}
