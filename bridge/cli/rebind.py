"""`rebind`: confirm that a shop with another address, or a database on another machine, is the right one."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import aiohttp
import click
from rich.text import Text

from bridge.app import methods_of, store_client
from bridge.cli.shared import Command, ask, console, finish, json_option, print_json, run_async, settings
from bridge.db import bindings
from bridge.db.connection import existing
from bridge.db.place import place_of
from bridge.domain.binding import Binding, Likeness, another_shop, moved, taken_up
from bridge.engine.binding import resemblance, told
from bridge.errors import UsageError
from bridge.providers.registry import provider_kinds
from bridge.settings import Settings, StoreSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a store is bound to, and what is there now."""

    store: str
    bound: Binding | None
    now: Binding
    """What it is to be bound to."""
    why: str
    """Why that is refused; "" where it is not."""
    likeness: Likeness


@click.command(cls=Command)
@click.argument("name", metavar="[STORE]", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def rebind(*, name: str | None, yes: bool, as_json: bool) -> None:
    """Bind STORE (without it: every store) to the shop's new address and to this machine, if a person says so.

    Nothing is done for a shop whose address is another than before, nor on another machine: it may be a copy, and
    a copy must not move money. Say yes only where the old one is gone, or has no wc-bridge any more. Twenty known
    orders are looked for in the shop: a copy has them too, but a shop that does not is another one, and needs a
    name of its own in settings.yaml.

    \b
    Examples:
      wc-bridge rebind butiken
      wc-bridge rebind --yes
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings(with_stores=True)
    stores = [one for one in chosen.stores if name in (None, one.name)]
    if not stores:
        known = ", ".join(one.name for one in chosen.stores)
        raise UsageError(f"there is no store {name!r} in the settings: there is {known}")
    found = run_async(lambda: _look(chosen, stores))
    refused = [it for it in found if it.why]
    if not as_json:
        for it in found:
            _print(it)
    if another := [it.store for it in refused if not it.likeness.is_the_shop]:
        raise UsageError(
            f"{another[0]} is another shop than the one known here: give it a name of its own in settings.yaml"
        )
    if refused:
        ask(f"bind {', '.join(it.store for it in refused)} anew?", yes=yes)
        run_async(lambda: _bind(chosen, refused))
    if as_json:
        print_json([_shown(it) for it in found])
    elif refused:
        console().print("bound anew; the daemon goes on by itself at its next poll", soft_wrap=True)
    finish(0)


async def _look(chosen: Settings, stores: list[StoreSettings]) -> list[_Found]:
    async with existing(chosen.database, read_only=True), aiohttp.ClientSession() as session:
        place = await place_of(chosen.database)
        found, kinds = [], provider_kinds()
        for store in stores:
            shop, bound = store_client(store, kinds, session), await bindings.bound(store.name)
            address = told(await shop.facts())
            why = (moved(bound, place) or another_shop(bound, address, store.url)) if bound else ""
            first = Binding(address=address, url=store.url, place=place)
            found.append(
                _Found(
                    store=store.name,
                    bound=bound,
                    now=taken_up(bound, address, store.url, place) if bound else first,
                    why=why,
                    likeness=await resemblance(shop, methods_of(store)),
                )
            )
        return found


async def _bind(chosen: Settings, found: list[_Found]) -> None:
    """Bind each store to what a person was shown."""
    async with existing(chosen.database):
        for it in found:
            if it.bound and not await bindings.rebind(it.store, it.bound, it.now, datetime.now(UTC)):
                raise UsageError(f"{it.store} was bound by somebody else meanwhile: look again")


def _shown(it: _Found) -> dict[str, object]:
    """The stable fields of one store."""
    return {
        "store": it.store,
        "refused": it.why,
        "address": it.bound.address or it.bound.url if it.bound else None,
        "address_now": it.now.address or it.now.url,
        "place": it.bound.place.name if it.bound else None,
        "place_now": it.now.place.name,
        "orders": asdict(it.likeness),
        "bound_anew": bool(it.why),
    }


def _print(it: _Found) -> None:
    out = console()
    if it.bound is None:
        out.print(f"{it.store}: not bound yet; the first cycle binds it", soft_wrap=True)
        return
    if not it.why:
        out.print(f"{it.store}: bound to {it.now.address or it.now.url} and {it.now.place.name}", soft_wrap=True)
        return
    out.print(Text.assemble((it.store, "bold"), "  refused: ", it.why), soft_wrap=True)
    out.print(f"  shop: {it.bound.address or it.bound.url}  ->  {it.now.address or it.now.url}", soft_wrap=True)
    out.print(f"  database on: {it.bound.place.name}  ->  {it.now.place.name}", soft_wrap=True)
    out.print(f"  {_recognised(it.likeness)}", soft_wrap=True)


def _recognised(likeness: Likeness) -> str:
    there = f"{likeness.same} of {likeness.known} known orders are there"
    if not likeness.known:
        return "no order is known yet by which the shop could be recognised"
    if not likeness.is_the_shop:
        others = f", and {likeness.others} ids are those of other orders" if likeness.others else ""
        return f"{there}{others}: it is another shop"
    return f"{there}: it is the same shop, or a copy of it"
