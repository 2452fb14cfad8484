"""After a call its payment tells what became of it: the order is read again only for what comes next."""

import asyncio
from pathlib import Path

import pytest

from bridge.engine.unit import Unit
from bridge.engine.working import work
from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete
from tests.flow.world import MUG, TOTAL, Placed, ProviderName, World, known_order, until

pytestmark = pytest.mark.on_postgresql


def order_reads(w: World, it: Placed) -> int:
    """How often the order itself was read so far."""
    end = f"/orders/{it.id}"
    return sum(method == "GET" and path.partition("?")[0].endswith(end) for method, path in w.store.faults.seen)


async def settled(w: World, it: Placed, status: str = "completed") -> Unit:
    """Let staff set the order to a status, and the bridge see it; what they did has settled."""
    unit = await w.bridge()
    w.store.set_status(it.id, status)
    await work(unit, it.id)
    w.clock.advance(600)
    return unit


@pytest.mark.parametrize("provider", ["resurs", "ecster"])
async def test_after_a_call_the_payment_alone_is_read(tmp_path: Path, provider: ProviderName) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        unit = await settled(w, it)
        before = order_reads(w, it)
        await work(unit, it.id)
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert len(w.notes(it.id)) == 1
        assert order_reads(w, it) == before + 1


async def test_an_order_of_which_there_is_news_is_read_again_after_a_call(tmp_path: Path) -> None:
    """As a webhook tells of a refund that staff made while the call was under way."""
    async with known_order(tmp_path) as (w, it):
        unit = await settled(w, it)
        w.resurs.faults.plan(Fault.HELD_BACK, method="POST", path=CALL)
        working = asyncio.create_task(work(unit, it.id))
        await until(lambda: bool(w.resurs.faults.under_way))
        w.store.refund(it.id, lines={"MUGG": 1})
        await unit.agenda.wake([it.id], w.clock.now())
        w.resurs.faults.release.set()
        await working
        known = await unit.journal.known(it.id)
        assert known
        assert known.order
        assert [refund.amount for refund in known.order.refunds] == [MUG]


async def test_what_staff_took_back_during_a_call_is_not_done_after_it(tmp_path: Path) -> None:
    """Nobody has told of it: the order is read again because it asked for another call."""
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        for sku in ("MUGG", "LAMPA"):
            last = w.store.refund(it.id, lines={sku: 1})
        w.resurs.faults.plan(Fault.HELD_BACK, method="POST", path=CALL)
        async with w.cycling():
            await until(lambda: bool(w.resurs.faults.under_way))
            w.store.delete_refund(it.id, last)
            w.resurs.faults.release.set()
        assert w.books(it) == (0, TOTAL, MUG)
        assert await w.attention() == {}


async def test_what_a_call_to_the_shop_did_the_order_says(tmp_path: Path) -> None:
    async with known_order(tmp_path, actions={"status_lock": "restore"}) as (w, it):
        await complete(w, it)
        await work(await settled(w, it, "processing"), it.id)
        assert (await w.states(it.id))[1:] == ["restore_status 0 done"]
