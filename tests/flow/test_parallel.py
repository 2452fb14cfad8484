"""Many orders side by side, each of them one thing at a time; and clocks that do not agree."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.engine.cycles import look_around
from bridge.engine.working import work_all_due
from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete
from tests.flow.world import MUG, TOTAL, known_order, until, world

pytestmark = pytest.mark.on_postgresql


async def test_a_slow_order_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, slow):
        await complete(w, w.place())  # the first capture ever goes alone
        others = [w.place() for _ in range(3)]
        for it in (slow, *others):
            w.store.set_status(it.id, "completed")
        w.resurs.faults.plan(Fault.SLOW, method="POST", path=f"{slow.payment}/capture$")
        async with w.cycling():
            await until(lambda: all(w.books(it) == (0, TOTAL, 0) for it in others))
            await until(lambda: any(slow.payment in call for call in w.calls()))
            assert await w.states(slow.id) == [f"capture {TOTAL} running"]
            w.resurs.faults.release.set()
        assert await w.states(slow.id) == [f"capture {TOTAL} done"]


async def test_what_becomes_due_while_an_order_is_slow_is_worked_at_once(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, slow):
        await complete(w, w.place())  # the first capture ever goes alone
        unit, before = await w.bridge(), len(w.calls())
        other = w.place()
        w.store.set_status(slow.id, "completed")
        w.resurs.faults.plan(Fault.SLOW, method="POST", path=f"{slow.payment}/capture$")
        await look_around(unit, sweeping=False)
        w.clock.advance(5)
        working = asyncio.create_task(work_all_due(unit))
        await until(lambda: len(w.calls()) == before + 1)
        w.store.set_status(other.id, "completed")
        await look_around(unit, sweeping=False)
        w.clock.advance(5)
        await until(lambda: w.books(other) == (0, TOTAL, 0))
        w.resurs.faults.release.set()
        await working


async def test_an_order_has_one_thing_done_at_a_time(tmp_path: Path) -> None:
    """While its capture is under way, the order is refunded in part, and everybody wants to work on it."""
    async with known_order(tmp_path) as (w, it):
        unit = await w.bridge()
        w.store.set_status(it.id, "completed")
        w.resurs.faults.plan(Fault.SLOW, method="POST", path=CALL)
        await look_around(unit, sweeping=False)
        w.clock.advance(5)
        working = asyncio.create_task(work_all_due(unit))
        await until(lambda: len(w.calls()) == 1)
        w.store.refund(it.id, lines={"MUGG": 1})
        await look_around(unit, sweeping=True)
        w.clock.advance(120)
        assert await work_all_due(unit) == 0
        assert len(w.calls()) == 1
        w.resurs.faults.release.set()
        await working
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        assert await w.states(it.id) == [f"capture {TOTAL} done", f"refund {MUG} done"]


async def test_more_orders_than_are_worked_on_at_once_all_get_their_turn(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = [w.place(status="completed") for _ in range(20)]
        await w.cycle()
        assert [w.books(it) for it in orders] == [(0, TOTAL, 0)] * 20


@pytest.mark.parametrize("minutes", [-14, 14])
async def test_the_stores_clock_need_not_agree_with_ours(tmp_path: Path, minutes: int) -> None:
    """As far as a signature on plain HTTP allows, which is much longer than anything that is waited for."""
    async with known_order(tmp_path, store_clock=lambda now: now + timedelta(minutes=minutes)) as (w, it):
        await complete(w, it)
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


async def test_an_order_from_the_future_does_not_hide_those_that_follow(tmp_path: Path) -> None:
    """The store's clock was years ahead for a moment, and right again afterwards."""
    ahead = timedelta()
    async with world(tmp_path, store_clock=lambda now: now + ahead) as w:
        await w.cycle()
        ahead = timedelta(days=2000)
        w.place()
        await w.cycle()
        ahead = timedelta()
        await w.cycle()
        w.clock.advance(3600)
        it = w.place()
        await complete(w, it)
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_payment_that_becomes_final_is_noticed_by_the_next_sweep(tmp_path: Path) -> None:
    """Nothing in the store tells of it."""
    async with known_order(tmp_path) as (w, it):
        w.resurs.freeze(it.payment)
        w.store.set_status(it.id, "completed")
        ended = await w.cycle(timedelta(seconds=90))
        assert (ended.later, ended.problem) == (1, "")
        assert ended.next_due is not None
        assert ended.next_due > w.clock.now()
        w.resurs.unfreeze(it.payment)
        await w.cycle(timedelta(seconds=90))
        assert w.books(it) == (0, TOTAL, 0)
