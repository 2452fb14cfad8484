"""Whether the bridge is alone with a store's orders: `mode: live` says that the plugin's order management is off.

Where a capture, release or return that is not ours follows the very change in the shop that would have caused it,
somebody else acts on the shop's changes too. Once may be a person in the provider's portal, twice in a day is not.

What comes before the change is no sign: a provider tells the shop of what is done in its portal, and the shop then
sets the order's status itself. Nor is what happens as the customer pays, who may pay at once, or give up.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.domain.keys import is_ours, stem
from bridge.domain.orders import Order
from bridge.domain.payments import Entry, EntryKind, Payment
from bridge.domain.rules import Rules

WITHIN = timedelta(minutes=2)
"""How soon after a change in the shop an entry follows it."""
TICK = timedelta(seconds=1)
"""The store's dates have one-second steps: what has the same date may have come before."""
DAY = timedelta(hours=24)
TWICE = 2


@dataclass(frozen=True, slots=True)
class Followed:
    """An entry of the payment's log, and the change in the shop that it would follow from."""

    entry: Entry
    change: datetime
    """By the store's clock."""

    @property
    def text(self) -> str:
        at = f"{self.entry.created.astimezone(UTC):%H:%M:%S} UTC" if self.entry.created else "a time not told"
        return f"a {self.entry.kind} that is not ours followed at the provider at {at}"


def strangers(order: Order, payment: Payment, rules: Rules, noticed: Collection[str]) -> Iterator[Followed]:
    """The entries that are not ours and do just what the order, as it is, would have a plugin do; whenever.

    Those `noticed` before (their ids) are left out, and kinds that can bear no key, as they tell nothing.
    """
    front = stem(order, rules.tag)
    for entry in payment.log[1:]:
        foreign = entry.kind not in payment.keyless and entry.id not in noticed and not is_ours(entry.key, front)
        if foreign and entry.created is not None and (change := _cause(entry, order, payment, rules)):
            yield Followed(entry, change)


def _cause(entry: Entry, order: Order, payment: Payment, rules: Rules) -> datetime | None:
    """When the change happened that would have caused the entry; None where none would."""
    if entry.kind is EntryKind.CAPTURE and order.status in rules.capture_on:
        change = order.completed or order.modified
        whole = entry.amount in (order.total, order.total - order.refunded)
        return change if whole and order.paid is not None and change - order.paid > WITHIN else None
    if entry.kind is EntryKind.RELEASE and order.status in rules.cancel_on:
        return order.modified if payment.reserved == 0 and order.paid is not None else None
    if entry.kind is EntryKind.RETURN:
        made = [refund.created for refund in order.refunds if refund.amount == entry.amount and refund.created]
        return min(made, key=lambda moment: abs(moment - (entry.created or moment)), default=None)
    return None


def follows(it: Followed, ahead: timedelta, seen: datetime, read: datetime) -> bool:
    """Whether the entry follows the change soon enough to be its effect.

    The store's clock is `ahead` of ours, and its changes were `seen` and the payment `read` by ours. Neither clock
    need agree with the provider's: it is enough that one of them does. What a clock dates later than we saw it
    happened when we saw it, at the latest.
    """
    if it.entry.created is None:
        return False
    entry = min(it.entry.created, read)
    changes = (it.change, min(it.change - ahead, seen))
    return any(TICK <= entry - change <= WITHIN for change in changes)
