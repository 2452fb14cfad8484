"""What a read of an Ecster order says about its money."""

from decimal import Decimal

import pytest

from bridge.domain.outcomes import Done
from bridge.domain.payments import Can, EntryKind, Payment, PaymentState
from bridge.domain.steps import Call
from bridge.errors import AccessDenied, Nonsense
from bridge.providers.ecster.ledger import debit_for, payment
from bridge.providers.ecster.wire import Order
from bridge.sandbox.ecster.orders import ENDED, PENDING
from tests.ecster.canned import Canned
from tests.ecster.world import World, world

ALL_OPEN = frozenset({Can.CAPTURE, Can.CAPTURE_PART, Can.CAPTURE_AND_CLOSE, Can.RELEASE})
ALL_RETURN = frozenset({Can.REFUND, Can.REFUND_PART})


def amounts(read: Payment) -> tuple[int, int, int]:
    return read.reserved, read.captured, read.returned


async def test_a_ready_order_is_reserved_in_full_with_ecsters_own_fee(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000, fee=2900)
    read = await shop.ecster.read(order)
    assert amounts(read) == (62900, 0, 0)
    assert (read.id, read.reference, read.currency, read.limit) == (order, "1042", "SEK", None)
    assert (read.state, read.detail, read.can) == (PaymentState.READY, "READY", ALL_OPEN)
    assert [(entry.kind, entry.amount, entry.key) for entry in read.log] == [(EntryKind.CREATE, 62900, None)]


async def test_the_ledger_is_the_log_with_our_keys_and_aware_times(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    shop.clock.advance(60)
    debit = shop.sandbox.dashboard_debit(order, 20000, reference="A")
    shop.clock.advance(60)
    credit = shop.sandbox.dashboard_credit(order, 5000, reference="1107")
    shop.clock.advance(60)
    annul = shop.sandbox.dashboard_annul(order, reference="B")
    read = await shop.ecster.read(order)
    assert [(entry.id, entry.kind, entry.amount, entry.key) for entry in read.log[1:]] == [
        (debit, EntryKind.CAPTURE, 20000, "A"),
        (credit, EntryKind.RETURN, 5000, "1107"),
        (annul, EntryKind.RELEASE, 0, "B"),
    ]
    assert read.log[-1].created == shop.clock.now()
    assert amounts(read) == (0, 20000, 5000)
    assert read.can == ALL_RETURN


async def test_a_partly_debited_order_can_be_debited_released_and_refunded(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 60000)
    shop.sandbox.dashboard_debit(order, 20000)
    read = await shop.ecster.read(order)
    assert amounts(read) == (40000, 20000, 0)
    assert read.can == ALL_OPEN | ALL_RETURN


@pytest.mark.parametrize("status", ENDED)
async def test_an_ended_order_is_dead_unless_something_was_debited(shop: World, status: str) -> None:
    untouched, partly = shop.sandbox.create_order("1", 100), shop.sandbox.create_order("2", 100)
    shop.sandbox.dashboard_debit(partly, 40)
    for order in (untouched, partly):
        shop.sandbox.set_status(order, status)
    dead, left = await shop.ecster.read(untouched), await shop.ecster.read(partly)
    assert (dead.state, dead.reserved, dead.can) == (PaymentState.DEAD, 0, frozenset())
    assert (left.state, left.reserved, left.can) == (PaymentState.READY, 0, ALL_RETURN)
    assert dead.detail == status


@pytest.mark.parametrize("status", [*PENDING, "BLOCKED", "A_WORD_NOBODY_KNOWS"])
async def test_an_order_that_is_not_final_takes_no_call_and_does_not_look_released(
    shop: World, status: str
) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.set_status(order, status)
    read = await shop.ecster.read(order)
    assert (read.state, read.detail, read.can) == (PaymentState.PENDING, status, frozenset())
    assert read.reserved == 100


async def test_an_order_debited_at_purchase_is_captured(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100, method="CARD", direct_debit=True)
    read = await shop.ecster.read(order)
    assert (amounts(read), read.detail, read.can) == ((0, 100, 0), "FULLY_DELIVERED", ALL_RETURN)


async def test_swish_is_captured_at_purchase_and_its_returns_bear_no_key(shop: World) -> None:
    swish, invoice = shop.sandbox.create_order("1", 100, method="SWISH"), shop.sandbox.create_order("2", 100)
    read = await shop.ecster.read(swish)
    assert (amounts(read), read.can, read.keyless) == ((0, 100, 0), ALL_RETURN, frozenset({EntryKind.RETURN}))
    assert (await shop.ecster.read(invoice)).keyless == frozenset()


@pytest.mark.parametrize("payment_id", ["nosuchorder000000000", "", "..", "a/b", "tmp?x=1"])
async def test_what_is_no_order_of_ecsters_is_gone(shop: World, payment_id: str) -> None:
    """A shop's meta can hold a cart key, and a text that would change the path must never become one."""
    read = await shop.ecster.read(payment_id)
    assert (read.state, read.id, amounts(read)) == (PaymentState.GONE, payment_id, (0, 0, 0))


async def test_a_404_from_something_else_than_the_api_is_not_taken_for_gone() -> None:
    async with world() as shop:
        shop.ecster._api._orders = f"{shop.url}/elsewhere/"
        with pytest.raises(Nonsense, match="404"):
            await shop.ecster.read("Qd7TnB2xVwPzL0aKcE5r")


async def test_refused_keys_are_named_and_never_shown() -> None:
    async with world(api_key="quite-wrong") as shop:
        with pytest.raises(AccessDenied, match=r"api_key and merchant_key in settings\.yaml") as caught:
            await shop.ecster.read(shop.sandbox.create_order("1042", 100))
        assert "quite-wrong" not in str(caught.value)


def wire(transactions: list[dict[str, object]], **fields: object) -> Order:
    return Order.model_validate(
        {"id": "x", "status": "READY", "currency": "SEK", "amount": 100, "transactions": transactions} | fields
    )


def test_swish_takes_no_capture_and_no_release_whatever_its_status() -> None:
    assert payment(wire([], properties={"method": "SWISH"})).can == frozenset()


@pytest.mark.parametrize("created", ["2023-03-07T10:15:42", "yesterday", "", None, 7])
def test_a_time_that_could_mean_any_zone_is_no_time(created: object) -> None:
    assert payment(wire([{"id": "d", "type": "DEBIT", "created": created}])).log[0].created is None


def test_the_larger_of_figure_and_ledger_counts_as_debited_and_credited() -> None:
    """Either may lag or leave something out; too little would let too much be moved."""
    ledger: list[dict[str, object]] = [
        {"id": "d", "type": "DEBIT", "amount": 60},
        {"id": "c", "type": "CREDIT", "amount": 25},
    ]
    behind = payment(wire(ledger, debitedAmount=0, creditedAmount=0))
    ahead = payment(wire(ledger, debitedAmount=90, creditedAmount=50))
    assert amounts(behind) == (40, 60, 25)
    assert amounts(ahead) == (10, 90, 50)


def test_credits_that_name_their_debit_count_against_that_one() -> None:
    debits: list[dict[str, object]] = [
        {"id": "d1", "type": "DEBIT", "amount": 50},
        {"id": "d2", "type": "DEBIT", "amount": 50},
    ]
    named = wire([*debits, {"id": "c", "type": "CREDIT", "amount": 30, "debitTransaction": "d2"}])
    nameless = wire([*debits, {"id": "c", "type": "CREDIT", "amount": 30}])
    unlisted = wire(debits, creditedAmount=70)
    assert [debit_for(named, amount) for amount in (50, 51)] == ["d1", None]
    assert [debit_for(nameless, amount) for amount in (20, 21)] == ["d1", "d2"]
    assert [debit_for(unlisted, amount) for amount in (30, 31)] == ["d2", None]


@pytest.mark.parametrize("amount", [100, "100", "100.0"])
def test_amounts_may_come_as_text(amount: object) -> None:
    assert payment(wire([], amount=amount)).reserved == 100


@pytest.mark.parametrize(
    "amount", ["100.5", "NaN", "1e999999", "1e9999999", Decimal("1e9999999"), True, None, "-1", "ten"]
)
async def test_a_figure_that_is_no_amount_makes_the_read_nonsense(amount: object, canned: Canned) -> None:
    canned.get = {"id": "x", "status": "READY", "currency": "SEK", "amount": amount, "transactions": []}
    with pytest.raises(Nonsense, match="amount"):
        await canned.ecster.read("x")


async def test_an_order_without_its_ledger_is_nonsense(canned: Canned) -> None:
    """Our key could be in it: no ledger is not an empty one."""
    canned.get = {"id": "x", "status": "READY", "currency": "SEK", "amount": 100}
    with pytest.raises(Nonsense, match="transactions"):
        await canned.ecster.read("x")


async def test_another_order_than_asked_for_is_nonsense(canned: Canned) -> None:
    canned.get = {"id": "y", "status": "READY", "currency": "SEK", "amount": 100, "transactions": []}
    with pytest.raises(Nonsense, match="another order"):
        await canned.ecster.read("x")


async def test_a_refunded_order_reads_back_what_was_done(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    assert isinstance(await shop.do(Call.CAPTURE, order, 100, key="1042C100"), Done)
    assert isinstance(await shop.do(Call.REFUND, order, 30, key="1042R7"), Done)
    read = await shop.ecster.read(order)
    assert amounts(read) == (0, 100, 30)
    assert [entry.key for entry in read.log] == [None, "1042C100", "1042R7"]
