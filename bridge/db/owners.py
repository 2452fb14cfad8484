"""Whose a payment is."""

from operator import itemgetter

from bridge.db import statements
from bridge.db.models import ActionRow, OrderRow
from bridge.db.rewinds import number_of
from bridge.db.rows import ids
from bridge.domain.records import State


async def owner(store: str, provider: str, payment_id: str, order_id: int, reference: str = "") -> int | None:
    """Return another order of this store that the payment already belongs to.

    It belongs to the order on which a call of ours took effect, else to the one with the lowest id; where the
    payment's `reference` tells whose it is, only to one that it names. One that had its id before the store
    went back has a payment only by a call.
    """
    # By the payment alone: asked for the store too, the database would read the whole of it.
    asked = ("id", "store_id", "provider", "order_id", "number")
    found = await statements.columns(OrderRow, *asked, payment_id=payment_id)
    ours = [row for row in found if row["store_id"] == store and row["provider"] == provider]
    rows = sorted((row for row in ours if row["order_id"] != order_id), key=itemgetter("order_id"))
    if not rows:
        return None
    own = await ids(OrderRow.filter(store_id=store, order_id=order_id), "id")
    actions = ActionRow.filter(order_id__in=[*own, *(row["id"] for row in rows)])
    called = {it["order_id"] for it in await actions.values("order_id", "state") if it["state"] == State.DONE}
    if called.intersection(own):
        return None
    for row in rows:
        if row["id"] in called:
            return number_of(row["order_id"])
    lower = [row for row in rows if 0 <= row["order_id"] < order_id]
    named = (row for row in lower if not reference or reference in (str(row["order_id"]), row["number"]))
    return next((row["order_id"] for row in named), None)
