"""Whatever staff do and whatever fails: after one quiet poll and sweep the journal is what the store is.

`BRIDGE_EYES=300` draws more histories than the default.
"""

import asyncio
import os
import re
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import stamina
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.domain.orders import GONE
from bridge.domain.records import How
from bridge.engine.cycles import look_around
from bridge.engine.working import work_all_due
from bridge.sandbox.faults import Fault
from bridge.sandbox.store import editing
from bridge.sandbox.store.model import Order
from bridge.sandbox.store.refusals import Refusal
from tests.flow.test_eyes import Storage
from tests.flow.test_eyes_clocks import NIGHTS, Night
from tests.flow.test_eyes_walk import LISTING, at
from tests.flow.world import START, World, world

T = TypeVar("T")

LATE = 90
"""Seconds that a save may take at most; the overlap is two minutes."""
STATUSES = ("pending", "processing", "on-hold", "packad", "completed", "cancelled", "failed")
QUICK = (Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_BEFORE, Fault.HTML_AFTER, Fault.BUSY, Fault.TWICE)
MISHAPS = ("maintenance", "crash", "notice", "caching", "ignores_modified_after", "unstable_ties")
OFFS = (-600, 0, 600)
"""Seconds that the store's clock is off ours; a signature on plain HTTP allows fifteen minutes."""
MORNING = Night("America/New_York", START + timedelta(hours=1))
LAG = timedelta(minutes=1)
ANY = st.integers(0, 10**6)


class Eyes(RuleBasedStateMachine):
    """Shadow mode: it looks and remembers as it does in live mode, and no money moves."""

    storage: Storage
    w: World

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.stack = asyncio.Runner(), AsyncExitStack()
        self.off = 0
        self.others: list[int] = []
        """Orders of another payment method."""
        self.drafts: set[int] = set()
        self.stack.enter_context(stamina.set_testing(True))  # a read is tried once, without a wait

    @initialize(
        night=st.sampled_from((MORNING, *NIGHTS.values())),
        off=st.sampled_from(OFFS),
        lists_drafts=st.booleans(),
        before=st.tuples(st.integers(0, 4), st.sampled_from((0, 0, 130, 230))),
        start_from=st.booleans(),
        nth=st.integers(0, 4),
    )
    def opened(
        self, night: Night, off: int, lists_drafts: bool, before: tuple[int, int], start_from: bool, nth: int
    ) -> None:
        """The shop has orders `before` the bridge comes, some refunded; the first poll fails at the nth listing."""
        self.off = off
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        opening = world(folder, storage=self.storage, store_clock=self.stores_time, mode="shadow")
        self.w = self.run(self.stack.enter_async_context(opening))
        self.w.store.shop.timezone = ZoneInfo(night.zone)
        self.w.store.mishaps.lists_drafts = lists_drafts
        self.w.store.register_status("packad", "Packad")
        self.w.clock.advance(int((night.change - START).total_seconds()) - 600)
        for number in range(before[0]):
            it = self.w.place(status=STATUSES[number])
            if number % 2:
                self.w.store.refund(it.id, "50.00")
        if before[1]:
            self.import_orders(before[1])
        if start_from:
            self.w.changes["start_from"] = f"{self.w.clock.now():%Y-%m-%d}"
        if nth:
            at(self.w.store, nth, lambda: self.w.store.faults.plan(Fault.ERROR_BEFORE, path=LISTING))
        self.look()
        self.w.clock.advance(1)

    def teardown(self) -> None:
        try:
            if hasattr(self, "w"):
                self.quiet()
        finally:
            self.run(self.stack.aclose())
            self.runner.close()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    def stores_time(self, ours: datetime) -> datetime:
        return ours + timedelta(seconds=self.off)

    def some(self, which: int, *, trash: bool = False) -> Order | None:
        """One of the orders that are, or are not, in the trash."""
        left_out = {*self.others, *self.drafts}
        orders = [it for it in self.w.store.shop.orders.values() if it.id not in left_out]
        found = [it for it in orders if (it.status == "trash") is trash]
        return found[which % len(found)] if found else None

    # ---- staff and customers

    @rule(status=st.sampled_from(STATUSES), count=st.integers(1, 3))
    def place(self, status: str, count: int) -> None:
        for _ in range(count):
            self.w.place(status=status)

    @rule()
    def begin_checkout(self) -> None:
        self.drafts.add(self.w.place(status="checkout-draft").id)

    @precondition(lambda self: self.drafts)
    @rule(status=st.sampled_from(("processing", "pending", "completed")))
    def end_checkout(self, status: str) -> None:
        order_id = self.drafts.pop()
        self.w.store.set_status(order_id, status)

    @precondition(lambda self: not self.others)
    @rule(count=st.sampled_from((120, 230)))
    def import_orders(self, count: int) -> None:
        """More than a page, all in one second."""
        store = self.w.store
        like = store.order(store.create_order({"MUGG": 1}, payment_method="bacs"))
        self.others = [like.id, *(next(store.shop.ids) for _ in range(count - 1))]
        for order_id in self.others[1:]:
            store.shop.orders[order_id] = replace(like, id=order_id, number=str(order_id), notes=[])

    @precondition(lambda self: self.others)
    @rule(status=st.sampled_from(STATUSES), first=ANY, count=st.sampled_from((1, 60, 230)))
    def change_many(self, status: str, first: int, count: int) -> None:
        """The same change of many at once, in the list of orders."""
        begin = first % len(self.others)
        for order_id in self.others[begin : begin + count]:
            self.w.store.set_status(order_id, status)

    @rule(which=ANY, status=st.sampled_from((*STATUSES, "refunded")), late=st.sampled_from((0, 0, 30, LATE)))
    def change_status(self, which: int, status: str, late: int) -> None:
        """`late`: the save, which follows the one before it, began so long before anybody can see it."""
        order = self.some(which)
        if order is not None:
            before = order.modified
            self.w.store.set_status(order.id, status)
            order.modified = max(before, order.modified - timedelta(seconds=late))

    @rule(which=ANY, quantity=st.integers(1, 4))
    def edit(self, which: int, quantity: int) -> None:
        order = self.some(which)
        if order is not None and not order.refunds:
            self.w.store.set_quantity(order.id, "MUGG", quantity)

    @rule(which=ANY, sku=st.sampled_from(("BOK", "LAMPA")))
    def add_line(self, which: int, sku: str) -> None:
        order = self.some(which)
        if order is not None and not order.refunds:
            self.w.store.add_line(order.id, sku)

    @rule(which=ANY, total=st.sampled_from(("80.00", "200.00", "240.00")))
    def edit_by_api(self, which: int, total: str) -> None:
        """As another program does; the quantity stays."""
        order = self.some(which)
        if order is not None and not order.refunds:
            line = {"id": order.items[0].id, "subtotal": total, "total": total}
            editing.update(self.w.store.shop, order, {"line_items": [line], "transaction_id": total})

    @rule(which=ANY, value=st.sampled_from(("off", "pause", None)))
    def set_meta(self, which: int, value: str | None) -> None:
        order = self.some(which)
        if order is not None:
            self.w.store.set_meta(order.id, "wc_bridge", value)

    @rule(which=ANY, amount=st.sampled_from(("1.00", "50.00", None)))
    def refund(self, which: int, amount: str | None) -> None:
        order = self.some(which)
        try:
            if order is not None:
                self.w.store.refund(order.id, amount)
        except Refusal:
            pass  # nothing is left to refund

    @rule(which=ANY, refund=ANY)
    def delete_refund(self, which: int, refund: int) -> None:
        order = self.some(which)
        if order is not None and order.refunds:
            self.w.store.delete_refund(order.id, order.refunds[refund % len(order.refunds)].id)

    @rule(which=ANY)
    def trash(self, which: int) -> None:
        order = self.some(which)
        if order is not None:
            self.w.store.trash(order.id)

    @rule(which=ANY)
    def restore(self, which: int) -> None:
        order = self.some(which, trash=True)
        if order is not None:
            self.w.store.restore(order.id)

    @rule(which=ANY, trash=st.booleans())
    def delete(self, which: int, trash: bool) -> None:
        order = self.some(which, trash=trash)
        newest = max((it for it in self.w.store.shop.orders if it not in self.drafts), default=0)
        if order is not None and order.id != newest:  # all the newest gone is a backup that was put back
            self.w.store.delete(order.id)

    # ---- what goes wrong, and when

    @rule(seconds=st.sampled_from((0, 1, 5, 29, 61, 130, 700)))
    def time_passes(self, seconds: int) -> None:
        self.w.clock.advance(seconds)

    @precondition(lambda self: self.off < max(OFFS))
    @rule(step=st.sampled_from((1, 45, 300)))
    def store_sets_its_clock(self, step: int) -> None:
        """Forward, as if ours were set back: of dates that go back `wc-bridge rewound` tells."""
        self.off = min(self.off + step, max(OFFS))

    @precondition(lambda self: self.off > min(OFFS))
    @rule(step=st.sampled_from((1, 45, 300)))
    def we_set_our_clock(self, step: int) -> None:
        """Forward; the store's stays as it is."""
        step = min(step, self.off - min(OFFS))
        self.w.clock.advance(step)
        self.off -= step

    @rule(lag=st.sampled_from((LAG, timedelta())))
    def something_is_cached(self, lag: timedelta) -> None:
        self.w.store.mishaps.lag = lag

    @rule(
        fault=st.sampled_from(QUICK), path=st.sampled_from(("/orders$", r"/orders/\d+", "")), nth=st.integers(1, 3)
    )
    def something_fails(self, fault: Fault, path: str, nth: int) -> None:
        """`nth`: so many requests in a row."""
        self.w.store.faults.plan(fault, path=path, times=nth, retry_after=40)

    @rule(mishap=st.sampled_from(MISHAPS), on=st.booleans())
    def something_is_wrong(self, mishap: str, on: bool) -> None:
        setattr(self.w.store.mishaps, mishap, on)

    @rule(nth=st.integers(1, 4), which=ANY, status=st.sampled_from(STATUSES))
    def poll_while_staff_work(self, nth: int, which: int, status: str) -> None:
        def deed() -> None:
            self.change_status(which, status, 0)
            for order_id in self.others[: which % 90]:
                self.w.store.set_status(order_id, status)

        at(self.w.store, nth, deed)
        self.look()

    @rule(nth=st.integers(1, 6), sweeping=st.booleans())
    def killed_while_it_polls(self, nth: int, sweeping: bool) -> None:
        """At any request; it starts again with what comes next."""
        self.run(self._killed(nth, sweeping=sweeping))
        self.run(self.w.stop())

    async def _killed(self, nth: int, *, sweeping: bool) -> None:
        await self.w.bridge()
        polling = asyncio.create_task(self._look(sweeping=sweeping, insisting=True))
        at(self.w.store, nth, polling.cancel, path="")
        await asyncio.wait([polling])
        if not polling.cancelled():
            polling.result()

    @rule(which=ANY)
    def hint(self, which: int) -> None:
        """A webhook names an order, and it is looked at; a poll is what brings in one that is not known."""
        order = self.some(which)
        if order is not None:
            self.run(self._hint(order.id))

    async def _hint(self, order_id: int) -> None:
        unit = await self.w.bridge()
        if await unit.journal.known(order_id) is None:
            await self._look(sweeping=False, insisting=False)
        await unit.agenda.wake([order_id], unit.now())
        await self._work()

    @rule(sweeping=st.booleans(), insisting=st.booleans())
    def poll(self, sweeping: bool, insisting: bool) -> None:
        self.run(self._look(sweeping=sweeping, insisting=insisting))

    @rule()
    def look(self) -> None:
        self.run(self._look(sweeping=False, insisting=True))

    @rule()
    def work(self) -> None:
        self.run(self._work())

    @rule()
    def start_again(self) -> None:
        self.run(self.w.stop())

    async def _look(self, *, sweeping: bool, insisting: bool) -> str:
        unit = await self.w.bridge()
        return await look_around(unit, sweeping=sweeping, everything=sweeping, insisting=insisting)

    async def _work(self) -> None:
        await work_all_due(await self.w.bridge())

    # ---- what must hold

    def all_well(self) -> None:
        self.w.store.faults.planned.clear()
        for mishap in MISHAPS:
            setattr(self.w.store.mishaps, mishap, False)
        self.w.store.mishaps.lag = timedelta()
        self.w.clock.advance(31)  # so long a busy store is not asked again

    @rule()
    def quiet(self) -> None:
        """One quiet poll, then one with its sweep and the looks that it asks for."""
        self.all_well()
        assert self.run(self._look(sweeping=False, insisting=True)) == ""
        self.run(self.polled())
        assert self.run(self._look(sweeping=True, insisting=True)) == ""
        self.run(self._work())
        self.run(self.agrees())

    async def polled(self) -> None:
        """The poll alone sees every order, status and new refund; on HPOS also what it comes to."""
        journal = (await self.w.bridge()).journal
        there = {it.id: it for it in self.w.store.shop.orders.values() if it.status != "trash"}
        for order_id in self.drafts:
            del there[order_id]
        known = await journal.known_many(there)
        snapshots = {it: held.order for it, held in known.items() if held.order is not None}
        assert {it: held.status for it, held in snapshots.items()} == {it: o.status for it, o in there.items()}
        for order_id, order in there.items():
            assert {refund.id for refund in order.refunds} <= {refund.id for refund in snapshots[order_id].refunds}
            if self.storage == "hpos":
                assert snapshots[order_id].total == int(order.total * 100)

    async def agrees(self) -> None:
        """Every snapshot is what the store shows, and each refund that is there was seen once."""
        unit = await self.w.bridge()
        ids = range(1, next(self.w.store.shop.ids))
        known = await unit.journal.known_many(ids)
        orders = {it: order for it, order in self.w.store.shop.orders.items() if it not in self.drafts}
        seen = {it: (held.order.status if held.order else "") for it, held in known.items()}
        there = {it: seen[it] for it in seen if it in orders}
        assert there == {it: order.status for it, order in orders.items()}
        ended = {it for it, held in known.items() if held.record and held.record.closed}  # those are left alone
        lost = {it: status for it, status in seen.items() if it not in {*orders, *self.drafts, *ended}}
        assert set(lost.values()) <= {GONE, "trash"}
        shown = {row.id: row.order for row in (await unit.store.changed_since(None, trash=True)).rows}
        for start in range(0, len(ids), 100):
            shown |= {row.id: row.order for row in await unit.store.by_ids(list(ids[start : start + 100]))}
        for order_id, order in orders.items():
            held, now = known[order_id], shown[order_id]
            assert held.order is not None
            assert held.record is not None
            assert now is not None
            # The dates matter to nobody once they were read; a listing says less of refunds.
            as_now = replace(held.order, modified=now.modified, completed=now.completed, paid=now.paid)
            assert replace(as_now, refunds=()) == replace(now, refunds=())
            assert (held.order.paid is None) == (now.paid is None)
            live = {refund.id: int(refund.amount * 100) for refund in order.refunds}
            assert {refund.id: refund.amount for refund in held.order.refunds} == live
            assert sorted(refund for refund, _ in held.record.refunds_seen) == sorted(live)
            if order_id not in self.others:
                told = " ".join(await self.w.told(order_id, "seen"))
                made, gone = (
                    Counter(int(number) for number in re.findall(rf"refund (\d+) of \S+ {how}", told))
                    for how in ("made", "is gone")
                )
                there_before = {it.refund for it in held.record.settlements if it.how is How.BASELINE}
                # What a cache hid for a while came back to whoever reads it.
                assert set((made - gone).values()) <= {1}
                assert not (made - gone).keys() & there_before

    @invariant()
    def nothing_moves(self) -> None:
        if hasattr(self, "w"):
            assert self.w.calls() == []


class EyesOnHpos(Eyes):
    storage = "hpos"


class EyesOnPosts(Eyes):
    storage = "posts"


_RUNS = settings(
    max_examples=int(os.environ.get("BRIDGE_EYES", "5")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestEyesOnHpos = EyesOnHpos.TestCase
TestEyesOnHpos.settings = _RUNS
TestEyesOnPosts = EyesOnPosts.TestCase
TestEyesOnPosts.settings = _RUNS
