"""The journal: what was seen, remembered and decided, and what is due. Every query has a name here.

Each transaction begins with a write: SQLite's deferred transactions would otherwise fail at once when another
process (a command beside the daemon) writes in between.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError
from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from bridge.db import bounds
from bridge.db.codec import ORDER, PAYMENT, RULES, STEP, dump, load
from bridge.db.known import Known, Look, Overtaken, Sight, as_problem, failed_on, known_from, record_text
from bridge.db.models import ActionRow, NoteRow, OrderRow, SettlementRow, StoreRow
from bridge.db.rows import end_action, facts_text, ids, save_settlements, start_action, tell
from bridge.domain.reasons import Bound
from bridge.domain.records import How, Settlement, State
from bridge.domain.rules import Rules
from bridge.ports import Facts


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

    async def take_up(self, rules: Rules, now: datetime) -> bool:
        """Decide by these rules from now on; where they are others than before, let all that is open be looked at.

        So what was left alone by the old ones is carried over, or held, without anybody touching the order.
        """
        before = (await self.state()).rules
        if before and load(RULES, before) == rules:
            return False
        async with in_transaction():
            await StoreRow.filter(name=self.store).update(rules=dump(RULES, rules))
            if before:
                touched = Q(watched=True) | Q(why__contains="switched off")
                await OrderRow.filter(touched, store_id=self.store).update(due=now, version=F("version") + 1)
                await bounds.judge_anew(self.store)
        return bool(before)

    async def state(self) -> StoreRow:
        return await StoreRow.get(name=self.store)

    async def store_problem(self, problem: str, rest_until: datetime | None = None) -> None:
        """It could not be read, and is left alone until then (None: until its next turn)."""
        await StoreRow.filter(name=self.store).update(problem=problem, rest_until=rest_until)

    async def polled(self, now: datetime, *, settled: bool) -> None:
        """A poll ended well; `settled`: nothing before the cursor can come late any more."""
        await StoreRow.filter(name=self.store).update(polled=now, settled=settled, problem="", rest_until=None)

    async def learned(self, facts: Facts, asked: datetime) -> None:
        """Keep what the store told about itself; of what it did not tell, what it told before."""
        told = {"version": facts.version, "storage": facts.storage, "locale": facts.locale}
        known = {name: value for name, value in told.items() if value}
        await StoreRow.filter(name=self.store).update(asked=asked, **known)

    async def swept(self, now: datetime, *, slowly: bool) -> None:
        moments = {"swept": now, "swept_slowly": now} if slowly else {"swept": now}
        await StoreRow.filter(name=self.store).update(**moments)

    async def baseline_done(self, moment: datetime | None, read: datetime | None) -> None:
        """What was created before `moment` was there before the bridge; what was in the trash at `read` is no news.

        Both are the store's own time.
        """
        await StoreRow.filter(name=self.store).update(baseline_done=True, baseline=moment, trash_cursor=read)

    async def webhook_secret(self) -> str:
        """Return the secret that was made for this store's webhooks; "" where none was."""
        row = await StoreRow.get_or_none(name=self.store)
        return row.webhook_secret if row else ""

    async def keep_webhook_secret(self, secret: str) -> str:
        """Keep this secret unless there is one; return the one that is kept. "": the store is not known."""
        await StoreRow.filter(name=self.store, webhook_secret="").update(webhook_secret=secret)
        return await self.webhook_secret()

    # ------------------------------------------------------------------ what listings show

    async def commit_sights(
        self, sights: Sequence[Sight], now: datetime, **progress: datetime | bool | None
    ) -> dict[int, Exception]:
        """Commit new snapshots and how far the poll that led to them has come, together (promise 6).

        A sight that the database can't hold becomes a problem of its order, and is returned with the reason; the
        others and the poll go on.
        """
        refused = {}
        async with in_transaction():
            await StoreRow.filter(name=self.store).update(**{"problem": "", **progress})
            for sight in sights:
                try:
                    async with in_transaction():  # a savepoint
                        await self._commit_sight(sight, now)
                except Exception as error:
                    if _is_the_databases(error):
                        raise
                    refused[sight.order_id] = error
                    await self._commit_sight(as_problem(sight, failed_on(error)), now)
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
                "record": record_text(sight.record),
                "watched": sight.watched,
            }
            if sight.due is not None:
                values["due"] = min(row.due, sight.due) if row.due is not None else sight.due
        as_read = OrderRow.filter(id=row.id, version=row.version)
        if not await as_read.update(version=F("version") + 1, **values):
            await self.wake([sight.order_id], now)
            return
        if sight.order is not None and sight.record is not None:
            await save_settlements(row.id, sight.record.settlements)
        if not sight.problem or sight.problem != row.problem:
            await tell(row.id, sight.events, now)

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
            settlements.setdefault(item.order_id, []).append(value)
        actions = {action.open_slot: action for action in await ActionRow.filter(open_slot__in=ids)}
        return {row.order_id: known_from(row, settlements.get(row.id, []), actions.get(row.id)) for row in rows}

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
                record=record_text(look.record),
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
            await save_settlements(known.row, look.record.settlements)
            action = known.action
            if look.done is not None and action is not None:
                why = known.attempt.step.why if known.attempt else ""
                await end_action(action, State.DONE, why, now, look.done, look.done_amount)
                action = None
            action = await self._follow(known.row, action, look, now)
            for mark, text in look.notes:
                await NoteRow.get_or_create(
                    defaults={"text": text, "created": now, "next_try": now}, order_id=known.row, mark=mark
                )
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
        await ActionRow.filter(id=action).update(
            step=dump(STEP, follow.open.step),
            key=follow.open.step.key,
            state=follow.open.state,
            reason=follow.open.reason,
            facts=facts_text(follow.open),
            refusal=follow.open.refusal,
            approved=follow.open.approved,
            updated=now,
        )
        return action

    async def rest(self, order_id: int, until: datetime) -> None:
        """Leave an order alone until then, without a word about it."""
        await OrderRow.filter(store_id=self.store, order_id=order_id).update(due=until)

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
                await tell(row, (("problem", problem),), now)

    async def never_understood(self, row: int, now: datetime) -> None:
        """The order is gone before it could be understood: nothing about it is open any more."""
        async with in_transaction():
            await OrderRow.filter(id=row).update(problem="", due=None, watched=False, version=F("version") + 1)
            await tell(row, (("seen", "deleted before it could be understood"),), now)

    async def stumbled(self, order_id: int, problem: str, due: datetime) -> None:
        """We ourselves failed on the order: keep that visible, and try again at `due`."""
        await OrderRow.filter(store_id=self.store, order_id=order_id).update(
            problem=problem, due=due, failures=F("failures") + 1, version=F("version") + 1
        )

    async def failures(self, order_id: int) -> int:
        """Return how many looks in a row failed."""
        row = await OrderRow.get_or_none(store_id=self.store, order_id=order_id)
        return row.failures if row else 0

    # ------------------------------------------------------------------ what is due

    async def due(self, now: datetime, limit: int, without: Iterable[int]) -> list[int]:
        """Return up to `limit` orders to look at now, longest due first."""
        query = OrderRow.filter(store_id=self.store, due__lte=now).exclude(order_id__in=list(without) or [-1])
        return await ids(query.order_by("due").limit(limit), "order_id")

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
        noted = await ids(waiting, "order_id") if notes else []
        wanted = Q(due__isnull=False) | Q(id__in=noted or [-1])
        return await OrderRow.filter(wanted, store_id=self.store).count()

    async def notes_due(self, now: datetime) -> list[int]:
        """Return the orders that have a note to write now."""
        query = NoteRow.filter(order__store_id=self.store, next_try__lte=now).order_by("next_try")
        return await ids(query, "order__order_id")

    async def wake(self, order_ids: Iterable[int], now: datetime) -> None:
        """Let these orders be looked at now, also where a look that began earlier is still to be committed."""
        await OrderRow.filter(store_id=self.store, order_id__in=list(order_ids)).update(
            due=now, version=F("version") + 1
        )

    async def wake_unfinished(self, now: datetime, *, bounded: bool) -> None:
        """Let every order that has an open action or attention, or waits for anything, be looked at now.

        Those that only bounds hold (`bounded`: these too) need no look before the shop or a person says something.
        """
        actions = ActionRow.filter(open_slot__isnull=False, order__store_id=self.store)
        resting = [""] if bounded else ["", *Bound]
        rows = await ids(actions if bounded else actions.exclude(reason__in=list(Bound)), "open_slot")
        wanted = Q(id__in=rows or [-1]) | ~Q(attention__in=resting) | ~Q(problem="") | Q(due__isnull=False)
        await OrderRow.filter(wanted, store_id=self.store).update(due=now)

    async def watched(self) -> list[int]:
        """Return the orders that the sweep re-reads."""
        query = OrderRow.filter(store_id=self.store, watched=True).order_by("order_id")
        return await ids(query, "order_id")

    async def moved_since(self, moment: datetime) -> list[int]:
        """Return the orders at rest on which money moved since `moment`."""
        query = OrderRow.filter(store_id=self.store, watched=False, moved__gte=moment).order_by("order_id")
        return await ids(query, "order_id")

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
        called = set(await ids(done.filter(order_id__in=[row.id for row in rows]), "order_id"))
        if reference:
            rows = [row for row in rows if row.id in called or reference in (str(row.order_id), row.number)]
        owner = next((row for row in rows if row.id in called), rows[0] if rows else None)
        if owner is None:
            return None
        return owner.order_id if owner.id in called or owner.order_id < order_id else None


def _is_the_databases(error: Exception) -> bool:
    """Whether the database failed (locked, full, gone), rather than refused what was to be written."""
    failures = (OperationalError, DBConnectionError, TransactionManagementError, sqlite3.Error, OSError)
    return isinstance(error, failures) and not isinstance(error, IntegrityError)
