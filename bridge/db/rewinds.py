"""What is written down of a store that went back in time: that it is held, and what is gone on from.

Whoever says go while another does it finds every order that was dealt with already as it should be: the hold itself
is lifted last, so what was cut off is begun again.
"""

from collections.abc import Sequence
from datetime import datetime

from tortoise.expressions import F, Q
from tortoise.transactions import in_transaction

from bridge.db import holds
from bridge.db.codec import ORDER, dump, load
from bridge.db.holds import Held
from bridge.db.known import Known, record_text
from bridge.db.models import ActionRow, EventRow, NoteRow, OrderRow, SettlementRow
from bridge.db.rows import end_action, ids, save_settlements, tell
from bridge.domain.orders import Order
from bridge.domain.records import How, Record, State
from bridge.domain.rewinding import Deed
from bridge.domain.steps import Kind

_ROOM = 1000
"""How many orders may have had one id, one after the other."""
_STORY = 10
"""How many lines of its story an order may have in a day."""
_OF_OURS = (How.PAID, How.BASELINE)
"""Settlements that are the business of an action, or nobody's."""


def former(order_id: int) -> Q:
    """The rows of the orders that had this id before its store went back, oldest first by `-order_id`."""
    return Q(order_id__lte=-order_id * _ROOM, order_id__gt=-(order_id + 1) * _ROOM)


def number_of(order_id: int) -> int:
    """The order's id in WooCommerce, also of an order that had it formerly."""
    return order_id if order_id >= 0 else -order_id // _ROOM


async def held(store: str) -> str:
    """Why the store is held for having gone back; "" while it is not, or is not known."""
    by, why = await holds.held(store)
    return why if by is Held.REWOUND else ""


async def newest(store: str, limit: int) -> list[Order]:
    """Return the newest orders as last seen, newest first."""
    rows = await OrderRow.filter(store_id=store, order_id__gt=0).order_by("-order_id").limit(limit)
    return [order for order in (load(ORDER, row.snapshot) for row in rows) if order is not None]


async def touched(store: str, since: datetime) -> list[int]:
    """Return the orders about which anything was seen, decided or done since then."""
    rows = EventRow.filter(at__gte=since, order__store_id=store, order__order_id__gt=0)
    return sorted(set(await ids(rows.distinct(), "order__order_id")))


async def last_touched(store: str, limit: int) -> list[int]:
    """Return the orders about which something was seen, decided or done last."""
    rows = EventRow.filter(order__store_id=store, order__order_id__gt=0).order_by("-id").limit(limit * _STORY)
    return list(dict.fromkeys(await ids(rows, "order__order_id")))[:limit]


async def deeds(known: Known) -> list[Deed]:
    """Return what was done about an order, by us or, for its refunds, by others."""
    done = await ActionRow.filter(order_id=known.row, state=State.DONE).order_by("id")
    settled = await SettlementRow.filter(order_id=known.row).exclude(how__in=_OF_OURS).order_by("id")
    calls = [
        Deed(kind=Kind(row.kind), amount=row.amount, refund=row.refund, key=row.key)
        for row in done
        if row.kind != Kind.RESTORE_STATUS
    ]
    return calls + [
        Deed(kind=Kind.REFUND, amount=row.amount, refund=row.refund, how=How(row.how)) for row in settled
    ]


async def part_from(store: str, known: Known, order_id: int, story: Sequence[str], now: datetime) -> None:
    """Another order has this id: the one that had it keeps all that is its own, under a number of its own.

    Nothing is done about it any more. The new one begins with nothing, and is looked at now.
    """
    times = await OrderRow.filter(former(order_id), store_id=store).count()
    async with in_transaction():
        written = await OrderRow.filter(id=known.row, order_id=order_id).update(
            order_id=-(order_id * _ROOM + times),
            due=None,
            watched=False,
            moved=None,
            failures=0,
            problem="",
            attention="",
            facts="",
            why="another order has its id now",
            version=F("version") + 1,
        )
        if not written:
            return
        await NoteRow.filter(order_id=known.row).update(next_try=None)
        for action in await ids(ActionRow.filter(open_slot=known.row), "id"):
            await end_action(action, State.DROPPED, "the store went back, and has another order by this id", now)
        await tell(known.row, [("person", text) for text in story], now)
        new = await OrderRow.create(store_id=store, order_id=order_id, due=now)
        await tell(new.id, (("seen", "another order had this id before the store went back"),), now)


async def go_on_from(known: Known, snapshot: Order, record: Record, story: Sequence[str], now: datetime) -> None:
    """The order is compared with this snapshot and judged with this record from now on, and looked at now."""
    async with in_transaction():
        await OrderRow.filter(id=known.row).update(
            snapshot=dump(ORDER, snapshot),
            record=record_text(record),
            status=snapshot.status,
            due=now,
            version=F("version") + 1,
        )
        await save_settlements(known.row, record.settlements)
        await tell(known.row, [("person", text) for text in story], now)


async def let_go(store: str, now: datetime) -> None:
    """The store is held no more, and all that waited goes on."""
    why = await held(store)
    async with in_transaction():
        await holds.let_go(store, now)
        orders = OrderRow.filter(store_id=store, order_id__gt=0)
        told = orders.filter(problem__contains=why) if why else orders.filter(id=-1)
        await told.update(problem="", due=now, version=F("version") + 1)
        waiting = orders.filter(Q(due__isnull=False) | Q(notes__next_try__isnull=False))
        rows = await ids(waiting.distinct(), "id")
        await OrderRow.filter(id__in=rows or [-1]).update(due=now, version=F("version") + 1)
