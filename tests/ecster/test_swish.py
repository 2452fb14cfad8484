"""Swish: debited at purchase, refunded by a call without a key that ends some time after its answer."""

import pytest

from bridge.domain.outcomes import Done, Later, Refused, Unknown
from bridge.domain.payments import EntryKind, PaymentState
from bridge.domain.steps import Call
from bridge.sandbox.ecster import Switches
from bridge.sandbox.faults import Fault
from tests.ecster.canned import Canned
from tests.ecster.world import World, request, world

SOON = Switches(swish_polls=0)


@pytest.mark.parametrize("call", [Call.CAPTURE, Call.RELEASE])
async def test_swish_is_neither_captured_nor_released(call: Call) -> None:
    async with world() as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        assert isinstance(await shop.do(call, order, 100, everything=True), Refused)
        assert shop.posts() == 0


async def test_a_swish_refund_that_succeeds_at_once_is_done() -> None:
    async with world(SOON) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        assert await shop.do(Call.REFUND, order, 40) == Done()
        assert (await shop.ecster.read(order)).returned == 40


async def test_a_swish_refund_on_its_way_is_unknown_and_keeps_the_payment_from_being_final() -> None:
    """Otherwise the same refund could be asked for again before Ecster has booked the first."""
    async with world(Switches(swish_polls=2)) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        assert await shop.do(Call.REFUND, order, 40) == Unknown("The Swish refund is on its way")
        looks = [await shop.ecster.read(order) for _ in range(2)]
        assert [look.state for look in looks] == [PaymentState.PENDING, PaymentState.PENDING]
        settled = await shop.ecster.read(order)
        assert (settled.state, settled.returned) == (PaymentState.READY, 40)


async def test_a_second_swish_refund_waits_for_the_first() -> None:
    async with world(Switches(swish_polls=10)) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        looked = await shop.ecster.read(order)
        await shop.ecster.perform(request(Call.REFUND, looked, 40))
        assert isinstance(await shop.ecster.perform(request(Call.REFUND, looked, 40)), Later)
        assert shop.posts() == 1
        shop.sandbox.end_swish_refund(order)
        assert shop.sandbox.books(order).returned == 40


async def test_a_swish_refund_that_fails_at_once_is_refused() -> None:
    async with world(Switches(swish_polls=0, swish_ending="DECLINED")) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        assert await shop.do(Call.REFUND, order, 40) == Refused("DECLINED")
        assert (await shop.ecster.read(order)).state is PaymentState.READY


@pytest.mark.parametrize(("listed", "counted"), [(True, False), (False, True), (True, True)])
async def test_wherever_a_swish_refund_shows_it_is_returned(*, listed: bool, counted: bool) -> None:
    async with world(Switches(swish_polls=0, swish_listed=listed, swish_counted=counted)) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        await shop.do(Call.REFUND, order, 40)
        read = await shop.ecster.read(order)
        assert (read.state, read.returned) == (PaymentState.READY, 40)
        assert [entry.amount for entry in read.log if entry.kind is EntryKind.RETURN] == [40] * listed
        assert isinstance(await shop.do(Call.REFUND, order, 61), Refused)
        assert isinstance(await shop.do(Call.REFUND, order, 60), Done)


async def test_a_swish_refund_that_shows_nowhere_is_not_followed_by_another() -> None:
    async with world(Switches(swish_polls=0, swish_listed=False, swish_counted=False)) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        await shop.do(Call.REFUND, order, 40)
        read = await shop.ecster.read(order)
        assert (read.state, read.detail) == (PaymentState.PENDING, "SWISH_REFUND_NOT_BOOKED")
        assert isinstance(await shop.do(Call.REFUND, order, 40), Later)
        assert shop.sandbox.books(order).returned == 40


async def test_a_swish_refund_is_sent_without_a_reference(canned: Canned) -> None:
    debit = {"id": "d", "type": "DEBIT", "amount": 100}
    canned.get = {
        "id": "x",
        "status": "FULLY_DELIVERED",
        "currency": "SEK",
        "amount": 100,
        "properties": {"method": "SWISH"},
        "transactions": [debit],
    }
    canned.post = {"status": "ONGOING"}
    await canned.ecster.perform(request(Call.REFUND, await canned.ecster.read("x"), 40))
    assert canned.sent == [{"amount": 40, "debitTransaction": "d", "message": ""}]


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HTML_AFTER])
async def test_a_swish_refund_whose_answer_is_lost_is_unknown(fault: Fault) -> None:
    async with world(SOON) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        shop.sandbox.faults.plan(fault, method="POST")
        assert isinstance(await shop.do(Call.REFUND, order, 40), Unknown)
        assert shop.posts() == 1
        assert shop.sandbox.books(order).returned == 40


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_however_ecster_says_that_there_was_no_refund_the_order_is_read(status: int) -> None:
    async with world(Switches(no_refund_status=status)) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        assert (await shop.ecster.read(order)).state is PaymentState.READY


async def test_one_swish_refund_at_a_time_is_ecsters_word_too() -> None:
    async with world(Switches(swish_one_at_a_time=True, swish_polls=9)) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        api = shop.ecster._api
        debit = (await shop.ecster.read(order)).log[-1].id
        body: dict[str, object] = {"amount": 10, "debitTransaction": debit, "message": ""}
        assert [(await api.post(f"{order}/refunds", body, lambda: True)).status for _ in range(2)] == [200, 409]


async def test_what_is_on_its_way_cannot_be_refunded_again(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100, method="SWISH")
    debit = (await shop.ecster.read(order)).log[-1].id
    body: dict[str, object] = {"amount": 60, "debitTransaction": debit, "message": ""}
    assert [(await shop.ecster._api.post(f"{order}/refunds", body, lambda: True)).status for _ in range(2)] == [
        200,
        400,
    ]


async def test_an_ordinary_credit_of_a_swish_order_is_a_switch() -> None:
    for taken, status in ((False, 400), (True, 201)):
        async with world(Switches(swish_takes_credit=taken)) as shop:
            order = shop.sandbox.create_order("1042", 100, method="SWISH")
            debit = (await shop.ecster.read(order)).log[-1].id
            body: dict[str, object] = {"type": "CREDIT", "amount": 10, "debitTransaction": debit}
            assert (await shop.ecster._api.post(f"{order}/transactions", body, lambda: True)).status == status
