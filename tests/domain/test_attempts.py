"""What became of a call: read from the payment, never hoped."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.attempts import Attempt, Judgement, Nothing, NotYet, Shown, judge
from bridge.domain.payments import Entry, EntryKind, Payment, PaymentState
from bridge.domain.steps import EFFECT, Call, Kind, Step
from tests.domain.builders import NOW, captured, entry, released, resurs, returned

UNKNOWN = timedelta(minutes=5)


def step(call: Call, amount: int = 200, *, key: str = "K", target: int = 0, everything: bool = False) -> Step:
    return Step(kind=Kind.MODIFY, call=call, key=key, amount=amount, target=target, why="", everything=everything)


def attempt(call: Call, *, ago: timedelta | None, said_done: bool = False, everything: bool = False) -> Attempt:
    """A call on a payment of 800 captured and 200 reserved, whose log had two entries; it ended `ago`."""
    return Attempt(
        step=step(call, everything=everything),
        log_length=2,
        reserved=200,
        captured=800,
        returned=0,
        ended=None if ago is None else NOW - ago,
        said_done=said_done,
    )


def judged(attempt: Attempt, *log: Entry, **figures: Any) -> Judgement:
    payment = resurs(captured(800, "1042C800"), *log, reserved=200)
    return judge(attempt, replace(payment, **figures), NOW, UNKNOWN)


JUST_NOW, LONG = timedelta(seconds=1), UNKNOWN


@pytest.mark.parametrize("call", EFFECT)
def test_our_key_in_the_log_shows_it(call: Call) -> None:
    shown = entry(EFFECT[call], 200, "K", entry_id="ours")
    assert judged(attempt(call, ago=JUST_NOW), returned(5), shown) == Shown("ours", 200)


@pytest.mark.parametrize("ago", [JUST_NOW, LONG, None])
def test_our_key_counts_however_long_ago_the_call_ended(ago: timedelta | None) -> None:
    assert judged(attempt(Call.REFUND, ago=ago), returned(200, "K", entry_id="ours")) == Shown("ours", 200)


NOT_OURS = {
    "another key": [returned(200, "J")],
    "no key": [returned(200)],
    "our key on another kind of call": [released(200, "K")],
}


@pytest.mark.parametrize("name", NOT_OURS)
def test_amounts_alone_do_not_show_a_call_that_carries_a_key(name: str) -> None:
    assert judged(attempt(Call.REFUND, ago=JUST_NOW), *NOT_OURS[name], returned=200) == NotYet(
        NOW - JUST_NOW + UNKNOWN
    )


def test_our_key_from_before_the_call_is_not_this_call() -> None:
    payment = resurs(captured(800, "K"), reserved=200)
    assert judge(attempt(Call.CAPTURE, ago=LONG), payment, NOW, UNKNOWN) == Nothing(doubtful=False)


@pytest.mark.parametrize(("ago", "done"), [(UNKNOWN - timedelta(seconds=1), False), (UNKNOWN, True)])
def test_not_done_needs_reads_that_show_nothing_for_long_enough(ago: timedelta, done: bool) -> None:
    found = judged(attempt(Call.REFUND, ago=ago))
    assert isinstance(found, Nothing) == done


SWISH = replace(attempt(Call.REFUND, ago=JUST_NOW), failed="")


def swish(attempt: Attempt, *log: Entry, **figures: Any) -> Judgement:
    return judged(attempt, *log, keyless=frozenset({EntryKind.RETURN}), **figures)


def test_a_failure_that_came_since_ends_a_call_without_a_key() -> None:
    ended = replace(SWISH, ended=NOW - LONG)
    assert swish(ended, failed="DECLINED") == Nothing(doubtful=False, refusal="DECLINED")


def test_a_failure_that_shows_at_once_may_be_somebody_else_s() -> None:
    """Ecster tells of the latest Swish refund alone; ours has as long as any call to show."""
    assert swish(SWISH, failed="DECLINED") == NotYet(NOW - JUST_NOW + UNKNOWN)


def test_a_failure_from_before_says_nothing_of_this_call() -> None:
    """It may be the last word on the call before, while this one is under way."""
    assert swish(replace(SWISH, failed="DECLINED"), failed="DECLINED") == NotYet(NOW - JUST_NOW + UNKNOWN)


@pytest.mark.parametrize(
    ("log", "back", "found"),
    [
        ((), 200, Shown("", 200)),
        ((), 300, NotYet(NOW - JUST_NOW + UNKNOWN)),
        ((returned(300, entry_id="theirs"),), 300, NotYet(NOW - JUST_NOW + UNKNOWN)),
        ((returned(300, entry_id="theirs"), returned(200, entry_id="ours")), 500, Shown("ours", 200)),
    ],
    ids=["exactly it, unlisted", "more", "more, listed", "both, theirs first"],
)
def test_without_a_key_only_exactly_its_amount_shows_a_return(
    log: tuple[Entry, ...], back: int, found: Judgement
) -> None:
    assert swish(SWISH, *log, returned=back) == found


def test_a_refused_call_without_a_key_is_never_shown_by_amounts() -> None:
    refused = replace(SWISH, ended=NOW - LONG, said_no="4424")
    assert swish(refused, returned=200) == Nothing(doubtful=False)


REFUSED = replace(attempt(Call.REFUND, ago=LONG), said_no="not in a state for this")


def test_a_surprising_refusal_is_the_provider_s_last_word_where_nothing_else_has_happened() -> None:
    assert judged(REFUSED) == Nothing(doubtful=False, refusal="not in a state for this")


@pytest.mark.parametrize(
    ("log", "figures"),
    [
        ((captured(50),), {"captured": 850, "reserved": 150}),
        ((), {"reserved": 0}),
        ((), {"state": PaymentState.PENDING}),
    ],
    ids=["somebody was quicker", "it expired", "it is looked into"],
)
def test_a_surprising_refusal_is_explained_by_a_payment_that_changed(
    log: tuple[Entry, ...], figures: dict[str, Any]
) -> None:
    assert judged(REFUSED, *log, **figures) == Nothing(doubtful=False)


def test_a_surprising_refusal_waits_for_reads_that_lag_behind() -> None:
    assert judged(replace(REFUSED, ended=NOW)) == NotYet(NOW + UNKNOWN)


def test_a_refused_call_whose_key_shows_was_made() -> None:
    """Something on the way sent the request twice: the answer is to the second."""
    assert judged(REFUSED, returned(200, "K", entry_id="ours")) == Shown("ours", 200)


def test_a_call_that_was_cut_off_counts_from_its_first_look() -> None:
    assert judged(attempt(Call.REFUND, ago=None)) == NotYet(NOW + UNKNOWN)


def test_said_to_be_done_and_never_shown_is_for_a_person() -> None:
    assert judged(attempt(Call.REFUND, ago=LONG, said_done=True)) == Nothing(doubtful=True)


@pytest.mark.parametrize("said_done", [True, False])
def test_a_release_of_everything_is_waited_for_like_any_other_call(said_done: bool) -> None:
    found = judged(attempt(Call.RELEASE, ago=JUST_NOW, everything=True, said_done=said_done))
    assert found == NotYet(NOW - JUST_NOW + UNKNOWN)


def test_where_no_key_can_be_nothing_is_for_a_person_and_never_repeated_by_itself() -> None:
    keyless = frozenset({EntryKind.RETURN})
    assert judged(attempt(Call.REFUND, ago=LONG), keyless=keyless) == Nothing(doubtful=True)


def test_what_is_still_under_way_decides_nothing_however_long_it_takes() -> None:
    found = judged(
        attempt(Call.REFUND, ago=LONG), keyless=frozenset({EntryKind.RETURN}), state=PaymentState.PENDING
    )
    assert found == NotYet(NOW + UNKNOWN)


def test_shown_tells_what_the_log_says_was_moved() -> None:
    assert judged(attempt(Call.REFUND, ago=JUST_NOW), returned(150, "K", entry_id="ours")) == Shown("ours", 150)


@pytest.mark.parametrize(("captured_since", "released_of_200"), [(0, 200), (150, 50)])
def test_a_release_whose_entry_shows_no_amount_did_not_release_what_somebody_captured_before_it(
    captured_since: int, released_of_200: int
) -> None:
    call = attempt(Call.RELEASE, ago=JUST_NOW, everything=True)
    shown = released(0, "K")
    assert judged(call, shown, captured=800 + captured_since, reserved=0) == Shown(shown.id, released_of_200)


@pytest.mark.parametrize("everything", [True, False])
def test_a_log_that_is_shorter_than_before_the_call_decides_nothing(everything: bool) -> None:
    older = resurs(reserved=1000)
    for ago in (JUST_NOW, LONG):
        found = judge(attempt(Call.RELEASE, ago=ago, everything=everything), older, NOW, UNKNOWN)
        assert isinstance(found, NotYet)
        assert found.until > NOW


MOVED = {
    "a return": (Call.REFUND, {"returned": 200}, True),
    "a return of less": (Call.REFUND, {"returned": 199}, False),
    "a capture": (Call.CAPTURE, {"captured": 1000}, True),
    "a capture of less": (Call.CAPTURE, {"captured": 999}, False),
    "a release": (Call.RELEASE, {"reserved": 0}, True),
    "a release of less": (Call.RELEASE, {"reserved": 1}, False),
}


@pytest.mark.parametrize("name", MOVED)
def test_where_no_key_can_be_the_amounts_show_it(name: str) -> None:
    call, figures, shown = MOVED[name]
    found = judged(attempt(call, ago=JUST_NOW), **figures, keyless=frozenset({EFFECT[call]}))
    assert (found == Shown("", 200)) == shown


def test_where_no_key_can_be_the_entry_is_named_all_the_same() -> None:
    swish = {"keyless": frozenset({EntryKind.RETURN}), "returned": 200}
    assert judged(attempt(Call.REFUND, ago=JUST_NOW), returned(200, entry_id="theirs"), **swish) == Shown(
        "theirs", 200
    )


entries = st.lists(
    st.builds(
        entry,
        st.sampled_from(EntryKind),
        st.sampled_from((100, 200)),
        st.sampled_from((None, "J", "K")),
    ),
    max_size=4,
)
attempts = st.builds(
    attempt,
    st.sampled_from(sorted(EFFECT)),
    ago=st.one_of(st.none(), st.sampled_from((timedelta(), JUST_NOW, LONG, timedelta(days=1)))),
    said_done=st.booleans(),
    everything=st.booleans(),
)


def seen(log: list[Entry], length: int) -> Payment:
    payment = resurs(reserved=200)
    return replace(payment, log=(*payment.log, *log)[:length], captured=1000, returned=200, reserved=0)


@given(attempt=attempts, log=entries, length=st.integers(0, 5), keyless=st.frozensets(st.sampled_from(EntryKind)))
def test_a_call_is_shown_only_by_its_key_or_where_there_can_be_none(
    attempt: Attempt, log: list[Entry], length: int, keyless: frozenset[EntryKind]
) -> None:
    payment = replace(seen(log, length), keyless=keyless)
    effect = EFFECT[attempt.step.call]
    ours = any(e.key == "K" and e.kind is effect for e in payment.log[attempt.log_length :])
    if isinstance(judge(attempt, payment, NOW, UNKNOWN), Shown):
        assert ours or effect in keyless


@given(attempt=attempts, log=entries, length=st.integers(0, 5))
def test_a_call_counts_as_not_done_only_by_a_whole_log_and_after_its_time(
    attempt: Attempt, log: list[Entry], length: int
) -> None:
    payment = seen(log, length)
    found = judge(attempt, payment, NOW, UNKNOWN)
    if isinstance(found, Nothing):
        assert len(payment.log) >= attempt.log_length
        over = attempt.ended is not None and attempt.ended + UNKNOWN <= NOW
        assert over or (attempt.step.everything and attempt.step.call is Call.RELEASE)
    if isinstance(found, NotYet):
        assert found.until > NOW


@given(attempt=attempts, later=st.sampled_from((timedelta(), JUST_NOW, LONG, timedelta(days=1))))
def test_a_whole_log_settles_every_call_in_time(attempt: Attempt, later: timedelta) -> None:
    """With reads that are not stale nothing stays unknown for longer than `settle.unknown`."""
    ended: datetime = attempt.ended or NOW
    moment = ended + UNKNOWN + later
    payment = resurs(captured(800), reserved=200)
    assert not isinstance(judge(replace(attempt, ended=ended), payment, moment, UNKNOWN), NotYet)
