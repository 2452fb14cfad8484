"""What only Resurs has: payments that are not final, rejected or no longer shown, limits, methods without parts."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.db.persons import approve
from bridge.sandbox.faults import Fault
from tests.flow.test_twice import nothing_more_happens
from tests.flow.ways import R_CAPTURED, complete, higher, lower
from tests.flow.world import GOODS, MUG, TOTAL, Placed, World, known_order

CALL = "/(capture|cancel|refund|order)$"
Place = Callable[[World], Placed]


def paying(**details: Any) -> Place:
    """An order whose payment is made with these details; see `ResursSandbox.create_payment`."""

    def place(w: World) -> Placed:
        order = w.store.create_order(GOODS, payment_method=w.side.method, status="processing")
        payment = w.resurs.create_payment(str(order), amount=Decimal(TOTAL) / 100, **details)
        return w.name(order, payment)

    return place


# ------------------------------------------------------------------ payments that are not final

STATES = {
    "FROZEN": "fraud",
    "INSPECTION": "credit",
    "SUPPLEMENTING_REQUIRED": "information",
    "TASK_REDIRECTION_REQUIRED": "customer",
}


@pytest.mark.parametrize("status", STATES)
async def test_a_payment_that_is_not_final_waits_and_is_captured_once_it_is(tmp_path: Path, status: str) -> None:
    async with known_order(tmp_path, place=paying(status=status)) as (w, it):
        await complete(w, it)
        assert (w.calls(), await w.attention()) == ([], {})
        [note] = w.notes(it.id)
        assert STATES[status] in note
        assert status in note
        w.resurs.unfreeze(it.payment)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert w.notes(it.id)[-1].startswith(R_CAPTURED)
        await nothing_more_happens(w, it)


@pytest.mark.parametrize("status", STATES)
async def test_one_that_is_not_final_for_long_needs_a_person(tmp_path: Path, status: str) -> None:
    async with known_order(tmp_path, place=paying(status=status)) as (w, it):
        w.clock.advance(2 * 86400)
        await w.cycle()
        assert await w.attention() == {it.id: "pending-long"}
        assert STATES[status] in w.notes(it.id)[-1]
        w.resurs.unfreeze(it.payment)
        await w.cycle()
        assert await w.attention() == {}


@pytest.mark.parametrize("status", STATES)
async def test_one_that_is_cancelled_before_it_is_final_is_released_when_it_is(tmp_path: Path, status: str) -> None:
    async with known_order(tmp_path, place=paying(status=status)) as (w, it):
        w.store.set_status(it.id, "cancelled")
        await w.cycle()
        assert w.calls() == []
        w.resurs.unfreeze(it.payment)
        await w.cycle()
        assert w.books(it) == (0, 0, 0)


@pytest.mark.parametrize("category", ["CREDIT_DENIED", "TIMEOUT", "ABORTED_BY_CUSTOMER", "INSUFFICIENT_FUNDS"])
async def test_a_rejected_payment_says_do_not_ship_and_why(tmp_path: Path, category: str) -> None:
    async with known_order(tmp_path, place=paying(status="FROZEN")) as (w, it):
        w.resurs.reject(it.payment, category)
        await complete(w, it)
        assert await w.attention() == {it.id: "no-money"}
        assert category in w.notes(it.id)[-1]
        assert w.calls() == []


async def test_a_payment_no_longer_shown_is_not_taken_for_wrong_credentials(tmp_path: Path) -> None:
    """Resurs answers 403 to a payment that was rejected more than 30 days ago."""
    async with known_order(tmp_path, place=paying(status="FROZEN")) as (w, it):
        other = w.place()
        w.resurs.reject(it.payment)
        w.clock.advance(31 * 86400)
        await complete(w, it)
        await complete(w, other)
        assert await w.attention() == {it.id: "no-money"}
        assert w.books(other) == (0, TOTAL, 0)
        assert (await w.status())["problem"] == ""


# ------------------------------------------------------------------ work done in the portal


async def test_what_the_portal_cancelled_in_part_is_captured_when_a_person_says_so(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.portal_cancel(it.payment, Decimal(100))
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((TOTAL - 10000, 0, 0), {it.id: "less-reserved"})
        [held] = [action for action in await w.actions(it.id) if action["state"] == "held"]
        await approve(held["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL - 10000, 0)
        assert await w.attention() == {it.id: "underpaid"}


async def test_what_the_portal_cancelled_in_part_is_captured_once_the_total_says_so(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.portal_cancel(it.payment, Decimal(MUG) / 100)
        await lower(w, it)
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((0, TOTAL - MUG, 0), {})


async def test_what_the_portal_left_after_a_part_is_cancelled_with_the_order(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.portal_cancel(it.payment, Decimal(100))
        w.store.set_status(it.id, "cancelled")
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, 0, 0), {})


async def test_a_payment_that_ends_while_its_order_is_open_is_noticed_within_a_day(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.side.cancel(it.payment)
        await w.cycle()
        assert await w.attention() == {}
        w.clock.advance(86400)
        await w.cycle()
        assert await w.attention() == {it.id: "no-money"}


async def test_a_payment_the_portal_emptied_is_filled_again_for_a_changed_total(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.side.cancel(it.payment)
        await higher(w, it)
        assert w.books(it) == (TOTAL + MUG, 0, 0)
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((0, TOTAL + MUG, 0), {})


async def test_a_payment_the_portal_emptied_is_filled_again_when_a_person_says_so(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.side.cancel(it.payment)
        await complete(w, it)
        assert await w.attention() == {it.id: "no-money"}
        [held] = await w.actions(it.id)
        await approve(held["id"], w.clock.now())
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, TOTAL, 0), {})


# ------------------------------------------------------------------ methods of which only everything can be moved


def whole(w: World, **details: Any) -> Placed:
    """A method without the PARTIAL actions, but with credit, so that something can be reserved anew."""
    w.resurs.switches = replace(w.resurs.switches, internal_partials=False)
    return paying(**details)(w)


def half_way(w: World) -> None:
    """Let Resurs put off every new reservation."""
    w.resurs.faults.plan(Fault.BUSY, method="POST", path="/order$", times=99)


async def test_a_reservation_of_which_no_part_can_be_released_is_replaced(tmp_path: Path) -> None:
    async with known_order(tmp_path, place=whole) as (w, it):
        await lower(w, it)
        assert w.books(it) == (TOTAL - MUG, 0, 0)
        assert await w.states(it.id) == [f"modify {TOTAL} done", f"modify {TOTAL - MUG} done"]
        replaced, raised = w.notes(it.id)
        assert replaced.startswith(
            "Resurs: the reservation of 811.25 kr was cancelled, to be replaced by one of 686.25"
        )
        assert raised.startswith("Resurs: successfully updated payment to 686.25 kr")
        await complete(w, it)
        assert (w.books(it), await w.attention()) == ((0, TOTAL - MUG, 0), {})
        await nothing_more_happens(w, it)


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.DROP_BEFORE, Fault.ERROR_AFTER, Fault.BUSY])
async def test_a_replaced_reservation_never_ends_half_way(tmp_path: Path, fault: Fault) -> None:
    async with known_order(tmp_path, place=whole) as (w, it):
        w.resurs.faults.plan(fault, method="POST", path=CALL, times=2)
        await lower(w, it)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((TOTAL - MUG, 0, 0), {})


async def test_a_database_lost_half_way_reserves_the_new_amount_all_the_same(tmp_path: Path) -> None:
    async with known_order(tmp_path, place=whole) as (w, it):
        half_way(w)
        await lower(w, it)
        assert w.books(it) == (0, 0, 0)
        await w.lose_database()
        w.resurs.faults.planned.clear()
        await w.cycle()
        assert w.books(it) == (TOTAL - MUG, 0, 0)


async def test_a_replacement_that_resurs_ends_meanwhile_needs_a_person(tmp_path: Path) -> None:
    async with known_order(tmp_path, place=whole) as (w, it):
        half_way(w)
        await lower(w, it)
        w.resurs.reject(it.payment, "CANCELED")
        await w.cycle()
        assert await w.attention() == {it.id: "no-money"}
        assert "Do not ship" in w.notes(it.id)[-1]


async def test_nothing_is_cancelled_where_the_new_reservation_might_not_fit(tmp_path: Path) -> None:
    """Whether what was cancelled still counts against the limit is not known."""
    limit = Decimal(2 * TOTAL - MUG - 1) / 100
    async with known_order(tmp_path, place=lambda w: whole(w, approved_limit=limit)) as (w, it):
        await lower(w, it)
        assert (w.books(it), await w.attention()) == ((TOTAL, 0, 0), {it.id: "cannot-change"})
        assert w.calls() == []


@pytest.mark.parametrize("status", ["completed", "on-hold"])
async def test_an_order_cancelled_before_its_new_reservation_is_never_charged(tmp_path: Path, status: str) -> None:
    async with known_order(tmp_path, place=whole) as (w, it):
        half_way(w)
        await lower(w, it)
        w.store.set_status(it.id, "cancelled")
        await w.cycle()
        assert "no new reservation is made" in w.notes(it.id)[-1]
        w.clock.advance(30 * 86400)
        w.store.set_status(it.id, status)
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, 0, 0), {it.id: "no-money"})


async def test_a_replaced_reservation_of_a_cancelled_order_stays_empty(tmp_path: Path) -> None:
    async with known_order(tmp_path, place=whole) as (w, it):
        half_way(w)
        await lower(w, it)
        w.store.set_status(it.id, "cancelled")
        await w.cycle()
        assert (w.books(it), await w.attention()) == ((0, 0, 0), {})
