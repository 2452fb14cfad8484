"""What was asked for before a store went live waits for a person; what comes after it goes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from bridge.domain.decisions import Act
from bridge.domain.looks import Verdict
from bridge.domain.reasons import Bound
from bridge.domain.records import OpenAction, Record, State
from bridge.domain.shadowed import since_live
from bridge.domain.steps import Call, Kind, Step
from tests.domain.builders import NOW, captured, order, resurs

BEFORE, AFTER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
STEP = Step(kind=Kind.CAPTURE, call=Call.CAPTURE, key="1042C1000", amount=1000, target=1000, why="")
OTHER = structs.replace(STEP, amount=900, target=900)
OPEN = OpenAction(step=STEP, state=State.READY)
LIVE: dict[str, Any] = {"changed": AFTER, "completed": AFTER}
OURS = replace(captured(500, "1042C500"), created=AFTER)

CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "asked for since": (LIVE, False),
    "never in shadow mode": ({"went_live": None, "changed": BEFORE, "completed": BEFORE}, False),
    "seen to change before": ({**LIVE, "changed": BEFORE}, True),
    "seen since, but completed before": ({**LIVE, "completed": BEFORE}, True),
    "recorded in shadow mode, though changed since": ({**LIVE, "open_": structs.replace(OPEN, shadow=True)}, True),
    "recorded, for another amount": ({**LIVE, "open_": structs.replace(OPEN, step=OTHER, shadow=True)}, True),
    "recorded by an earlier version": (
        {**LIVE, "went_live": None, "open_": structs.replace(OPEN, state=State.HELD, reason=Bound.SHADOWED)},
        True,
    ),
    "recorded as another kind": (
        {**LIVE, "open_": structs.replace(OPEN, step=structs.replace(STEP, kind=Kind.MODIFY), shadow=True)},
        False,
    ),
    "approved": ({"changed": BEFORE, "open_": structs.replace(OPEN, approved=True, shadow=True)}, False),
    "approved for another amount": (
        {"changed": BEFORE, "open_": structs.replace(OPEN, step=OTHER, approved=True)},
        True,
    ),
    "follows from a step of ours since": ({"changed": BEFORE, "log": (OURS,)}, False),
    "follows from a step of ours of long ago": ({"changed": BEFORE, "log": (captured(500, "1042C500"),)}, True),
    "somebody else acted since": ({"changed": BEFORE, "log": (replace(OURS, key="portal"),)}, True),
}


@pytest.mark.parametrize("case", CASES)
def test_what_waits_for_a_person(case: str) -> None:
    given, held = CASES[case]
    went_live: datetime | None = given.get("went_live", NOW)
    seen = order("completed", completed=given.get("completed", BEFORE), modified=AFTER)
    record = Record(first_seen=BEFORE, changed=given["changed"], status_since=BEFORE, open=given.get("open_"))
    payment = resurs(*given.get("log", ()), reserved=1000)
    found = since_live(Verdict(record=record, decision=Act(STEP)), seen, payment, "", went_live)
    assert (getattr(found.decision, "reason", None) == Bound.SHADOWED) == held
    assert found.decision.step == STEP
