"""The database fails in the middle of things (disk full, locked): nothing is repeated, nothing spins."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from bridge.db.journal import Journal
from bridge.db.outbox import Outbox
from bridge.domain.records import State
from bridge.engine import acting
from bridge.engine.looking import look
from bridge.sandbox.faults import Fault
from tests.flow.test_crash import _about_to_capture
from tests.flow.test_unknown import CALL
from tests.flow.world import TOTAL, World, known_order

pytestmark = pytest.mark.on_postgresql

FULL = OperationalError("database or disk is full")


def _fails(
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    times: int,
    error: Exception = FULL,
) -> list[int]:
    """Let the next calls of a method of outbox or journal fail, as on a full disk; return those it got."""
    owner: type[Outbox | Journal] = Outbox if hasattr(Outbox, method) else Journal
    real, calls = getattr(owner, method), list[int]()

    async def failing(self: Outbox | Journal, *args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return await real(self, *args, **named)

    monkeypatch.setattr(owner, method, failing)
    return calls


async def _bridge_without_haste(w: World) -> list[float]:
    """The bridge, whose short pauses cost no time; return the list of them."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    (await w.bridge()).sleep = sleep
    return pauses


async def test_an_answer_that_could_not_be_recorded_is_recorded_a_little_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with known_order(tmp_path) as (w, it):
        pauses = await _bridge_without_haste(w)
        _fails(monkeypatch, "end_attempt", times=2)
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert pauses == list(acting.PAUSES[:2])
        assert (await w.told(it.id, "answered"))[0] == "the provider says that it is done"


@pytest.mark.parametrize(("fault", "calls"), [(Fault.DROP_BEFORE, 2), (Fault.DROP_AFTER, 1)])
@pytest.mark.filterwarnings("ignore")
async def test_a_call_whose_answer_was_never_recorded_is_unknown_and_settled_by_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, calls: int
) -> None:
    async with known_order(tmp_path) as (w, it):
        await _bridge_without_haste(w)
        _fails(monkeypatch, "end_attempt", times=len(acting.PAUSES) + 1)
        w.resurs.faults.plan(fault, method="POST", path=CALL)
        w.store.set_status(it.id, "completed")
        reads = len(w.side.faults.seen)
        await w.cycle(timedelta(minutes=20))
        assert w.books(it) == (0, TOTAL, 0)
        assert len(w.calls()) == calls
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert len(w.side.faults.seen) - reads < 30
        assert await w.attention() == {}


async def test_a_call_that_is_being_made_is_not_taken_for_cut_off(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        unit = await w.bridge()
        await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), w.clock.now())
        unit.calling.add(ready.action)
        assert await look(unit, it.id) is None
        assert await w.states(it.id) == [f"capture {TOTAL} running"]
        unit.calling.clear()
        assert await look(unit, it.id) is None
        assert await w.states(it.id) == [f"capture {TOTAL} unknown"]
        assert (await w.told(it.id, "answered"))[0] == "outcome unknown: how the call ended could not be recorded"


async def test_an_order_whose_look_cannot_be_written_rests_even_where_that_cannot_be_written_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        looks = _fails(monkeypatch, "commit_look", times=10**6)
        _fails(monkeypatch, "stumbled", times=10**6)
        await w.cycle(timedelta(minutes=10))
        assert 5 <= len(looks) <= 12, "once a minute"


async def test_an_order_on_which_the_bridge_fails_again_and_again_rests_longer_and_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        looks = _fails(monkeypatch, "commit_look", times=10**6, error=ArithmeticError("a bug"))
        await w.cycle(timedelta(hours=4))
        assert 5 <= len(looks) <= 10
        assert await w.attention() == {it.id: "unreadable"}


async def test_a_bug_in_putting_a_call_together_is_no_unknown_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        monkeypatch.setattr(acting, "charges", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await acting.act(await w.bridge(), ready)
        assert await w.states(it.id) == [f"capture {TOTAL} ready"]
        assert await w.told(it.id, "called") == []


async def test_what_is_done_says_what_it_was_for(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        w.resurs.faults.plan(Fault.DROP_AFTER, method="POST", path=CALL)
        await w.cycle()
        [action] = await w.actions(it.id)
        assert action["state"] == State.DONE
        assert action["reason"] == ready.step.why != ""


async def test_an_answer_is_told_once_although_its_record_was_tried_twice(tmp_path: Path) -> None:
    """The database took the first try, and only the word that it did was lost."""
    async with known_order(tmp_path) as (w, it):
        ready = await _about_to_capture(w, it)
        unit, now = await w.bridge(), w.clock.now()
        await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), now)
        ended = replace(acting.attempt(ready), ended=now)
        for _ in range(2):
            await unit.outbox.end_attempt(ready.action, State.UNKNOWN, "done", now, attempt=ended)
        assert await w.told(it.id, "answered") == ["done"]
