"""What a store that went back in time has forgotten, and how it is gone on with, on a person's word."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.db import rewinds
from bridge.db.journal import Journal
from bridge.db.known import Known
from bridge.db.standing import Standing
from bridge.domain.money import to_major
from bridge.domain.orders import GONE, Order
from bridge.domain.records import Record
from bridge.domain.rewinding import Deed, gone_back, gone_on_from, is_another, missing, refunds_gone, told
from bridge.errors import NotThere, Unreadable
from bridge.ports import PAGE, Row, Store

OLDEST_BACKUP = timedelta(days=90)
"""A backup that is put back over a shop at work is not older."""
LATELY = timedelta(days=1)
"""How long before its store was held an order may have been taken for deleted that a backup had forgotten: the one
that tells may be read much later than others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An order about which something is known here that the store, having gone back, does not know."""

    known: Known
    before: Order
    now: Order
    deeds: list[Deed]
    """What was done here and is missing there; may be nothing."""

    @property
    def another(self) -> bool:
        return is_another(self.before, self.now)

    @property
    def gone(self) -> bool:
        return self.now.status == GONE

    @property
    def reserved(self) -> int:
        """What is reserved, by the last read, and the store asks for no more, minor units."""
        payment = self.known.payment
        return payment.reserved if payment and (self.another or self.gone) else 0

    @property
    def left(self) -> str:
        """What is to be done about that, in words; "" where nothing is reserved."""
        payment = self.known.payment
        if payment is None or not self.reserved:
            return ""
        return (
            f"{to_major(self.reserved, payment.currency)} {payment.currency} is still reserved at "
            f"{self.known.provider}, payment {payment.id}: release it in the provider's portal if nobody enters "
            "the order again"
        )

    @property
    def words(self) -> list[str]:
        """The story of it."""
        what = "the shop went back in time: "
        if self.another:
            what += f"another order, made {self.now.created:%Y-%m-%d %H:%M}, has this id"
        elif self.gone:
            what += "it no longer has this order"
        else:
            what += f"it shows this order as of {self.now.modified:%Y-%m-%d %H:%M}, {self.now.status}"
        done = [f"done before, and missing there: {told(deed, self.before.currency)}" for deed in self.deeds]
        return [what, *done, *filter(None, [self.left])]


async def differences(store: Store, now: datetime, progress: Callable[[int, int], None]) -> list[Difference]:
    """Compare what is known of the orders that a backup can have forgotten with what the store shows.

    `progress` is told how many are compared, and of how many. Raises RemoteError, also in a group.
    """
    journal, ids = Journal(store.name), await rewinds.touched(store.name, now - OLDEST_BACKUP)
    held = (await Standing(store.name).state()).swept or now  # a store that is held is not swept
    found: list[Difference | None] = []
    while len(found) < len(ids):
        progress(len(found), len(ids))
        batch = ids[len(found) : len(found) + PAGE]
        known = await journal.known_many(batch)
        listed = {row.id: row for row in await store.by_ids(batch)}
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(_difference(store, known[it], listed.get(it), held - LATELY)) for it in batch
            ]
        found += [task.result() for task in asked]
    progress(len(ids), len(ids))
    return [it for it in found if it is not None]


async def _difference(store: Store, known: Known, row: Row | None, lately: datetime) -> Difference | None:
    before, record = known.order, known.record
    if before is None or record is None:
        return None
    if row is None and before.status == GONE and not _taken_for_deleted(record, lately):
        return None
    if (
        row is not None
        and row.order is not None
        and _alike(before, row.order)
        and not _open_to_doubt(record, before)
    ):
        return None
    try:
        now = await store.order(before.id)
    except NotThere:
        now = replace(before, status=GONE)
    except Unreadable:  # its next look says so
        return None
    deeds = missing(await rewinds.deeds(known), before, now)
    gone = now.status == GONE and before.status != "trash"
    doubtful = _open_to_doubt(record, now) or gone_back(before, before.modified, now) or refunds_gone(before, now)
    if not (gone or deeds or doubtful):
        return None
    return Difference(known=known, before=before, now=now, deeds=deeds)


def _taken_for_deleted(record: Record, lately: datetime) -> bool:
    """Whether an order that is gone was first seen to be so since then, and was not gone on with since.

    What was agreed is forgotten by that, and nothing is agreed on any more about an order that is gone.
    """
    return record.status_since >= lately and record.agreed is not None


def _open_to_doubt(record: Record, order: Order) -> bool:
    """Whether the total is not what order and payment agreed on: the backup may have brought it back.

    On posts storage no date tells, and it may have been taken for staff's word before another order told.
    """
    return record.closed is None and record.agreed is not None and record.agreed.total != order.total


def _alike(before: Order, listed: Order) -> bool:
    """Whether a listing, which gives of a refund no more than id and amount, shows the order as it was."""
    shown = (listed.created, listed.modified, listed.status, listed.total, listed.meta, listed.transaction_id)
    amounts = [(refund.id, refund.amount) for refund in listed.refunds]
    known = (before.created, before.modified, before.status, before.total, before.meta, before.transaction_id)
    return (shown, amounts) == (known, [(refund.id, refund.amount) for refund in before.refunds])


async def go_on(store: str, found: list[Difference], now: datetime) -> None:
    """Take the store as it is now, and let it go on: what is decided follows from what it shows.

    What a person said of an order since it was compared stands; one that was gone on with since is left as it is.
    """
    journal = Journal(store)
    for it in found:
        while not await _go_on_with(it, journal, now):
            pass  # somebody wrote about it in between
    await rewinds.let_go(store, now)


async def _go_on_with(it: Difference, journal: Journal, now: datetime) -> bool:
    known = await journal.known(it.now.id)
    if known is None or known.row != it.known.row or known.order != it.before or known.record is None:
        return True
    if it.another:
        await rewinds.part_from(journal.store, known, it.now.id, it.words, now)
        return True
    snapshot, record = gone_on_from(it.before, known.record, it.now)
    return await rewinds.go_on_from(known, snapshot, record, it.words, now)
