"""`rewound`: what was done here and is missing in a shop that went back in time; `--go` continues."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import aiohttp
import click
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from bridge.app import store_client
from bridge.cli.shared import Command, ask, console, finish, json_option, print_json, run_async, settings
from bridge.db import rewinds
from bridge.db.connection import existing
from bridge.domain.money import to_major
from bridge.domain.rewinding import told
from bridge.engine.forgotten import Difference, differences, go_on
from bridge.errors import UsageError
from bridge.providers.registry import provider_kinds
from bridge.woo.client import WooStore


@click.command(cls=Command)
@click.argument("name", metavar="STORE")
@click.option("--go", is_flag=True, help="Go on with the shop as it is now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def rewound(*, name: str, go: bool, yes: bool, as_json: bool) -> None:
    """List what was done about orders of STORE and is missing in the shop, which went back in time.

    Nothing is called or noted for a shop that was restored from a backup until a person has seen what it has
    forgotten. Enter it again, as far as it is to stand; a refund that was paid is not paid again for that. Then
    let the bridge go on: from what the shop shows, order by order. An order that has the id of another one begins
    anew; the other's story is kept under the same number.

    Ends 1 while the shop is held, 3 where it can't be reached.

    \b
    Examples:
      wc-bridge rewound butiken
      wc-bridge rewound butiken --go
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings(with_stores=True)
    store = next((one for one in chosen.stores if one.name == name), None)
    if store is None:
        known = ", ".join(one.name for one in chosen.stores)
        raise UsageError(f"there is no store {name!r} in the settings: there is {known}")

    async def compare() -> tuple[str, list[Difference]]:
        async with existing(chosen.database, read_only=True), aiohttp.ClientSession() as session:
            why = await rewinds.held(name)
            return why, await _compared_with(store_client(store, provider_kinds(), session)) if why else []

    async def proceed() -> None:
        async with existing(chosen.database):
            await go_on(name, found, datetime.now(UTC))

    why, found = run_async(compare)
    if not as_json:
        _print(name, why, found)
    if why and go:
        if found:
            count = (
                f"{len(found)} {'order differs' if len(found) == 1 else 'orders differ'} from what is known here"
            )
            ask(f"go on with {name} as it is now, although {count}?", yes=yes)
        run_async(proceed)
    if as_json:
        orders = [_shown(it) for it in found]
        print_json({"store": name, "rewound": why, "gone_on": go and bool(why), "orders": orders})
    elif why:
        console().print(_last(name, go=go), soft_wrap=True)
    finish(1 if why and not go else 0)


async def _compared_with(store: WooStore) -> list[Difference]:
    """Compare, with a bar on a terminal: one order in a hundred may have to be read by itself, or all of them."""
    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
        bar = progress.add_task("orders compared")

        def tell(compared: int, of: int) -> None:
            progress.update(bar, completed=compared, total=of)

        return await differences(store, datetime.now(UTC), tell)


def _shown(it: Difference) -> dict[str, Any]:
    """The stable fields of one order; amounts in minor units, `reserved` only what the shop no longer asks for."""
    payment = it.known.payment
    return {
        "order": it.now.id,
        "order_number": it.before.number,
        "another": it.another,
        "status": it.before.status,
        "status_there": it.now.status,
        "total": it.before.total,
        "total_there": it.now.total,
        "currency": it.before.currency,
        "provider": it.known.provider,
        "payment_id": payment.id if payment else "",
        "reserved": it.reserved,
        "missing": [asdict(deed) for deed in it.deeds],
    }


def _print(name: str, why: str, found: list[Difference]) -> None:
    out = console()
    if not why:
        out.print(f"{name}: not held; nothing says that the shop went back in time", soft_wrap=True)
        return
    out.print(Text.assemble((name, "bold"), "  seems to have gone back in time: ", why), soft_wrap=True)
    for it in found:
        out.print(Text.assemble((f"  order {it.now.id}", "bold"), f"  {_compared(it)}"), soft_wrap=True)
        for deed in it.deeds:
            out.print(f"    done here, missing there: {told(deed, it.before.currency)}", soft_wrap=True)
        if it.left:
            out.print(f"    {it.left}", soft_wrap=True)
    if not found:
        out.print("  nothing that is known here is missing there")


def _last(name: str, *, go: bool) -> str:
    if go:
        return f"{name} goes on with the shop as it is now: see `wc-bridge status`"
    return f"  enter again in the shop what is to stand, then let it go on: `wc-bridge rewound {name} --go`"


def _compared(it: Difference) -> str:
    here, there = _state(it.before.status, it.before.total, it.before.currency), ""
    if it.another:
        there = f"another order has this id now, made {it.now.created:%Y-%m-%d %H:%MZ}"
    elif it.gone:
        there = "gone from the shop"
    elif it.before.status != it.now.status or it.before.total != it.now.total:
        there = f"in the shop {_state(it.now.status, it.now.total, it.now.currency)}"
    payment = f", {it.known.provider} payment {it.known.payment.id}" if it.known.payment else ""
    return "; ".join(filter(None, (f"{here}{payment}", there)))


def _state(status: str, total: int, currency: str) -> str:
    return f"{status}, {to_major(total, currency)} {currency}"
