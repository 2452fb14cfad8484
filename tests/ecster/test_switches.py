"""What nobody knows for sure about Ecster, a switch at a time: what Ecster does, what the adapter does."""

from datetime import timedelta

import pytest

from bridge.domain.outcomes import Done, Later, Refused
from bridge.domain.payments import EntryKind, PaymentState
from bridge.domain.steps import Call
from bridge.errors import AccessDenied
from bridge.sandbox.ecster import Switches
from bridge.sandbox.ecster.orders import Refusal
from bridge.sandbox.ecster.sandbox import Books
from tests.ecster.world import World, request, world

ROW = {"name": "Mug", "quantity": 1, "unitAmount": 100, "vatRate": 2500}


async def post(shop: World, order: str, **body: object) -> int:
    return (await shop.ecster._api.post(f"{order}/transactions", body, lambda: True)).status


async def raw(shop: World, order: str) -> dict[str, object]:
    body = (await shop.ecster._api.get(order)).body
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize("status", [401, 403])
async def test_bad_keys_status(status: int) -> None:
    async with world(Switches(bad_keys_status=status), api_key="wrong") as shop:
        with pytest.raises(AccessDenied):
            await shop.ecster.read(shop.sandbox.create_order("1042", 100))


async def test_unknown_order_status() -> None:
    async with world(Switches(unknown_order_status=404)) as shop:
        assert (await shop.ecster.read("nobodyknowsit0000000")).state is PaymentState.GONE


@pytest.mark.parametrize("status", [400, 403, 409, 422, 500])
async def test_wrong_state_status(status: int) -> None:
    async with world(Switches(wrong_state_status=status)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        looked = await shop.ecster.read(order)
        shop.sandbox.dashboard_annul(order)
        outcome = await shop.ecster.perform(request(Call.CAPTURE, looked, 100))
        assert outcome == Refused("4424", surprising=True)


@pytest.mark.parametrize("status", [400, 422])
async def test_invalid_status(status: int) -> None:
    async with world(Switches(invalid_status=status)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        looked = await shop.ecster.read(order)
        shop.sandbox.dashboard_debit(order, 50)
        assert isinstance(await shop.ecster.perform(request(Call.CAPTURE, looked, 100)), Refused)
        assert await post(shop, order, type="DEBIT", amount=51) == status


@pytest.mark.parametrize("status", [200, 201])
async def test_transaction_status(status: int) -> None:
    async with world(Switches(transaction_status=status)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert isinstance(await shop.do(Call.CAPTURE, order, 100), Done)


@pytest.mark.parametrize("status", [200, 201])
async def test_refund_status(status: int) -> None:
    async with world(Switches(refund_status=status, swish_polls=0)) as shop:
        order = shop.sandbox.create_order("1042", 100, method="SWISH")
        assert isinstance(await shop.do(Call.REFUND, order, 100), Done)


@pytest.mark.parametrize("status", ["FULLY_DELIVERED", "ANNULLED"])
async def test_after_close(status: str) -> None:
    async with world(Switches(after_close=status)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert isinstance(await shop.do(Call.CAPTURE, order, 60, everything=True), Done)
        read = await shop.ecster.read(order)
        assert (read.state, read.reserved, read.captured) == (PaymentState.READY, 0, 60)


async def test_after_close_still_partially_delivered_costs_one_refused_annul() -> None:
    """Nothing in GET order says that it is closed; Ecster's own no ends it, and no money moves."""
    async with world(Switches(after_close="PARTIALLY_DELIVERED")) as shop:
        order = shop.sandbox.create_order("1042", 100)
        await shop.do(Call.CAPTURE, order, 60, everything=True)
        assert (await shop.ecster.read(order)).reserved == 40
        assert isinstance(await shop.do(Call.RELEASE, order, 40, everything=True), Refused)
        assert isinstance(await shop.do(Call.CAPTURE, order, 40, everything=True), Refused)
        assert shop.sandbox.books(order) == Books(reserved=0, captured=60, returned=0)


@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("status", ["FULLY_DELIVERED", "ANNULLED", "PARTIALLY_DELIVERED"])
async def test_after_annul_of_rest(*, status: str, shown: bool) -> None:
    async with world(Switches(after_annul_of_rest=status, annulled_amount_shown=shown)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        shop.sandbox.dashboard_debit(order, 60)
        await shop.do(Call.RELEASE, order, 40, everything=True, key="1042V2")
        read = await shop.ecster.read(order)
        assert (read.state, read.reserved, read.captured) == (PaymentState.READY, 0, 60)
        assert read.entry(EntryKind.RELEASE, "1042V2") is not None


@pytest.mark.parametrize("status", [None, "ANNULLED"])
async def test_after_full_credit(status: str | None) -> None:
    async with world(Switches(after_full_credit=status)) as shop:
        order = shop.sandbox.create_order("1042", 100, direct_debit=True)
        assert isinstance(await shop.do(Call.REFUND, order, 100), Done)
        read = await shop.ecster.read(order)
        assert (read.state, read.captured, read.returned) == (PaymentState.READY, 100, 100)


@pytest.mark.parametrize(("checked", "status"), [(True, 400), (False, 201)])
async def test_row_sum_checked(*, checked: bool, status: int) -> None:
    async with world(Switches(row_sum_checked=checked)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert await post(shop, order, type="DEBIT", amount=99, rows=[ROW]) == status


@pytest.mark.parametrize(("wanted", "status"), [(True, 400), (False, 201)])
async def test_rows_wanted(*, wanted: bool, status: int) -> None:
    async with world(Switches(rows_wanted=wanted)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert await post(shop, order, type="DEBIT", amount=99) == status


@pytest.mark.parametrize(("rounded", "status"), [(True, 201), (False, 400)])
async def test_fractions_rounded(*, rounded: bool, status: int) -> None:
    async with world(Switches(fractions_rounded=rounded)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        row = ROW | {"unitAmount": "99.9999999998", "vatRate": "2501.25"}
        assert await post(shop, order, type="DEBIT", amount="100", rows=[row]) == status


@pytest.mark.parametrize(("allowed", "status"), [(True, 201), (False, 400)])
async def test_over_debit(*, allowed: bool, status: int) -> None:
    async with world(Switches(over_debit=allowed)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert await post(shop, order, type="DEBIT", amount=101) == status


async def test_partial_annul() -> None:
    async with world(Switches(partial_annul=True)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        shop.sandbox.dashboard_annul(order, 30)
        read = await shop.ecster.read(order)
        assert (read.state, read.reserved) == (PaymentState.READY, 70)
        assert isinstance(await shop.do(Call.CAPTURE, order, 70), Done)
        assert shop.sandbox.books(order) == Books(reserved=0, captured=70, returned=0)


async def test_an_amount_makes_no_annul_partial_by_default(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.dashboard_annul(order, 30)
    assert (await shop.ecster.read(order)).state is PaymentState.DEAD


@pytest.mark.parametrize(("accepted", "status"), [(True, 201), (False, 400)])
async def test_annull_accepted(*, accepted: bool, status: int) -> None:
    async with world(Switches(annull_accepted=accepted)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert await post(shop, order, type="ANNULL") == status


@pytest.mark.parametrize(("allowed", "status"), [(True, 201), (False, 409)])
async def test_pending_annulled(*, allowed: bool, status: int) -> None:
    async with world(Switches(pending_annulled=allowed)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        shop.sandbox.set_status(order, "PENDING_SIGNATURE")
        assert await post(shop, order, type="ANNUL") == status


@pytest.mark.parametrize("allowed", [False, True])
async def test_ended_credited(*, allowed: bool) -> None:
    async with world(Switches(ended_credited=allowed)) as shop:
        order = shop.sandbox.create_order("1042", 100, direct_debit=True)
        shop.sandbox.set_status(order, "EXPIRED")
        outcome = await shop.do(Call.REFUND, order, 100)
        assert isinstance(outcome, Done if allowed else Refused)


async def test_unique_references() -> None:
    async with world(Switches(unique_references=True)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert isinstance(await shop.do(Call.CAPTURE, order, 40, key="A"), Done)
        assert isinstance(await shop.do(Call.CAPTURE, order, 40, key="A"), Refused)
        assert isinstance(await shop.do(Call.CAPTURE, order, 40, key="B"), Done)


async def test_a_reference_is_not_refused_the_second_time_by_default(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    for _ in range(2):
        assert isinstance(await shop.do(Call.CAPTURE, order, 40, key="A"), Done)
    assert shop.sandbox.books(order).captured == 80


@pytest.mark.parametrize("shown", [True, False])
async def test_references_shown(*, shown: bool) -> None:
    async with world(Switches(references_shown=shown)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert isinstance(await shop.do(Call.CAPTURE, order, 40, key="A"), Done)
        assert (await shop.ecster.read(order)).log[-1].key == ("A" if shown else None)


async def test_credits_name_debit() -> None:
    """A dashboard credit of the newer debit is seen for what it is, and the older one stays whole."""
    async with world(Switches(credits_name_debit=True)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        shop.sandbox.dashboard_debit(order, 50)
        newer = shop.sandbox.dashboard_debit(order, 50)
        shop.sandbox.dashboard_credit(order, 30, debit=newer)
        assert isinstance(await shop.do(Call.REFUND, order, 50), Done)


async def test_without_names_a_wrong_guess_is_ecsters_no_and_moves_nothing(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.dashboard_debit(order, 50)
    newer = shop.sandbox.dashboard_debit(order, 50)
    shop.sandbox.dashboard_credit(order, 30, debit=newer)
    assert isinstance(await shop.do(Call.REFUND, order, 50), Refused)
    assert shop.sandbox.books(order).returned == 30


@pytest.mark.parametrize("backwards", [False, True])
async def test_newest_first(*, backwards: bool) -> None:
    async with world(Switches(newest_first=backwards)) as shop:
        order = shop.sandbox.create_order("1042", 100)
        shop.clock.advance(60)
        shop.sandbox.dashboard_debit(order, 40)
        shop.clock.advance(60)
        shop.sandbox.dashboard_credit(order, 10)
        kinds = [entry.kind for entry in (await shop.ecster.read(order)).log]
        assert kinds == [EntryKind.CREATE, EntryKind.CAPTURE, EntryKind.RETURN]


@pytest.mark.parametrize("name", ["invoiceFee", "startFee"])
async def test_invoice_fee_name(name: str) -> None:
    async with world(Switches(invoice_fee_name=name)) as shop:
        order = shop.sandbox.create_order("1042", 100, fee=29)
        properties = (await raw(shop, order))["properties"]
        assert isinstance(properties, dict)
        assert properties[name] == 29
        assert (await shop.ecster.read(order)).reserved == 129


async def test_read_lag() -> None:
    """Two refunds that do not yet see each other: Ecster's own bounds stop the second, then the look does."""
    async with world(Switches(read_lag=timedelta(seconds=30))) as shop:
        order = shop.sandbox.create_order("1042", 100)
        assert isinstance(await shop.do(Call.CAPTURE, order, 100), Done)
        assert (await shop.ecster.read(order)).captured == 0
        shop.clock.advance(30)
        looked = await shop.ecster.read(order)
        assert looked.captured == 100
        assert isinstance(await shop.ecster.perform(request(Call.REFUND, looked, 60, key="A")), Done)
        assert isinstance(await shop.ecster.perform(request(Call.REFUND, looked, 60, key="B")), Refused)
        shop.clock.advance(30)
        assert isinstance(await shop.ecster.perform(request(Call.REFUND, looked, 40, key="B")), Later)
        assert shop.sandbox.books(order).returned == 60


async def test_annulled_amount_shown() -> None:
    for shown, amount in ((False, 0), (True, 100)):
        async with world(Switches(annulled_amount_shown=shown)) as shop:
            order = shop.sandbox.create_order("1042", 100)
            assert isinstance(await shop.do(Call.RELEASE, order, 100, everything=True), Done)
            assert (await shop.ecster.read(order)).log[-1].amount == amount


async def test_the_dashboard_is_told_no_as_the_api_is(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    with pytest.raises(Refusal):
        shop.sandbox.dashboard_credit(order, 10)
    shop.sandbox.dashboard_annul(order)
    with pytest.raises(Refusal):
        shop.sandbox.dashboard_debit(order, 10)
