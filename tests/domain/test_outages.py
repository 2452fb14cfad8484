"""When a remote that gives no answer is asked again, what an answer ends, and who is told."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.outages import LASTING, Outage, is_over, unanswered
from tests.domain.builders import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def outage(tries: int = 2, *, paused: bool = True, calls: bool = False, since: timedelta = MINUTE) -> Outage:
    return Outage(
        remote="Resurs", since=NOW - since, tries=tries, next_try=NOW, why="no", paused=paused, calls=calls
    )


def fails(before: Outage | None, chance: float = 0, **more: object) -> Outage:
    return unanswered(before, "Resurs", "no answer", NOW, chance, **more)  # type: ignore[arg-type]  # by name


FIRST = [(False, False, timedelta()), (True, True, 2 * SECOND)]
"""Whether it can't have been about one order; whether it is paused then, and for how long."""


@pytest.mark.parametrize(("sure", "paused", "wait"), FIRST)
def test_the_first_failure_lets_another_order_ask_unless_it_is_sure(
    sure: bool, paused: bool, wait: timedelta
) -> None:
    found = fails(None, sure=sure)
    assert (found.paused, found.next_try - NOW, found.since) == (paused, wait, NOW)


def test_the_second_one_in_a_row_pauses_it() -> None:
    found = fails(fails(None))
    assert (found.paused, found.tries, found.next_try) == (True, 2, NOW + 4 * SECOND)


WAITS = [
    (3, MINUTE, None, 16 * SECOND),
    (9, 9 * MINUTE, None, 30 * SECOND),
    (9, 10 * MINUTE, None, 600 * SECOND),
    (99, 600 * MINUTE, None, 600 * SECOND),
    (3, MINUTE, 60 * SECOND, 60 * SECOND),
    (3, MINUTE, timedelta(hours=3), 600 * SECOND),
]
"""Tries and how long it lasts; the wait that it asked for; the wait. Without jitter, which only shortens it."""


@pytest.mark.parametrize(("tries", "lasted", "asked", "wait"), WAITS)
def test_it_is_asked_ever_more_seldom_and_every_ten_minutes_at_least(
    tries: int, lasted: timedelta, asked: timedelta | None, wait: timedelta
) -> None:
    found = fails(outage(tries, since=lasted), after=asked)
    assert found.next_try - NOW == wait


def test_what_was_under_way_when_the_pause_began_does_not_prolong_it() -> None:
    paused = fails(outage(3))
    late = unanswered(paused, "Resurs", "still no answer", NOW + SECOND, 0)
    assert (late.tries, late.next_try, late.why) == (paused.tries, paused.next_try, "still no answer")


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 90)), min_size=1, max_size=60))
def test_two_hours_take_few_tries_and_none_is_late(failures: list[tuple[float, int]]) -> None:
    """However long each try takes to fail, up to 90 s of hanging."""
    now, found, tried = NOW, None, []
    for chance, hanging in failures:
        tried.append(now)
        now += timedelta(seconds=hanging)
        found = unanswered(found, "Resurs", "no answer", now, chance)
        assert now <= found.next_try <= now + 10 * MINUTE
        if now < NOW + 10 * MINUTE:
            assert found.next_try <= now + 30 * SECOND
        now = found.next_try
    assert all(later - earlier >= 7 * MINUTE for earlier, later in pairwise(tried) if earlier > NOW + 12 * MINUTE)


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    paused = fails(outage())
    assert not paused.may_ask(NOW)
    assert paused.may_ask(NOW - timedelta(hours=1))


ENDS = [(False, False, True), (False, True, True), (True, False, False), (True, True, True)]
"""Whether it only takes no calls; whether the answer is to a call; whether it is over."""


@pytest.mark.parametrize(("calls", "call", "over"), ENDS)
def test_one_that_takes_no_calls_has_to_take_one(calls: bool, call: bool, over: bool) -> None:
    assert is_over(outage(calls=calls), call=call) == over


def test_one_that_takes_no_calls_and_then_no_reads_is_over_with_a_read() -> None:
    assert not fails(outage(calls=True)).calls
    assert fails(outage(calls=True), calls=True).calls


def test_one_that_gives_no_reads_is_over_with_a_read_though_it_takes_no_calls_either() -> None:
    assert not fails(outage(calls=False), calls=True).calls


LASTS = [(LASTING - SECOND, True, False), (LASTING, True, True), (LASTING, False, False)]


@pytest.mark.parametrize(("since", "paused", "lasts"), LASTS)
def test_somebody_is_told_after_fifteen_minutes(since: timedelta, paused: bool, lasts: bool) -> None:
    assert outage(since=since, paused=paused).lasts(NOW) == lasts
