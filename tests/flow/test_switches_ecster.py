"""What nobody outside Ecster knows for sure, each way it may be: what staff do comes to the right money.

Where an answer can't be had, a person is called, and nothing has moved twice.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.sandbox.ecster import Switches
from tests.flow.switches import (
    Case,
    capture_elsewhere_what_is_then_asked,
    later,
    other,
    refund_a_part_and_the_rest,
    same,
    untried,
)
from tests.flow.test_twice import nothing_more_happens
from tests.flow.ways import (
    ALL_CAPTURED,
    CANCEL,
    CAPTURE,
    NOTHING_LEFT,
    ONE_MUG_BACK,
    ONE_MUG_LESS,
    PART_OF_IT,
    REFUND,
    Outcome,
    cancel,
    cancel_after_a_part,
    complete,
    complete_after_a_part,
    complete_after_all,
    complete_and_refund_at_once,
    lower_and_complete,
    refund_a_part,
    refund_all,
    refund_amount,
    refund_before_capture,
    refund_elsewhere,
    refund_lines,
)
from tests.flow.world import GOODS, MUG, TOTAL, Placed, World, known_order

LOWER = TOTAL - MUG
FEE = 2900


def with_a_fee(w: World) -> Placed:
    """Ecster adds a fee of its own to what the shop asked for."""
    order = w.store.create_order(GOODS, payment_method="ecster")
    return w.name(order, w.ecster.create_order(str(order), TOTAL, fee=FEE))


def with_an_unknown_id(w: World) -> Placed:
    order = w.store.create_order(GOODS, payment_method="ecster")
    w.store.set_meta(order, w.side.meta, "nobodyknowsit0000000")
    return Placed(order, w.ecster.create_order("another", TOTAL))


async def annul_a_part_and_complete(w: World, it: Placed) -> None:
    """In the dashboard; the order's total follows."""
    w.ecster.dashboard_annul(it.payment, MUG)
    await lower_and_complete(w, it)


async def cancel_before_it_is_signed(w: World, it: Placed) -> None:
    w.ecster.set_status(it.payment, "PENDING_SIGNATURE")
    await cancel(w, it)


async def refund_after_it_ended(w: World, it: Placed) -> None:
    await complete(w, it)
    w.ecster.set_status(it.payment, "EXPIRED")
    await refund_a_part(w, it)


async def refund_an_amount(w: World, it: Placed) -> None:
    w.store.refund(it.id, "100.00")
    await w.cycle()


async def refund_everything(w: World, it: Placed) -> None:
    w.store.refund(it.id)
    await w.cycle()


async def refund_two_parts(w: World, it: Placed) -> None:
    for _ in range(2):
        w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()


REST_CLOSED = Outcome(ONE_MUG_LESS, (f"cancel {MUG} done",))
ALL_BACK_IN_TWO = Outcome((0, TOTAL, TOTAL), (CAPTURE, REFUND, f"refund {LOWER} done"))
SECOND_TIME_RIGHT = Outcome(ALL_CAPTURED, (f"capture {TOTAL} dropped", "capture 61125 done"))

# ------------------------------------------------------------------ the statuses of answers

HALF_A_MINUTE = Switches(read_lag=timedelta(seconds=30))

ANSWERS: list[Case[Switches]] = [
    *same(Switches(transaction_status=200), cancel, refund_lines),
    *same(Switches(refund_status=201), refund_a_part, place=World.place_paid_at_once),
    *same(Switches(no_refund_status=400), refund_a_part, refund_all, place=World.place_paid_at_once),
    # Somebody debited in the dashboard, which no read shows yet.
    *(
        case
        for status in (403, 500)
        for case in other(
            replace(HALF_A_MINUTE, wrong_state_status=status),
            Outcome(ALL_CAPTURED, (f"capture {TOTAL} dropped",)),
            complete_after_all,
        )
    ),
    *(
        case
        for status in (400, 422, 500)
        for case in other(
            replace(HALF_A_MINUTE, invalid_status=status), SECOND_TIME_RIGHT, later(complete_after_a_part)
        )
    ),
]

# ------------------------------------------------------------------ the statuses of orders

STATUSES: list[Case[Switches]] = [
    *same(Switches(after_close="ANNULLED"), lower_and_complete, complete_and_refund_at_once),
    # Nothing tells that our own debit has closed the order but Ecster's no to an ANNUL.
    *other(
        Switches(after_close="PARTIALLY_DELIVERED"),
        Outcome(ONE_MUG_LESS, (PART_OF_IT, f"cancel {MUG} dropped")),
        lower_and_complete,
        complete_and_refund_at_once,
    ),
    *(
        case
        for switches in (
            Switches(after_annul_of_rest="ANNULLED"),
            Switches(after_annul_of_rest="PARTIALLY_DELIVERED"),
            Switches(after_annul_of_rest="PARTIALLY_DELIVERED", annulled_amount_shown=True),
        )
        for case in (
            *same(switches, cancel_after_a_part),
            *other(switches, REST_CLOSED, capture_elsewhere_what_is_then_asked),
        )
    ),
    *same(Switches(after_full_credit="ANNULLED"), refund_all),
    *other(Switches(after_full_credit="ANNULLED"), ALL_BACK_IN_TWO, refund_a_part_and_the_rest),
]

# ------------------------------------------------------------------ what is accepted

PENDING_LONG = Outcome(NOTHING_LEFT, (), (), "pending-long")
ROWS = (refund_amount, complete_after_a_part, lower_and_complete)

ACCEPTED: list[Case[Switches]] = [
    *same(Switches(row_sum_checked=False), complete, refund_amount),
    *same(Switches(rows_wanted=True), *ROWS),
    *same(Switches(fractions_rounded=False), *ROWS),
    *same(Switches(over_debit=True), complete_after_a_part, lower_and_complete),
    # What was debited in the dashboard meanwhile is debited again where Ecster allows it: told, never hidden.
    *other(
        replace(HALF_A_MINUTE, over_debit=True),
        Outcome((0, TOTAL + 20000, 0), (CAPTURE,), (), "overpaid"),
        complete_after_a_part,
    ),
    *same(Switches(partial_annul=True), cancel, lower_and_complete, cancel_after_a_part),
    *other(Switches(partial_annul=True), Outcome(ONE_MUG_LESS, (PART_OF_IT,)), annul_a_part_and_complete),
    *other(Switches(), Outcome(NOTHING_LEFT, (), (), "no-money"), annul_a_part_and_complete),
    *other(Switches(pending_annulled=True), PENDING_LONG, later(cancel_before_it_is_signed, 90000)),
    *other(
        Switches(),
        Outcome(ALL_CAPTURED, (CAPTURE, f"refund {MUG} held"), (), "refused"),
        refund_after_it_ended,
    ),
    *other(Switches(ended_credited=True), Outcome(ONE_MUG_BACK, (CAPTURE, REFUND)), refund_after_it_ended),
    *same(Switches(unique_references=True), cancel, refund_all),
    *other(Switches(unique_references=True), ALL_BACK_IN_TWO, refund_a_part_and_the_rest),
]

# ------------------------------------------------------------------ what is shown

NO_REFERENCES = Switches(references_shown=False)

SHOWN: list[Case[Switches]] = [
    # The answer to a call names its transaction, and the ledger lists that though without our key.
    *other(NO_REFERENCES, Outcome(ALL_CAPTURED, (CAPTURE,)), complete),
    *other(NO_REFERENCES, Outcome(NOTHING_LEFT, (CANCEL,)), cancel),
    *other(NO_REFERENCES, Outcome(ONE_MUG_LESS, (PART_OF_IT,)), lower_and_complete),
    *other(NO_REFERENCES, ALL_BACK_IN_TWO, refund_a_part_and_the_rest),
    *same(Switches(credits_name_debit=True), refund_elsewhere),
    *other(Switches(credits_name_debit=True), ALL_BACK_IN_TWO, refund_a_part_and_the_rest),
    *same(Switches(annulled_amount_shown=True), cancel, cancel_after_a_part),
    *same(Switches(newest_first=True), refund_lines, refund_elsewhere, cancel_after_a_part),
    *(
        case
        for switches in (Switches(), Switches(invoice_fee_name="startFee"))
        for case in (
            *other(switches, Outcome(ALL_CAPTURED, (CAPTURE,)), complete, place=with_a_fee),
            *other(switches, Outcome(NOTHING_LEFT, (f"cancel {TOTAL + FEE} done",)), cancel, place=with_a_fee),
            *other(switches, Outcome(ONE_MUG_LESS, (PART_OF_IT,)), lower_and_complete, place=with_a_fee),
        )
    ),
]

# ------------------------------------------------------------------ reads that lag behind

FOUR_MINUTES = Switches(read_lag=timedelta(minutes=4))
TOO_LONG = Switches(read_lag=timedelta(minutes=7))
"""Longer than `settle.unknown`, so a person is called."""

STALE: list[Case[Switches]] = [
    *same(HALF_A_MINUTE, refund_lines, complete_and_refund_at_once),
    *other(HALF_A_MINUTE, Outcome(ONE_MUG_BACK, (CAPTURE,)), refund_elsewhere),
    *same(FOUR_MINUTES, cancel, refund_all, refund_before_capture),
    # A return in the dashboard that no read shows until the refund is paid can't be told from none.
    *other(FOUR_MINUTES, Outcome((0, TOTAL, 2 * MUG), (CAPTURE, REFUND), (), "unmatched-return"), refund_elsewhere),
    *other(TOO_LONG, Outcome(ALL_CAPTURED, (f"capture {TOTAL} held",), (), "not-seen"), complete),
    *other(TOO_LONG, Outcome(NOTHING_LEFT, (f"cancel {TOTAL} held",), (), "not-seen"), cancel),
    *other(TOO_LONG, Outcome(ALL_CAPTURED, (CAPTURE,)), later(complete)),
    *other(TOO_LONG, Outcome(NOTHING_LEFT, (CANCEL,)), later(cancel)),
]

# ------------------------------------------------------------------ Swish

SLOW = Switches(swish_polls=4, swish_one_at_a_time=True)
TWO_PARTS_BACK = Outcome((0, TOTAL, 2 * MUG), (REFUND, REFUND))

SWISH: list[Case[Switches]] = [
    *(
        case
        for switches in (
            Switches(swish_polls=0),
            SLOW,
            Switches(swish_listed=False),
            Switches(swish_counted=False),
            Switches(swish_takes_credit=True),
        )
        for case in other(
            switches,
            Outcome((0, TOTAL, 2 * MUG), (REFUND, REFUND)),
            refund_two_parts,
            place=World.place_paid_at_once,
        )
    ),
    *same(SLOW, refund_a_part, refund_all, place=World.place_paid_at_once),
    *other(
        Switches(swish_polls=0, swish_counted=False),
        Outcome((0, TOTAL, 10000), ("refund 10000 done",)),
        refund_an_amount,
        place=World.place_paid_at_once,
    ),
    *other(
        replace(SLOW, swish_listed=False),
        Outcome((0, TOTAL, TOTAL), (f"refund {TOTAL} done",)),
        refund_everything,
        place=World.place_paid_at_once,
    ),
    *(
        case
        for polls in (0, 1, 3)
        for case in other(
            Switches(swish_ending="DECLINED", swish_polls=polls),
            Outcome(ALL_CAPTURED, (f"refund {MUG} held",), (), "refused"),
            refund_a_part,
            place=World.place_paid_at_once,
        )
    ),
]

CASES = [*ANSWERS, *STATUSES, *ACCEPTED, *SHOWN, *STALE, *SWISH]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_staff_do_comes_to_the_right_money(tmp_path: Path, case: Case[Switches]) -> None:
    def place(w: World) -> Placed:
        w.ecster.switches = case.switches
        return case.place(w)

    async with known_order(tmp_path, "ecster", place=place) as (w, it):
        await case.play(w, it)
        assert await case.outcome(w, it) == case.expected("ecster")
        await nothing_more_happens(w, it)


SHOWN_NOWHERE = [Switches(swish_listed=False, swish_counted=False, swish_polls=polls) for polls in (0, 1)]


@pytest.mark.parametrize("switches", SHOWN_NOWHERE, ids=["at-once", "after-a-look"])
async def test_a_swish_refund_that_no_figure_shows_is_not_paid_again_and_does_not_go_unseen(
    tmp_path: Path, switches: Switches
) -> None:
    async with known_order(tmp_path, "ecster", place=World.place_paid_at_once) as (w, it):
        w.ecster.switches = switches
        await later(refund_two_parts, 90000)(w, it)
        assert (w.books(it), len(w.calls())) == (ONE_MUG_BACK, 1)
        assert await w.attention() == {it.id: "not-seen"}


BAD_KEYS = [Switches(), Switches(bad_keys_status=403)]


@pytest.mark.parametrize("switches", BAD_KEYS, ids=["401", "403"])
async def test_keys_that_are_refused_hold_nothing_and_lose_nothing(tmp_path: Path, switches: Switches) -> None:
    async with known_order(tmp_path, "ecster") as (w, it):
        w.ecster.switches = switches
        await w.stop()
        account = {"type": "ecster", "environment": "test", "base_url": w.urls[2], "merchant_key": "10000001"}
        w.changes["providers"] = [account | {"api_key": "of yesterday"}]
        await complete(w, it)
        [failing] = (await w.status())["failing"]
        assert "check api_key and merchant_key" in failing["text"]
        assert (w.calls(), await w.states(it.id), await w.attention()) == ([], [], {})
        await w.stop()
        w.changes["providers"] = [account | {"api_key": "key"}]
        await w.cycle()
        assert (w.books(it), len(w.calls())) == (ALL_CAPTURED, 1)


UNKNOWN_ORDERS = [Switches(), Switches(unknown_order_status=400), Switches(unknown_order_status=410)]


@pytest.mark.parametrize("switches", UNKNOWN_ORDERS, ids=["404", "400", "410"])
async def test_an_order_whose_payment_ecster_does_not_know_is_shown_to_a_person(
    tmp_path: Path, switches: Switches
) -> None:
    """It must not be shipped as if it were paid."""

    def place(w: World) -> Placed:
        w.ecster.switches = switches
        return with_an_unknown_id(w)

    async with known_order(tmp_path, "ecster", place=place) as (w, it):
        await later(complete, 90000)(w, it)
        assert w.calls() == []
        assert await w.attention() == {it.id: "no-money"}


NOT_FOR_US = {
    "reference_status": "the bridge never renames an order",
    "annull_accepted": "the bridge spells it ANNUL",
}


def test_every_position_of_every_switch_is_tried() -> None:
    tried = [case.switches for case in CASES] + SHOWN_NOWHERE + BAD_KEYS + UNKNOWN_ORDERS
    assert [name for name, _ in untried(Switches, tried)] == [*NOT_FOR_US]
