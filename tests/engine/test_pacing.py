"""The pace of calls: no more in any minute than it says, in the order in which they were asked for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.pacing import MINUTE, Pace

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@given(st.integers(1, 5), st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_no_minute_has_more_and_whoever_comes_for_his_turn_gets_it(rate: int, gaps: list[int]) -> None:
    """Each order asks once, and comes back when it was told to."""
    pace, now, made = Pace(rate), START, []
    waiting: list[tuple[datetime, int]] = []
    for order, gap in enumerate(gaps):
        now += gap * SECOND
        waiting.append((now, order))
    while waiting:
        waiting.sort()
        (moment, order), *waiting = waiting
        turn = pace.turn(order, moment)
        if turn == moment:
            made.append(moment)
        else:
            assert turn > moment
            waiting.append((turn, order))
    assert len(made) == len(gaps)
    assert all(late - early >= MINUTE for early, late in zip(made, made[rate:], strict=False))


def test_nobody_waits_while_there_is_room() -> None:
    pace = Pace(3)
    assert [pace.turn(order, START) for order in range(4)] == [START] * 3 + [START + MINUTE]


def test_whoever_comes_too_early_keeps_his_turn() -> None:
    pace = Pace(1)
    assert pace.turn(1, START) == START
    turns = [pace.turn(order, START + second * SECOND) for order, second in ((2, 1), (3, 2), (2, 3), (3, 4))]
    assert turns == [START + MINUTE, START + 2 * MINUTE] * 2


def test_a_clock_that_was_set_back_keeps_nobody_waiting() -> None:
    pace = Pace(1)
    assert pace.turn(1, START) == START
    assert pace.turn(2, START - timedelta(days=1)) == START - timedelta(days=1)
