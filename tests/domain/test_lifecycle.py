"""How a decision starts, keeps, holds or supersedes the one open action; and how long a retry waits."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.lifecycle import CAP, SOON, follow, next_read, retry_delay
from bridge.domain.reasons import Reason
from bridge.domain.records import OpenAction, State
from bridge.domain.steps import Call, Kind, Step
from tests.domain.builders import NOW

STEP = Step(kind=Kind.CAPTURE, call=Call.CAPTURE, key="1042C800", amount=800, target=800, why="status completed")
OTHER = replace(STEP, amount=700, target=700, key="1042C700")
SHOWN = {"asked": 1000, "reserved": 800}
SHORT = Hold(Reason.LESS_RESERVED, SHOWN, STEP)


def open_action(step: Step = STEP, state: State = State.READY, **more: object) -> OpenAction:
    return replace(OpenAction(step=step, state=state), **more)


FIRST: dict[str, tuple[Decision, State | None]] = {
    "a step is written down as ready": (Act(STEP), State.READY),
    "a step that needs a person is written down as held": (SHORT, State.HELD),
    "a condition without a step has no action": (Hold(Reason.TRASHED, {"reserved": 1}), None),
    "waiting starts nothing": (Wait(NOW, "settling"), None),
    "quiet starts nothing": (Quiet("agreed", agreed=True), None),
}


@pytest.mark.parametrize("name", FIRST)
def test_without_an_open_action(name: str) -> None:
    decision, state = FIRST[name]
    found = follow(None, decision, shadow=False)
    assert (found.open.state if found.open else None) == state
    assert found.dropped == ""


def test_the_same_step_keeps_its_action_and_its_wait() -> None:
    waiting = open_action(state=State.WAITING)
    found = follow(waiting, Act(STEP), shadow=False)
    assert found.open == waiting
    assert not found.new


@pytest.mark.parametrize("decision", [Act(OTHER), Quiet("no longer"), Hold(Reason.TRASHED, {"reserved": 1})])
def test_another_outcome_supersedes_it_and_says_so(decision: Decision) -> None:
    found = follow(open_action(), decision, shadow=False)
    assert found.dropped.startswith("superseded")
    assert found.new == isinstance(decision, Act)


def test_waiting_leaves_it_alone() -> None:
    held = open_action(state=State.HELD, reason=Reason.LESS_RESERVED)
    assert follow(held, Wait(NOW, "settling"), shadow=False).open == held


def test_an_approval_lasts_while_the_step_goes_on() -> None:
    approved = open_action(reason=Reason.LESS_RESERVED, facts=SHOWN, approved=True)
    found = follow(approved, Act(STEP), shadow=False).open
    assert found
    assert (found.approved, found.facts) == (True, SHOWN)


def test_an_approval_is_void_where_the_step_is_held_again() -> None:
    approved = open_action(reason=Reason.LESS_RESERVED, facts=SHOWN, approved=True)
    found = follow(approved, replace(SHORT, facts={"asked": 1500, "reserved": 800}), shadow=False).open
    assert found
    assert (found.approved, found.facts) == (False, {"asked": 1500, "reserved": 800})


@pytest.mark.parametrize(("approved", "inherits"), [(False, True), (True, False)])
def test_what_shadow_decided_stays_so_in_another_amount_until_approved(approved: bool, inherits: bool) -> None:
    found = follow(open_action(shadow=True, approved=approved), Act(OTHER), shadow=False).open
    assert found
    assert found.shadow == inherits


def test_what_shadow_decided_says_nothing_of_another_kind_of_step() -> None:
    change = replace(STEP, kind=Kind.MODIFY, call=Call.RELEASE)
    found = follow(open_action(step=change, shadow=True), Act(STEP), shadow=False).open
    assert found
    assert not found.shadow


@given(
    st.integers(0, 100),
    st.timedeltas(timedelta(), timedelta(days=3)),
    st.floats(0, 1),
    st.none() | st.timedeltas(timedelta(), timedelta(days=1)),
)
def test_a_retry_waits_but_never_too_long(
    attempts: int, waited: timedelta, chance: float, after: timedelta | None
) -> None:
    delay = retry_delay(attempts, waited, chance, after)
    assert delay > timedelta()
    assert delay >= min(after or timedelta(), CAP)
    assert delay <= max(SOON if waited < CAP else CAP, min(after or timedelta(), CAP))


def test_reads_come_often_at_first_and_last_at_the_end() -> None:
    until = NOW + timedelta(minutes=5)
    assert next_read(NOW, NOW, until) == NOW + timedelta(seconds=1)
    assert next_read(NOW, NOW + timedelta(minutes=2), until) == NOW + timedelta(minutes=2) + SOON
    assert next_read(NOW, until - timedelta(seconds=1), until) == until
