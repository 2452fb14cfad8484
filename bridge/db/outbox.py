"""The outbox: calls and notes, written down before they are sent and after they ended."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bridge.db import firsts, pauses, statements
from bridge.db.codec import ATTEMPT, dump, load
from bridge.db.known import Overtaken
from bridge.db.leases import Lease
from bridge.db.models import ActionRow, NoteRow, OrderRow
from bridge.db.rows import claim, ids, own, tell, withdraw
from bridge.domain.attempts import Attempt
from bridge.domain.records import State


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNote:
    """An order note that is to be written now."""

    id: int
    order: int
    """The order's row."""
    mark: str
    text: str
    attempts: int
    """How often it was sent; more than none: it may stand in the store already."""
    created: datetime
    about: str
    """The remote of whose outage it tells, "" for any other note."""


class Outbox:
    """The outbox of one store."""

    def __init__(self, store: str, lease: Lease | None = None) -> None:
        """`lease`: what is written needs it; None: nobody else works on the store."""
        self.store = store
        self.lease = lease or Lease(store)

    # ------------------------------------------------------------------ calls

    async def recover(self, now: datetime) -> int:
        """Take calls that a crash cut off as unknown, ended now; return how many there were.

        Of a store that comes from another machine, those unknown already are taken to have ended now too: when they
        did is written down by that one's clock, which may be an hour ahead.
        """
        ours = ActionRow.filter(order__store_id=self.store)
        cut_off = await ids(ours.filter(state=State.RUNNING), "id")
        for action in cut_off:
            await self.cut_off(action, "the bridge stopped in the middle of the call", now)
        if self.lease.elsewhere:
            for row in await ours.filter(state=State.UNKNOWN).exclude(id__in=cut_off or [-1]):
                await self._ended(row, now)
        return len(cut_off)

    async def _ended(self, row: ActionRow, now: datetime) -> None:
        """Take a call of unknown outcome to have ended now."""
        attempt = load(ATTEMPT, row.attempt)
        if attempt is None:
            return
        async with self.lease.transaction():
            await own(row.order_id)
            unknown = ActionRow.filter(id=row.id, state=State.UNKNOWN)
            await unknown.update(attempt=dump(ATTEMPT, replace(attempt, ended=now)))

    async def cut_off(self, action: int, why: str, now: datetime) -> None:
        """Take a call whose ending was never recorded as unknown, ended now."""
        row = await ActionRow.get(id=action)
        attempt = load(ATTEMPT, row.attempt)
        async with self.lease.transaction():
            await own(row.order_id)
            running = ActionRow.filter(id=action, state=State.RUNNING)
            if await running.update(
                state=State.UNKNOWN,
                reason=why,
                attempt=dump(ATTEMPT, replace(attempt, ended=now)) if attempt else None,
                updated=now,
            ):
                await OrderRow.filter(id=row.order_id).update(due=now)
                await tell(row.order_id, (("answered", f"outcome unknown: {why}"),), now)

    async def begin_attempt(self, action: int, attempt: Attempt, now: datetime, account: str = "") -> bool:
        """Write a call down before it is made; False when the action is no longer there to be made.

        None begins on what a person has paused. At the provider's `account` ("": the call is to none) nothing
        begins beside the first call of its kind. Raises Overtaken where somebody else has the action, or its
        order, at this moment.
        """
        async with self.lease.transaction():
            if await pauses.stops(self.store, action):
                return False
            if not await claim(action):
                raise Overtaken
            if account and not await firsts.claim(self.store, account, attempt.step.call, action):
                return False
            values = {
                "state": State.RUNNING,
                "attempt": dump(ATTEMPT, attempt),
                "updated": now,
                "next_try": None,
            }
            waiting = [State.READY, State.WAITING]
            if not await statements.update(ActionRow, values, more="attempts", id=action, state=waiting):
                return False
            [row] = await statements.columns(ActionRow, "order_id", "currency", id=action)
            step = attempt.step
            text = f"{step.call} {step.amount} {row['currency']} (minor units), key {step.key}"
            await tell(row["order_id"], (("called", text),), now)
        return True

    async def end_attempt(
        self,
        action: int,
        state: State,
        text: str,
        now: datetime,
        *,
        attempt: Attempt,
        reason: str = "",
        refusal: str = "",
        next_try: datetime | None = None,
    ) -> None:
        """Record how a call ended. Whether it took effect is for the next look to say."""
        async with self.lease.transaction():
            values = {
                "state": state,
                "reason": reason or text,
                "refusal": refusal,
                "next_try": next_try,
                "attempt": dump(ATTEMPT, attempt),
                "updated": now,
                **({"approved": False} if state is State.HELD else {}),
            }
            running = await statements.update(ActionRow, values, id=action, state=State.RUNNING)
            if running:  # else it is a second try, and the first was committed after all
                [row] = await statements.columns(ActionRow, "order_id", id=action)
                await tell(row["order_id"], (("answered", text),), now)

    # ------------------------------------------------------------------ notes

    async def notes(self, order_id: int, now: datetime) -> list[DueNote]:
        """Return the notes of an order that are to be written now, oldest first."""
        of_order = await statements.columns(OrderRow, "id", store_id=self.store, order_id=order_id)
        waiting = [row["id"] for row in of_order]
        notes = await statements.rows(NoteRow, "id", order_id=waiting, next_try=statements.GIVEN) if waiting else []
        return [
            DueNote(
                id=row.id,
                order=row.order_id,
                mark=row.mark,
                text=row.text,
                attempts=row.attempts,
                created=row.created,
                about=row.about,
            )
            for row in notes
            if row.next_try is not None and row.next_try <= now
        ]

    async def note_tried(self, note: DueNote, next_try: datetime) -> bool:
        """Write down that a note is about to be sent, so that it is looked for before it is sent again.

        False where somebody else has sent it since it was read, or it is not to be sent any more.
        """
        as_read: dict[str, Any] = {"id": note.id, "attempts": note.attempts, "next_try": statements.GIVEN}
        async with self.lease.guard():
            return bool(await statements.update(NoteRow, {"next_try": next_try}, more="attempts", **as_read))

    async def note_delayed(self, note: int, next_try: datetime) -> None:
        async with self.lease.guard():
            await NoteRow.filter(id=note, next_try__isnull=False).update(next_try=next_try)

    async def note_withdrawn(self, note: int) -> None:
        """It is not true any more; what is true then may be told anew."""
        async with self.lease.guard():
            await withdraw(NoteRow.filter(id=note))

    async def note_ended(self, note: DueNote, note_id: int | None, text: str, now: datetime) -> None:
        """The note stands in the store as `note_id`, or (None) never will."""
        async with self.lease.transaction():
            await statements.update(NoteRow, {"note_id": note_id, "next_try": None}, id=note.id)
            await tell(note.order, (("noted", text),), now)
