"""A store that went back in time: restored from a backup, or overwritten by an older copy of itself.

It then shows orders and refunds as they once were, and gives the ids used since out again, to other orders and
refunds. What is remembered under such an id must not be taken for the new one's. What two looks at one order say:

- Another order under the id: made at another time, and naming no payment in common. Neither is enough alone: staff
  can edit an order's date, and a customer who tries again gets another payment. What was never paid may have both:
  a checkout takes its draft up again.
- A date of last change that went back. No save does that, on either storage (on posts some leave it where it is),
  but one by a clock that was put back. Where that clock was ahead before, the new date is still later than our last
  news of the order; where it is behind now, the store says by how much. One that was behind for a while and is
  right again is told from a backup by an order that was completed meanwhile: no earlier state of it was. Of any
  other order it holds the store, as a backup would.
- Another refund under the id of one that was there, on the same order: neither date nor amount can be edited.
- The newest orders gone for good, several that name a payment on end with none left among them: a backup ends at
  one moment. One order gone is no sign, nor are some among others that stay, drafts and unpaid ones (the store
  itself clears those away), those paid in other ways, or what was in the trash: staff delete orders. Nor is it
  one where nothing known is left: a shop is emptied of its test orders before it opens. Nothing is called for an
  order that is gone, what is reserved for it is told of, and an id that is given out again says it then.

A total, a line, a status or a refund that is another or gone, with a date that did not go back, is staff's doing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs

from bridge.domain.changes import SWITCH
from bridge.domain.money import to_major
from bridge.domain.orders import GONE, Order, Refund
from bridge.domain.records import How, Record, Settlement
from bridge.domain.steps import Kind

ON_END = 3
"""How many of the newest orders must be gone at once: two test orders are soon deleted."""

_DRAFTS = ("draft", "auto-draft", "checkout-draft", "pending", "failed")
_REMOVED = ("trash", GONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that was done about an order here, amounts in minor units."""

    kind: Kind
    amount: int
    refund: int | None = None
    """The store's refund that it met."""
    how: How | None = None
    """Where it was no call of ours that met the refund."""
    key: str = ""
    unknown: bool = False
    """The call was made; whether it took effect was not known yet when the store was held."""


def gone_back(before: Order, last_news: datetime, now: Order) -> str:
    """Why this look at an order says that its store went back in time since the one `before`; "" if it does not.

    `last_news` is when something about the order was last seen to change, in the store's time.
    """
    if is_another(before, now):
        return (
            f"order {now.id}, made {_day(before.created)}, is another order now, made {_day(now.created)} and with "
            "another payment"
        )
    if now.modified < min(before.modified, last_news) and not _completed_since(before, now):
        return (
            f"order {now.id} was last changed {_day(before.modified)} when it was read before, and "
            f"{_day(now.modified)} when it was read now"
        )
    if replaced := _replaced(before, now):
        return f"refund {replaced[0].id} of order {now.id} is another refund now"
    return ""


def is_another(before: Order, now: Order) -> bool:
    """Whether the id has been given to another order."""
    named, names = _payments(before), _payments(now)
    if before.paid is None and before.status in _DRAFTS:
        return False
    return before.created != now.created and bool(named | names) and not named & names


def all_gone(known: Sequence[Order], there: Collection[int]) -> list[int]:
    """The newest orders of a store, if they are gone all at once and an older one is there; else none.

    `known` are its paid orders as last seen, newest first; `there` the ids of those that it still has, in whatever
    status.
    """
    gone: list[int] = []
    for order in known:
        if order.id in there:
            return gone if len(gone) >= ON_END else []
        if order.paid is not None and _payments(order) and order.status not in (*_REMOVED, *_DRAFTS):
            gone.append(order.id)
    return []


def missing(deeds: Sequence[Deed], before: Order, now: Order) -> list[Deed]:
    """What was done about an order that the store no longer shows; all of it, where the order itself is gone."""
    if now.status == GONE or is_another(before, now):
        return list(deeds)
    lost = _lost(before, now)
    return [deed for deed in deeds if not _shown(deed, before, now, lost)]


def _shown(deed: Deed, before: Order, now: Order, lost: Collection[int]) -> bool:
    if deed.refund is not None:
        return deed.refund not in lost
    if deed.kind is Kind.MODIFY:
        return (before.total, before.refunded) == (now.total, now.refunded)
    return before.status == now.status


def _lost(before: Order, now: Order) -> list[int]:
    """The refunds known before that the store no longer has, nor another of the amount that was entered since."""
    new = [it.amount for it in now.refunds if not _in(before, it)]
    lost = []
    for refund in before.refunds:
        if _in(now, refund):
            continue
        if refund.amount in new:
            new.remove(refund.amount)
        else:
            lost.append(refund.id)
    return lost


def gone_on_from(before: Order, record: Record, now: Order) -> tuple[Order, Record]:
    """Return snapshot and record of an order to go on from, now that its store went back and a person said go.

    The next look compares with this snapshot, so the differences are part of the story. What was agreed is so no
    more: a total that only the backup brought back is for a person to judge. Nor is a status that it brought back
    staff's doing, which `status_lock: restore` would undo. A refund that has the id of another one is new; where it
    has its amount too, it is the same one entered again, and what met that one meets it. Of one that is lost the
    provider's log tells by what return it was met; what it does not tell is kept for when it is entered again.
    """
    replaced = {refund.id: refund.amount for refund in _replaced(before, now)}
    gone = refunds_gone(before, now)
    snapshot = replace(
        before,
        created=now.created,
        modified=now.modified,
        status=GONE if now.status == GONE else before.status,
        refunds=tuple(refund for refund in before.refunds if refund.id not in replaced),
    )
    return snapshot, record.evolve(
        agreed=None,
        counts=False,
        waived=record.waived if before.status == now.status else record.waived | {(Kind.RESTORE_STATUS, 0)},
        refunds_seen=tuple(seen for seen in record.refunds_seen if seen[0] not in replaced),
        settlements=tuple(kept for it in record.settlements if (kept := _kept(it, gone)) is not None),
    )


def refunds_gone(before: Order, now: Order) -> set[int]:
    """The refunds known before that the store no longer has under their ids, in their amounts."""
    return {it.id for it in before.refunds if (there := now.refund(it.id)) is None or there.amount != it.amount}


def _kept(settlement: Settlement, gone: Collection[int]) -> Settlement | None:
    if settlement.refund not in gone:
        return settlement
    in_the_log = settlement.entry is not None or settlement.how is How.PAID
    return None if in_the_log else structs.replace(settlement, refund=-settlement.refund)


def told(deed: Deed, currency: str) -> str:
    """A deed in words: "refund 77 of 100.00 SEK (paid, 42R77)"."""
    number = f" {deed.refund}" if deed.refund is not None else ""
    remark = ", ".join(filter(None, (deed.how, deed.key, "not known yet whether it is done" * deed.unknown)))
    return f"{deed.kind}{number} of {to_major(deed.amount, currency)} {currency}{f' ({remark})' if remark else ''}"


def _completed_since(before: Order, now: Order) -> bool:
    """Whether the order was completed since: the store dates that, and never takes the date away again."""
    return now.completed is not None and (before.completed is None or now.completed > before.completed)


def _replaced(before: Order, now: Order) -> list[Refund]:
    """The refunds known before whose ids other refunds have now; of the dates, a listing says nothing."""
    return [refund for refund in before.refunds if now.refund(refund.id) and not _in(now, refund)]


def _in(order: Order, refund: Refund) -> bool:
    """Whether the order has this very refund."""
    it = order.refund(refund.id)
    if it is None or it.amount != refund.amount:
        return False
    return it.created == refund.created or None in (it.created, refund.created)


def _payments(order: Order) -> set[str]:
    """All that the order says of which payment it has."""
    named = {value.casefold() for key, value in order.meta if key != SWITCH}
    return (named | {order.transaction_id.casefold()}) - {""}


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
