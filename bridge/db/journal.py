"""The journal: what was seen, remembered and decided, and what is due. Every query has a name here.

Each transaction begins with a write: SQLite's deferred transactions would otherwise fail at once when another
process (a command beside the daemon) writes in between.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from bridge.db import bounds
from bridge.db.codec import ORDER, PAYMENT, RULES, STEP, dump, load
from bridge.db.failures import database_failed
from bridge.db.holds import Held
from bridge.db.known import Known, Look, Overtaken, Sight, as_problem, failed_on, known_from, record_text
from bridge.db.leases import Lease
from bridge.db.models import ActionRow, EventRow, NoteRow, OrderRow, OutageRow, SettlementRow, StoreRow
from bridge.db.rewinds import number_of
from bridge.db.rows import (
    EVER,
    end_action,
    event_rows,
    facts_text,
    ids,
    orders_of,
    own_several,
    save_settlements,
    settlement_row,
    slices,
    start_action,
    tell,
    withdraw_promises,
)
from bridge.domain.reasons import Bound
from bridge.domain.records import How, Settlement, State
from bridge.domain.rules import Rules
from bridge.errors import LeaseLost
from bridge.ports import Facts


class Journal:
    """The journal of one store."""

    def __init__(self, store: str, lease: Lease | None = None) -> None:
        """`lease`: what is written needs it; None: nobody else works on the store, or it matters to nobody."""
        self.store = store
        self.lease = lease or Lease(store)

    # ------------------------------------------------------------------ the store

    async def open(self, mode: str) -> StoreRow:
        """Return the store's row, made on first sight, with its mode as settings.yaml has it now.

        It rests no more: what it rested for may be what somebody has mended before this start.
        """
        async with self.lease.guard():
            if not await StoreRow.filter(name=self.store).update(mode=mode, rest_until=None):
                await StoreRow.create(name=self.store, mode=mode)
        return await self.state()

    async def take_up(self, rules: Rules, now: datetime) -> bool:
        """Decide by these rules from now on; where they are others than before, let all that is open be looked at.

        So what was left alone by the old ones is carried over, or held, without anybody touching the order.
        """
        before = (await self.state()).rules
        if before and load(RULES, before) == rules:
            return False
        async with self.lease.transaction():
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
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(problem=problem, rest_until=rest_until)

    async def polled(self, now: datetime, *, settled: bool) -> None:
        """A poll ended well; `settled`: nothing before the cursor can come late any more."""
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(polled=now, settled=settled, problem="", rest_until=None)

    async def learned(self, facts: Facts, asked: datetime) -> None:
        """Keep what the store told about itself; of what it did not tell, what it told before."""
        told = {"version": facts.version, "storage": facts.storage, "locale": facts.locale}
        known = {name: value for name, value in told.items() if value}
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(asked=asked, **known)

    async def swept(self, now: datetime, *, slowly: bool) -> None:
        moments = {"swept": now, "swept_slowly": now} if slowly else {"swept": now}
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(**moments)

    async def baseline_done(self, moment: datetime | None, read: datetime | None, total: int) -> None:
        """What was created before `moment` was there before the bridge: `total` orders, as they were at `read`.

        From `read` on the poll takes over, also of the trash. Both are the store's own time.
        """
        async with self.lease.guard():
            await StoreRow.filter(name=self.store).update(
                baseline_done=True,
                baseline=moment,
                baseline_left=0,
                baseline_total=total,
                cursor=read,
                trash_cursor=read,
            )

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
        self, sights: Sequence[Sight], now: datetime, **progress: datetime | bool | int | None
    ) -> dict[int, Exception]:
        """Commit new snapshots and how far the poll that led to them has come, together (promise 6).

        A sight that the database can't hold becomes a problem of its order, and is returned with the reason; the
        others and the poll go on. Of a store that is held whole since they were read, none is believed.
        """
        if all(sight.version is None for sight in sights):
            try:
                async with self.lease.transaction():
                    if await self._commit_progress(progress):
                        await self._commit_new(sights, now)
            except LeaseLost:
                raise
            except Exception as error:
                if database_failed(error):
                    raise
            else:
                return {}
        refused: dict[int, Exception] = {}
        async with self.lease.transaction():
            believed = await self._commit_progress(progress)
            for sight in sights if believed else ():
                try:
                    async with in_transaction():  # a savepoint
                        await self._commit_sight(sight, now)
                except Exception as error:
                    if database_failed(error):
                        raise
                    refused[sight.order_id] = error
                    await self._commit_sight(as_problem(sight, failed_on(error)), now)
        return refused

    async def _commit_progress(self, progress: Mapping[str, datetime | bool | int | None]) -> bool:
        """Write how far a poll has come; return False, and write nothing, where the store is held whole."""
        going = StoreRow.filter(name=self.store).exclude(held=Held.REWOUND)
        return bool(await going.update(**{"problem": "", **progress}))

    async def _commit_new(self, sights: Sequence[Sight], now: datetime) -> None:
        """Commit sights of orders that have no row yet, all at once, or none of them.

        It fails where one has a row meanwhile, or can't be held; then each is a matter of its own.
        """
        if not sights:
            return
        await OrderRow.bulk_create(
            [
                OrderRow(store_id=self.store, order_id=sight.order_id, version=1, **_seen(sight, None))
                for sight in sights
            ]
        )
        rows: dict[int, int] = {}
        for some in slices(sight.order_id for sight in sights):
            made = OrderRow.filter(store_id=self.store, order_id__in=some)
            rows |= {row["order_id"]: row["id"] for row in await made.values("order_id", "id")}
        events = [event for sight in sights for event in event_rows(rows[sight.order_id], sight.events, now)]
        await EventRow.bulk_create(events)
        settlements = [
            settlement_row(rows[sight.order_id], settlement)
            for sight in sights
            if sight.record is not None
            for settlement in sight.record.settlements
        ]
        if settlements:
            await SettlementRow.bulk_create(settlements)

    async def _commit_sight(self, sight: Sight, now: datetime) -> None:
        """Commit one sight; where somebody else wrote about the order meanwhile, only have it looked at."""
        found = OrderRow.filter(store_id=self.store, order_id=sight.order_id)
        row = await found.select_for_update(no_key=True).first()  # as `rows.own`; SQLite has it by the write before
        if row is None:
            row = await OrderRow.create(store_id=self.store, order_id=sight.order_id, provider=sight.provider)
        elif row.version != sight.version:
            await self.wake([sight.order_id], now)
            return
        as_read = OrderRow.filter(id=row.id, version=row.version)
        if not await as_read.update(version=F("version") + 1, **_seen(sight, row.due, row.provider)):
            await self.wake([sight.order_id], now)
            return
        if sight.order is not None and sight.record is not None:
            await save_settlements(row.id, sight.record.settlements)
        if not sight.problem or sight.problem != row.problem:
            await tell(row.id, sight.events, now)

    async def known_ids(self, order_ids: Iterable[int]) -> set[int]:
        """Return those of these orders that are known at all."""
        known: set[int] = set()
        for some in slices(order_ids):
            known |= set(await ids(OrderRow.filter(store_id=self.store, order_id__in=some), "order_id"))
        return known

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

        Raises Overtaken, and writes nothing, when somebody else wrote about the order since `known` was read, or
        the store is held whole since: what was read meanwhile may be of a time that it went back to.
        """
        async with self.lease.transaction():
            written = await OrderRow.filter(id=known.row, version=known.version).update(
                version=F("version") + 1,
                number=look.order.number,
                status=look.order.status,
                snapshot=dump(ORDER, look.order),
                changed=look.order.modified,
                record=record_text(look.record),
                problem="",
                failures=0,
                insisted=False,
                why=look.why,
                attention=look.attention,
                facts=look.facts,
                # SQLite compares moments as text, and a provider may tell its own in another zone.
                due=look.due.astimezone(UTC) if look.due else None,
                watched=look.watched or look.attention != "",
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
            if not written or await StoreRow.filter(name=self.store, held=Held.REWOUND).exists():
                raise Overtaken
            await save_settlements(known.row, look.record.settlements)
            action = known.action
            if look.done is not None and action is not None:
                why = known.attempt.step.why if known.attempt else ""
                await end_action(action, State.DONE, why, now, look.done, look.done_amount)
                action = None
            action = await self._follow(known.row, action, look, now)
            await withdraw_promises(known.row, look.promises)
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
            **({"next_try": look.next_try} if look.next_try else {}),
        )
        return action

    async def rest(self, order_id: int, until: datetime, version: int | None = None) -> None:
        """Leave an order alone until then, without a word about it; if given, only while this is its version."""
        rows = OrderRow.filter(store_id=self.store, order_id=order_id)
        async with self.lease.guard():
            await (rows if version is None else rows.filter(version=version)).update(due=until)

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

    # ------------------------------------------------------------------ what is due

    async def due(
        self, now: datetime, limit: int, without: Iterable[int], shut: Iterable[str] | None = ()
    ) -> list[tuple[int, str, bool]]:
        """Return up to `limit` orders to look at now, longest due first: id, provider, whether a person insists.

        Of the providers that are `shut` (None: all) only those on which a person insists.
        """
        query = OrderRow.filter(store_id=self.store, due__lte=now).exclude(order_id__in=list(without) or [-1])
        if shut is None:
            query = query.filter(insisted=True)
        elif closed := list(shut):
            query = query.filter(~Q(provider__in=closed) | Q(insisted=True))
        rows = await query.order_by("due").limit(limit).values("order_id", "provider", "insisted")
        return [(row["order_id"], row["provider"], row["insisted"]) for row in rows]

    async def next_due(self, *, notes: bool) -> datetime | None:
        """Return when the next look is due, or (`notes`) the next note, or a remote that is waited for is tried."""
        orders = OrderRow.filter(store_id=self.store, due__gt=EVER)
        moments: list[datetime | None] = []
        if paused := await OutageRow.filter(store_id=self.store, paused=True):
            if await orders.filter(provider__in=[it.remote for it in paused]).exists():
                moments += [it.next_try for it in paused]
            orders = orders.filter(~Q(provider__in=[it.remote for it in paused if not it.calls]))
        row = await orders.order_by("due").first()
        moments.append(row.due if row else None)
        if notes:
            waiting = await NoteRow.filter(next_try__gt=EVER).values("order_id", "next_try")
            ours = await orders_of(self.store, {note["order_id"] for note in waiting})
            moments += [note["next_try"] for note in waiting if note["order_id"] in ours]
        return min((moment for moment in moments if moment is not None), default=None)

    async def count_due(self, *, notes: bool) -> int:
        """Return how many orders have a look, or (`notes`) a note, due now or later."""
        due = set(await ids(OrderRow.filter(store_id=self.store, due__gt=EVER), "id"))
        noted = await ids(NoteRow.filter(next_try__gt=EVER), "order_id") if notes else []
        return len(due | (await orders_of(self.store, set(noted))).keys())

    async def notes_due(self, now: datetime) -> list[int]:
        """Return the orders that have a note to write now."""
        rows = await ids(NoteRow.filter(next_try__lte=now).order_by("next_try"), "order_id")
        return list((await orders_of(self.store, dict.fromkeys(rows))).values())

    async def wake(self, order_ids: Iterable[int], now: datetime) -> None:
        """Let these orders be looked at now, also where a look that began earlier is still to be committed."""
        for some in slices(order_ids):
            async with self.lease.transaction():
                await own_several(self.store)
                orders = OrderRow.filter(store_id=self.store, order_id__in=some)
                await orders.update(due=now, version=F("version") + 1)

    async def wake_unfinished(self, now: datetime, *, bounded: bool) -> None:
        """Let every order that has an open action or attention, or waits for anything, be looked at now.

        Those that only bounds hold (`bounded`: these too) need no look before the shop or a person says something.
        """
        resting = [] if bounded else list(Bound)
        open_ = ActionRow.filter(open_slot__gt=0)
        acted = await ids(open_.exclude(reason__in=resting) if resting else open_, "open_slot")
        unfinished = await orders_of(self.store, acted)
        async with self.lease.transaction():
            await own_several(self.store)
            ours = OrderRow.filter(store_id=self.store)
            await ours.filter(due__gt=EVER).update(due=now)
            await ours.filter(~Q(attention__in=["", *resting]) | ~Q(problem=""), watched=True).update(due=now)
            for some in slices(unfinished):
                await OrderRow.filter(id__in=some).update(due=now)

    async def watched(self) -> list[int]:
        """Return the orders that the sweep re-reads."""
        return sorted(await ids(OrderRow.filter(store_id=self.store, watched=True), "order_id"))

    async def moved_since(self, moment: datetime) -> list[int]:
        """Return the orders at rest on which money moved since `moment`."""
        # Most of a store is at rest: by that no row is found, so it is not asked for.
        rows = await OrderRow.filter(store_id=self.store, moved__gte=moment).values("order_id", "watched")
        return sorted(row["order_id"] for row in rows if not row["watched"])

    async def owner(self, provider: str, payment_id: str, order_id: int, reference: str = "") -> int | None:
        """Return another order of this store that the payment already belongs to.

        It belongs to the order on which a call of ours took effect, else to the one with the lowest id; where the
        payment's `reference` tells whose it is, only to one that it names. One that had its id before the store
        went back has a payment only by a call.
        """
        # By the payment alone: asked for the store too, the database would read the whole of it.
        found = await OrderRow.filter(payment_id=payment_id).values(
            "id", "store_id", "provider", "order_id", "number"
        )
        ours = [row for row in found if row["store_id"] == self.store and row["provider"] == provider]
        rows = sorted((row for row in ours if row["order_id"] != order_id), key=itemgetter("order_id"))
        if not rows:
            return None
        own = await ids(OrderRow.filter(store_id=self.store, order_id=order_id), "id")
        actions = ActionRow.filter(order_id__in=[*own, *(row["id"] for row in rows)])
        called = {it["order_id"] for it in await actions.values("order_id", "state") if it["state"] == State.DONE}
        if called.intersection(own):
            return None
        for row in rows:
            if row["id"] in called:
                return number_of(row["order_id"])
        lower = [row for row in rows if 0 <= row["order_id"] < order_id]
        named = (row for row in lower if not reference or reference in (str(row["order_id"]), row["number"]))
        return next((row["order_id"] for row in named), None)


def _seen(sight: Sight, due: datetime | None, provider: str = "") -> dict[str, Any]:
    """The columns that a sight fills of a row that is due at `due` and has this `provider`."""
    values: dict[str, Any] = {"problem": sight.problem}
    if sight.problem:
        values["watched"] = True
    if sight.why is not None:
        values["why"] = sight.why
    if sight.order is not None and sight.record is not None:
        values |= {
            "provider": provider or sight.provider,
            "number": sight.order.number,
            "status": sight.order.status,
            "snapshot": dump(ORDER, sight.order),
            "changed": sight.order.modified,
            "record": record_text(sight.record),
            "watched": sight.watched or sight.problem != "",
        }
        if sight.due is not None:
            values["due"] = min(due, sight.due) if due is not None else sight.due
    return values
