"""What persons say about actions: approve, drop, retry, adopt. Each is derived anew at the next look."""

from dataclasses import dataclass, replace
from datetime import datetime

from tortoise.transactions import in_transaction

from bridge.db.codec import RECORD, dump
from bridge.db.journal import Journal, Known
from bridge.db.models import ActionRow, EventRow, OrderRow, SettlementRow
from bridge.domain.keys import stem
from bridge.domain.money import to_major
from bridge.domain.records import How, State
from bridge.domain.settlement import match, unmet
from bridge.domain.steps import Kind
from bridge.errors import UsageError


@dataclass(frozen=True, slots=True)
class Said:
    """What was changed, in words."""

    action: int | None
    text: str


async def open_action(number: int) -> ActionRow:
    """Return an open action by its id. Raises UsageError where there is none."""
    row = await ActionRow.get_or_none(id=number).prefetch_related("order")
    if row is None:
        raise UsageError(f"there is no action {number}: see `wc-bridge actions`")
    if row.open_slot is None:
        raise UsageError(f"action {number} has ended ({row.state}): nothing can be said about it any more")
    return row


async def actions_of(store: str, order: int) -> list[int]:
    """Return the open actions of an order. Raises UsageError where the order is not known."""
    row = await OrderRow.get_or_none(store_id=store, order_id=order)
    if row is None:
        raise UsageError(f"order {order} of store {store} is not known")
    return [action.id for action in await ActionRow.filter(open_slot=row.id)]


async def approve(number: int, now: datetime) -> Said:
    """Let a held action go as it stands: another amount, at the next look, needs another approval."""
    row = await open_action(number)
    if row.state != State.HELD:
        raise UsageError(f"action {number} is {row.state}, not held: there is nothing to approve")
    amount = to_major(row.amount, row.currency)
    text = f"{row.kind} of {amount} {row.currency} approved"
    await _say(row, text, now, state=State.READY, approved=True, shadow=False)
    return Said(number, text)


async def retry(number: int, now: datetime) -> Said:
    """Look again now. What waits or was refused is tried again; an unknown call is only looked at."""
    row = await open_action(number)
    if row.state == State.HELD and row.reason in ("refused", "not-seen"):
        text = f"{row.kind} is tried again"
        await _say(row, text, now, state=State.READY, reason="a person asked for another try", refusal="")
    elif row.state == State.WAITING:
        text = f"{row.kind} is tried again now"
        await _say(row, text, now, next_try=None)
    else:
        text = f"order {row.order.order_id} is looked at again"
        await _say(row, text, now)
    return Said(number, text)


async def drop(number: int, why: str, now: datetime) -> Said:
    """Give exactly this up: a refund for good, another step for its target."""
    row = await open_action(number)
    if row.state in (State.RUNNING, State.UNKNOWN):
        raise UsageError(f"the call of action {number} may have taken effect: it can be dropped when that is known")
    known = await _known(row)
    text = f"{row.kind} dropped: {why}"
    async with in_transaction():
        await ActionRow.filter(id=number).update(
            state=State.DROPPED, open_slot=None, reason=f"dropped: {why}", updated=now, next_try=None
        )
        refund = known.order.refund(row.refund) if known.order and row.refund is not None else None
        if refund is not None and known.record is not None:
            left = unmet(refund, known.record.settlements)
            await SettlementRow.create(order_id=known.row, refund=refund.id, how=How.WAIVED, amount=left)
        elif known.record is not None:
            waived = known.record.waived | {(Kind(row.kind), row.target)}
            record = replace(known.record, waived=waived, settlements=(), open=None)
            await OrderRow.filter(id=known.row).update(record=dump(RECORD, record))
        await _tell(known.row, text, now)
    return Said(number, text)


async def adopt_refund(number: int, now: datetime) -> Said:
    """The refund of a held action was paid in another way: it is met, and the bridge pays nothing for it."""
    row = await open_action(number)
    known = await _known(row)
    refund = known.order.refund(row.refund) if known.order and row.refund is not None else None
    if row.state != State.HELD or refund is None or known.record is None:
        raise UsageError(f"action {number} is no held refund: `adopt --order STORE N` takes returns made elsewhere")
    text = f"refund {refund.id} was paid elsewhere"
    async with in_transaction():
        await ActionRow.filter(id=number).update(
            state=State.DROPPED, open_slot=None, reason=f"adopted: {text}", updated=now, next_try=None
        )
        left = unmet(refund, known.record.settlements)
        await SettlementRow.create(order_id=known.row, refund=refund.id, how=How.ADOPTED, amount=left)
        await _tell(known.row, text, now)
    return Said(number, text)


async def adopt_returns(store: str, order: int, tag: str, now: datetime) -> Said:
    """Returns at the provider that no refund of the shop explains are no business of the shop."""
    known = await Journal(store).known(order)
    if known is None or known.order is None or known.record is None or known.payment is None:
        raise UsageError(f"order {order} of store {store} has no payment that was ever read")
    matching = match(
        known.order, known.payment, known.record.settlements, known.record.unrelated, stem(known.order, tag)
    )
    if not matching.unmatched:
        raise UsageError(f"order {order} of store {store} has no return that a refund does not explain")
    amount = to_major(sum(entry.amount for entry in matching.unmatched), known.payment.currency)
    text = f"returns of {amount} {known.payment.currency} are no business of the shop"
    unrelated = matching.unrelated | {entry.id for entry in matching.unmatched}
    record = replace(known.record, unrelated=unrelated, settlements=(), open=None)
    async with in_transaction():
        await OrderRow.filter(id=known.row).update(record=dump(RECORD, record))
        await _tell(known.row, text, now)
    return Said(known.action, text)


async def _known(row: ActionRow) -> Known:
    known = await Journal(row.order.store_id).known(row.order.order_id)  # type: ignore[attr-defined]
    assert known is not None, "an action's order has a row"
    return known


async def _say(row: ActionRow, text: str, now: datetime, **changes: object) -> None:
    async with in_transaction():
        await ActionRow.filter(id=row.id, open_slot__isnull=False).update(updated=now, **changes)
        await _tell(row.order.id, text, now)


async def _tell(order_row: int, text: str, now: datetime) -> None:
    """A person's word is part of the story, and the order is looked at at once."""
    await OrderRow.filter(id=order_row).update(due=now)
    await EventRow.create(order_id=order_row, at=now, topic="person", text=text)
