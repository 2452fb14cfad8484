"""What listings show: new snapshots, and how far the poll that led to them has come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tortoise.transactions import in_transaction

from bridge.db import statements
from bridge.db.agenda import Agenda
from bridge.db.codec import ORDER, dump
from bridge.db.failures import database_failed
from bridge.db.holds import Held
from bridge.db.known import Sight, as_problem, failed_on, record_text
from bridge.db.leases import OfStore
from bridge.db.models import EventRow, OrderRow, SettlementRow, StoreRow
from bridge.db.rows import event_rows, ids, save_settlements, settlement_row, slices, tell
from bridge.errors import LeaseLost


class Listings(OfStore):
    """What the listings of one store show."""

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
        row = await statements.first(OrderRow, own=True, store_id=self.store, order_id=sight.order_id)
        if row is None:
            row = await OrderRow.create(store_id=self.store, order_id=sight.order_id, provider=sight.provider)
        elif row.version != sight.version:
            await Agenda(self.store, self.lease).wake([sight.order_id], now)
            return
        seen = _seen(sight, row.due, row.provider)
        if not await statements.update(OrderRow, seen, more="version", id=row.id, version=row.version):
            await Agenda(self.store, self.lease).wake([sight.order_id], now)
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
