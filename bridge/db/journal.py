"""The journal: what was seen, remembered, decided and done. Every query the engine makes has a name here.

Each transaction begins with a write: SQLite's deferred transactions would otherwise fail at once when another
process (a command beside the daemon) writes in between.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError
from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from bridge.db.codec import ATTEMPT, ORDER, PAYMENT, RECORD, STEP, dump, load
from bridge.db.models import ActionRow, EventRow, NoteRow, OrderRow, SettlementRow, StoreRow
from bridge.domain.attempts import Attempt
from bridge.domain.lifecycle import Follow
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import How, OpenAction, Record, Settlement, State


class Overtaken(Exception):
    """Somebody else (the poll, a person) wrote about the order since it was read: look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the journal holds of one order."""

    row: int
    version: int
    """Of the row, as it was read; see `Overtaken`."""
    order: Order | None
    record: Record | None
    """With its settlements and open action."""
    payment: Payment | None
    action: int | None
    """The open action's id."""
    attempt: Attempt | None
    """The open action's last call."""
    attempts: int
    next_try: datetime | None
    action_created: datetime | None
    due: datetime | None
    failures: int
    problem: str
    why: str
    attention: str
    facts: str
    provider: str
    """The name of the provider that `payment` is with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One order of a listing that is new or has changed, or that could not be understood (`problem`).

    With both order and problem, a look has still to find out whether the problem is over.
    """

    order_id: int
    version: int | None
    """Of the row that it was derived from; None where there was none."""
    order: Order | None
    record: Record | None
    events: tuple[tuple[str, str], ...]
    due: datetime | None
    watched: bool = True
    problem: str = ""
    why: str | None = None
    """What is decided at first sight; None where that is for a look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look, whole, as it is committed."""

    order: Order
    record: Record
    payment: Payment | None
    provider: str
    payment_id: str
    follow: Follow
    why: str
    attention: str
    facts: str
    due: datetime | None
    watched: bool
    events: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    """(mark, text) of notes to write; a mark that the order has already is not written again."""
    done: str | None = None
    """The open action's call has been seen at the provider, under this reference."""
    moved: bool = False


class Journal:
    """The journal of one store."""

    def __init__(self, store: str) -> None:
        self.store = store

    # ------------------------------------------------------------------ the store

    async def open(self, mode: str) -> StoreRow:
        """Return the store's row, made on first sight, with its mode as settings.yaml has it now."""
        if not await StoreRow.filter(name=self.store).update(mode=mode):
            await StoreRow.create(name=self.store, mode=mode)
        return await self.state()

    async def state(self) -> StoreRow:
        return await StoreRow.get(name=self.store)

    async def store_problem(self, problem: str) -> None:
        await StoreRow.filter(name=self.store).update(problem=problem)

    async def polled(self, now: datetime) -> None:
        await StoreRow.filter(name=self.store).update(polled=now, problem="")

    async def learned_locale(self, locale: str) -> None:
        await StoreRow.filter(name=self.store).update(locale=locale)

    async def swept(self, now: datetime, *, slowly: bool) -> None:
        moments = {"swept": now, "swept_slowly": now} if slowly else {"swept": now}
        await StoreRow.filter(name=self.store).update(**moments)

    async def baseline_done(self, moment: datetime | None) -> None:
        """What was created before `moment` (the store's own time) was there before the bridge."""
        await StoreRow.filter(name=self.store).update(baseline_done=True, baseline=moment)

    # ------------------------------------------------------------------ what listings show

    async def commit_sights(
        self, sights: Sequence[Sight], now: datetime, **cursors: datetime | None
    ) -> dict[int, Exception]:
        """Commit new snapshots and the cursor that led to them, together (promise 6).

        A sight that the database can't hold becomes a problem of its order, and is returned with the reason; the
        others and the cursor go on.
        """
        refused = {}
        async with in_transaction():
            await StoreRow.filter(name=self.store).update(**{"problem": "", **cursors})
            for sight in sights:
                try:
                    async with in_transaction():  # a savepoint
                        await self._commit_sight(sight, now)
                except Exception as error:
                    if _is_the_databases(error):
                        raise
                    refused[sight.order_id] = error
                    await self._commit_sight(_as_problem(sight, failed_on(error)), now)
        return refused

    async def _commit_sight(self, sight: Sight, now: datetime) -> None:
        """Commit one sight; where somebody else wrote about the order meanwhile, only have it looked at."""
        row = await OrderRow.get_or_none(store_id=self.store, order_id=sight.order_id)
        if row is None:
            row = await OrderRow.create(store_id=self.store, order_id=sight.order_id)
        elif row.version != sight.version:
            await self.wake([sight.order_id], now)
            return
        values: dict[str, Any] = {"problem": sight.problem}
        if sight.why is not None:
            values["why"] = sight.why
        if sight.order is not None and sight.record is not None:
            values |= {
                "number": sight.order.number,
                "status": sight.order.status,
                "snapshot": dump(ORDER, sight.order),
                "record": _record_text(sight.record),
                "watched": sight.watched,
            }
            if sight.due is not None:
                values["due"] = min(row.due, sight.due) if row.due is not None else sight.due
        as_read = OrderRow.filter(id=row.id, version=row.version)
        if not await as_read.update(version=F("version") + 1, **values):
            await self.wake([sight.order_id], now)
            return
        if sight.order is not None and sight.record is not None:
            await _save_settlements(row.id, sight.record.settlements)
        if not sight.problem or sight.problem != row.problem:
            await _tell(row.id, sight.events, now)

    async def known(self, order_id: int) -> Known | None:
        found = await self.known_many([order_id])
        return found.get(order_id)

    async def known_many(self, order_ids: Iterable[int]) -> dict[int, Known]:
        """Return what is known of these orders, by WooCommerce id."""
        rows = await OrderRow.filter(store_id=self.store, order_id__in=list(order_ids))
        ids = [row.id for row in rows]
        settlements: dict[int, list[Settlement]] = {}
        for item in await SettlementRow.filter(order_id__in=ids).order_by("id"):
            value = Settlement(refund=item.refund, how=How(item.how), amount=item.amount, entry=item.entry)
            settlements.setdefault(item.order_id, []).append(value)  # type: ignore[attr-defined]
        actions = {action.open_slot: action for action in await ActionRow.filter(open_slot__in=ids)}
        return {row.order_id: _known(row, settlements.get(row.id, []), actions.get(row.id)) for row in rows}

    # ------------------------------------------------------------------ looks

    async def commit_look(self, known: Known, look: Look, now: datetime) -> int | None:
        """Commit one look with everything that follows from it; return the open action's id.

        Raises Overtaken, and writes nothing, when somebody else wrote about the order since `known` was read.
        """
        async with in_transaction():
            written = await OrderRow.filter(id=known.row, version=known.version).update(
                version=F("version") + 1,
                number=look.order.number,
                status=look.order.status,
                snapshot=dump(ORDER, look.order),
                record=_record_text(look.record),
                problem="",
                failures=0,
                why=look.why,
                attention=look.attention,
                facts=look.facts,
                # SQLite compares moments as text, and a provider may tell its own in another zone.
                due=look.due.astimezone(UTC) if look.due else None,
                watched=look.watched,
                provider=look.provider,
                payment_id=look.payment_id,
                **({"payment": dump(PAYMENT, look.payment)} if look.payment else {}),
                **({"moved": now} if look.moved else {}),
                **(
                    {"attention_since": now}
                    if (look.attention, look.facts) != (known.attention, known.facts)
                    else {}
                ),
            )
            if not written:
                raise Overtaken
            await _save_settlements(known.row, look.record.settlements)
            action = known.action
            if look.done is not None and action is not None:
                why = known.attempt.step.why if known.attempt else ""
                await _end(action, State.DONE, why, now, reference=look.done)
                action = None
            action = await self._follow(known.row, action, look, now)
            for mark, text in look.notes:
                await NoteRow.get_or_create(
                    defaults={"text": text, "created": now, "next_try": now}, order_id=known.row, mark=mark
                )
            await _tell(known.row, look.events, now)
        return action

    async def _follow(self, row: int, action: int | None, look: Look, now: datetime) -> int | None:
        follow = look.follow
        if action is not None and follow.dropped:
            await _end(action, State.DROPPED, follow.dropped, now)
            action = None
        if follow.open is None:
            return action
        if action is None or follow.new:
            return await _start(row, follow.open, look, now)
        await ActionRow.filter(id=action).update(
            step=dump(STEP, follow.open.step),
            key=follow.open.step.key,
            state=follow.open.state,
            reason=follow.open.reason,
            facts=_facts_text(follow.open),
            approved=follow.open.approved,
            updated=now,
        )
        return action

    async def look_failed(self, row: int, why: str, due: datetime) -> None:
        """A look could not be finished: nothing is known to have changed; try again at `due`."""
        await OrderRow.filter(id=row).update(why=why, due=due, failures=F("failures") + 1)

    async def set_aside(self, row: int, problem: str, due: datetime | None, now: datetime) -> None:
        """The order can't be understood: keep it visible, and look again later."""
        async with in_transaction():
            changed = await (
                OrderRow.filter(id=row).exclude(problem=problem).update(problem=problem, version=F("version") + 1)
            )
            await OrderRow.filter(id=row).update(due=due)
            if changed:
                await _tell(row, (("problem", problem),), now)

    async def never_understood(self, row: int, now: datetime) -> None:
        """The order is gone before it could be understood: nothing about it is open any more."""
        async with in_transaction():
            await OrderRow.filter(id=row).update(problem="", due=None, watched=False, version=F("version") + 1)
            await _tell(row, (("seen", "deleted before it could be understood"),), now)

    async def stumbled(self, order_id: int, problem: str, due: datetime) -> None:
        """We ourselves failed on the order: keep that visible, and try again at `due`."""
        await OrderRow.filter(store_id=self.store, order_id=order_id).update(
            problem=problem, due=due, failures=F("failures") + 1, version=F("version") + 1
        )

    async def failures(self, order_id: int) -> int:
        """Return how many looks in a row failed."""
        row = await OrderRow.get_or_none(store_id=self.store, order_id=order_id)
        return row.failures if row else 0

    # ------------------------------------------------------------------ calls

    async def recover(self, now: datetime) -> int:
        """Take calls that a crash cut off as unknown, ended now; return how many there were."""
        cut_off = await _ids(ActionRow.filter(state=State.RUNNING, order__store_id=self.store), "id")
        for action in cut_off:
            await self.cut_off(action, "the bridge stopped in the middle of the call", now)
        return len(cut_off)

    async def cut_off(self, action: int, why: str, now: datetime) -> None:
        """Take a call whose ending was never recorded as unknown, ended now."""
        row = await ActionRow.get(id=action)
        attempt = load(ATTEMPT, row.attempt)
        async with in_transaction():
            running = ActionRow.filter(id=action, state=State.RUNNING)
            if await running.update(
                state=State.UNKNOWN,
                reason=why,
                attempt=dump(ATTEMPT, replace(attempt, ended=now)) if attempt else None,
                updated=now,
            ):
                await OrderRow.filter(id=row.open_slot).update(due=now)

    async def begin_attempt(self, action: int, attempt: Attempt, now: datetime) -> bool:
        """Write a call down before it is made; False when the action is no longer there to be made."""
        async with in_transaction():
            taken = await ActionRow.filter(id=action, state__in=[State.READY, State.WAITING]).update(
                state=State.RUNNING,
                attempt=dump(ATTEMPT, attempt),
                updated=now,
                next_try=None,
                attempts=F("attempts") + 1,
            )
            if taken != 1:
                return False
            row = await ActionRow.get(id=action)
            text = f"{attempt.step.call} {attempt.step.amount} {row.currency} (minor units), key {attempt.step.key}"
            await _tell(row.order_id, (("called", text),), now)  # type: ignore[attr-defined]
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
        async with in_transaction():
            running = await ActionRow.filter(id=action, state=State.RUNNING).update(
                state=state,
                reason=reason or text,
                refusal=refusal,
                next_try=next_try,
                attempt=dump(ATTEMPT, attempt),
                updated=now,
                **({"approved": False} if state is State.HELD else {}),
            )
            if running:  # else it is a second try, and the first was committed after all
                row = await ActionRow.get(id=action)
                await _tell(row.order_id, (("answered", text),), now)  # type: ignore[attr-defined]

    # ------------------------------------------------------------------ what is due

    async def due(self, now: datetime, limit: int, without: Iterable[int]) -> list[int]:
        """Return up to `limit` orders to look at now, longest due first."""
        query = OrderRow.filter(store_id=self.store, due__lte=now).exclude(order_id__in=list(without) or [-1])
        return await _ids(query.order_by("due").limit(limit), "order_id")

    async def next_due(self, *, notes: bool) -> datetime | None:
        """Return when the next look is due, or (`notes`) the next note."""
        row = await OrderRow.filter(store_id=self.store, due__isnull=False).order_by("due").first()
        waiting = NoteRow.filter(order__store_id=self.store, next_try__isnull=False).order_by("next_try")
        note = await waiting.first() if notes else None
        moments = [row.due if row else None, note.next_try if note else None]
        return min((moment for moment in moments if moment is not None), default=None)

    async def count_due(self, *, notes: bool) -> int:
        """Return how many orders have a look, or (`notes`) a note, due now or later."""
        waiting = NoteRow.filter(order__store_id=self.store, next_try__isnull=False)
        noted = await _ids(waiting, "order_id") if notes else []
        wanted = Q(due__isnull=False) | Q(id__in=noted or [-1])
        return await OrderRow.filter(wanted, store_id=self.store).count()

    async def notes_due(self, now: datetime) -> list[int]:
        """Return the orders that have a note to write now."""
        query = NoteRow.filter(order__store_id=self.store, next_try__lte=now).order_by("next_try")
        return await _ids(query, "order__order_id")

    async def notes(self, order_id: int, now: datetime) -> list[NoteRow]:
        """Return the notes of an order that are to be written now, oldest first."""
        query = NoteRow.filter(order__store_id=self.store, order__order_id=order_id, next_try__lte=now)
        return await query.order_by("id")

    async def note_tried(self, note: int, next_try: datetime) -> None:
        """Write down that a note is about to be sent, so that it is looked for before it is sent again."""
        await NoteRow.filter(id=note).update(attempts=F("attempts") + 1, next_try=next_try)

    async def note_delayed(self, note: int, next_try: datetime) -> None:
        await NoteRow.filter(id=note).update(next_try=next_try)

    async def note_ended(self, note: NoteRow, note_id: int | None, text: str, now: datetime) -> None:
        """The note stands in the store as `note_id`, or (None) never will."""
        async with in_transaction():
            await NoteRow.filter(id=note.id).update(note_id=note_id, next_try=None)
            await _tell(note.order_id, (("noted", text),), now)  # type: ignore[attr-defined]

    async def wake(self, order_ids: Iterable[int], now: datetime) -> None:
        """Let these orders be looked at now, also where a look that began earlier is still to be committed."""
        await OrderRow.filter(store_id=self.store, order_id__in=list(order_ids)).update(
            due=now, version=F("version") + 1
        )

    async def wake_unfinished(self, now: datetime) -> None:
        """Let every order that has an open action or attention, or waits for anything, be looked at now."""
        rows = await _ids(ActionRow.filter(open_slot__isnull=False, order__store_id=self.store), "open_slot")
        wanted = Q(id__in=rows or [-1]) | ~Q(attention="") | ~Q(problem="") | Q(due__isnull=False)
        await OrderRow.filter(wanted, store_id=self.store).update(due=now)

    async def watched(self) -> list[int]:
        """Return the orders that the sweep re-reads."""
        query = OrderRow.filter(store_id=self.store, watched=True).order_by("order_id")
        return await _ids(query, "order_id")

    async def moved_since(self, moment: datetime) -> list[int]:
        """Return the orders at rest on which money moved since `moment`."""
        query = OrderRow.filter(store_id=self.store, watched=False, moved__gte=moment).order_by("order_id")
        return await _ids(query, "order_id")

    async def owner(self, provider: str, payment_id: str, order_id: int, reference: str = "") -> int | None:
        """Return another order of this store that the payment already belongs to.

        It belongs to the order on which a call of ours took effect, else to the one with the lowest id; where the
        payment's `reference` tells whose it is, only to one that it names.
        """
        others = OrderRow.filter(store_id=self.store, provider=provider, payment_id=payment_id)
        rows = await others.exclude(order_id=order_id).order_by("order_id")
        if not rows:
            return None
        done = ActionRow.filter(state=State.DONE, order__store_id=self.store)
        if await done.filter(order__order_id=order_id).exists():
            return None
        called = set(await _ids(done.filter(order_id__in=[row.id for row in rows]), "order_id"))
        if reference:
            rows = [row for row in rows if row.id in called or reference in (str(row.order_id), row.number)]
        owner = next((row for row in rows if row.id in called), rows[0] if rows else None)
        if owner is None:
            return None
        return owner.order_id if owner.id in called or owner.order_id < order_id else None


async def _ids(query: QuerySet[Any], column: str) -> list[int]:
    return [row[column] for row in await query.values(column)]


def _known(row: OrderRow, settlements: list[Settlement], action: ActionRow | None) -> Known:
    record = load(RECORD, row.record)
    if record is not None:
        open_ = None
        if action is not None:
            step = STEP.validate_json(action.step)
            open_ = OpenAction(
                step=step,
                state=State(action.state),
                reason=action.reason,
                facts=json.loads(action.facts),
                approved=action.approved,
                refusal=action.refusal,
                shadow=action.shadow,
            )
        record = replace(record, settlements=tuple(settlements), open=open_)
    return Known(
        row=row.id,
        version=row.version,
        order=load(ORDER, row.snapshot),
        record=record,
        payment=load(PAYMENT, row.payment),
        action=action.id if action else None,
        attempt=load(ATTEMPT, action.attempt) if action else None,
        attempts=action.attempts if action else 0,
        next_try=action.next_try if action else None,
        action_created=action.created if action else None,
        due=row.due,
        failures=row.failures,
        problem=row.problem,
        why=row.why,
        attention=row.attention,
        facts=row.facts,
        provider=row.provider,
    )


def _facts_text(open_: OpenAction) -> str:
    return json.dumps(dict(open_.facts), sort_keys=True)


def failed_on(error: Exception) -> str:
    """The problem of an order on which we ourselves failed. What the error says may be personal."""
    return f"wc-bridge itself failed on this order ({type(error).__name__}): its log says where"


def _is_the_databases(error: Exception) -> bool:
    """Whether the database failed (locked, full, gone), rather than refused what was to be written."""
    failures = (OperationalError, DBConnectionError, TransactionManagementError, sqlite3.Error, OSError)
    return isinstance(error, failures) and not isinstance(error, IntegrityError)


def _as_problem(sight: Sight, problem: str) -> Sight:
    events = (("problem", problem),)
    return replace(sight, order=None, record=None, events=events, due=None, problem=problem, why=None)


def _record_text(record: Record) -> str:
    return dump(RECORD, replace(record, settlements=(), open=None))


async def _save_settlements(row: int, wanted: Sequence[Settlement]) -> None:
    """Make the rows equal to `wanted`; what stays keeps its row."""
    missing = list(wanted)
    for item in await SettlementRow.filter(order_id=row).order_by("id"):
        value = Settlement(refund=item.refund, how=How(item.how), amount=item.amount, entry=item.entry)
        if value in missing:
            missing.remove(value)
        else:
            await item.delete()
    for value in missing:
        await SettlementRow.create(
            order_id=row, refund=value.refund, how=value.how, amount=value.amount, entry=value.entry
        )


async def _start(row: int, open_: OpenAction, look: Look, now: datetime) -> int:
    step = open_.step
    action = await ActionRow.create(
        order_id=row,
        open_slot=row,
        step=dump(STEP, step),
        key=step.key,
        kind=step.kind,
        state=open_.state,
        amount=step.amount,
        target=step.target,
        currency=look.order.currency,
        refund=step.refund,
        provider=look.provider,
        reason=open_.reason or step.why,
        facts=_facts_text(open_),
        shadow=open_.shadow,
        created=now,
        updated=now,
    )
    return int(action.id)


async def _end(action: int, state: State, reason: str, now: datetime, reference: str = "") -> None:
    await ActionRow.filter(id=action).update(
        state=state,
        open_slot=None,
        updated=now,
        next_try=None,
        reason=reason,
        **({"reference": reference} if reference else {}),
    )


async def _tell(row: int, events: Iterable[tuple[str, str]], now: datetime) -> None:
    await EventRow.bulk_create([EventRow(order_id=row, at=now, topic=topic, text=text) for topic, text in events])
