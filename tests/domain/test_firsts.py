"""What the first call of a kind did, against what it was to do."""

from dataclasses import replace

import pytest

from bridge.domain.attempts import Attempt
from bridge.domain.decisions import Facts
from bridge.domain.firsts import difference
from bridge.domain.steps import Call, Kind, Step
from tests.domain.builders import resurs


def attempt(call: Call, amount: int, *, everything: bool = False) -> Attempt:
    """A call on a payment with 1000 reserved, 500 captured and 100 returned before it."""
    step = Step(kind=Kind.MODIFY, call=call, key="K", amount=amount, target=0, why="", everything=everything)
    return Attempt(step=step, log_length=1, reserved=1000, captured=500, returned=100)


AS_AIMED = [
    (attempt(Call.CAPTURE, 400), (600, 900, 100)),
    (attempt(Call.CAPTURE, 400, everything=True), (600, 900, 100)),
    (attempt(Call.CAPTURE, 400, everything=True), (0, 900, 100)),
    (attempt(Call.CAPTURE, 1000), (0, 1500, 100)),
    (attempt(Call.RELEASE, 400), (600, 500, 100)),
    (attempt(Call.RELEASE, 1000, everything=True), (0, 500, 100)),
    (attempt(Call.RAISE, 400), (1400, 500, 100)),
    (attempt(Call.REFUND, 400), (1000, 500, 500)),
]
OTHERWISE: list[tuple[Attempt, tuple[int, int, int], Facts]] = [
    (attempt(Call.CAPTURE, 400), (0, 900, 100), {"reserved_aimed_at": 600, "reserved": 0}),
    (attempt(Call.CAPTURE, 400), (600, 500, 100), {"captured_aimed_at": 900, "captured": 500}),
    (attempt(Call.RELEASE, 400), (0, 500, 100), {"reserved_aimed_at": 600, "reserved": 0}),
    (attempt(Call.RELEASE, 1000, everything=True), (1, 500, 100), {"reserved_aimed_at": 0, "reserved": 1}),
    (attempt(Call.RAISE, 400), (400, 500, 100), {"reserved_aimed_at": 1400, "reserved": 400}),
    (attempt(Call.REFUND, 400), (1000, 500, 600), {"returned_aimed_at": 500, "returned": 600}),
    (attempt(Call.REFUND, 400), (900, 500, 500), {"reserved_aimed_at": 1000, "reserved": 900}),
]


@pytest.mark.parametrize(("made", "after"), AS_AIMED)
def test_what_was_aimed_at_is_no_difference(made: Attempt, after: tuple[int, int, int]) -> None:
    reserved, captured, returned = after
    assert difference(made, replace(resurs(), reserved=reserved, captured=captured, returned=returned)) == {}


@pytest.mark.parametrize(("made", "after", "figures"), OTHERWISE)
def test_another_effect_is_told_with_both_figures(
    made: Attempt, after: tuple[int, int, int], figures: Facts
) -> None:
    reserved, captured, returned = after
    assert difference(made, replace(resurs(), reserved=reserved, captured=captured, returned=returned)) == figures
