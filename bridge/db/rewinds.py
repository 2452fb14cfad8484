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
from bridge.db.models import ActionRow, EventRow, NoteRow, OrderRow, SettlementRow, StoreRow
from bridge.db.rows import EVER, end_action, ids, orders_of, save_settlements, slices, tell, withdraw
from bridge.domain.orders import GONE, Order
from bridge.domain.reasons import Reason
from bridge.domain.records import How, Record, State
from bridge.domain.remarks import Topics
from bridge.domain.rewinding import Deed
from bridge.domain.steps import Kind

_ROOM = 1000
"""How many orders may have had one id, one after the other."""
_LAST = 2**63 - 1
"""Higher than any id."""
_STORY = 10
"""How many lines of its story an order may have in a day."""
_PAGES = 10
"""How often so many lines are read for what was touched last: others may be other stores' in the same database."""
_AWAY = ("trash", GONE)
"""Where no listing shows an order."""
_OF_OURS = (How.PAID, How.BASELINE)
"""Settlements that are the business of an action, or nobody's."""
_CALLED = (State.DONE, State.UNKNOWN, State.RUNNING)
_OF_THE_MOMENT = (*Reason, Topics.WILL_PAY, Topics.BEHIND, Topics.PENDING)
"""Notes of what was so when they were put down; each look does so anew while it is so. The others tell of deeds."""


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


async def hold(store: str, why: str, known: Known, problem: str, now: datetime) -> None:
    """Hold the store whole for what one order says, unless it is held so already. Looks that began before are void:
    the journal takes in none of a store that has gone back.
    """
    async with in_transaction():
        if await holds.hold(store, Held.REWOUND, why):
            await OrderRow.filter(id=known.row).update(problem=problem, watched=True, version=F("version") + 1)
            await tell(known.row, [("problem", problem)], now)


async def newest(store: str, limit: int, before: int = _LAST) -> list[Order]:
    """Return the newest orders, of those with a lower id than `before`, as last seen, newest first."""
    rows = (
        await OrderRow.filter(store_id=store, order_id__gt=0, order_id__lt=before)
        .order_by("-order_id")
        .limit(limit)
    )
    return [order for order in (load(ORDER, row.snapshot) for row in rows) if order is not None]


async def touched(store: str, since: datetime) -> list[int]:
    """Return the orders about which anything was seen, decided or done since then."""
    rows = set(await ids(EventRow.filter(at__gte=since), "order_id"))
    return sorted(order_id for order_id in (await orders_of(store, rows)).values() if order_id > 0)


async def last_touched(store: str, limit: int) -> list[int]:
    """Return the orders that the shop changed last, and those about which something was seen, decided or done last.

    Up to `limit` of each: after a first run of several pages the newest events are those of its oldest orders. None
    that is in the trash or gone: where one is watched, the sweep reads it anyway.
    """
    there = OrderRow.filter(store_id=store, changed__gt=EVER).exclude(status__in=_AWAY)
    changed = await ids(there.order_by("-changed").limit(limit), "order_id")
    return list(dict.fromkeys([*changed, *await _last_told(store, limit)]))


async def _last_told(store: str, limit: int) -> list[int]:
    """The orders whose story was added to last, as far as a bounded number of lines tells."""
    found: dict[int, None] = {}
    last = _LAST
    for _ in range(_PAGES):
        lines = await EventRow.filter(id__lt=last).order_by("-id").limit(limit * _STORY).values("id", "order_id")
        if not lines or len(found) >= limit:
            break
        last = lines[-1]["id"]
        rows = dict.fromkeys(line["order_id"] for line in lines)
        shown = OrderRow.filter(id__in=list(rows)).values("id", "store_id", "order_id", "status")
        told = {row["id"]: row for row in await shown if row["store_id"] == store}
        wanted = [told[row] for row in rows if row in told and told[row]["status"] not in _AWAY]
        found |= dict.fromkeys(row["order_id"] for row in wanted if row["order_id"] > 0)
    return list(found)[:limit]


async def deeds(known: Known) -> list[Deed]:
    """Return what was done about an order, by us or, for its refunds, by others; also what may have been."""
    called = await ActionRow.filter(order_id=known.row, state__in=_CALLED).order_by("id")
    settled = await SettlementRow.filter(order_id=known.row).exclude(how__in=_OF_OURS).order_by("id")
    calls = [
        Deed(
            kind=Kind(row.kind),
            amount=row.amount,
            refund=row.refund,
            key=row.key,
            unknown=row.state != State.DONE,
        )
        for row in called
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
        await StoreRow.filter(name=store).update(held=F("held"))  # no poll takes the order in meanwhile
        written = await OrderRow.filter(id=known.row, order_id=order_id).update(
            order_id=-(order_id * _ROOM + times),
            due=None,
            watched=False,
            moved=None,
            changed=None,
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


async def go_on_from(known: Known, snapshot: Order, record: Record, story: Sequence[str], now: datetime) -> bool:
    """The order is compared with this snapshot and judged with this record from now on, and looked at now.

    False, and nothing is written, where somebody else has written about it since it was `known`.
    """
    async with in_transaction():
        written = await OrderRow.filter(id=known.row, version=known.version).update(
            snapshot=dump(ORDER, snapshot),
            changed=snapshot.modified,
            record=record_text(record),
            status=snapshot.status,
            due=now,
            version=F("version") + 1,
        )
        if written:
            await save_settlements(known.row, record.settlements)
            await tell(known.row, [("person", text) for text in story], now)
    return bool(written)


async def let_go(store: str, now: datetime) -> None:
    """The store is held no more, and all that waited goes on; of the notes, what still holds is put down anew."""
    why = await held(store)
    async with in_transaction():
        await holds.let_go(store, now)
        orders = OrderRow.filter(store_id=store)
        if why:
            told = orders.filter(watched=True, problem__contains=why)
            await told.update(problem="", due=now, version=F("version") + 1)
        due = await ids(orders.filter(due__gt=EVER), "id")
        noted = await orders_of(store, set(await ids(NoteRow.filter(next_try__gt=EVER), "order_id")))
        of_the_moment = Q(*(Q(mark__contains=_topic(it)) for it in _OF_THE_MOMENT), join_type="OR")
        for some in slices({*due, *noted}):
            await OrderRow.filter(id__in=some).update(due=now, version=F("version") + 1)
            await withdraw(NoteRow.filter(of_the_moment, order_id__in=some, next_try__gt=EVER))


def _topic(topic: str) -> str:
    """How a note's topic stands within its mark."""
    return f"-{topic}-".upper().replace("_", "-")
