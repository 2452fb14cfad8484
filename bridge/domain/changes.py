"""The diff: what matters of an order, compared with the last snapshot. It wakes the decision and tells the story.

The store's own bookkeeping (dates, notes, other plugins' meta) is not in an `Order` or not compared here, so
our own writes never look like somebody's change.
"""

from enum import StrEnum

from msgspec import Struct

from bridge.domain.money import to_major
from bridge.domain.orders import Order, Refund

SWITCH = "wc_bridge"
"""The order meta by which staff switch the bridge off for one order ("off", "pause")."""


class Topic(StrEnum):
    FIRST_SEEN = "first_seen"
    STATUS = "status"
    TOTAL = "total"
    LINES = "lines"
    REFUND_MADE = "refund_made"
    REFUND_GONE = "refund_gone"
    REFUND_CHANGED = "refund_changed"
    PAYMENT = "payment"
    CURRENCY = "currency"
    PAID = "paid"
    SWITCH = "switch"


class Change(Struct, frozen=True):
    """One difference; `text` says it as the story tells it. `refund` is the refund it is about."""

    topic: Topic
    text: str
    refund: int | None = None


def diff(old: Order | None, new: Order) -> tuple[Change, ...]:
    """Return what matters and differs between two looks at one order; empty when nothing does."""
    if old is None:
        amount = to_major(new.total, new.currency)
        return (
            Change(Topic.FIRST_SEEN, f"first seen: {new.status}, total {amount} {new.currency}"),
            *_refunds((), new),
        )
    return (*_fields(old, new), *_total_and_lines(old, new), *_refunds(old.refunds, new))


def _fields(old: Order, new: Order) -> list[Change]:
    found = []
    if old.status != new.status:
        found.append(Change(Topic.STATUS, f"status {old.status} → {new.status}"))
    if old.currency != new.currency:
        found.append(Change(Topic.CURRENCY, f"currency {old.currency} → {new.currency}"))
    if (old.paid is None) != (new.paid is None):
        found.append(Change(Topic.PAID, "paid" if new.paid else "no longer paid"))
    by, then = (old.payment_method, old.transaction_id), (new.payment_method, new.transaction_id)
    if by != then or (old.meta != new.meta and _ids(old) != _ids(new)):
        found.append(Change(Topic.PAYMENT, f"payment method or id changed ({by[0]} → {then[0]})"))
    if old.meta != new.meta and (was := old.meta_value(SWITCH)) != (now := new.meta_value(SWITCH)):
        found.append(Change(Topic.SWITCH, f"{SWITCH} {was or '(none)'} → {now or '(none)'}"))
    return found


def _ids(order: Order) -> list[tuple[str, str]]:
    return [pair for pair in order.meta if pair[0] != SWITCH]


def _total_and_lines(old: Order, new: Order) -> list[Change]:
    if old.total != new.total or old.currency != new.currency:
        before, after = to_major(old.total, old.currency), to_major(new.total, new.currency)
        return [Change(Topic.TOTAL, f"total {before} → {after}")]
    if old.lines != new.lines and _goods(old) != _goods(new):
        return [Change(Topic.LINES, "lines changed, total equal: nothing to send")]
    return []


def _goods(order: Order) -> tuple[object, ...]:
    return tuple((line.id, line.reference, line.quantity.normalize(), line.net, line.tax) for line in order.lines)


def _refunds(before: tuple[Refund, ...], new: Order) -> list[Change]:
    if not (before or new.refunds):
        return []
    known = {refund.id: refund for refund in before}
    live = {refund.id for refund in new.refunds}
    found = []
    for refund in new.refunds:
        was = known.get(refund.id)
        if was is None:
            text = f"refund {refund.id} of {to_major(refund.amount, new.currency)} made"
            found.append(Change(Topic.REFUND_MADE, text, refund.id))
        elif was.amount != refund.amount:
            text = f"refund {refund.id} is now {to_major(refund.amount, new.currency)}"
            found.append(Change(Topic.REFUND_CHANGED, text, refund.id))
        elif None not in (was.paid_by_shop, refund.paid_by_shop) and was.paid_by_shop != refund.paid_by_shop:
            text = f"refund {refund.id} marked as {'paid' if refund.paid_by_shop else 'not paid'} by the shop"
            found.append(Change(Topic.REFUND_CHANGED, text, refund.id))
    found += [
        Change(Topic.REFUND_GONE, f"refund {gone.id} of {to_major(gone.amount, new.currency)} is gone", gone.id)
        for gone in before
        if gone.id not in live
    ]
    return found
