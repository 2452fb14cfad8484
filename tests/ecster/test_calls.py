"""Capture, release, refund and raise against Ecster: what is sent, and when nothing is."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import aiohttp
import pytest

from bridge.domain.outcomes import Done, Later, Refused, Unknown
from bridge.domain.payments import PaymentState
from bridge.domain.steps import Call
from bridge.providers.ecster.adapter import Ecster
from bridge.providers.ecster.api import Api
from bridge.sandbox.ecster import Switches
from bridge.sandbox.ecster.sandbox import Books
from bridge.sandbox.faults import Fault
from tests.ecster.canned import Canned
from tests.ecster.world import World, charge, request, world


async def test_a_full_capture_closes_the_order_and_names_its_debit(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    outcome = await shop.do(Call.CAPTURE, order, 60000, key="1042C60000", everything=True)
    read = await shop.ecster.read(order)
    assert outcome == Done(read.log[-1].id)
    assert shop.sandbox.books(order) == Books(reserved=0, captured=60000, returned=0)
    assert shop.sandbox.references(order)[-1] == ("DEBIT", 60000, "1042C60000")


async def test_a_capture_that_may_close_the_rest_closes_it_in_the_same_call(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    assert isinstance(await shop.do(Call.CAPTURE, order, 50000, everything=True), Done)
    assert shop.sandbox.books(order) == Books(reserved=0, captured=50000, returned=0)


async def test_a_capture_of_a_part_leaves_the_rest_open(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    assert isinstance(await shop.do(Call.CAPTURE, order, 50000, key="A"), Done)
    assert shop.sandbox.books(order) == Books(reserved=10000, captured=50000, returned=0)
    assert isinstance(await shop.do(Call.CAPTURE, order, 10000, key="B"), Done)
    assert shop.sandbox.books(order) == Books(reserved=0, captured=60000, returned=0)


async def test_no_more_is_captured_than_is_reserved_even_where_ecster_would_let_it() -> None:
    async with world(Switches(over_debit=True)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert isinstance(await shop.do(Call.CAPTURE, order, 101), Refused)
        assert shop.posts() == 0


async def test_the_body_of_a_debit_is_what_the_api_describes(canned: Canned) -> None:
    canned.get = {"id": "x", "status": "READY", "currency": "SEK", "amount": 70000, "transactions": []}
    payment = await canned.ecster.read("x")
    charges = (charge(50000, quantity="2"), charge(12000, name="Parcel", reference="shipping", rate="12.5"))
    asked = replace(request(Call.CAPTURE, payment, 62000, key="1042C62000", everything=True), charges=charges)
    await canned.ecster.perform(asked)
    assert canned.sent == [
        {
            "type": "DEBIT",
            "amount": 62000,
            "transactionReference": "1042C62000",
            "closeDebit": True,
            "rows": [
                {"partNumber": "MUG-01", "name": "Mug", "quantity": 2, "unitAmount": 25000, "vatRate": 2500},
                {"partNumber": "shipping", "name": "Parcel", "quantity": 1, "unitAmount": 12000, "vatRate": 1250},
            ],
        }
    ]


async def test_only_a_debit_of_less_than_the_residual_says_that_it_closes(canned: Canned) -> None:
    """`closeDebit` is documented for that case alone: the whole residual closes the order by itself."""
    canned.get = {"id": "x", "status": "READY", "currency": "SEK", "amount": 100, "transactions": []}
    payment = await canned.ecster.read("x")
    for amount, everything in ((100, True), (99, True), (99, False)):
        await canned.ecster.perform(request(Call.CAPTURE, payment, amount, everything=everything))
    assert [body["closeDebit"] for body in canned.sent] == [False, True, False]


async def test_release_of_everything_annuls(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    assert isinstance(await shop.do(Call.RELEASE, order, 60000, key="1042V1", everything=True), Done)
    assert (await shop.ecster.read(order)).state is PaymentState.DEAD
    assert shop.sandbox.references(order)[-1] == ("ANNUL", 60000, "1042V1")


async def test_release_of_what_a_capture_left_keeps_the_capture(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    shop.sandbox.dashboard_debit(order, 20000)
    assert isinstance(await shop.do(Call.RELEASE, order, 40000, everything=True), Done)
    assert shop.sandbox.books(order) == Books(reserved=0, captured=20000, returned=0)


@pytest.mark.parametrize(("call", "amount"), [(Call.RELEASE, 10000), (Call.RAISE, 10000)])
async def test_a_reservation_is_never_changed(shop: World, call: Call, amount: int) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    outcome = await shop.do(call, order, amount)
    assert isinstance(outcome, Refused)
    assert "cannot change a reservation" in outcome.reason
    assert shop.posts() == 0


async def test_refunds_go_against_the_debit_with_enough_left(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    first = shop.sandbox.dashboard_debit(order, 30)
    second = shop.sandbox.dashboard_debit(order, 70)
    assert isinstance(await shop.do(Call.REFUND, order, 50, key="1042R7"), Done)
    assert isinstance(await shop.do(Call.REFUND, order, 30, key="1042R8"), Done)
    ledger = shop.sandbox._book.now(order).transactions
    assert [t.debit for t in ledger if t.type == "CREDIT"] == [second, first]
    assert shop.sandbox.books(order).returned == 80


async def test_a_refund_that_no_single_debit_covers_is_refused_before_it_is_sent(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.dashboard_debit(order, 50)
    shop.sandbox.dashboard_debit(order, 50)
    outcome = await shop.do(Call.REFUND, order, 60)
    assert isinstance(outcome, Refused)
    assert "No single debit" in outcome.reason
    assert shop.posts() == 0


async def test_no_more_is_refunded_than_was_captured(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100, direct_debit=True)
    outcome = await shop.do(Call.REFUND, order, 101)
    assert isinstance(outcome, Refused)
    assert "More was to be refunded" in outcome.reason
    assert shop.posts() == 0


async def test_a_refund_waits_when_somebody_else_moved_money_after_our_look(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100, direct_debit=True)
    looked = await shop.ecster.read(order)
    shop.sandbox.dashboard_credit(order, 40)
    assert isinstance(await shop.ecster.perform(request(Call.REFUND, looked, 40)), Later)
    assert shop.sandbox.books(order).returned == 40


async def test_a_refund_waits_while_the_order_cannot_be_read(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100, direct_debit=True)
    looked = await shop.ecster.read(order)
    shop.sandbox.faults.plan(Fault.ERROR_BEFORE, method="GET", times=3)
    assert isinstance(await shop.ecster.perform(request(Call.REFUND, looked, 40)), Later)
    shop.sandbox.faults.plan(Fault.BUSY, method="GET", retry_after=7)
    busy = await shop.ecster.perform(request(Call.REFUND, looked, 40))
    assert busy == Later("Ecster asks to wait", timedelta(seconds=7))
    assert shop.posts() == 0


@pytest.mark.parametrize("call", [Call.CAPTURE, Call.RELEASE])
async def test_what_ecster_cannot_do_now_is_not_even_asked(shop: World, call: Call) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.set_status(order, "PENDING_SIGNATURE")
    outcome = await shop.do(call, order, 100, everything=True)
    assert isinstance(outcome, Refused)
    assert "PENDING_SIGNATURE" in outcome.reason
    assert shop.posts() == 0


@pytest.mark.parametrize("call", list(Call))
async def test_nothing_of_amount_0_is_sent(shop: World, call: Call) -> None:
    order = shop.sandbox.create_order("1042", 100)
    assert isinstance(await shop.do(call, order, 0, everything=True), Refused)
    assert shop.posts() == 0


@pytest.mark.parametrize("call", [Call.CAPTURE, Call.REFUND])
async def test_lines_that_do_not_sum_to_the_amount_are_not_sent(shop: World, call: Call) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.dashboard_debit(order, 50)
    asked = request(call, await shop.ecster.read(order), 50)
    short = replace(asked, charges=(charge(49),))
    assert isinstance(await shop.ecster.perform(short), Refused)
    assert isinstance(await shop.ecster.perform(replace(asked, charges=())), Refused)
    assert shop.posts() == 0


@pytest.mark.parametrize("call", [Call.CAPTURE, Call.RELEASE])
async def test_an_order_changed_between_look_and_call_is_refused_with_its_known_code(
    shop: World, call: Call
) -> None:
    order = shop.sandbox.create_order("1042", 100)
    looked = await shop.ecster.read(order)
    shop.sandbox.dashboard_debit(order)
    outcome = await shop.ecster.perform(request(call, looked, 100, everything=True))
    assert isinstance(outcome, Refused)
    assert "4424" in outcome.reason
    assert shop.sandbox.books(order).captured == 100


async def test_when_nobody_answers_the_door_nothing_was_sent(shop: World, unused_tcp_port: int) -> None:
    order = shop.sandbox.create_order("1042", 100)
    looked = await shop.ecster.read(order)
    async with aiohttp.ClientSession() as session:
        away = Ecster(
            Api(
                session,
                host=f"http://127.0.0.1:{unused_tcp_port}",
                api_key="k",
                merchant_key="1",
                concurrency=1,
            )
        )
        assert isinstance(await away.perform(request(Call.CAPTURE, looked, 100)), Later)


async def test_an_answer_that_never_comes_is_unknown() -> None:
    async with world(timeout=aiohttp.ClientTimeout(total=0.1)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        shop.sandbox.faults.plan(Fault.SLOW, method="POST")
        assert isinstance(await shop.do(Call.CAPTURE, order, 100), Unknown)
        assert shop.sandbox.books(order).captured == 100


async def test_a_quantity_beside_its_amount_reaches_ecsters_ledger(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 10000)
    looked = await shop.ecster.read(order)
    charges = (charge(9999, quantity="3"), charge(1, name="Rounding", reference="rounding", rate="0"))
    asked = replace(request(Call.CAPTURE, looked, 10000), charges=charges)
    assert isinstance(await shop.ecster.perform(asked), Done)
    rows = shop.sandbox._book.now(order).transactions[-1].rows
    assert [(row["quantity"], row["unitAmount"]) for row in rows] == [(Decimal(3), 3333), (Decimal(1), 1)]


async def test_a_call_whose_look_has_grown_old_is_not_made(shop: World) -> None:
    order_id = shop.sandbox.create_order("1042", 62000)
    payment = await shop.ecster.read(order_id)
    outcome = await shop.ecster.perform(request(Call.CAPTURE, payment, 62000, fresh=lambda: False))
    assert isinstance(outcome, Later)
    assert shop.sandbox.books(order_id).captured == 0
