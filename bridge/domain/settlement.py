"""Settlement: which refund of the store was met by what (design § 3, rules 1 and 6).

A log entry settles one refund once. A refund that vanishes from the store frees what met it; the money that
was returned for it then waits for a refund that explains it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bridge.domain.keys import refund_key
from bridge.domain.orders import Order, Refund
from bridge.domain.payments import Entry, EntryKind, Payment
from bridge.domain.records import How, Settlement

_WITHOUT_ENTRY = (How.BASELINE, How.WAIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    settlements: tuple[Settlement, ...]
    unrelated: frozenset[str]
    unmatched: tuple[Entry, ...]
    """Returns that no refund explains, oldest first."""


def unmet(refund: Refund, settlements: Iterable[Settlement]) -> int:
    """u(i): the amount of a refund less its settlements, minor units, never negative."""
    met = sum(settlement.amount for settlement in settlements if settlement.refund == refund.id)
    return max(0, refund.amount - met)


def match(
    order: Order, payment: Payment, settlements: tuple[Settlement, ...], unrelated: frozenset[str], stem: str
) -> Matching:
    """Give each return in the payment's log to the refund it met: by our key first, then by id, then by amount."""
    live = {refund.id for refund in order.refunds}
    met = [settlement for settlement in settlements if settlement.refund in live]
    aside = set(unrelated)
    used = {settlement.entry for settlement in met}
    open_returns = [
        entry
        for entry in payment.log
        if entry.kind is EntryKind.RETURN and entry.id not in used and entry.id not in aside
    ]
    strangers = []
    for entry in open_returns:
        own = next((r for r in order.refunds if entry.key == refund_key(stem, r.id)), None)
        if own and unmet(own, met) >= entry.amount:
            met.append(Settlement(refund=own.id, how=How.PAID, amount=entry.amount, entry=entry.id))
        elif entry.key == refund_key(stem, 0):
            aside.add(entry.id)
        else:
            strangers.append(entry)
    unmatched = [entry for entry in strangers if not _adopt(entry, order, met)]
    return Matching(settlements=tuple(met), unrelated=frozenset(aside), unmatched=tuple(unmatched))


def _adopt(entry: Entry, order: Order, met: list[Settlement]) -> bool:
    """Let a return that we did not make meet a refund of exactly its amount; say whether there was one."""
    fitting = [refund for refund in order.refunds if unmet(refund, met) == entry.amount]
    named = [refund for refund in fitting if entry.key == str(refund.id)]
    for refund in (*named, *fitting):
        met.append(Settlement(refund=refund.id, how=How.ADOPTED, amount=entry.amount, entry=entry.id))
        return True
    for index, settlement in enumerate(met):
        # Taken as met without knowing by what: now it is known.
        if settlement.how in _WITHOUT_ENTRY and settlement.entry is None and settlement.amount == entry.amount:
            met[index] = replace(settlement, how=How.ADOPTED, entry=entry.id)
            return True
    return False


def settle_release(order: Order, settlements: tuple[Settlement, ...], amount: int) -> tuple[Settlement, ...]:
    """Return `settlements` with open refunds met by a release of `amount`, lowest id first, up to it (rule 6)."""
    met, left = list(settlements), amount
    for refund in order.refunds:
        part = min(left, unmet(refund, met))
        if part > 0:
            met.append(Settlement(refund=refund.id, how=How.RELEASED, amount=part))
            left -= part
    return tuple(met)


def settle_rest(refund: Refund, settlements: tuple[Settlement, ...], how: How) -> tuple[Settlement, ...]:
    """Return `settlements` with all that is left of one refund met by `how`."""
    return (*settlements, Settlement(refund=refund.id, how=how, amount=unmet(refund, settlements)))
