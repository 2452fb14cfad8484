"""A database belongs to one shop and one machine: another one is refused whole until a person says rebind.

Refused whole, not only calls and notes: what a copy of the shop shows must not become what is known of the shop.
All that is asked of it then is which shop it is, so that what is put right by itself goes on by itself.
"""

from collections.abc import Sequence

import structlog

from bridge.db import bindings
from bridge.domain.alerts import Topic
from bridge.domain.binding import (
    SAMPLE,
    Binding,
    Likeness,
    another_shop,
    is_address,
    likeness,
    moved,
    taken_up,
)
from bridge.domain.claims import Method, claim
from bridge.engine.alarm import alarm
from bridge.engine.unit import Unit
from bridge.ports import Facts, Store

log = structlog.get_logger()


def remedy(store: str) -> str:
    """What to type."""
    return f"`wc-bridge rebind {store}` shows both and, if this is right, binds it anew"


async def misplaced(unit: Unit) -> str:
    """Why nothing is done on this machine; "" where it is the one that the database belongs to, or the first."""
    bound = await bindings.bound(unit.store.name)
    why = moved(bound, unit.place) if bound else ""
    if why:
        await _refuse(unit, why)
    return why


async def check(unit: Unit, facts: Facts) -> str:
    """Bind the store to the shop that answers, or say why it is refused; "" where it is not."""
    name, bound = unit.store.name, await bindings.bound(unit.store.name)
    address = told(facts)
    if bound is None:
        await bindings.bind(name, None, Binding(address=address, url=unit.url, place=unit.place))
    elif why := moved(bound, unit.place) or another_shop(bound, address, unit.url):
        await _refuse(unit, why)
        return why
    else:
        now = taken_up(bound, address, unit.url, unit.place)
        if now != bound or await bindings.refused(name):
            await bindings.bind(name, bound, now)
    if not unit.bound:
        log.info("store.bound", store=name, address=address or unit.url)
    unit.bound = True
    return ""


def told(facts: Facts) -> str:
    """The shop's own address; "" where it does not tell it, or nothing that is one."""
    return facts.address if facts.address and is_address(facts.address) else ""


async def _refuse(unit: Unit, why: str) -> None:
    unit.bound = False
    if await bindings.refused(unit.store.name) != why:
        # Told before it is written down: whoever ends in between tells it twice, but never not at all.
        text = f"nothing is done for this store: {why}. {remedy(unit.store.name)}"
        await alarm(unit, Topic.STORE_REFUSED, text)
        await bindings.refuse(unit.store.name, why)


async def resemblance(store: Store, methods: Sequence[Method]) -> Likeness:
    """Look for the orders that were known last in the shop that answers. Raises RemoteError."""
    known = await bindings.known_orders(store.name, SAMPLE)
    rows = await store.by_ids([order.id for order, _ in known]) if known else []
    shown = [row.order for row in rows if row.order is not None]
    claims = [(order, claim(order, methods)) for order in shown]
    return likeness(known, [(order, found.payment_id if found else "") for order, found in claims])
