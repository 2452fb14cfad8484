"""The first capture, release, raise and refund ever made at a provider go alone until their effect is compared."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bridge.db.bounds import bunch
from bridge.db.persons import approve, drop, look_again
from bridge.domain.payments import Payment
from bridge.domain.records import State
from bridge.engine import acting
from bridge.engine.cycles import look_around
from bridge.engine.looking import look
from bridge.engine.turns import may_call
from bridge.engine.working import work
from bridge.sandbox.faults import Fault
from tests.flow.test_outages import tick
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete
from tests.flow.world import MUG, STORE, TOTAL, Placed, ProviderName, World, until, world

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])
RESERVED, CAPTURED = (TOTAL, 0, 0), (0, TOTAL, 0)


@pytest.fixture
def alerts() -> Iterator[list[Any]]:
    """What is told of at level error."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with capture_logs() as logged:
        yield logged


async def completed(w: World, count: int) -> list[Placed]:
    """Orders that are completed, and seen to be; nothing is called yet."""
    await w.cycle()
    orders = [w.place() for _ in range(count)]
    await w.cycle()
    for it in orders:
        w.store.set_status(it.id, "completed")
    await look_around(await w.bridge(), sweeping=False)
    w.clock.advance(10)
    return orders


@PROVIDERS
async def test_no_second_call_begins_before_the_first_ones_effect_is_seen(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with world(tmp_path, provider) as w:
        orders = await completed(w, 4)
        w.side.faults.plan(Fault.SLOW, method="POST", path=CALL)
        async with w.cycling():
            await until(lambda: len(w.calls()) == 1)
            unit = await w.bridge()
            for it in orders:
                if w.books(it) == RESERVED:
                    await work(unit, it.id)
            assert len(w.calls()) == 1
            [first] = (await w.status())["firsts"]
            assert (first["call"], first["state"]) == ("capture", "running")
            w.side.faults.release.set()
        assert [w.books(it) for it in orders] == [CAPTURED] * 4
        assert (await w.status())["firsts"] == []


async def test_a_first_call_that_has_no_effect_gives_its_turn_to_another_order(tmp_path: Path) -> None:
    """The provider fails on one payment only, for ever."""
    async with world(tmp_path) as w:
        sick, *others = await completed(w, 4)
        w.side.faults.plan(Fault.ERROR_BEFORE, method="POST", path=f"{sick.payment}/capture$", times=10**6)
        await work(await w.bridge(), sick.id)
        assert len(w.calls()) == 1
        await tick(w, 7 * 60, step=15)
        assert [w.books(it) for it in others] == [CAPTURED] * 3


@PROVIDERS
async def test_one_whose_outcome_is_unknown_is_waited_for_over_a_restart(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with world(tmp_path, provider) as w:
        orders = await completed(w, 3)
        w.side.faults.plan(Fault.DROP_BEFORE, method="POST", path=CALL)
        await w.work()
        for _ in range(4):
            await w.stop()
            w.clock.advance(60)
            await w.work()
            assert len(w.calls()) == 1
        await w.cycle()
        assert [w.books(it) for it in orders] == [CAPTURED] * 3
        assert len(w.calls()) == 4


async def test_a_crash_in_the_middle_of_it_lets_none_go_beside_it(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        first, second = await completed(w, 2)
        unit = await w.bridge()
        ready, other = await look(unit, first.id), await look(unit, second.id)
        assert ready is not None
        assert other is not None
        account = unit.methods[ready.provider].account
        now = w.clock.now()
        assert await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), now, account)
        assert not await acting.act(unit, other)
        await w.stop()
        await w.work()
        assert w.calls() == []
        await w.cycle()
        assert (w.books(first), w.books(second)) == (CAPTURED, CAPTURED)


async def test_one_that_is_refused_or_must_wait_makes_room_for_the_next(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        orders = await completed(w, 3)
        as_usual = w.resurs.switches
        w.resurs.switches = replace(as_usual, longest_transaction_id=3)
        await w.cycle()
        assert [await w.states(it.id) for it in orders] == [[f"capture {TOTAL} held"]] * 3
        w.resurs.switches = as_usual
        w.resurs.faults.plan(Fault.BUSY, method="POST", path=CALL, retry_after=3600)
        more = [w.place(status="completed") for _ in range(2)]
        await w.cycle()
        assert [w.books(it) for it in more] == [CAPTURED, CAPTURED]


async def test_one_that_is_not_seen_is_waited_for_until_a_person_drops_it(tmp_path: Path) -> None:
    """The provider said that it was done, and its books never show it: who knows what it does."""
    async with world(tmp_path) as w:
        orders = await completed(w, 3)
        unit = await w.bridge()
        ready = await look(unit, orders[0].id)
        assert ready is not None
        account = unit.methods[ready.provider].account
        made = acting.attempt(ready)
        assert await unit.outbox.begin_attempt(ready.action, made, w.clock.now(), account)
        done = replace(made, ended=w.clock.now(), said_done=True)
        await unit.outbox.end_attempt(ready.action, State.UNKNOWN, "", w.clock.now(), attempt=done)
        await w.cycle()
        assert (await w.attention(), w.calls()) == ({orders[0].id: "not-seen"}, [])
        assert (await w.status())["firsts"][0]["state"] == "held"
        await drop(ready.action, "captured in the portal", w.clock.now())
        await w.cycle()
        assert [w.books(it) for it in orders[1:]] == [CAPTURED] * 2


@PROVIDERS
async def test_another_effect_holds_the_rest_with_its_figures_until_a_person_takes_it_so(
    tmp_path: Path, provider: ProviderName, alerts: list[Any]
) -> None:
    """Before its effect was read, somebody returned money: what the call did can't be told for certain."""
    async with world(tmp_path, provider) as w:
        first, *others = await completed(w, 4)
        unit = await w.bridge()
        ready = await look(unit, first.id)
        assert ready is not None
        assert await acting.act(unit, ready)
        w.side.refund(first.payment, MUG)
        await w.cycle()
        await w.stop()
        await w.cycle()
        assert [await w.states(it.id) for it in others] == [[f"capture {TOTAL} held"]] * 3
        assert [w.notes(it.id) for it in others] == [[]] * 3
        [alert] = [it["problem"] for it in alerts]
        assert "returned 125.00 instead of 0.00 SEK; the others wait" in alert
        assert await w.alerted() == ["kind-held"]
        action, *_ = await bunch(STORE, "capture", held=True)
        assert (await w.status())["firsts"] != []
        await approve(action, w.clock.now())
        assert (await w.status())["firsts"] == [], "whatever the next ones do"
        await w.cycle()
        assert [w.books(it) for it in others] == [CAPTURED] * 3


async def test_what_it_did_else_holds_the_next_one_of_its_own_order_too(tmp_path: Path) -> None:
    """The very look that shows it derives the next refund, and the figures stay to be seen."""
    async with world(tmp_path) as w:
        [it] = await completed(w, 1)
        await w.cycle()
        for _ in range(2):
            w.store.refund(it.id, "125.00")
        provider = (await w.bridge()).providers[0]
        read, calls = provider.read, len(w.calls())

        async def opens_again(payment: str) -> Payment:
            found = await read(payment)
            return replace(found, reserved=found.reserved + 1000) if found.returned else found

        provider.read = opens_again  # type: ignore[assignment,method-assign]  # a provider whose refund opens 10.00 again
        await w.cycle()
        [first] = (await w.status())["firsts"]
        assert first["figures"] == {"reserved_aimed_at": 0, "reserved": 1000}
        assert (len(w.calls()) - calls, w.books(it)) == (1, (0, TOTAL, MUG))
        assert await w.states(it.id) == [f"capture {TOTAL} done", f"refund {MUG} done", f"refund {MUG} held"]


async def test_nor_does_another_order_go_that_was_looked_at_before_it_was_seen(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        first, second = await completed(w, 2)
        unit = await w.bridge()
        ready = await look(unit, first.id)
        assert ready is not None
        assert await acting.act(unit, ready)
        other = await look(unit, second.id)
        assert other is not None
        w.side.refund(first.payment, MUG)
        await look(unit, first.id)
        assert not await acting.act(unit, other)
        await w.cycle()
        assert (w.books(second), await w.states(second.id)) == (RESERVED, [f"capture {TOTAL} held"])
        assert (await w.status())["firsts"] != []


async def test_whoever_takes_the_first_one_as_it_was_done_lets_the_others_go(tmp_path: Path) -> None:
    """Resurs takes what is left where more is asked for: the rest was returned in the portal meanwhile."""
    async with world(tmp_path) as w:
        it, other = await completed(w, 2)
        await w.cycle()
        w.resurs.switches = replace(w.resurs.switches, refuses_sum_above_remainder=False)
        w.store.refund(it.id, "500.00")
        w.side.faults.plan(Fault.HELD_BACK, method="POST", path=CALL)
        calls = len(w.calls())
        async with w.cycling():
            await until(lambda: len(w.calls()) == calls + 1)
            w.side.refund(it.payment, 40000)
            w.side.faults.release.set()
        w.store.refund(other.id, "125.00")
        await w.cycle()
        assert await w.states(other.id) == [f"capture {TOTAL} done", f"refund {MUG} held"]
        [_, action] = await w.actions(it.id)
        assert action["reason"] == "other-amount"
        await approve(action["id"], w.clock.now())
        assert (await w.status())["firsts"] == []
        await w.cycle()
        assert w.books(other) == (0, TOTAL, MUG)


async def test_each_kind_has_its_first(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        orders = await completed(w, 3)
        await w.cycle()
        for it in orders:
            w.store.refund(it.id, "125.00")
        w.side.faults.plan(Fault.SLOW, method="POST", path=r"/refund$")
        calls = len(w.calls())
        async with w.cycling():
            await until(lambda: len(w.calls()) == calls + 1)
            other = w.place()
            await complete(w, other)
            assert (w.books(other), len(w.calls())) == (CAPTURED, calls + 2)
            w.side.faults.release.set()
        assert [w.books(it) for it in orders] == [(0, TOTAL, MUG)] * 3


async def test_one_that_waits_for_the_first_is_looked_at_at_once_where_somebody_wants_it(tmp_path: Path) -> None:
    """A person's word that comes between the look and the rest is not slept over."""
    async with world(tmp_path) as w:
        first, second = await completed(w, 2)
        unit = await w.bridge()
        goes, waits = await look(unit, first.id), await look(unit, second.id)
        assert goes is not None
        assert waits is not None
        account = unit.methods[goes.provider].account
        assert await unit.outbox.begin_attempt(goes.action, acting.attempt(goes), w.clock.now(), account)
        await look_again(STORE, second.id, w.clock.now())
        assert not await may_call(unit, waits)
        assert second.id in [order for order, _, _ in await unit.agenda.due(w.clock.now(), 8, set())]
