"""Calls whose answer is lost: settled by reading the payment, done exactly once, told once."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.db import queries
from bridge.domain.orders import Order
from bridge.sandbox.faults import Fault
from bridge.woo.client import WooStore
from tests.flow.world import STORE, TOTAL, ProviderName, known_order

pytestmark = pytest.mark.on_postgresql

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])
AFTER = (Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HTML_AFTER)
FAULTS = (*AFTER, Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.BUSY)
FAULTY = pytest.mark.parametrize("fault", FAULTS, ids=[fault.value for fault in FAULTS])

CALL = r"/(capture|cancel|refund|order|transactions)$"
"""The end of the paths of all calls that may move money."""


async def test_an_unknown_call_is_left_alone_while_it_may_still_show(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.faults.plan(Fault.DROP_BEFORE, method="POST", path=CALL)
        w.store.set_status(it.id, "completed")
        await w.cycle(timedelta(minutes=4))
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]
        assert len(w.calls()) == 1
        assert w.notes(it.id) == []


@PROVIDERS
async def test_a_provider_that_is_down_for_long_holds_nothing(tmp_path: Path, provider: ProviderName) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        w.store.set_status(it.id, "completed")
        w.side.faults.plan(Fault.ERROR_BEFORE, times=10**6)
        asked = len(w.side.faults.seen)
        await w.cycle(timedelta(hours=2))
        assert len(w.side.faults.seen) - asked < 150, "after ten minutes it is tried every ten minutes"
        assert await w.attention() == {}
        w.side.faults.planned.clear()
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert ["waits for it" in note for note in w.notes(it.id)] == [True, False]


async def test_calls_that_are_put_off_wait_without_being_held(tmp_path: Path) -> None:
    """The reads go through; only the call is told to come back later, for an hour."""
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        w.resurs.faults.plan(Fault.BUSY, method="POST", path=CALL, times=10**6, retry_after=30)
        await w.cycle(timedelta(hours=1))
        assert await w.states(it.id) == [f"capture {TOTAL} waiting"]
        assert await w.attention() == {}
        assert 10 < len(w.calls()) < 60
        w.resurs.faults.planned.clear()
        await w.cycle()
        assert await w.states(it.id) == [f"capture {TOTAL} done"]


async def test_a_store_that_is_down_is_waited_for(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        w.store.mishaps.maintenance = True
        ended = await w.cycle()
        assert "down for maintenance" in ended.problem
        assert (await w.status())["problem"] == ended.problem
        assert w.calls() == []
        w.store.mishaps.maintenance = False
        w.clock.advance(30)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert (await w.status())["problem"] == ""


@FAULTY
async def test_a_note_is_written_once(tmp_path: Path, fault: Fault) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.faults.plan(fault, method="POST", path=r"/notes$")
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert len(w.notes(it.id)) == 1
        assert len(w.calls()) == 1


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.BUSY], ids=["fails", "put-off"])
async def test_what_is_tried_for_long_is_seen(tmp_path: Path, fault: Fault) -> None:
    async with known_order(tmp_path, warn_after="2d") as (w, it):
        w.resurs.faults.plan(fault, method="POST", path=CALL, times=10**6, retry_after=600)
        w.store.set_status(it.id, "completed")
        await w.cycle()
        began = w.clock.now()
        assert (await w.status())["tried_long"] == []
        w.clock.advance(86400)
        await w.cycle()
        now, patience = w.clock.now(), {STORE: timedelta(days=2)}
        assert (await queries.status(now, warn_after=patience))[0]["tried_long"] == []
        [late] = (await w.status())["tried_long"]
        assert (late["order"], late["kind"], late["amount"], late["currency"]) == (it.id, "capture", TOTAL, "SEK")
        assert late["attempts"] >= 2
        assert late["created"] < began.isoformat()
        assert late["answer"].startswith("not now: " if fault is Fault.BUSY else "outcome unknown: ")


async def test_a_slow_shop_is_acted_on_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading an order takes it longer than a look may be old."""
    async with known_order(tmp_path) as (w, it):
        read = WooStore.order

        async def slowly(self: WooStore, order_id: int) -> Order:
            w.clock.advance(8)
            return await read(self, order_id)

        monkeypatch.setattr(WooStore, "order", slowly)
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
