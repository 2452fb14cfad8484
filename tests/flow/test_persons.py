"""What persons say about actions, and what comes of it in the store and at the provider."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.db.persons import adopt_refund, adopt_returns, approve, drop, look_again, retry, unexplained
from bridge.errors import UsageError
from bridge.sandbox.faults import Fault
from tests.flow.test_unknown import CALL
from tests.flow.ways import complete, refund_lines
from tests.flow.world import MUG, STORE, TOTAL, Placed, ProviderName, World, known_order, until, world

pytestmark = pytest.mark.on_postgresql


async def _held(w: World, it: Placed) -> dict[str, Any]:
    [action] = [action for action in await w.actions(it.id) if action["state"] == "held"]
    return action


async def _old_refund(w: World, it: Placed) -> dict[str, Any]:
    """A refund that was days old when the bridge first saw it is held."""
    await complete(w, it)
    w.store.refund(it.id, lines={"MUGG": 1})
    w.clock.advance(5 * 86400)
    await w.cycle()
    return await _held(w, it)


async def test_what_is_approved_goes_as_it_stands(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        assert w.books(it) == (0, TOTAL, 0)
        await approve(action["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        assert await w.attention() == {}


async def test_an_approval_binds_to_the_amount_that_was_shown(tmp_path: Path) -> None:
    """700.00 of 811.25 was approved to be captured; then the total changes, and so does what is asked for."""
    async with world(tmp_path, "ecster") as w:
        await w.cycle()
        it = w.place(reserved=70000)
        await complete(w, it)
        action = await _held(w, it)
        await approve(action["id"], w.clock.now())
        w.side.capture(it.payment, 10000)
        await w.cycle()
        assert w.books(it) == (60000, 10000, 0)
        assert (await _held(w, it))["amount"] == 60000
        assert await w.states(it.id) == ["capture 70000 dropped", "capture 60000 held"]


async def test_a_dropped_refund_is_never_paid(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        await drop(action["id"], "paid in cash", w.clock.now())
        await w.cycle()
        w.store.set_meta(it.id, "something", "else")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.attention() == {}
        assert (await w.told(it.id, "person")) == ["refund dropped: paid in cash"]


async def test_a_dropped_refund_leaves_the_next_one_to_be_paid(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        await drop(action["id"], "paid in cash", w.clock.now())
        second = w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        assert (await w.actions(it.id))[-1]["refund"] == second


async def test_a_word_said_while_a_look_is_under_way_is_not_written_over(tmp_path: Path) -> None:
    """The look read the order before the refund was dropped, and would commit its own idea of it afterwards."""
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        await approve(action["id"], w.clock.now())
        reads = len(w.side.faults.seen)
        w.side.faults.plan(Fault.SLOW, method="GET")
        async with w.cycling():
            await until(lambda: len(w.side.faults.seen) > reads)
            await drop(action["id"], "changed our minds", w.clock.now())
            w.side.faults.release.set()
        assert w.books(it) == (0, TOTAL, 0)
        assert (await w.states(it.id))[1:] == [f"refund {MUG} dropped"]


async def test_a_refused_call_is_made_again_when_a_person_says_so(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        as_usual = w.resurs.switches
        w.resurs.switches = replace(as_usual, longest_transaction_id=3)
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert await w.attention() == {it.id: "refused"}
        action = await _held(w, it)
        await w.cycle()
        assert len(w.calls()) == 1
        w.resurs.switches = as_usual
        await retry(action["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_retry_of_what_waits_does_not_wait_any_longer(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.faults.plan(Fault.BUSY, method="POST", path=CALL, retry_after=3600)
        w.store.set_status(it.id, "completed")
        await w.cycle(w.instant)
        w.clock.advance(5)
        await w.cycle(w.instant)
        [action] = await w.actions(it.id)
        assert action["state"] == "waiting"
        await retry(action["id"], w.clock.now())
        await w.cycle(w.instant)
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_refund_paid_in_another_way_is_adopted_and_not_paid(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        await adopt_refund(action["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.attention() == {}


async def test_a_return_that_is_no_business_of_the_shop_no_longer_blocks_refunds(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.side.refund(it.payment, 5000)
        refund = w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert await w.attention() == {it.id: "unmatched-return"}
        assert w.books(it) == (0, TOTAL, 5000)
        shown = await unexplained(STORE, it.id, "")
        await adopt_returns(STORE, it.id, "", shown, w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 5000 + MUG)
        assert await w.attention() == {}
        assert (await w.actions(it.id))[-1]["refund"] == refund


async def test_nothing_can_be_said_about_what_has_ended(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await refund_lines(w, it)
        for action in await w.actions(it.id):
            with pytest.raises(UsageError, match="has ended"):
                await approve(action["id"], w.clock.now())


def _reads_lag(w: World, lag: timedelta) -> None:
    w.resurs.switches = replace(w.resurs.switches, lag=lag)
    w.ecster._book.switches = replace(w.ecster._book.switches, read_lag=lag)


async def _confirmed_but_not_shown(w: World, it: Placed) -> dict[str, Any]:
    """A refund that the provider confirms, and shows half an hour later."""
    await complete(w, it)
    w.clock.advance(3600)
    _reads_lag(w, timedelta(minutes=30))
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle(timedelta(minutes=10))
    assert await w.attention() == {it.id: "not-seen"}
    return await _held(w, it)


@pytest.mark.parametrize("provider", ["resurs", "ecster"])
async def test_a_retry_of_what_was_not_seen_only_looks(tmp_path: Path, provider: ProviderName) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        action = await _confirmed_but_not_shown(w, it)
        calls = len(w.calls())
        await retry(action["id"], w.clock.now())
        await w.cycle(timedelta(minutes=2))
        assert await w.attention() == {it.id: "not-seen"}
        w.clock.advance(3600)
        await retry(action["id"], w.clock.now())
        await w.cycle()
        assert (len(w.calls()), w.books(it)) == (calls, (0, TOTAL, MUG))
        assert (await w.states(it.id))[-1] == f"refund {MUG} done"
        assert await w.attention() == {}


@pytest.mark.parametrize("provider", ["resurs", "ecster"])
async def test_an_approval_of_what_was_not_seen_looks_once_more_before_it_sends(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        action = await _confirmed_but_not_shown(w, it)
        calls = len(w.calls())
        w.clock.advance(3600)
        await approve(action["id"], w.clock.now())
        await w.cycle()
        assert (len(w.calls()), w.books(it)) == (calls, (0, TOTAL, MUG))
        assert (await w.states(it.id))[-1] == f"refund {MUG} done"


async def test_an_approval_of_what_was_not_seen_is_good_for_one_more_call(tmp_path: Path) -> None:
    """Confirmed once more and again not shown, it is a person's to decide once more."""
    async with known_order(tmp_path) as (w, it):
        action = await _confirmed_but_not_shown(w, it)
        calls = len(w.calls())
        await approve(action["id"], w.clock.now())
        await w.cycle(timedelta(minutes=10))
        assert len(w.calls()) == calls + 1
        assert await w.attention() == {it.id: "not-seen"}
        await w.cycle(timedelta(minutes=10))
        assert len(w.calls()) == calls + 1


async def test_an_order_at_rest_is_looked_at_again_when_a_person_asks(tmp_path: Path) -> None:
    """Nothing in the shop shows a return that was made in the provider's portal on a closed order."""
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.side.refund(it.payment, MUG)
        await w.cycle()
        assert await w.attention() == {}
        await look_again(STORE, it.id, w.clock.now())
        await w.cycle()
        assert await w.attention() == {it.id: "unmatched-return"}
        with pytest.raises(UsageError, match="not known"):
            await look_again(STORE, 999, w.clock.now())


async def test_another_amount_than_was_asked_for_waits_for_a_person_and_then_the_rest_follows(
    tmp_path: Path,
) -> None:
    """Resurs takes what is left where more is asked for: a part of the refund was made in the portal meanwhile."""
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        w.resurs.switches = replace(w.resurs.switches, refuses_sum_above_remainder=False)
        w.store.refund(it.id)
        w.resurs.faults.plan(Fault.HELD_BACK, method="POST", path=CALL)
        async with w.cycling():
            await until(lambda: len(w.calls()) == 2)
            w.side.refund(it.payment, MUG)
            w.resurs.faults.release.set()
        assert await w.attention() == {it.id: "other-amount"}
        assert (w.books(it), len(w.calls())) == ((0, TOTAL, TOTAL), 2)
        held = await _held(w, it)
        said = await approve(held["id"], w.clock.now())
        assert "taken as the provider did it" in said.text
        await w.cycle()
        assert len(w.calls()) == 2
        assert f"refund {TOTAL - MUG} done" in await w.states(it.id)


async def test_an_approval_is_used_up_by_a_refusal(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        action = await _old_refund(w, it)
        w.resurs.switches = replace(w.resurs.switches, longest_transaction_id=3)
        await approve(action["id"], w.clock.now())
        await w.cycle()
        calls = len(w.calls())
        assert await w.attention() == {it.id: "refused"}
        for _ in range(3):
            w.clock.advance(3600)
            await w.cycle()
        assert len(w.calls()) == calls
