"""The journal: what was seen, remembered and decided, and what is due. Every query has a name here."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from tortoise.expressions import F

from bridge.db import statements
from bridge.db.codec import ORDER, PAYMENT, STEP, dump
from bridge.db.holds import Held
from bridge.db.known import Known, Look, Overtaken, known_from, record_text
from bridge.db.leases import OfStore
from bridge.db.models import ActionRow, OrderRow, SettlementRow, StoreRow
from bridge.db.rows import (
    end_action,
    facts_text,
    save_settlements,
    slices,
    start_action,
    tell,
    to_write,
    withdraw_promises,
)
from bridge.domain.records import How, Settlement, State


class Journal(OfStore):
    """The journal of one store."""

    async def known(self, order_id: int) -> Known | None:
        found = await self.known_many([order_id])
        return found.get(order_id)

    async def known_many(self, order_ids: Iterable[int]) -> dict[int, Known]:
        """Return what is known of these orders, by WooCommerce id."""
        known: dict[int, Known] = {}
        for some in slices(order_ids):
            known |= await self._known_some(some)
        return known

    async def _known_some(self, order_ids: Sequence[int]) -> dict[int, Known]:
        rows = await statements.rows(OrderRow, store_id=self.store, order_id=list(order_ids))
        ids = [row.id for row in rows]
        if not ids:
            return {}
        settlements: dict[int, list[Settlement]] = {}
        for item in await statements.rows(SettlementRow, "id", order_id=ids):
            value = Settlement(refund=item.refund, how=How(item.how), amount=item.amount, entry=item.entry)
            settlements.setdefault(item.order_id, []).append(value)
        actions = {action.open_slot: action for action in await statements.rows(ActionRow, open_slot=ids)}
        return {row.order_id: known_from(row, settlements.get(row.id, []), actions.get(row.id)) for row in rows}

    async def commit_look(self, known: Known, look: Look, now: datetime) -> int | None:
        """Commit one look with everything that follows from it; return the open action's id.

        Raises Overtaken, and writes nothing, when somebody else wrote about the order since `known` was read, or
        the store is held whole since: what was read meanwhile may be of a time that it went back to.
        """
        async with self.lease.transaction():
            written = await statements.update(
                OrderRow, _looked(known, look, now), more="version", id=known.row, version=known.version
            )
            if not written or await statements.columns(StoreRow, "name", name=self.store, held=Held.REWOUND):
                raise Overtaken
            if known.record is None or look.record.settlements != known.record.settlements:
                await save_settlements(known.row, look.record.settlements)
            action = known.action
            if look.done is not None and action is not None:
                why = known.attempt.step.why if known.attempt else ""
                await end_action(action, State.DONE, why, now, look.done, look.done_amount)
                action = None
            action = await self._follow(known.row, action, look, now)
            await withdraw_promises(known.row, look.promises)
            for mark, text in look.notes:
                await to_write(known.row, mark, text, now)
            await tell(known.row, look.events, now)
        return action

    async def _follow(self, row: int, action: int | None, look: Look, now: datetime) -> int | None:
        follow = look.follow
        if action is not None and follow.dropped:
            await end_action(action, State.DROPPED, follow.dropped, now)
            action = None
        if follow.open is None:
            return action
        if action is None or follow.new:
            return await start_action(row, follow.open, look, now)
        values = {
            "step": dump(STEP, follow.open.step),
            "key": follow.open.step.key,
            "state": follow.open.state,
            "reason": follow.open.reason,
            "facts": facts_text(follow.open),
            "refusal": follow.open.refusal,
            "approved": follow.open.approved,
            "updated": now,
            **({"next_try": look.next_try} if look.next_try else {}),
        }
        await statements.update(ActionRow, values, id=action)
        return action

    async def look_failed(self, row: int, why: str, due: datetime) -> None:
        """A look could not be finished: nothing is known to have changed; try again at `due`."""
        async with self.lease.guard():
            await OrderRow.filter(id=row).update(why=why, due=due, failures=F("failures") + 1, insisted=False)

    async def set_aside(self, row: int, problem: str, due: datetime | None, now: datetime) -> None:
        """The order can't be understood: keep it visible, and look again later."""
        async with self.lease.transaction():
            changed = await (
                OrderRow.filter(id=row)
                .exclude(problem=problem)
                .update(problem=problem, watched=True, version=F("version") + 1)
            )
            await OrderRow.filter(id=row).update(due=due)
            if changed:
                await tell(row, (("problem", problem),), now)

    async def never_understood(self, row: int, now: datetime) -> None:
        """The order is gone before it could be understood: nothing about it is open any more."""
        async with self.lease.transaction():
            await OrderRow.filter(id=row).update(problem="", due=None, watched=False, version=F("version") + 1)
            await tell(row, (("seen", "deleted before it could be understood"),), now)

    async def stumbled(self, order_id: int, problem: str, due: datetime) -> None:
        """We ourselves failed on the order: keep that visible, and try again at `due`."""
        async with self.lease.guard():
            await OrderRow.filter(store_id=self.store, order_id=order_id).update(
                problem=problem, watched=True, due=due, failures=F("failures") + 1, version=F("version") + 1
            )

    async def failures(self, order_id: int) -> int:
        """Return how many looks in a row failed."""
        row = await OrderRow.get_or_none(store_id=self.store, order_id=order_id)
        return row.failures if row else 0


def _looked(known: Known, look: Look, now: datetime) -> dict[str, Any]:
    """The columns of an order that a look fills."""
    news = (look.attention, look.facts) != (known.attention, known.facts)
    return {
        "number": look.order.number,
        "status": look.order.status,
        "snapshot": dump(ORDER, look.order),
        "changed": look.order.modified,
        "record": record_text(look.record),
        "problem": "",
        "failures": 0,
        "insisted": False,
        "why": look.why,
        "attention": look.attention,
        "facts": look.facts,
        # SQLite compares moments as text, and a provider may tell its own in another zone.
        "due": look.due.astimezone(UTC) if look.due else None,
        "watched": look.watched or look.attention != "",
        "provider": look.provider,
        "payment_id": look.payment_id,
        **({"payment": dump(PAYMENT, look.payment)} if look.payment else {}),
        **({"moved": now} if look.moved else {}),
        **({"attention_since": now} if news else {}),
    }
