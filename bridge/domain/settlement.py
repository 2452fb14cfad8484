"""Settlement: which refund of the store was met by what (design § 3, rules 1 and 6).

A log entry settles one refund once. A refund that vanishes from the store frees what met it; the money that
was returned for it then waits for a refund that explains it.
"""

from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.keys import refund_of
from bridge.domain.orders import Order, Refund
from bridge.domain.payments import Entry, EntryKind, Payment
from bridge.domain.records import How, Record, Settlement

CLOCKS_DIFFER = timedelta(hours=1)
"""By how much shop and provider may disagree about the time."""

_WITHOUT_ENTRY = (How.BASELINE, How.WAIVED, How.ADOPTED, How.PAID)
"""Taken as met without knowing by what entry: on somebody's word, or before the log showed it."""
_BY_A_PERSON = (How.WAIVED, How.ADOPTED)


class Matching(Struct, frozen=True, kw_only=True):
    settlements: tuple[Settlement, ...]
    unrelated: frozenset[str]
    unmatched: tuple[Entry, ...]
    """Returns that no refund explains, oldest first."""


def unmet(refund: Refund, settlements: Iterable[Settlement]) -> int:
    """u(i): the amount of a refund less its settlements, minor units, never negative."""
    left = refund.amount
    for settlement in settlements:
        if settlement.refund == refund.id:
            left -= settlement.amount
    return max(0, left)


def match(order: Order, payment: Payment, record: Record, stem: str) -> Matching:
    """Give each return in the payment's log to the refund it met: by our key first, then by id, then by amount."""
    settlements, unrelated = record.settlements, record.unrelated
    returns = [entry for entry in payment.log if entry.kind is EntryKind.RETURN]
    if not (returns or settlements):
        return Matching(settlements=(), unrelated=unrelated, unmatched=())
    live = {refund.id for refund in order.refunds}
    met = [settlement for settlement in settlements if settlement.refund in live]
    aside = unrelated - _back(order, returns, met, stem, record)
    used = {settlement.entry for settlement in met}
    open_returns = [entry for entry in returns if entry.id not in used and entry.id not in aside]
    aside |= {entry.id for entry in open_returns if refund_of(entry.key, stem) == 0}
    named = {str(refund.id): refund for refund in order.refunds}
    rest = [entry for entry in open_returns if entry.id not in aside]
    rest = [e for e in rest if not _meet(e, _by_key(e, order, stem, record), met, How.PAID)]
    rest = [e for e in rest if not _meet(e, named.get(e.key or ""), met, How.ADOPTED, exactly=True)]
    rest = [e for e in rest if not _adopt(e, order, met, refund_of(e.key, stem))]
    for lost in (it for it in settlements if it.refund < 0):
        met.append(_entered_again(lost, order, met))
    return Matching(settlements=tuple(met), unrelated=aside, unmatched=tuple(rest))


def _entered_again(lost: Settlement, order: Order, met: list[Settlement]) -> Settlement:
    """What met a refund that a backup took away (kept with its id below zero) meets the next of its amount."""
    again = next((refund for refund in order.refunds if unmet(refund, met) == lost.amount), None)
    return replace(lost, refund=again.id) if again else lost


def _back(order: Order, returns: Iterable[Entry], met: list[Settlement], stem: str, record: Record) -> set[str]:
    """Our returns whose refunds are there and unmet: one that a person said is no business of the shop, since its
    refund was deleted, is so no more where a backup brought that very refund back.
    """
    named = ((entry, _by_key(entry, order, stem, record)) for entry in returns)
    return {entry.id for entry, refund in named if refund is not None and unmet(refund, met) >= entry.amount > 0}


def _by_key(entry: Entry, order: Order, stem: str, record: Record) -> Refund | None:
    """The refund that the key of a return names.

    A return older than the refund was for another one, which had its id before the shop was restored from a backup:
    that this is the same one entered again can then be told by its amount alone. One that was seen before the
    return was made is not younger than it, whatever the shop's clock says.
    """
    refund = order.refund(refund_of(entry.key, stem) or 0)
    if refund is None or entry.created is None:
        return refund
    made = min((it for it in (refund.created, record.seen(refund.id)) if it is not None), default=None)
    return refund if made is None or entry.created > made - CLOCKS_DIFFER else None


def _meet(entry: Entry, refund: Refund | None, met: list[Settlement], how: How, *, exactly: bool = False) -> bool:
    """Let a return meet this refund, as far as nothing else did; say whether it could.

    One that we made ourselves (`how` PAID) is not what a person meant who said that the bridge need not pay it:
    that it was paid all the same needs one.
    """
    if refund is None:
        return False
    left = unmet(refund, met)
    if left == entry.amount or (left > entry.amount and not exactly):
        met.append(Settlement(refund=refund.id, how=how, amount=entry.amount, entry=entry.id))
        return True
    for index, settlement in enumerate(met):
        loose = settlement.how in _WITHOUT_ENTRY and settlement.entry is None
        loose = loose and not (how is How.PAID and settlement.how in _BY_A_PERSON)
        if loose and settlement.refund == refund.id and settlement.amount == entry.amount:
            known = settlement.how is How.PAID
            met[index] = replace(settlement, how=How.PAID if known else how, entry=entry.id)
            return True
    return False


def _adopt(entry: Entry, order: Order, met: list[Settlement], named: int | None) -> bool:
    """Let a return meet a refund of exactly its amount; say whether there was one.

    What a person said of the refund that is `named` by our key was not said of this return.

    First of all one that we paid and whose return had still to show. Else the lowest open one; but one that was
    taken as met before the log was read, and is nearer in time, is the one that it was made for.
    """
    opened = [refund for refund in order.refunds if unmet(refund, met) == entry.amount]
    loose = [it for it in met if it.how in _WITHOUT_ENTRY and it.entry is None and it.amount == entry.amount]
    loose = [it for it in loose if it.refund != named or it.how not in _BY_A_PERSON]
    ours, taken = {it.refund for it in loose if it.how is How.PAID}, {it.refund for it in loose}
    others = [refund for refund in order.refunds if refund.id in taken]
    others.sort(key=lambda refund: (refund.id not in ours, _apart(entry, refund)))
    first = [it for it in others if it.id in ours or (opened and _apart(entry, it) < _apart(entry, opened[0]))]
    return any(_meet(entry, it, met, How.ADOPTED, exactly=True) for it in (*first, *opened, *others))


def _apart(entry: Entry, refund: Refund) -> timedelta:
    if entry.created is None or refund.created is None:
        return timedelta.max
    return abs(entry.created - refund.created)


def settle_release(
    order: Order, payment: Payment, settlements: tuple[Settlement, ...], amount: int
) -> tuple[Settlement, ...]:
    """Return `settlements` with open refunds met by a release of `amount`, lowest id first, up to it (rule 6).

    Only what can no longer be captured of the order's total was released for a refund; the rest of a release is
    for a total that was lowered. `payment` shows the release.
    """
    met = list(settlements)
    so_far = sum(settlement.amount for settlement in met if settlement.how is How.RELEASED)
    left = min(amount, order.total - payment.captured - payment.reserved - so_far)
    for refund in order.refunds:
        part = min(left, unmet(refund, met))
        if part > 0:
            met.append(Settlement(refund=refund.id, how=How.RELEASED, amount=part))
            left -= part
    return tuple(met)


def settle_rest(refund: Refund, settlements: tuple[Settlement, ...], how: How) -> tuple[Settlement, ...]:
    """Return `settlements` with all that is left of one refund met by `how`."""
    return (*settlements, Settlement(refund=refund.id, how=how, amount=unmet(refund, settlements)))
