"""`start_from` in the past: what happened since that date is carried over, and nothing that happened before it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flow.test_baseline_walk import stock
from tests.flow.world import MUG, TOTAL, Money, Placed, ProviderName, World, world

DAY = 86400
START_FROM = "2026-11-26"
"""Orders are placed on the 21st; what happens `before` does so on the 23rd, what happens `since` on the 28th."""

Deed = Callable[[World, Placed], object]


def capture(w: World, it: Placed) -> None:
    w.side.capture(it.payment, TOTAL)


def complete(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")


def complete_and_capture(w: World, it: Placed) -> None:
    complete(w, it)
    capture(w, it)


def cancel(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "cancelled")


def refund_a_mug(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})


def refund_a_mug_and_pay(w: World, it: Placed) -> None:
    """As the shop's plugin did it."""
    refund_a_mug(w, it)
    w.side.refund(it.payment, MUG)


def refund_the_rest(w: World, it: Placed) -> None:
    w.store.refund(it.id)


def lower(w: World, it: Placed) -> None:
    w.store.set_quantity(it.id, "MUGG", 1)


def touch(w: World, it: Placed) -> None:
    """A plugin saves the order, and nothing changes."""
    w.store.set_meta(it.id, "_saved_by", "plugin")
    w.store.order(it.id).modified = w.clock.now()


def both(*deeds: Deed) -> Deed:
    def do(w: World, it: Placed) -> None:
        for deed in deeds:
            deed(w, it)

    return do


def refund_the_lamp(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"LAMPA": 1})


def note(w: World, it: Placed) -> None:
    w.store.add_note(it.id, "Kunden ringde")
    touch(w, it)


def nothing(w: World, it: Placed) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Case:
    before: Deed
    since: Deed
    books: Money
    attention: str = ""


CASES = {
    "completed since": Case(nothing, complete, (0, TOTAL, 0)),
    "completed before": Case(complete, nothing, (TOTAL, 0, 0), "baseline-reserved"),
    "completed before, saved since": Case(complete, touch, (TOTAL, 0, 0), "baseline-reserved"),
    "cancelled since": Case(nothing, cancel, (0, 0, 0)),
    "cancelled before": Case(cancel, nothing, (TOTAL, 0, 0)),
    "cancelled before, a person's note since": Case(cancel, note, (TOTAL, 0, 0)),
    "cancelled before, saved since": Case(cancel, touch, (TOTAL, 0, 0)),
    "refunded in part since": Case(complete_and_capture, refund_a_mug, (0, TOTAL, MUG)),
    "refunded in part before": Case(complete_and_capture, nothing, (0, TOTAL, 0)),
    "refunded in part before and since": Case(
        both(complete_and_capture, refund_the_lamp),
        refund_a_mug,
        (0, TOTAL, MUG),
    ),
    "refunded and paid before, the same amount again since": Case(
        both(complete_and_capture, refund_a_mug_and_pay),
        refund_a_mug,
        (0, TOTAL, 2 * MUG),
    ),
    "refunded in part before, the rest since": Case(
        both(complete_and_capture, refund_a_mug_and_pay),
        refund_the_rest,
        (0, TOTAL, TOTAL),
    ),
    "refunded in full since, never captured": Case(nothing, refund_the_rest, (0, 0, 0)),
    "lowered since": Case(nothing, lower, (TOTAL - MUG, 0, 0)),
    "lowered before": Case(lower, nothing, (TOTAL, 0, 0), "more-reserved"),
    "open all the time": Case(nothing, nothing, (TOTAL, 0, 0)),
}


@pytest.mark.parametrize("others", [0, 150], ids=["in a small shop", "in a big shop"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_happened_since_a_date_is_carried_over(tmp_path: Path, case: Case, others: int) -> None:
    async with world(tmp_path, start_from=START_FROM, actions={"refund": {"hold_older_than": "30d"}}) as w:
        it = w.place()
        if others:
            stock(w, others)
        w.clock.advance(2 * DAY)
        case.before(w, it)
        w.clock.advance(5 * DAY)
        case.since(w, it)
        w.clock.advance(DAY)
        await w.cycle()
        assert w.books(it) == case.books
        assert await w.attention() == ({it.id: case.attention} if case.attention else {})


@pytest.mark.parametrize("provider", ["resurs", "ecster"])
async def test_an_order_made_since_the_date_counts_whatever_its_status(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with world(tmp_path, provider, start_from=START_FROM) as w:
        w.clock.advance(7 * DAY)
        completed, cancelled, opened = (w.place(status=s) for s in ("completed", "cancelled", "processing"))
        w.clock.advance(DAY)
        await w.cycle()
        assert [w.books(it) for it in (completed, cancelled, opened)] == [(0, TOTAL, 0), (0, 0, 0), (TOTAL, 0, 0)]


@pytest.mark.parametrize("others", [0, 150], ids=["in a small shop", "in a big shop"])
async def test_a_date_that_is_still_to_come_is_as_good_as_now(tmp_path: Path, others: int) -> None:
    async with world(tmp_path, start_from="2027-01-01") as w:
        before, it = w.place(status="completed"), w.place()
        if others:
            stock(w, others)
        w.clock.advance(DAY)
        await w.cycle()
        complete(w, it)
        await w.cycle()
        assert (w.books(before), w.books(it)) == ((TOTAL, 0, 0), (0, TOTAL, 0))


@pytest.mark.parametrize(("hour", "books"), [(-1, (TOTAL, 0, 0)), (1, (0, TOTAL, 0))])
async def test_the_date_begins_at_midnight_utc(tmp_path: Path, hour: int, books: Money) -> None:
    async with world(tmp_path, start_from="2026-11-22") as w:
        it = w.place()
        w.clock.advance((16 + hour) * 3600)
        complete(w, it)
        w.clock.advance(DAY)
        await w.cycle()
        assert w.books(it) == books
