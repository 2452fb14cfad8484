"""What only Ecster has: debits made elsewhere, fees of its own, refunds over several debits, and Swish."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.db.persons import approve, retry
from bridge.sandbox.faults import Fault
from tests.flow.test_twice import nothing_more_happens
from tests.flow.ways import E_CANCELLED, E_CAPTURED, cancel, complete, lower
from tests.flow.world import GOODS, MUG, TOTAL, Placed, World, known_order, until

FEE = 2900
CALL = "/transactions|/refunds$"


def _bought(w: World, *, in_total: bool = False, method: str = "INVOICE", direct: bool = False) -> Placed:
    """An order that Ecster added its fee to; the shop's plugin may have put it into the order's total."""
    order = w.store.create_order(GOODS, payment_method="ecster", status="processing")
    amount, fee = (TOTAL, 0) if direct or method == "SWISH" else (TOTAL - FEE if in_total else TOTAL, FEE)
    payment = w.ecster.create_order(str(order), amount, fee=fee, method=method, direct_debit=direct)
    return w.name(order, payment)


# ------------------------------------------------------------------ fees


@pytest.mark.parametrize("name", ["invoiceFee", "startFee"])
async def test_a_fee_beside_the_total_needs_nobody_and_is_closed_with_the_debit(tmp_path: Path, name: str) -> None:
    def place(w: World) -> Placed:
        w.ecster.switches = replace(w.ecster.switches, invoice_fee_name=name)
        return _bought(w)

    async with known_order(tmp_path, "ecster", place=place) as (w, it):
        assert (await w.attention(), w.notes(it.id)) == ({}, [])
        await complete(w, it)
        assert w.books(it) == (0, TOTAL, 0)
        [note] = w.notes(it.id)
        assert note.startswith(E_CAPTURED)
        assert "29.00 kr" in note
        assert await w.attention() == {}
        await nothing_more_happens(w, it)


async def test_a_fee_in_the_total_is_debited_with_it(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=lambda w: _bought(w, in_total=True)) as (w, it):
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((0, TOTAL, 0), {})
        assert "29.00" not in w.notes(it.id)[0]


async def test_a_fee_is_annulled_with_the_rest(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=_bought) as (w, it):
        await cancel(w, it)
        assert (w.books(it), await w.attention()) == ((0, 0, 0), {})
        assert w.notes(it.id)[0].startswith(E_CANCELLED)


async def test_a_lower_total_is_told_of_also_where_there_is_a_fee(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=_bought) as (w, it):
        await lower(w, it)
        [note] = w.notes(it.id)
        assert "686.25 kr" in note
        await complete(w, it)
        assert w.books(it) == (0, TOTAL - MUG, 0)


# ------------------------------------------------------------------ debits made elsewhere


async def test_a_card_that_was_debited_at_purchase_is_taken_as_captured_and_can_be_refunded(tmp_path: Path) -> None:
    def place(w: World) -> Placed:
        return _bought(w, method="CARD", direct=True)

    async with known_order(tmp_path, "ecster", place=place) as (w, it):
        await complete(w, it)
        assert (w.calls(), w.notes(it.id), await w.attention()) == ([], [], {})
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


async def test_a_debit_in_the_dashboard_between_look_and_call_is_adopted_by_reading(tmp_path: Path) -> None:
    """Ecster answers 4424: the order as it was read is no longer there."""
    async with known_order(tmp_path, "ecster") as (w, it):
        w.store.set_status(it.id, "completed")
        w.ecster.faults.plan(Fault.HELD_BACK, method="POST", path=CALL)
        async with w.cycling():
            await until(lambda: len(w.calls()) == 1)
            w.side.capture(it.payment, TOTAL)
            w.ecster.faults.release.set()
        assert w.books(it) == (0, TOTAL, 0)
        assert len(w.calls()) == 1
        assert await w.attention() == {}
        assert await w.states(it.id) == [f"capture {TOTAL} dropped"]
        assert w.notes(it.id) == []


async def test_a_debit_that_something_on_the_way_sent_twice_is_done_and_said_so(tmp_path: Path) -> None:
    """The answer, 4424, is to the second; the ledger shows the first by its key."""
    async with known_order(tmp_path, "ecster") as (w, it):
        w.ecster.faults.plan(Fault.TWICE, method="POST", path=CALL)
        await complete(w, it)
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.states(it.id) == [f"capture {TOTAL} done"]
        assert w.notes(it.id)[0].startswith(E_CAPTURED)
        await nothing_more_happens(w, it)


async def test_what_ecster_goes_on_refusing_although_it_shows_it_open_needs_a_person(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.clock.advance(3600)
        w.ecster.switches = replace(w.ecster.switches, read_lag=timedelta(minutes=30))
        w.side.cancel(it.payment)
        await complete(w, it)
        assert await w.attention() == {it.id: "refused"}
        assert len(w.calls()) == 1
        w.clock.advance(3600)
        await w.cycle()
        assert await w.attention() == {it.id: "no-money"}
        assert len(w.calls()) == 1


# ------------------------------------------------------------------ refunds over several debits

FIRST = 20000
REST = TOTAL - FIRST


async def _two_debits(w: World, it: Placed) -> None:
    w.side.capture(it.payment, FIRST)
    await complete(w, it)
    assert w.books(it) == (0, TOTAL, 0)


def _credits(w: World, it: Placed) -> list[tuple[int, str]]:
    return [(amount, key) for kind, amount, key in w.ecster.references(it.payment) if kind == "CREDIT"]


async def test_a_refund_over_several_debits_is_split_and_each_part_recorded(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        await _two_debits(w, it)
        refund = w.store.refund(it.id)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, TOTAL)
        assert _credits(w, it) == [(REST, f"{it.id}R{refund}"), (FIRST, f"{it.id}R{refund}-2")]
        assert (await w.states(it.id))[1:] == [f"refund {REST} done", f"refund {FIRST} done"]
        met = [(it["how"], it["amount"]) for it in (await w.story(it.id))["settlements"]]
        assert met == [("paid", REST), ("paid", FIRST)]
        assert await w.attention() == {}
        told = [note for note in w.notes(it.id) if "credited" in note]
        assert [("611.25 kr" in one, "200.00 kr" in other) for one, other in [told]] == [(True, True)]
        assert len({note.rpartition("(")[2] for note in told}) == 2
        await nothing_more_happens(w, it)


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.DROP_BEFORE, Fault.TWICE, Fault.ERROR_AFTER])
async def test_a_part_whose_answer_is_lost_is_credited_once(tmp_path: Path, fault: Fault) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        await _two_debits(w, it)
        if fault is Fault.TWICE:
            w.ecster.switches = replace(w.ecster.switches, unique_references=True)
        w.ecster.faults.plan(fault, method="POST", path=CALL, times=2)
        w.store.refund(it.id)
        await w.cycle(timedelta(hours=1))
        assert w.books(it) == (0, TOTAL, TOTAL)
        assert [amount for amount, _ in _credits(w, it)] == [REST, FIRST]
        assert await w.attention() == {}


async def test_a_database_lost_between_two_parts_pays_the_rest_once(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        await _two_debits(w, it)
        refund = w.store.refund(it.id)
        w.ecster.faults.release.set()
        w.ecster.faults.plan(Fault.SLOW, method="POST", path=CALL)  # held back by nothing: it gets through
        w.ecster.faults.plan(Fault.BUSY, method="POST", path=CALL, times=99, retry_after=3600)
        await w.cycle(timedelta(minutes=5))
        assert w.books(it) == (0, TOTAL, REST)
        await w.lose_database()
        w.changes["start_from"] = "2026-11-01"
        w.ecster.faults.planned.clear()
        await w.cycle()
        assert w.books(it) == (0, TOTAL, TOTAL)
        assert [key for _, key in _credits(w, it)] == [f"{it.id}R{refund}", f"{it.id}R{refund}-2"]


async def test_an_old_refund_over_several_debits_is_approved_once(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        await _two_debits(w, it)
        w.store.refund(it.id)
        w.clock.advance(5 * 86400)
        await w.cycle()
        [held] = [action for action in await w.actions(it.id) if action["state"] == "held"]
        await approve(held["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, TOTAL)


async def test_parts_of_one_second_are_found_in_a_ledger_that_begins_with_the_newest(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.ecster.switches = replace(w.ecster.switches, newest_first=True)
        await _two_debits(w, it)
        w.store.refund(it.id)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, TOTAL), {})


# ------------------------------------------------------------------ refunds before a capture that closes the rest


async def test_a_refund_that_the_capture_left_out_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    """The second one is made while nobody knows yet what became of the debit."""
    async with known_order(tmp_path, "ecster") as (w, it):
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        w.store.set_status(it.id, "completed")
        w.ecster.faults.plan(Fault.DROP_AFTER, method="POST", path=CALL)
        w.ecster.switches = replace(w.ecster.switches, read_lag=timedelta(seconds=30))
        await w.cycle(timedelta(seconds=10))
        w.store.refund(it.id, "100.00")
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL - MUG, 10000), {})


async def test_a_refund_left_out_by_a_debit_in_the_dashboard_does_not_stand_in_the_way_either(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        w.ecster.dashboard_debit(it.payment, TOTAL - MUG, close=True)
        w.store.refund(it.id, "100.00")
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL - MUG, 10000), {})


# ------------------------------------------------------------------ part-debited orders


async def test_a_refund_of_an_order_debited_in_part_is_kept_out_of_its_last_debit(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.side.capture(it.payment, FIRST)
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (REST, FIRST, 0)
        await complete(w, it)
        assert w.books(it) == (0, TOTAL - MUG, 0)
        assert await w.attention() == {}


# ------------------------------------------------------------------ Swish

Swish = Callable[[World], Placed]
SWISH: Swish = World.place_paid_at_once


async def test_two_swish_refunds_are_never_under_way_together(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=SWISH) as (w, it):
        w.ecster.switches = replace(w.ecster.switches, swish_polls=4)
        w.store.refund(it.id, lines={"MUGG": 1})
        w.store.refund(it.id, "100.00")
        w.clock.advance(61)
        await w.cycle(w.instant)
        w.clock.advance(61)
        await w.cycle(w.instant)
        assert len(w.calls()) == 1
        assert [("125.00 kr" in one, "100.00 kr" in other) for one, other in [w.notes(it.id)]] == [(True, True)]
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG + 10000)
        assert len(w.calls()) == 2
        assert (await w.states(it.id)) == [f"refund {MUG} done", "refund 10000 done"]
        assert await w.attention() == {}
        await nothing_more_happens(w, it)


async def test_a_swish_refund_that_takes_its_time_is_followed_to_its_end(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=SWISH) as (w, it):
        w.ecster.switches = replace(w.ecster.switches, swish_polls=10_000)
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle(timedelta(hours=2))
        assert (await w.states(it.id), await w.attention()) == ([f"refund {MUG} unknown"], {})
        w.ecster.end_swish_refund(it.payment)
        await w.cycle(timedelta(hours=1))
        assert (await w.states(it.id), w.books(it)) == ([f"refund {MUG} done"], (0, TOTAL, MUG))
        assert len(w.calls()) == 1


async def test_a_swish_refund_that_fails_in_the_end_says_so_and_is_not_repeated(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=SWISH) as (w, it):
        w.ecster.switches = replace(w.ecster.switches, swish_polls=3, swish_ending="DECLINED")
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert await w.attention() == {it.id: "refused"}
        assert "DECLINED" in w.notes(it.id)[-1]
        assert (w.books(it), len(w.calls())) == ((0, TOTAL, 0), 1)
        await nothing_more_happens(w, it)


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.HELD_BACK], ids=["lost", "refused"])
async def test_somebody_else_s_larger_swish_refund_is_not_taken_for_ours(tmp_path: Path, fault: Fault) -> None:
    async with known_order(tmp_path, "ecster", place=SWISH) as (w, it):
        w.ecster.switches = replace(w.ecster.switches, swish_polls=0, swish_one_at_a_time=True)
        if fault is Fault.HELD_BACK:
            w.ecster.switches = replace(w.ecster.switches, swish_polls=3)
        w.store.refund(it.id, lines={"MUGG": 1})
        w.ecster.faults.plan(fault, method="POST", path="/refunds$")
        async with w.cycling():
            await until(lambda: len(w.calls()) == 1)
            w.ecster.dashboard_swish_refund(it.payment, 20000)
            w.ecster.faults.release.set()
        await w.cycle(timedelta(hours=1))
        assert w.books(it) == (0, TOTAL, 20000)
        assert not any("credited" in note for note in w.notes(it.id))
        assert list(await w.attention()) == [it.id]


async def test_a_swish_refund_that_takes_days_needs_a_person_and_is_still_followed(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=SWISH) as (w, it):
        w.ecster.switches = replace(w.ecster.switches, swish_polls=100_000)
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle(timedelta(hours=1))
        w.clock.advance(86400)
        await w.cycle()
        assert (await w.attention(), len(w.calls())) == ({it.id: "not-seen"}, 1)
        w.ecster.end_swish_refund(it.payment)
        await w.cycle()
        assert (await w.states(it.id), await w.attention()) == ([f"refund {MUG} done"], {})


async def test_a_swish_refund_tried_again_after_a_failure_is_paid_once(tmp_path: Path) -> None:
    async with known_order(tmp_path, "ecster", place=SWISH) as (w, it):
        w.ecster.switches = replace(w.ecster.switches, swish_polls=3, swish_ending="DECLINED")
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        w.ecster.switches = replace(w.ecster.switches, swish_ending="SUCCESS")
        [held] = await w.actions(it.id)
        await retry(held["id"], w.clock.now())
        await w.cycle()
        assert (w.books(it), len(w.calls())) == ((0, TOTAL, MUG), 2)
        assert await w.attention() == {}
