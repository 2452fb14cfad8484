"""How long things must have stayed as they are: what is taken back in time moves nothing, what stays moves once."""

from pathlib import Path

import pytest

from bridge.domain.lifecycle import SOON
from bridge.sandbox.faults import Fault
from tests.flow.positions import (
    ANNOUNCED,
    BACK,
    BY_DEFAULT,
    CAPTURED,
    IN_FULL,
    LOWERED_BY_A_MUG,
    RELEASED,
    UNTOUCHED,
    WAITING,
    Row,
    Said,
    Settings,
    Then,
    at_once,
    both,
    minutes,
    mug_refunded,
    mugs,
    portal_captures,
    refund_deleted,
    refund_marked_paid,
    to,
)
from tests.flow.test_settings import acted, play
from tests.flow.test_unknown import CALL
from tests.flow.ways import ALL_CAPTURED, CAPTURE, E_CAPTURED, ONE_MUG_BACK, STILL_RESERVED
from tests.flow.world import MUG, TOTAL, Money, Placed, ProviderName, World, known_order

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


def settle(**times: str) -> Settings:
    return {"settle": times}


SLOW_CHANGE, SLOW_REFUND, SLOW_OTHERS = settle(change="20m"), settle(refund="20m"), settle(others="20m")
"""Longer than a full cycle waits."""
OVER = minutes(25)
REST = both(ALL_CAPTURED, ("capture 61125 done",), Said("Resurs: successfully captured 611.25 kr.", E_CAPTURED))
SHOP_PAID = Said(
    *[f"The shop marks refund 14 of 125.00 kr as paid, but {who} does not show it." for who in ("Resurs", "Ecster")]
)

ROWS = (
    # ---- settle.change
    Row("completed, and taken back", SLOW_CHANGE, (to("completed"), to("processing"), OVER), UNTOUCHED),
    Row("cancelled, and taken back", SLOW_CHANGE, (to("cancelled"), to("on-hold"), OVER), UNTOUCHED),
    Row("lowered, and taken back", SLOW_CHANGE, (mugs(1), mugs(2), OVER), UNTOUCHED),
    Row("completed, then cancelled", SLOW_CHANGE, (to("completed"), to("cancelled"), OVER), RELEASED),
    Row("completed, and left so", SLOW_CHANGE, (to("completed"), OVER), IN_FULL),
    Row(
        "completed, and settled sooner from then on",
        SLOW_CHANGE,
        (to("completed"),),
        UNTOUCHED,
        (Then(BY_DEFAULT, IN_FULL),),
    ),
    Row(
        "lowered, and settled sooner from then on",
        SLOW_CHANGE,
        (mugs(1),),
        UNTOUCHED,
        (Then(BY_DEFAULT, LOWERED_BY_A_MUG),),
    ),
    Row(
        "each change begins anew",
        SLOW_CHANGE,
        (to("completed"), minutes(4), to("processing"), to("completed"), minutes(4)),
        UNTOUCHED,
        (Then(SLOW_CHANGE, IN_FULL, (minutes(5),)),),
    ),
    Row(
        "settled at once, then slowly",
        settle(change="0s"),
        (to("completed"),),
        IN_FULL,
        (Then(SLOW_CHANGE, IN_FULL),),
    ),
    # ---- settle.refund
    Row("a refund taken back", SLOW_REFUND, (to("completed"), mug_refunded, refund_deleted, OVER), WAITING),
    Row("a refund left so", SLOW_REFUND, (to("completed"), mug_refunded, OVER), BACK),
    Row(
        "a refund settled sooner from then on",
        SLOW_REFUND,
        (to("completed"), mug_refunded),
        WAITING,
        (Then(BY_DEFAULT, BACK),),
    ),
    Row(
        "a refund that the shop's own plugin turns out to have paid",
        SLOW_REFUND,
        (to("completed"), mug_refunded, refund_marked_paid, OVER),
        both(
            ALL_CAPTURED,
            (CAPTURE, f"refund {MUG} held"),
            CAPTURED,
            ANNOUNCED,
            SHOP_PAID,
            attention="shop-says-paid",
        ),
    ),
    Row("a refund before the capture taken back", SLOW_REFUND, (mug_refunded, refund_deleted, OVER), UNTOUCHED),
    Row("a refund before the capture left so", SLOW_REFUND, (mug_refunded, OVER), LOWERED_BY_A_MUG),
    # ---- settle.others
    Row(
        "the portal was at it a moment ago",
        SLOW_OTHERS,
        (at_once(portal_captures(20000), to("completed")),),
        both((TOTAL - 20000, 20000, 0)),
        (Then(BY_DEFAULT, REST),),
    ),
    Row(
        "the portal was at it long enough ago",
        SLOW_OTHERS,
        (at_once(portal_captures(20000), to("completed")), OVER),
        REST,
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
@PROVIDERS
async def test_what_is_taken_back_in_time_moves_nothing(tmp_path: Path, row: Row, provider: ProviderName) -> None:
    await play(tmp_path, provider, row)


async def _moves_after(w: World, it: Placed, seconds: int, before: Money, after: Money) -> None:
    """What was just done is seen now, and carried over so much later; no second before."""
    await w.cycle(w.instant)
    if seconds:
        w.clock.advance(seconds - 1)
        await w.cycle(w.instant)
        assert w.books(it) == before
        w.clock.advance(1)
        await w.cycle(w.instant)
    assert w.books(it) == after


@pytest.mark.parametrize(("time", "seconds"), [("0s", 0), ("5s", 5), ("20m", 1200)])
@PROVIDERS
async def test_a_change_moves_money_when_its_time_is_over(
    tmp_path: Path, time: str, seconds: int, provider: ProviderName
) -> None:
    async with known_order(tmp_path, provider, **settle(change=time)) as (w, it):
        w.store.set_status(it.id, "completed")
        await _moves_after(w, it, seconds, STILL_RESERVED, ALL_CAPTURED)


@pytest.mark.parametrize(("time", "seconds"), [("0s", 5), ("60s", 60), ("20m", 1200)])
@PROVIDERS
async def test_a_refund_is_paid_when_its_time_is_over(
    tmp_path: Path, time: str, seconds: int, provider: ProviderName
) -> None:
    """It is a change too, so without a time of its own it still has that of a change."""
    async with known_order(tmp_path, provider, **settle(refund=time)) as (w, it):
        await acted(w, it, to("completed"))
        mug_refunded(w, it)
        await _moves_after(w, it, seconds, ALL_CAPTURED, ONE_MUG_BACK)


@pytest.mark.parametrize(("time", "seconds"), [("0s", 5), ("20m", 1200)])
@PROVIDERS
async def test_a_payment_that_somebody_else_changed_is_left_alone_for_a_while(
    tmp_path: Path, time: str, seconds: int, provider: ProviderName
) -> None:
    async with known_order(tmp_path, provider, **settle(others=time)) as (w, it):
        w.side.capture(it.payment, 20000)
        w.store.set_status(it.id, "completed")
        await _moves_after(w, it, seconds, (TOTAL - 20000, 20000, 0), ALL_CAPTURED)


@pytest.mark.parametrize(("time", "seconds"), [("30s", 30), ("20m", 1200)])
@PROVIDERS
async def test_a_call_that_shows_nothing_is_made_again_when_its_time_is_over(
    tmp_path: Path, time: str, seconds: int, provider: ProviderName
) -> None:
    async with known_order(tmp_path, provider, **settle(unknown=time)) as (w, it):
        await acted(w, it, to("completed"))
        w.side.faults.plan(Fault.DROP_BEFORE, method="POST", path=CALL)
        mug_refunded(w, it)
        await w.cycle(w.instant)
        w.clock.advance(60)
        calls = len(w.calls())
        await _moves_after(w, it, seconds, ALL_CAPTURED, ALL_CAPTURED)
        assert await w.states(it.id) == [
            f"capture {TOTAL} done",
            "refund 12500 ready",
        ]  # known to have done nothing
        w.clock.advance(SOON.seconds)
        await w.cycle(w.instant)
        assert (w.books(it), len(w.calls())) == (ONE_MUG_BACK, calls + 2)
