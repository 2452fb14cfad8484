"""The report: what differs and why, and what came of what shadow mode decided."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from msgspec import structs

from bridge.domain.decisions import Hold
from bridge.domain.keys import change_key
from bridge.domain.orders import Order
from bridge.domain.payments import EntryKind, Payment, PaymentState
from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import How, OpenAction, Record, State
from bridge.domain.reporting import Fate, Seen, Shadowed, compare
from bridge.domain.rules import Rules
from bridge.domain.steps import Call, Kind, Step
from tests.domain.builders import (
    LONG_AGO,
    NOW,
    RULES,
    captured,
    ecster,
    entry,
    met,
    order,
    record,
    released,
    resurs,
    returned,
)

CAPTURE = Step(kind=Kind.CAPTURE, call=Call.CAPTURE, key="1042C1000", amount=1000, target=1000, why="completed")
REFUND = Step(kind=Kind.REFUND, call=Call.REFUND, key="1042R1077", amount=200, target=200, why="", refund=1077)
CANCEL = Step(kind=Kind.CANCEL, call=Call.RELEASE, key=change_key("1042", 1), amount=1000, target=0, why="")
LOWER = Step(kind=Kind.MODIFY, call=Call.RELEASE, key=change_key("1042", 1), amount=300, target=700, why="")
RESERVED, PAID = resurs(reserved=1000), resurs(captured(1000))
GONE = resurs(state=PaymentState.GONE)
PLAIN = record(agreed=(1000, 0))


@dataclass(frozen=True, slots=True)
class Row:
    order: Order
    payment: Payment | None
    says: str = "agrees"
    """"agrees", or the sentence."""
    record: Record = PLAIN
    hold: Hold | None = None
    problem: str = ""
    live: bool = True
    rules: Rules = RULES


def opened(step: Step, state: State = State.READY, **fields: Any) -> Record:
    return PLAIN.evolve(open=OpenAction(step=step, state=state, **fields))


ASKED = "the customer should pay {}, and {} is paid and {} reserved (so it was decided)"
ROWS = {
    "open and reserved": Row(order(), RESERVED),
    "open, less reserved": Row(order(total=1200), RESERVED, ASKED.format("12.00", "0.00", "10.00")),
    "open, more reserved": Row(order(total=900), RESERVED, ASKED.format("9.00", "0.00", "10.00")),
    "open, a refund released": Row(order(refunds={1077: 200}), resurs(released(200), reserved=800)),
    "open, lowered where that is only recorded": Row(
        order(total=900), ecster(reserved=1000), record=record(agreed=(900, 0))
    ),
    "open, captured in part": Row(order(), resurs(captured(400), reserved=600)),
    "open, and its payment dead": Row(
        order(), resurs(state=PaymentState.DEAD), ASKED.format("10.00", "0.00", "0.00")
    ),
    "not paid yet": Row(order("pending", paid=None), None),
    "not paid, but captured": Row(order("pending", paid=None), PAID, ASKED.format("10.00", "10.00", "0.00")),
    "completed and captured": Row(order("completed"), PAID),
    "completed and captured, and reserved": Row(
        order("completed"), resurs(captured(1000), reserved=100), ASKED.format("10.00", "10.00", "1.00")
    ),
    "completed and captured, and kept": Row(
        order("completed"), resurs(captured(1000), reserved=100), rules=replace(RULES, release_leftover=False)
    ),
    "completed and captured too much": Row(order("completed", 900), PAID, ASKED.format("9.00", "10.00", "0.00")),
    "completed, captured with the provider's fee": Row(order("completed"), replace(resurs(captured(1029)), fee=29)),
    "completed and refunded": Row(order("completed", refunds={1077: 200}), resurs(captured(1000), returned(200))),
    "completed, a refund not paid": Row(
        order("completed", refunds={1077: 200}), PAID, ASKED.format("8.00", "10.00", "0.00")
    ),
    "completed, a refund paid in cash": Row(
        order("completed", refunds={1077: 200}), PAID, record=record(met(1077, How.WAIVED, 200))
    ),
    "cancelled and released": Row(order("cancelled"), resurs(released(1000))),
    "cancelled, still reserved": Row(order("cancelled"), RESERVED, ASKED.format("0.00", "0.00", "10.00")),
    "cancelled, but captured": Row(order("cancelled"), PAID, ASKED.format("0.00", "10.00", "0.00")),
    "refunded whole": Row(order("refunded", refunds={1077: 1000}), resurs(captured(1000), returned(1000))),
    "refunded in part": Row(
        order("refunded", refunds={1077: 200}),
        resurs(captured(1000), returned(200)),
        ASKED.format("8.00", "8.00", "0.00"),
    ),
    "in the trash": Row(order("trash"), resurs(released(1000))),
    "never read": Row(order(), None, "its payment has not been read"),
    "not shown": Row(order(), GONE, "the provider does not show its payment"),
    "unreadable": Row(order(), RESERVED, "could not be read: no answer", problem="no answer"),
    "amounts agree, but a person is needed": Row(
        order(),
        RESERVED,
        "Resurs has refunded 2.00 kr that no refund in the shop explains.",
        hold=Hold(Reason.UNMATCHED_RETURN, {"amount": 200}),
    ),
    "held by a bound": Row(
        order("completed"),
        RESERVED,
        "capture 10.00 SEK is held as it was asked for before the store went live",
        record=opened(CAPTURE, State.HELD),
        hold=Hold(Bound.SHADOWED, {"amount": 1000}, CAPTURE),
    ),
    "decided, in shadow mode": Row(
        order("completed"),
        RESERVED,
        "wc-bridge would capture 10.00 SEK, and nobody has yet",
        opened(CAPTURE),
        live=False,
    ),
    "decided": Row(order("completed"), RESERVED, "to capture 10.00 SEK is ready: completed", opened(CAPTURE)),
    "tried": Row(
        order("completed"),
        RESERVED,
        "to capture 10.00 SEK is waiting: no answer",
        opened(CAPTURE, State.WAITING, reason="no answer"),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_agrees_and_what_differs_why(name: str) -> None:
    it = ROWS[name]
    seen = Seen(
        order=it.order,
        payment=it.payment,
        record=it.record,
        provider="Resurs",
        hold=it.hold,
        why="so it was decided",
        problem=it.problem,
    )
    row = compare(seen, (), it.rules, NOW, live=it.live)
    assert (row.why, row.agrees) == (it.says, it.says == "agrees")


def test_every_bound_has_words() -> None:
    for bound in Bound:
        seen = Seen(order=order(), payment=RESERVED, record=PLAIN, provider="Resurs", hold=Hold(bound), why="")
        assert " is held " in compare(seen, (), RULES, NOW, live=True).why


ANNULLED = replace(ecster(entry(EntryKind.RELEASE, 0)), reserved=0)
FATES: dict[str, tuple[Step, Payment, Fate, int]] = {
    "captured by others": (CAPTURE, PAID, Fate.SAME, 1000),
    "captured in part by others": (CAPTURE, resurs(captured(400), reserved=600), Fate.OTHER, 400),
    "never captured": (CAPTURE, RESERVED, Fate.NEVER, 0),
    "the rest captured": (
        structs.replace(CAPTURE, amount=600),
        resurs(captured(400), captured(600, "portal")),
        Fate.SAME,
        600,
    ),
    "released by others": (CANCEL, resurs(released(1000)), Fate.SAME, 1000),
    "annulled, of which no amount is told": (CANCEL, ANNULLED, Fate.SAME, 1000),
    "captured instead of released": (CANCEL, PAID, Fate.NEVER, 0),
    "lowered by others": (LOWER, resurs(released(300), reserved=700), Fate.SAME, 300),
    "lowered by more": (LOWER, resurs(released(500), reserved=500), Fate.OTHER, 500),
    "refunded by others": (REFUND, resurs(captured(1000), returned(200)), Fate.SAME, 200),
    "refunded another amount": (REFUND, resurs(captured(1000), returned(250)), Fate.OTHER, 250),
    "never refunded": (REFUND, PAID, Fate.NEVER, 0),
}


@pytest.mark.parametrize("name", FATES)
def test_what_came_of_what_shadow_mode_decided(name: str) -> None:
    step, payment, fate, happened = FATES[name]
    seen = Seen(order=order(), payment=payment, record=PLAIN, provider="Resurs", hold=None, why="")
    [it] = compare(seen, [Shadowed(step=step, decided=LONG_AGO)], RULES, NOW, live=False).decided
    assert (it.fate, it.happened) == (fate, happened)


def test_what_the_shop_took_back_is_not_told_and_what_others_did_in_part_is() -> None:
    took_back = Shadowed(step=structs.replace(CAPTURE, amount=1200, target=1200), decided=LONG_AGO, replaced=True)
    in_part = Shadowed(step=CAPTURE, decided=LONG_AGO, replaced=True)
    rest = Shadowed(step=structs.replace(CAPTURE, amount=600), decided=LONG_AGO)
    payment = resurs(captured(400), reserved=600)
    seen = Seen(order=order(), payment=payment, record=PLAIN, provider="Resurs", hold=None, why="")
    row = compare(seen, [took_back, in_part, rest], RULES, NOW, live=False)
    assert [(it.amount, it.happened, it.fate) for it in row.decided] == [
        (1000, 400, Fate.OTHER),
        (600, 0, Fate.NEVER),
    ]
