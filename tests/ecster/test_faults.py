"""What networks and servers do to a call: every ending is an outcome, and none is sent twice."""

import pytest

from bridge.domain.outcomes import Done, Later, Outcome, Unknown
from bridge.domain.steps import Call
from bridge.errors import AnswerLost, Busy, Nonsense, RemoteError
from bridge.sandbox.faults import Fault
from tests.ecster.world import World, request, world

NOTHING_HAPPENS = [Fault.DROP_BEFORE, Fault.ERROR_BEFORE, Fault.HTML_BEFORE]
IT_HAPPENS = [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.HTML_AFTER]
CALLS = [(Call.CAPTURE, 50), (Call.RELEASE, 50), (Call.REFUND, 30)]


async def half_debited(shop: World) -> str:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.dashboard_debit(order, 50)
    return order


@pytest.mark.parametrize(("call", "amount"), CALLS)
@pytest.mark.parametrize("fault", [*NOTHING_HAPPENS, *IT_HAPPENS])
async def test_a_call_without_a_plain_answer_is_unknown_and_sent_once(
    shop: World, fault: Fault, call: Call, amount: int
) -> None:
    order = await half_debited(shop)
    before = shop.sandbox.books(order)
    shop.sandbox.faults.plan(fault, method="POST", times=9)
    outcome: Outcome = await shop.do(call, order, amount, key="1042K", everything=call is Call.RELEASE)
    assert isinstance(outcome, Unknown)
    assert shop.posts() == 1
    assert (shop.sandbox.books(order) != before) == (fault in IT_HAPPENS)
    log = (await shop.ecster.read(order)).log
    assert any(entry.key == "1042K" for entry in log) == (fault in IT_HAPPENS)


@pytest.mark.parametrize(("call", "amount"), CALLS)
async def test_a_busy_ecster_is_tried_later_after_as_long_as_it_asks(shop: World, call: Call, amount: int) -> None:
    order = await half_debited(shop)
    before = shop.sandbox.books(order)
    shop.sandbox.faults.plan(Fault.BUSY, method="POST", retry_after=7)
    outcome = await shop.do(call, order, amount, everything=call is Call.RELEASE)
    assert isinstance(outcome, Later)
    assert outcome.after is not None
    assert outcome.after.total_seconds() == 7
    assert shop.sandbox.books(order) == before


@pytest.mark.parametrize("fault", [*NOTHING_HAPPENS, *IT_HAPPENS])
async def test_a_read_is_tried_three_times(shop: World, fault: Fault) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.faults.plan(fault, method="GET", times=2)
    assert (await shop.ecster.read(order)).reserved == 100


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.DROP_BEFORE, AnswerLost), (Fault.ERROR_BEFORE, Nonsense), (Fault.HTML_BEFORE, Nonsense)],
)
async def test_a_read_that_fails_for_good_says_why(shop: World, fault: Fault, error: type[RemoteError]) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.faults.plan(fault, method="GET", times=99)
    with pytest.raises(error):
        await shop.ecster.read(order)


async def test_a_busy_ecster_is_not_asked_again_at_once(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.faults.plan(Fault.BUSY, method="GET", retry_after=7, times=9)
    with pytest.raises(Busy) as caught:
        await shop.ecster.read(order)
    assert caught.value.after is not None
    assert caught.value.after.total_seconds() == 7
    assert len(shop.sandbox.faults.seen) == 1


async def test_refused_keys_stop_a_call_until_the_administrator_acts(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    looked = await shop.ecster.read(order)
    async with world(api_key="quite-wrong") as other:
        outcome = await other.ecster.perform(request(Call.CAPTURE, looked, 100))
    assert isinstance(outcome, Later)
    assert "api_key and merchant_key" in outcome.reason
    assert "quite-wrong" not in outcome.reason


async def test_a_lost_debit_is_found_by_its_key_and_not_needed_again(shop: World) -> None:
    order = shop.sandbox.create_order("1042", 100)
    shop.sandbox.faults.plan(Fault.DROP_AFTER, method="POST")
    assert isinstance(await shop.do(Call.CAPTURE, order, 60, key="1042C60"), Unknown)
    read = await shop.ecster.read(order)
    assert (read.reserved, read.captured) == (40, 60)
    assert isinstance(await shop.do(Call.CAPTURE, order, 40, key="1042C100"), Done)
