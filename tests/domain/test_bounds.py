"""What may go without a person's word, as a table; and that the counting lets through what it says, never more."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.bounds import Counted, bounded, largest, told
from bridge.domain.decisions import Act, Facts, Hold, Wait
from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import OpenAction, State
from bridge.domain.remarks import Remark, Topics
from bridge.domain.rules import Limits
from bridge.domain.steps import Call, Kind, Step

CANCEL = Step(kind=Kind.CANCEL, call=Call.RELEASE, key="1042V1", amount=1000, target=0, why="", everything=True)
REFUND = Step(kind=Kind.REFUND, call=Call.REFUND, key="1042R7", amount=500, target=500, why="", refund=7)
RESTORE = Step(kind=Kind.RESTORE_STATUS, call=Call.RESTORE, key="1042S1", amount=0, target=0, why="")
FIGURES: Facts = {"captured": 900, "captured_aimed_at": 1000}


def opened(
    step: Step, state: State = State.HELD, reason: str = "", *, approved: bool = False, **facts: int
) -> OpenAction:
    return OpenAction(step=step, state=state, reason=reason, facts=facts, approved=approved)


@dataclass(frozen=True)
class Row:
    step: Step
    bound: Bound | None
    """What holds it; None where it goes."""
    counted: Counted = field(default_factory=Counted)
    limits: Limits = field(default_factory=Limits)
    open_: OpenAction | None = None
    currency: str = "SEK"


def per_action(limit: str) -> Limits:
    return Limits(refund_per_action=Decimal(limit))


def per_day(limit: str) -> Limits:
    return Limits(refunds_per_day=Decimal(limit))


PER_DAY_HELD = opened(REFUND, reason=Bound.PER_DAY, amount=500, limit=400)
TABLE = {
    "the last that fits": Row(CANCEL, None, Counted(decided=49)),
    "one more": Row(CANCEL, Bound.SURGE, Counted(decided=50)),
    "none without a go": Row(CANCEL, Bound.SURGE, limits=Limits(surge={Kind.CANCEL: 0})),
    "others wait for a go": Row(CANCEL, Bound.SURGE, Counted(braked=True)),
    "it waits for a go itself, though its time is over": Row(
        CANCEL, Bound.SURGE, open_=opened(CANCEL, reason=Bound.SURGE)
    ),
    "another amount is another decision": Row(
        CANCEL, None, open_=opened(replace(CANCEL, amount=900), reason=Bound.SURGE, approved=True)
    ),
    "an approval of another amount": Row(
        CANCEL, Bound.SURGE, Counted(decided=50), open_=opened(replace(CANCEL, amount=900), approved=True)
    ),
    "approved": Row(
        CANCEL, None, Counted(decided=50, braked=True), open_=opened(CANCEL, State.READY, approved=True)
    ),
    "let through before": Row(
        CANCEL, None, Counted(decided=50, braked=True, let_through=True), open_=opened(CANCEL, State.WAITING)
    ),
    "a status that is put back": Row(RESTORE, None, Counted(decided=5000, braked=True)),
    "the store is held": Row(RESTORE, Bound.PLUGIN, Counted(plugin_on=True)),
    "the store is held, whatever was let through": Row(
        CANCEL, Bound.PLUGIN, Counted(plugin_on=True, let_through=True), open_=opened(CANCEL, State.READY)
    ),
    "approved in a store that is held": Row(
        CANCEL, None, Counted(plugin_on=True), open_=opened(CANCEL, State.READY, approved=True)
    ),
    "the first did something else": Row(CANCEL, Bound.FIRST, Counted(differed=FIGURES)),
    "approved before the first did something else": Row(
        CANCEL, Bound.FIRST, Counted(differed=FIGURES), open_=opened(CANCEL, State.READY, approved=True)
    ),
    "exactly the limit": Row(REFUND, None, limits=per_action("5")),
    "a minor unit above the limit": Row(REFUND, Bound.PER_ACTION, limits=per_action("4.99")),
    "a limit between two amounts": Row(REFUND, Bound.PER_ACTION, limits=per_action("4.999")),
    "a limit that was lowered since": Row(
        REFUND, Bound.PER_ACTION, Counted(let_through=True), per_action("4"), opened(REFUND, State.WAITING)
    ),
    "a limit of nothing": Row(REFUND, Bound.PER_ACTION, limits=per_action("0")),
    "a part of a refund above the limit": Row(REFUND, Bound.PER_ACTION, Counted(whole=501), per_action("5")),
    "the rest of one that is begun": Row(
        REFUND, None, Counted(whole=501, begun=True, braked=True), per_action("5")
    ),
    "the rest of one that is begun, for which the day has no room": Row(
        REFUND, Bound.PER_DAY, Counted(begun=True, refunded=501), per_day("10")
    ),
    "a currency without decimals": Row(REFUND, None, limits=per_action("500"), currency="JPY"),
    "no refund, so no limit": Row(CANCEL, None, limits=per_action("0")),
    "the day's rest": Row(REFUND, None, Counted(refunded=500), per_day("10")),
    "more than the day's rest": Row(REFUND, Bound.PER_DAY, Counted(refunded=501), per_day("10")),
    "a day of nothing": Row(REFUND, Bound.PER_DAY, limits=per_day("0")),
    "another day, the limit as it was": Row(REFUND, Bound.PER_DAY, limits=per_day("4"), open_=PER_DAY_HELD),
    "another day, the limit raised": Row(REFUND, None, limits=per_day("5"), open_=PER_DAY_HELD),
    "let through while the day had room": Row(
        REFUND, None, Counted(refunded=900, let_through=True), per_day("10"), opened(REFUND, State.READY)
    ),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_what_holds_a_step(row: Row) -> None:
    found = bounded(Act(row.step), row.open_, row.counted, row.limits, row.currency)
    if row.bound is None:
        assert found == Act(row.step)
    else:
        assert isinstance(found, Hold)
        assert (found.reason, found.step) == (row.bound, row.step)


@pytest.mark.parametrize(
    "decision", [Wait(None, "paused"), Hold(Reason.TRASHED), Hold(Reason.OLD_REFUND, {}, REFUND)]
)
def test_what_goes_nowhere_is_not_touched(decision: Wait | Hold) -> None:
    counted = Counted(plugin_on=True, braked=True, decided=10**6, refunded=10**9)
    assert bounded(decision, None, counted, per_action("0"), "SEK") == decision


@given(st.lists(st.integers(1, 400), max_size=30), st.integers(0, 3000), st.integers(0, 12))
def test_no_more_is_let_through_than_the_bounds_say(amounts: list[int], day: int, surge: int) -> None:
    """Whatever comes in whatever order; and what is held is held for a bound that it would have broken."""
    limits = Limits(refunds_per_day=Decimal(day) / 100, surge={Kind.REFUND: surge})
    let_through: list[int] = []
    braked = False
    for amount in amounts:
        counted = Counted(decided=len(let_through), refunded=sum(let_through), braked=braked)
        found = bounded(Act(replace(REFUND, amount=amount)), None, counted, limits, "SEK")
        if isinstance(found, Act):
            let_through.append(amount)
        elif isinstance(found, Hold) and found.reason is Bound.PER_DAY:
            assert sum(let_through) + amount > day
        else:
            assert len(let_through) == surge
            braked = True
    assert sum(let_through) <= day
    assert len(let_through) <= surge


@given(st.decimals(0, 10**9, allow_nan=False), st.sampled_from(["SEK", "JPY", "KWD"]))
def test_a_limit_holds_to_the_minor_unit(limit: Decimal, currency: str) -> None:
    unit = {"SEK": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}[currency]
    assert largest(limit, currency) * unit <= limit < (largest(limit, currency) + 1) * unit


PROMISE = Remark(Topics.WILL_PAY, {"refund": 7, "amount": 500})
SETTLED = Remark(Topics.MET, {"refund": 6, "amount": 500})


@pytest.mark.parametrize(
    ("counted", "limits", "kept"),
    [
        (Counted(), Limits(), True),
        (Counted(announced=19), Limits(), True),
        (Counted(announced=20), Limits(), False),
        (Counted(decided=20), Limits(), False),
        (Counted(braked=True), Limits(), False),
        (Counted(plugin_on=True), Limits(), False),
        (Counted(differed=FIGURES), Limits(), False),
        (Counted(), per_action("5"), True),
        (Counted(), per_action("4"), False),
        (Counted(refunded=500), per_day("10"), True),
        (Counted(refunded=501), per_day("10"), False),
    ],
)
def test_a_promise_is_made_only_where_it_is_going_to_be_kept(
    counted: Counted, limits: Limits, *, kept: bool
) -> None:
    remarks = told((PROMISE, SETTLED), Wait(None, ""), counted, limits, "SEK")
    assert remarks == ((PROMISE, SETTLED) if kept else (SETTLED,))
