"""`report`: the shop against the payments, and what shadow mode decided against what then happened."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import click

from bridge.app import methods_of, rules, store_client
from bridge.cli.reported import Csv, Json, Out, Text, Totals
from bridge.cli.shared import Command, finish, json_option, run_async, settings
from bridge.db import queries, reporting
from bridge.db.connection import existing
from bridge.db.reporting import Reported
from bridge.domain.reporting import Row, Seen, compare
from bridge.engine.reporting import Reader, as_last_seen
from bridge.errors import UsageError
from bridge.providers.registry import provider_kinds
from bridge.settings import Settings, StoreSettings


@click.command(cls=Command)
@click.option(
    "--since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Only what changed since then (UTC)."
)
@click.option("--store", "name", metavar="STORE", help="Only this store.")
@click.option("--fresh", is_flag=True, help="Read each order and its payment again, instead of as last seen.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV on stdout, for a spreadsheet; the totals on stderr.")
@json_option
def report(*, since: datetime | None, name: str | None, fresh: bool, as_csv: bool, as_json: bool) -> None:
    """Set the shop against the payments, order by order: what differs, and why.

    Where shadow mode decided about an order, it says too what then happened. Orders that had ended before the
    bridge came are not in it. It shows what was read last, and says when that was; --fresh asks shop and providers,
    two requests an order. It changes nothing.

    Ends 1 if anything differs, 3 where an order could not be read afresh.

    \b
    Examples:
      wc-bridge report --since 2026-11-01
      wc-bridge report --fresh --csv > november.csv
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    if as_csv and as_json:
        raise UsageError("say either --csv or --json")
    chosen = settings(with_stores=True)
    stores = [one for one in chosen.stores if name in (None, one.name)]
    if not stores:
        known = ", ".join(one.name for one in chosen.stores)
        raise UsageError(f"there is no store {name!r} in the settings: there is {known}")
    out: Out = Csv() if as_csv else Json() if as_json else Text()
    begin = since.replace(tzinfo=UTC) if since else None
    found = run_async(lambda: _write(chosen, stores, begin, out, fresh=fresh))
    out.end(found.totals.values())
    differ = found.strange or any(it.differ for it in found.totals.values())
    finish(3 if found.silent else 1 if differ else 0)


@dataclass(slots=True)
class _Found:
    totals: dict[tuple[str, str], Totals] = field(default_factory=dict)
    """By store and currency."""
    strange: int = 0
    """Orders that were never understood."""
    silent: int = 0
    """Orders that were to be read afresh, and could not be."""


async def _write(
    chosen: Settings, stores: Sequence[StoreSettings], since: datetime | None, out: Out, *, fresh: bool
) -> _Found:
    """Write the rows as they are found."""
    found = _Found()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(existing(chosen.database, read_only=True))
        session = await stack.enter_async_context(aiohttp.ClientSession()) if fresh else None
        for store in stores:
            out.store(await _age(store, fresh=fresh))
            reader = _reader(store, session) if session else None
            async for it, seen, row in _rows(store, since, reader):
                if row is None:
                    problem = f"order {it.order} of {store.name} was never understood: {it.known.problem}"
                    click.echo(f"wc-bridge: {problem}", err=True)
                    found.strange += 1
                    continue
                out.row(row)
                found.silent += fresh and seen is not None and seen.problem != ""
                key = (store.name, row.order.currency)
                found.totals.setdefault(key, Totals(store=key[0], currency=key[1])).add(row)
    return found


async def _rows(
    store: StoreSettings, since: datetime | None, reader: Reader | None
) -> AsyncIterator[tuple[Reported, Seen | None, Row | None]]:
    now, asked, live = datetime.now(UTC), rules(store), store.mode == "live"
    async for page in reporting.pages(store.name, since):
        if reader is None:
            seen = [as_last_seen(it.known) for it in page]
        else:
            seen = await asyncio.gather(*(reader.as_it_is(it.known, now) for it in page))
        for it, one in zip(page, seen, strict=True):
            yield it, one, compare(one, it.shadowed, asked, now, live=live) if one else None


def _reader(store: StoreSettings, session: aiohttp.ClientSession) -> Reader:
    kinds = provider_kinds()
    return Reader(
        store=store_client(store, kinds, session),
        providers=[kinds[provider.type].connect(provider, session) for provider in store.providers],
        methods=methods_of(store),
        rules=rules(store),
        live=store.mode == "live",
    )


async def _age(store: StoreSettings, *, fresh: bool) -> dict[str, Any]:
    """When what is known of a store was read."""
    return {"store": store.name, "mode": store.mode, "fresh": fresh, **await queries.last_read(store.name)}
