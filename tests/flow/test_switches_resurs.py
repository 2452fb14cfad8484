"""What nobody outside Resurs knows for sure, each way it may be: what staff do comes to the right money.

Where an answer can't be had, a person is called, and nothing has moved twice.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.sandbox.resurs import FieldErrors, Line, Stamps, Switches
from tests.flow.switches import (
    Case,
    capture_elsewhere_and_raise,
    capture_elsewhere_what_is_then_asked,
    late,
    later,
    lower_and_cancel,
    lower_and_raise_again,
    lower_twice,
    other,
    refund_a_part_and_the_rest,
    refund_by_all_lines,
    resurs_account,
    same,
    untried,
)
from tests.flow.test_twice import nothing_more_happens
from tests.flow.ways import (
    ALL_CAPTURED,
    CANCEL,
    CAPTURE,
    LOWERED,
    NOTHING_LEFT,
    ONE_MUG_BACK,
    ONE_MUG_LESS,
    PART_OF_IT,
    REFUND,
    STILL_RESERVED,
    Outcome,
    Play,
    beyond_the_limit,
    cancel,
    cancel_after_a_part,
    complete,
    complete_after_a_part,
    complete_and_refund_at_once,
    higher,
    lower,
    lower_and_complete,
    raise_and_complete,
    refund_a_part,
    refund_all,
    refund_amount,
    refund_before_capture,
    refund_elsewhere,
    refund_lines,
)
from tests.flow.world import GOODS, MUG, TOTAL, Money, Placed, World, known_order

LOWER = TOTAL - MUG


def by_card(w: World) -> Placed:
    """Reserved by an external method: Resurs gives no credit, so nothing can be raised."""
    order = w.store.create_order(GOODS, payment_method=w.side.method)
    return w.name(order, w.resurs.create_payment(str(order), amount=Decimal(TOTAL) / 100, external=True))


def at_the_limit(w: World) -> Placed:
    return w.place(limit=900)


def denied(w: World) -> Placed:
    """Resurs rejects the payment a moment after the checkout."""
    it = w.place()
    w.resurs.reject(it.payment)
    return it


def with_a_discount(w: World) -> Placed:
    order = w.store.create_order(GOODS, payment_method=w.side.method, fees={"Rabatt": "-80.00"})
    return w.name(order, w.side.pay(str(order), TOTAL - 10000))


def by_the_plugins_lines(w: World) -> Placed:
    """The payment has the lines that the shop's plugin gave it at the checkout."""
    order = w.store.create_order(GOODS, payment_method=w.side.method)
    lines = (
        Line(total=Decimal("250.00"), quantity=Decimal(2), description="Mugg", reference="MUGG"),
        Line(total=Decimal("500.00"), description="Lampa", reference="LAMPA"),
        Line(total=Decimal("61.25"), description="Frakt", reference="shipping", type="SHIPPING"),
    )
    return w.name(order, w.resurs.create_payment(str(order), lines=lines))


LOWERED_AND_CANCELLED = Outcome(NOTHING_LEFT, (LOWERED, f"cancel {LOWER} done"))
ALL_BACK_IN_TWO = Outcome((0, TOTAL, TOTAL), (CAPTURE, REFUND, f"refund {LOWER} done"))
REST_CLOSED = Outcome(ONE_MUG_LESS, (f"cancel {MUG} done",))
CAPTURE_REFUSED = Outcome(STILL_RESERVED, (f"capture {TOTAL} held",), (), "refused")
RAISE_REFUSED = Outcome(STILL_RESERVED, (f"modify {MUG} held",), (), "refused")
CANNOT_CHANGE = Outcome(STILL_RESERVED, (), (), "cannot-change")
CANNOT_REFUND = Outcome(ALL_CAPTURED, (CAPTURE, f"refund {MUG} held"), (), "cannot-refund")
NO_MONEY = Outcome(NOTHING_LEFT, (), (), "no-money")
SECOND_TIME_RIGHT = Outcome(ALL_CAPTURED, (f"capture {TOTAL} dropped", "capture 61125 done"))
REPLACED = (f"modify {TOTAL} done", f"modify {LOWER} done")
"""Everything released, then a new reservation: where no part can be released."""

# ------------------------------------------------------------------ amounts

AMOUNTS: list[Case[Switches]] = [
    *same(Switches(total_is_cumulative=False), lower_and_complete, raise_and_complete),
    *same(Switches(refuses_sum_above_remainder=False), complete_after_a_part, refund_all),
    *same(Switches(negative_refund_lines_refused=True), refund_lines, refund_amount),
    *other(
        Switches(negative_refund_lines_refused=True),
        Outcome((0, 71125, 71125), ("capture 71125 done", "refund 71125 done")),
        refund_by_all_lines,
        place=with_a_discount,
    ),
    *same(Switches(strict_line_match=True), cancel, higher),
    *other(Switches(strict_line_match=True), CAPTURE_REFUSED, complete),
    *other(Switches(strict_line_match=True), RAISE_REFUSED, lower),
    *other(
        Switches(strict_line_match=True), Outcome(ALL_CAPTURED, (CAPTURE,)), complete, place=by_the_plugins_lines
    ),
    *other(
        Switches(strict_line_match=True),
        Outcome(ONE_MUG_BACK, (CAPTURE, REFUND)),
        refund_lines,
        place=by_the_plugins_lines,
    ),
]

# ------------------------------------------------------------------ what is listed as possible

NAMES_GO = Switches(full_action_names_stay=False)
STRICT_NAMES = Switches(lines_mean_partial=True)
STRICT_NAMES_GO = Switches(full_action_names_stay=False, lines_mean_partial=True)
OWN_WITHOUT_PARTS = Switches(internal_partials=False)
ANY_PARTS = Switches(external_partials=True)
ANY_PARTS_STRICT = replace(STRICT_NAMES_GO, external_partials=True)

LISTED: list[Case[Switches]] = [
    *same(NAMES_GO, refund_before_capture, complete_after_a_part),
    *other(NAMES_GO, REST_CLOSED, capture_elsewhere_what_is_then_asked),
    *same(STRICT_NAMES, complete, cancel, refund_all, complete_after_a_part),
    *same(STRICT_NAMES_GO, cancel_after_a_part, complete_and_refund_at_once),
    *other(STRICT_NAMES_GO, LOWERED_AND_CANCELLED, lower_and_cancel),
    *other(STRICT_NAMES_GO, ALL_BACK_IN_TWO, refund_a_part_and_the_rest),
    # Resurs's own methods, were they to list no partial names: what can't be released in part is replaced.
    *same(OWN_WITHOUT_PARTS, cancel, refund_all, raise_and_complete),
    *other(OWN_WITHOUT_PARTS, CANNOT_REFUND, refund_lines),
    *other(OWN_WITHOUT_PARTS, Outcome((LOWER, 0, 0), REPLACED), lower),
    *other(
        OWN_WITHOUT_PARTS,
        Outcome(ONE_MUG_LESS, (*REPLACED, PART_OF_IT)),
        lower_and_complete,
        complete_and_refund_at_once,
    ),
    *other(
        replace(OWN_WITHOUT_PARTS, lines_mean_partial=True, add_lines_needs_full_cancel=True),
        Outcome(ONE_MUG_LESS, (*REPLACED, PART_OF_IT)),
        lower_and_complete,
    ),
    *other(OWN_WITHOUT_PARTS, CANNOT_CHANGE, lower, place=at_the_limit),
    # External methods: all or nothing, unless they list partial names too.
    *(
        case
        for switches in (Switches(), STRICT_NAMES)
        for case in (
            *other(switches, Outcome(ALL_CAPTURED, (CAPTURE,)), complete, place=by_card),
            *other(switches, Outcome(NOTHING_LEFT, (CANCEL,)), cancel, place=by_card),
            *other(
                switches, Outcome((0, TOTAL, TOTAL), (CAPTURE, f"refund {TOTAL} done")), refund_all, place=by_card
            ),
        )
    ),
    *other(Switches(), CANNOT_REFUND, refund_lines, place=by_card),
    *other(Switches(), CANNOT_CHANGE, lower, lower_and_complete, complete_and_refund_at_once, place=by_card),
    *same(STRICT_NAMES, refund_all, refund_a_part, place=World.place_paid_at_once),
    *other(ANY_PARTS, Outcome(ALL_CAPTURED, (CAPTURE,)), complete, place=by_card),
    *other(ANY_PARTS, Outcome(ONE_MUG_BACK, (CAPTURE, REFUND)), refund_lines, place=by_card),
    *other(ANY_PARTS_STRICT, Outcome(ONE_MUG_LESS, (LOWERED, PART_OF_IT)), lower_and_complete, place=by_card),
    *other(ANY_PARTS_STRICT, LOWERED_AND_CANCELLED, lower_and_cancel, place=by_card),
    *other(ANY_PARTS_STRICT, ALL_BACK_IN_TWO, refund_a_part_and_the_rest, place=by_card),
]

# ------------------------------------------------------------------ raising, and what has run out

LIVES_A_DAY = Switches(authorisation_lifetime=timedelta(days=1))

NOT_RAISED = Outcome((61125, 20000, 0), (), (), "less-reserved")
NOT_RAISED_AGAIN = Outcome((LOWER, 0, 0), (LOWERED, f"modify {MUG} held"), (), "refused")

LIMITS: list[Case[Switches]] = [
    *same(Switches(add_lines_needs_full_cancel=True), lower_and_complete),
    *other(Switches(add_lines_needs_full_cancel=True), RAISE_REFUSED, higher),
    *other(
        Switches(add_lines_needs_full_cancel=True),
        Outcome(STILL_RESERVED, ("modify 31250 held",), (), "refused"),
        raise_and_complete,
    ),
    *same(Switches(limit_counts_captured=False), higher, beyond_the_limit),
    *other(Switches(limit_counts_captured=False), NOT_RAISED, capture_elsewhere_and_raise, place=at_the_limit),
    *same(Switches(cancel_frees_credit=False), raise_and_complete),
    *other(Switches(), Outcome(STILL_RESERVED, (LOWERED, LOWERED)), lower_and_raise_again, place=at_the_limit),
    *other(Switches(cancel_frees_credit=False), NOT_RAISED_AGAIN, lower_and_raise_again, place=at_the_limit),
    *same(LIVES_A_DAY, cancel, refund_lines),
    *other(LIVES_A_DAY, CANNOT_CHANGE, late(complete, 2), late(cancel, 2), late(lower, 2)),
    *other(LIVES_A_DAY, CANNOT_CHANGE, late(complete_and_refund_at_once, 2)),
]

# ------------------------------------------------------------------ the protocol

PROTOCOL: list[Case[Switches]] = [
    *same(Switches(success_status=201), cancel, higher),
    *(
        case
        for stamps in (Stamps.NAIVE, Stamps.NANO, Stamps.WHOLE)
        for case in same(Switches(stamps=stamps), refund_elsewhere)
    ),
    *same(Switches(token_lifetime=30), refund_lines),
    *same(Switches(longest_transaction_id=24), cancel, refund_lines, higher),
    *other(Switches(longest_transaction_id=6), CAPTURE_REFUSED, complete),
]

# ------------------------------------------------------------------ reads that lag behind

HALF_A_MINUTE = Switches(lag=timedelta(seconds=30))
TWO_MINUTES = Switches(lag=timedelta(minutes=2), stale_reads=2)
TOO_LONG = Switches(lag=timedelta(minutes=7))
"""Longer than `settle.unknown`, so a person is called."""

STALE: list[Case[Switches]] = [
    *same(Switches(stale_reads=1), cancel, refund_lines, refund_before_capture, higher),
    *same(Switches(stale_reads=1), complete_and_refund_at_once, cancel_after_a_part),
    *other(Switches(stale_reads=1), Outcome(ONE_MUG_BACK, (CAPTURE,)), refund_elsewhere),
    *same(Switches(stale_reads=3), cancel, refund_all, lower_and_complete, complete_and_refund_at_once),
    *same(HALF_A_MINUTE, refund_lines, lower_and_complete),
    *other(HALF_A_MINUTE, Outcome(ONE_MUG_BACK, (CAPTURE,)), refund_elsewhere),
    *same(TWO_MINUTES, cancel, refund_all, higher, complete_and_refund_at_once),
    # The portal's capture does not show yet: Resurs refuses more than is left, and the next sweep sees why.
    *other(HALF_A_MINUTE, SECOND_TIME_RIGHT, later(complete_after_a_part)),
    *other(Switches(stale_reads=3), SECOND_TIME_RIGHT, later(complete_after_a_part)),
    *other(
        replace(HALF_A_MINUTE, refuses_sum_above_remainder=False),
        Outcome(ALL_CAPTURED, (f"capture {TOTAL} held",), (), "other-amount"),
        complete_after_a_part,
    ),
    *other(
        replace(HALF_A_MINUTE, refuses_sum_above_remainder=False),
        Outcome((0, 20000, 0), (f"cancel {TOTAL - 20000} done",), (), "cancelled-captured"),
        cancel_after_a_part,
    ),
    # A return in the portal that no read shows until the refund is paid can't be told from none.
    *other(
        Switches(stale_reads=3),
        Outcome((0, TOTAL, 2 * MUG), (CAPTURE, REFUND), (), "unmatched-return"),
        refund_elsewhere,
    ),
    *other(TOO_LONG, Outcome(ALL_CAPTURED, (f"capture {TOTAL} held",), (), "not-seen"), complete, refund_lines),
    *other(TOO_LONG, Outcome(NOTHING_LEFT, (f"cancel {TOTAL} held",), (), "not-seen"), cancel),
    *other(TOO_LONG, Outcome((LOWER, 0, 0), (f"modify {MUG} held",), (), "not-seen"), lower, lower_twice),
    *other(TOO_LONG, Outcome(ALL_CAPTURED, (CAPTURE,)), later(complete)),
    *other(TOO_LONG, Outcome(NOTHING_LEFT, (CANCEL,)), later(cancel)),
    *other(TOO_LONG, Outcome((LOWER, 0, 0), (LOWERED,)), later(lower)),
]


# ------------------------------------------------------------------ rejected and expired

REJECTED: list[Case[Switches]] = [
    case
    for switches in (
        Switches(),
        Switches(forbidden_when_expired=False),
        Switches(rejected_visible=timedelta(days=1)),
        Switches(rejected_visible=timedelta(days=60), forbidden_when_expired=False),
    )
    for case in (
        *other(switches, NO_MONEY, late(complete, 40), place=denied),
        *other(switches, Outcome(NOTHING_LEFT), late(cancel, 40), place=denied),
    )
]

CASES = [*AMOUNTS, *LISTED, *LIMITS, *PROTOCOL, *STALE, *REJECTED]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_staff_do_comes_to_the_right_money(tmp_path: Path, case: Case[Switches]) -> None:
    def place(w: World) -> Placed:
        w.resurs.switches = case.switches
        return case.place(w)

    async with known_order(tmp_path, "resurs", place=place) as (w, it):
        await case.play(w, it)
        assert await case.outcome(w, it) == case.expected("resurs")
        await nothing_more_happens(w, it)


FIELD_ERRORS = [Switches(field_errors=shape, longest_transaction_id=6) for shape in FieldErrors]


@pytest.mark.parametrize("switches", FIELD_ERRORS, ids=lambda switches: switches.field_errors.value)
async def test_a_refusal_tells_staff_of_the_field_whatever_its_shape(tmp_path: Path, switches: Switches) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.switches = switches
        await complete(w, it)
        assert (w.books(it), await w.attention()) == (STILL_RESERVED, {it.id: "refused"})
        [note] = w.notes(it.id)
        assert "transactionId size must be between 0 and 6" in note


FROZEN = [Switches(), Switches(frozen_lists_cancel=False)]


@pytest.mark.parametrize("switches", FROZEN, ids=["lists-cancel", "lists-nothing"])
@pytest.mark.parametrize(
    ("play", "books"), [(cancel, NOTHING_LEFT), (complete, ALL_CAPTURED)], ids=["cancel", "complete"]
)
async def test_a_frozen_payment_is_waited_for(tmp_path: Path, play: Play, books: Money, switches: Switches) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.switches = switches
        w.resurs.freeze(it.payment)
        await play(w, it)
        assert (w.calls(), w.books(it), await w.attention()) == ([], STILL_RESERVED, {})
        w.resurs.unfreeze(it.payment)
        await w.cycle()
        assert (w.books(it), await w.attention()) == (books, {})


REFUSED_CLIENTS = [Switches(), Switches(invalid_client_status=400)]


@pytest.mark.parametrize("switches", REFUSED_CLIENTS, ids=["401", "400"])
async def test_credentials_that_are_refused_hold_nothing_and_lose_nothing(
    tmp_path: Path, switches: Switches
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.switches = switches
        w.resurs.replace_client("sandbox", "another")
        await complete(w, it)
        [failing] = (await w.status())["failing"]
        assert "check client_id, client_secret" in failing["text"]
        assert (w.calls(), await w.states(it.id), await w.attention()) == ([], [], {})
        w.resurs.replace_client("sandbox", "sandbox-secret")
        await w.cycle()
        assert (w.books(it), len(w.calls())) == (ALL_CAPTURED, 1)


ONLY_THE_OLD_SCOPE = Switches(scopes=("mock-merchant-api",))


async def test_a_scope_that_is_not_granted_is_named_and_one_that_is_works(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.switches = ONLY_THE_OLD_SCOPE
        w.resurs.end_tokens()
        await complete(w, it)
        [failing] = (await w.status())["failing"]
        assert "check scope" in failing["text"]
        await w.stop()
        w.changes["providers"] = resurs_account(w, scope="mock-merchant-api")
        await w.cycle()
        assert (w.books(it), len(w.calls())) == (ALL_CAPTURED, 1)


NOT_FOR_US = {"create_status": "payments are created by the shop's checkout, never by the bridge"}


def test_every_position_of_every_switch_is_tried() -> None:
    tried = [case.switches for case in CASES] + FIELD_ERRORS + FROZEN + REFUSED_CLIENTS + [ONLY_THE_OLD_SCOPE]
    assert [name for name, _ in untried(Switches, tried)] == [*NOT_FOR_US]
