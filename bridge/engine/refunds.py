"""Refunds in full for orders as listed: a listing gives no more of a refund than its id and amount.

So a refund is known by its creation time too before anything is decided, also one of an order that rests: after a
backup was put back, another may have its id and amount. A look does not rely on this: it reads its order afresh.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.db.known import Known
from bridge.domain.changes import diff
from bridge.domain.claims import claim
from bridge.domain.orders import Order, Refund
from bridge.engine.unit import Unit
from bridge.ports import Row


async def in_full(unit: Unit, rows: Sequence[Row], known: Mapping[int, Known]) -> list[Row]:
    """Return the rows with their refunds as they are known, or else as the store shows them now.

    The store is asked only about orders of ours that are new or have changed. A refund that can't be had stays as
    it was listed. Raises RemoteError where the store as a whole gives no answers now.
    """
    rows = [_with_refunds(row, _known_refunds(known.get(row.id))) for row in rows]
    asked = [row.order for row in rows if row.order is not None and _asks(unit, row.order, known.get(row.id))]
    read = await unit.store.refunds(asked) if asked else {}
    return [_with_refunds(row, tuple(read.values())) for row in rows]


def concerns(unit: Unit, order: Order, known: Known | None) -> bool:
    """Whether an order is, or was, one of a provider in the settings."""
    was = known.order if known else None
    paid = known is not None and known.record is not None and bool(known.record.payment_id)
    return paid or any(seen is not None and claim(seen, unit.methods) for seen in (was, order))


def _asks(unit: Unit, order: Order, known: Known | None) -> bool:
    partly = any(refund.created is None for refund in order.refunds)
    return partly and concerns(unit, order, known) and bool(diff(known.order if known else None, order))


def _known_refunds(known: Known | None) -> tuple[Refund, ...]:
    return known.order.refunds if known and known.order else ()


def _with_refunds(row: Row, full: Sequence[Refund]) -> Row:
    """Put refunds in the place of those that have their ids and amounts in the row."""
    if row.order is None or not row.order.refunds:
        return row
    better = {(refund.id, refund.amount): refund for refund in full}
    refunds = tuple(better.get((refund.id, refund.amount), refund) for refund in row.order.refunds)
    return replace(row, order=replace(row.order, refunds=refunds))
