"""Whether somebody else acts on a store's orders too: noticed at looks, and the store then held whole."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bridge.db import alone, holds
from bridge.db.holds import Held
from bridge.db.known import Known
from bridge.domain.alone import DAY, TWICE, Followed, follows, strangers
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import Record
from bridge.domain.settling import unsettled
from bridge.engine.unit import Unit

log = structlog.get_logger()


async def followed(
    unit: Unit, known: Known, order: Order, payment: Payment | None, record: Record, read: datetime
) -> list[Followed]:
    """What was done at the provider as soon as the shop was changed, not by us, and was not noticed before."""
    open_to_doubt = record.open is not None and unsettled(record.open)
    if not unit.live or payment is None or open_to_doubt:
        return []
    found = list(strangers(order, payment, unit.rules, record.followed))
    since = await alone.alone_since(unit.store.name) if found else None
    if since is None:
        return []
    ours, since = await alone.references(known.row), max(since, read - DAY)
    if known.attempt is not None:  # whose effect this very look may be the first to show
        ours.add(known.attempt.reference)
    found = [it for it in found if it.entry.id not in ours and it.entry.created and it.entry.created > since]
    ahead = await unit.ahead() if found else timedelta()
    return [it for it in found if follows(it, ahead, record.changed, read)]


async def notice(unit: Unit, known: Known, order: Order, found: Sequence[Followed]) -> bool:
    """Count what followed, in the look's transaction, which has the store's row to itself.

    At the second time in a day the store is held. Say whether it was.
    """
    store = unit.store.name
    before = await alone.noticed(store, known.row, unit.now(), DAY)
    log.warning("store.not_alone", store=store, order=order.id, what=found[0].text)
    if before + len(found) < TWICE:
        return False
    why = f"the plugin's order management seems to be on: on order {order.id}, {found[-1].text}"
    return await holds.hold(store, Held.PLUGIN, why)
