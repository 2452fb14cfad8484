"""The bridge ends in the middle of things, and starts again on the same database."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.domain.records import State
from bridge.engine import acting
from bridge.engine.looking import Ready, look
from bridge.engine.polling import poll
from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.world import MUG, TOTAL, Placed, ProviderName, World, known_order, until

pytestmark = pytest.mark.on_postgresql

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


async def _about_to_capture(w: World, it: Placed) -> Ready:
    """The order is completed, and the look that wants the capture is committed; nothing is called yet."""
    w.store.set_status(it.id, "completed")
    unit = await w.bridge()
    await poll(unit)
    w.clock.advance(10)
    ready = await look(unit, it.id)
    assert ready is not None
    return ready


@PROVIDERS
async def test_a_call_that_is_cut_off_is_unknown_and_settled_by_reading(
    tmp_path: Path, provider: ProviderName
) -> None:
    """The daemon is told to end while the provider, which has done it, takes its time to say so."""
    async with known_order(tmp_path, provider) as (w, it):
        w.store.set_status(it.id, "completed")
        w.side.faults.plan(Fault.SLOW, method="POST", path=CALL)
        async with w.cycling() as cycle:
            await until(lambda: len(w.calls()) == 1)
            cycle.cancel()
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]
        w.side.faults.release.set()
        await w.stop()
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert len(w.calls()) == 1
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert len(w.notes(it.id)) == 1


async def test_a_crash_before_the_call_is_written_down_loses_nothing(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await _about_to_capture(w, it)
        await w.stop()
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert len(w.calls()) == 1


async def test_a_crash_after_the_answer_and_before_the_next_look_writes_the_note_all_the_same(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        assert await acting.act(await w.bridge(), ready)
        await w.stop()
        assert w.notes(it.id) == []
        await w.cycle()
        assert len(w.notes(it.id)) == 1
        assert len(w.calls()) == 1


async def test_a_note_that_was_being_written_when_the_bridge_ended_is_not_written_twice(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        w.store.faults.plan(Fault.SLOW, method="POST", path=r"/notes$")
        async with w.cycling() as cycle:
            await until(lambda: bool(w.notes(it.id)))
            cycle.cancel()
        w.store.faults.release.set()
        await w.stop()
        await w.cycle()
        assert len(w.notes(it.id)) == 1


async def test_an_action_that_was_ended_meanwhile_is_not_called(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        unit = await w.bridge()
        await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), w.clock.now())
        ended = replace(acting.attempt(ready), ended=w.clock.now())
        await unit.outbox.end_attempt(ready.action, State.HELD, "refused", w.clock.now(), attempt=ended)
        assert not await acting.act(unit, ready)
        assert w.calls() == []


async def test_a_payment_that_the_order_no_longer_names_still_settles_the_call_made_on_it(tmp_path: Path) -> None:
    """While the answer of a capture was lost, a plugin wrote another payment id over the order's."""
    async with known_order(tmp_path) as (w, it):
        w.resurs.faults.plan(Fault.DROP_AFTER, method="POST", path=CALL)
        await acting.act(await w.bridge(), await _about_to_capture(w, it))
        other = w.side.pay(str(it.id), MUG)
        w.store.set_meta(it.id, "resursbank_payment_id", other)
        await w.cycle()
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert await w.attention() == {it.id: "doubt-id"}
        assert w.side.books(other) == (MUG, 0, 0)
