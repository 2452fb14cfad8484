"""What persons say about actions: approve, drop, retry, adopt. Each is derived anew at the next look.

A daemon may work on the same order in this very moment. So every word binds to what the person was shown, where
that is said: an action that is another by then is left alone. And it is written only while the action is still in
the state that it was found in, in a transaction that has the order to itself; otherwise nothing is changed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from bridge.db import bounds
from bridge.db.journal import Journal
from bridge.db.known import Known, record_text
from bridge.db.models import ActionRow, OrderRow, SettlementRow, StoreRow
from bridge.db.rows import tell, withdraw_promises
from bridge.domain.keys import stem
from bridge.domain.money import to_major
from bridge.domain.orders import Refund
from bridge.domain.payments import Entry
from bridge.domain.reasons import Reason
from bridge.domain.records import How, State
from bridge.domain.settlement import match, unmet
from bridge.domain.steps import Kind
from bridge.errors import UsageError


@dataclass(frozen=True, slots=True)
class Said:
    """What was changed, in words."""

    action: int | None
    text: str
    done: bool = True
    """False: the action was another by then, and was left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a person was shown of an action before saying something about it."""

    state: str
    reason: str
    amount: int
    target: int


async def open_action(number: int) -> ActionRow:
    """Return an open action by its id. Raises UsageError where there is none."""
    row = await ActionRow.get_or_none(id=number).prefetch_related("order")
    if row is None:
        raise UsageError(f"there is no action {number}: see `wc-bridge actions`")
    if row.open_slot is None:
        raise UsageError(f"action {number} has ended ({row.state}): nothing can be said about it any more")
    return row


async def _as_shown(number: int, shown: Shown | None) -> ActionRow:
    """Return an open action. Raises UsageError where there is none, or it is not what was `shown` of it."""
    row = await open_action(number)
    now = Shown(state=row.state, reason=row.refusal or row.reason, amount=row.amount, target=row.target)
    if shown not in (None, now):
        raise _moved_on(number)
    return row


def _moved_on(number: int) -> UsageError:
    return UsageError(f"action {number} has changed meanwhile, so nothing was done about it: look at it again")


async def actions_of(store: str, order: int) -> list[int]:
    """Return the open actions of an order. Raises UsageError where the order is not known."""
    row = await OrderRow.get_or_none(store_id=store, order_id=order)
    if row is None:
        raise UsageError(f"order {order} of store {store} is not known: see `wc-bridge status`")
    return [action.id for action in await ActionRow.filter(open_slot=row.id)]


async def look_again(store: str, order: int, now: datetime) -> Said:
    """Let an order be looked at now, its payment included: somebody may have changed it at the provider."""
    known = await Journal(store).known(order)
    if known is None:
        raise UsageError(f"order {order} of store {store} is not known: see `wc-bridge status`")
    text = f"order {order} is looked at again"
    async with in_transaction():
        await _take(store, order, now)
        await tell(known.row, (("person", text),), now)
    return Said(known.action, text)


async def approve(number: int, now: datetime, shown: Shown | None = None) -> Said:
    """Let a held action go as it stands: another amount, at the next look, needs another approval."""
    row = await _as_shown(number, shown)
    if row.state != State.HELD:
        raise UsageError(f"action {number} is {row.state}, not held: there is nothing to approve")
    # Its reason stays: what was not seen of an earlier call is looked for once more before the call is made again.
    text = f"{row.kind} of {_figure(row.amount, row.currency)} approved"
    if row.reason == Reason.OTHER_AMOUNT:
        text = f"{row.kind} taken as the provider did it; the rest of {_figure(row.amount, row.currency)} follows"
    async with in_transaction():
        await bounds.said_go(row, now)
        await _say(row, text, now, state=State.READY, approved=True, shadow=False, admitted=now)
        await bounds.taken_so(row, now)
    return Said(number, text)


async def retry(number: int, now: datetime) -> Said:
    """Look again now. What waits or was refused is tried again; a call that may have been made is looked for."""
    row = await open_action(number)
    if row.state == State.HELD and row.reason == Reason.REFUSED:
        text = f"{row.kind} is tried again"
        await _say(row, text, now, state=State.READY, reason="a person asked for another try", refusal="")
    elif row.state == State.WAITING or (row.state == State.READY and row.next_try is not None):
        text = f"{row.kind} is tried again now"
        await _say(row, text, now, next_try=None)
    else:
        text = f"order {row.order.order_id} is looked at again"
        await _say(row, text, now)
    return Said(number, text)


async def drop(number: int, why: str, now: datetime, shown: Shown | None = None) -> Said:
    """Give exactly this up: a refund for good, another step for its target."""
    row = await _as_shown(number, shown)
    if row.state in (State.RUNNING, State.UNKNOWN):
        raise UsageError(f"the call of action {number} may have taken effect: it can be dropped when that is known")
    text = f"{row.kind} dropped: {why}"
    async with in_transaction():
        await _take(row.order.store_id, row.order.order_id, now)
        await _change(row, now, state=State.DROPPED, open_slot=None, reason=f"dropped: {why}", next_try=None)
        known = await _known(row)
        refund = _refund(known, row)
        if refund is not None and known.record is not None:
            await _settle(known, refund, How.WAIVED)
        elif known.record is not None:
            waived = known.record.waived | {(Kind(row.kind), row.target)}
            record = known.record.evolve(waived=waived)
            await OrderRow.filter(id=known.row).update(record=record_text(record))
        await tell(known.row, (("person", text),), now)
    return Said(number, text)


async def adopt_refund(number: int, now: datetime, shown: Shown | None = None) -> Said:
    """The refund of a held action was paid in another way: it is met, and the bridge pays nothing for it."""
    row = await _as_shown(number, shown)
    refund = _refund(await _known(row), row)
    if row.state != State.HELD or refund is None:
        raise UsageError(f"action {number} is no held refund: `adopt --order STORE N` takes returns made elsewhere")
    text = f"refund {refund.id} was paid elsewhere"
    async with in_transaction():
        await _take(row.order.store_id, row.order.order_id, now)
        await _change(row, now, state=State.DROPPED, open_slot=None, reason=f"adopted: {text}", next_try=None)
        known = await _known(row)
        await _settle(known, _refund(known, row) or refund, How.ADOPTED)
        await tell(known.row, (("person", text),), now)
    return Said(number, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """Returns at the provider that no refund of the shop explains, as a person is shown them."""

    entries: frozenset[str]
    amount: int
    currency: str


async def unexplained(store: str, order: int, tag: str) -> Unexplained:
    """Return an order's unexplained returns as last read. Raises UsageError where there are none."""
    known, entries = await _unmatched(store, order, tag)
    assert known.payment is not None, "returns come from a payment"
    return Unexplained(
        entries=frozenset(entry.id for entry in entries),
        amount=sum(entry.amount for entry in entries),
        currency=known.payment.currency,
    )


async def adopt_returns(store: str, order: int, tag: str, shown: Unexplained, now: datetime) -> Said:
    """The returns that were `shown` are no business of the shop."""
    text = f"returns of {_figure(shown.amount, shown.currency)} are no business of the shop"
    async with in_transaction():
        await _take(store, order, now)
        known, entries = await _unmatched(store, order, tag)
        if {entry.id for entry in entries} != shown.entries or known.record is None:
            raise UsageError(f"the returns of order {order} have changed meanwhile: look again")
        unrelated = known.record.unrelated | shown.entries
        record = known.record.evolve(unrelated=unrelated)
        await OrderRow.filter(id=known.row).update(record=record_text(record))
        await tell(known.row, (("person", text),), now)
    return Said(known.action, text)


async def _unmatched(store: str, order: int, tag: str) -> tuple[Known, tuple[Entry, ...]]:
    known = await Journal(store).known(order)
    if known is None or known.order is None or known.record is None or known.payment is None:
        raise UsageError(f"order {order} of store {store} has no payment that was ever read")
    matching = match(known.order, known.payment, known.record, stem(known.order, tag))
    if not matching.unmatched:
        raise UsageError(f"order {order} of store {store} has no return that a refund does not explain")
    return known, matching.unmatched


def _figure(amount: int, currency: str) -> str:
    return f"{to_major(amount, currency)} {currency}"


def _refund(known: Known, row: ActionRow) -> Refund | None:
    return known.order.refund(row.refund) if known.order and row.refund is not None else None


async def _settle(known: Known, refund: Refund, how: How) -> None:
    assert known.record is not None, "an order with an action has a record"
    left = unmet(refund, known.record.settlements)
    await SettlementRow.create(order_id=known.row, refund=refund.id, how=how, amount=left)
    await withdraw_promises(known.row)


async def _known(row: ActionRow) -> Known:
    known = await Journal(row.order.store_id).known(row.order.order_id)
    assert known is not None, "an action's order has a row"
    return known


async def _say(row: ActionRow, text: str, now: datetime, **changes: Any) -> None:
    async with in_transaction():
        await _take(row.order.store_id, row.order.order_id, now)
        await _change(row, now, **changes)
        await tell(row.order.id, (("person", text),), now)


async def _change(row: ActionRow, now: datetime, **changes: Any) -> None:
    """Write to an action that is as it was found. Raises UsageError where it has moved on."""
    as_found = {"id": row.id, "open_slot": row.open_slot, "state": row.state, "reason": row.reason}
    if await ActionRow.filter(**as_found, step=row.step).update(updated=now, **changes) != 1:
        raise _moved_on(row.id)


async def _take(store: str, order: int, now: datetime) -> None:
    """Have the order to ourselves until the transaction ends, and let it be looked at at once, however long its
    store was to rest; a look under way begins again.
    """
    await StoreRow.filter(name=store).update(rest_until=None)
    rows = OrderRow.filter(store_id=store, order_id=order)
    await rows.update(due=now, insisted=True, version=F("version") + 1)
