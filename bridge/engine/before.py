"""What an order is to the bridge that was there before it came (design § 2, First run)."""

from dataclasses import replace
from datetime import datetime, timedelta

from bridge.db.known import Known, Sight
from bridge.domain.claims import claim
from bridge.domain.looks import baseline
from bridge.domain.orders import GONE, Order, Refund
from bridge.domain.records import Closed, How, Record, Settlement
from bridge.engine.telling import not_ours
from bridge.engine.unit import Unit
from bridge.engine.walking import problem_of
from bridge.errors import NotThere, Unreadable
from bridge.ports import Row

_STATUS = "status"
"""Stands in the store's own note of a changed status, in English and Swedish."""
RECENT = timedelta(days=30)
"""Orders completed within this before the bridge came are looked at once."""


def as_before(unit: Unit, row: Row, now: datetime) -> Sight:
    """An order as it was listed: nothing on it is to be acted on."""
    if row.order is None:
        return problem_of(row)
    return baseline_sight(unit, row.order, baseline(row.order, unit.rules, now), now)


async def as_since(unit: Unit, row: Row, start: datetime) -> Sight:
    """An order that changed since `start`: what happened since then counts, what had happened before is settled.

    Raises RemoteError where the store gives no answers.
    """
    assert row.order is not None, "what can't be understood has no date to go by"
    try:
        order = await unit.store.order(row.id)
        ended = await _ended_before(unit, order, start)
    except NotThere:
        order, ended = replace(row.order, status=GONE), False
    except Unreadable as error:
        return problem_of(replace(row, problem=str(error)))
    earlier = tuple(
        Settlement(refund=refund.id, how=How.BASELINE, amount=refund.amount)
        for refund in order.refunds
        if not _made(refund, start)
    )
    now = unit.now()
    record = baseline(order, unit.rules, now).evolve(settlements=earlier)
    if not ended:
        # A save alone changes nothing: what differed when the bridge came is not its to correct.
        counts = order.created >= start or _ends(unit, order) or _refunded(order, start) or _dated(unit, start)
        record = record.evolve(baseline=not counts, counts=counts, closed=None, closed_status="")
    return baseline_sight(unit, order, record, now)


async def _ended_before(unit: Unit, order: Order, start: datetime) -> bool:
    """Whether an order that was modified since `start` must be taken to have ended before it.

    Any later edit makes an order that ended long ago look like news, and the store dates only `completed`. That it
    was cancelled since, a note of the store tells, which it writes of each change of status ("Order status changed
    from …", "Orderstatus …"; recordings, 07). Where nothing shows that the end came since, money stays where it is,
    and `status` lists what is only reserved.
    """
    if order.created >= start:
        return False
    if order.status in unit.rules.capture_on:
        return order.completed is None or order.completed < start
    if _refunded(order, start):
        return False
    if order.status in unit.rules.cancel_on and claim(order, unit.methods):
        notes = await unit.store.notes(order.id)
        since = [note for note in notes if note.created is not None and note.created >= start]
        return not any(_STATUS in note.text.casefold() for note in since)
    return order.status == "refunded" or order.status in unit.rules.cancel_on


def _ends(unit: Unit, order: Order) -> bool:
    return order.status == "refunded" or order.status in unit.rules.capture_on | unit.rules.cancel_on


def _refunded(order: Order, start: datetime) -> bool:
    return any(_made(refund, start) for refund in order.refunds)


def _dated(unit: Unit, start: datetime) -> bool:
    """Whether `start` is a date of settings.yaml, from which on somebody wants changes to count."""
    return unit.start_from is not None and unit.start_from <= start.date()


def _made(refund: Refund, start: datetime) -> bool:
    """Whether a refund was made since; one without a date is taken for old, so that it is not paid again."""
    return refund.created is not None and refund.created >= start


def baseline_sight(unit: Unit, order: Order, record: Record, now: datetime, known: Known | None = None) -> Sight:
    """Open orders are looked at once, so that it is known whether they agree with their payment; ended ones rest.

    So are those completed lately: one that is still only reserved at the provider is worth an administrator's eye.
    """
    ours = claim(order, unit.methods) is not None
    lately = record.closed is Closed.CAPTURED and order.modified > now - RECENT
    settled = {settlement.refund for settlement in record.settlements}
    asked = any(refund.id not in settled for refund in order.refunds)
    return Sight(
        order_id=order.id,
        version=known.version if known else None,
        order=order,
        record=record,
        events=(("seen", f"there before the bridge: {order.status}"),),
        due=now if ours and (record.closed is None or lately or asked) else None,
        watched=ours and record.closed is None,
        why=None if ours else not_ours(order),
        provider=unit.provider_of(order),
    )
