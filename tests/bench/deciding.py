"""Comparing and deciding alone: what staff did to an order, held against what was known of it and its payment.

No database, no network: the pure part of a look. Of each kind of change as many; the time is this process's own.
"""

import time
from datetime import timedelta
from pathlib import Path

from bridge.domain.decisions import Act
from bridge.domain.looks import consider, observe
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import Record
from tests.bench.figures import Figure
from tests.domain.builders import LONG_AGO, NOW, RULES, as_captured, captured, line, order, record, resurs

GOAL = 50_000
"""Orders a second."""
_LATER = NOW + timedelta(minutes=10)
"""When all that changed has settled."""
Case = tuple[Order, Order, Payment, Record]


def cases() -> list[Case]:
    """One of each kind of change: the order before and after, its payment, and what was remembered of it."""
    lines = (line(1), line(2, net="400.00", tax="100.00", reference="LAMP"))
    paid = order(total=51000, lines=lines)
    reserved, agreed = resurs(reserved=51000, limit=100_000), record(agreed=(51000, 0))
    delivered = order("completed", total=51000, lines=lines)
    refunded = order("completed", total=51000, lines=lines, refunds={1077: 1000})
    return [
        (paid, delivered, reserved, agreed),
        (paid, order("cancelled", total=51000, lines=lines), reserved, agreed),
        (delivered, refunded, resurs(captured(51000, "1042C51000")), as_captured(total=51000)),
        (paid, order(total=50000, lines=lines[1:]), reserved, agreed),
    ]


def measure(_: Path, small: bool) -> list[Figure]:
    """Measure how many orders a second are compared and decided."""
    mixed, rounds = cases(), 50 if small else 10_000
    for case in mixed:
        assert decided(*case), "each of them asks for a call"
    began = time.process_time()
    for _round in range(rounds):
        for case in mixed:
            decided(*case)
    rate = rounds * len(mixed) / (time.process_time() - began)
    return [
        Figure(
            name="diff and decide",
            value=rate,
            unit="orders a second",
            to_reach=f">= {GOAL:,} on one core",
            met=rate >= GOAL,
            notes=(f"{1e6 / rate:.0f} us an order: captures, cancels, refunds and modifies in equal parts",),
        )
    ]


def decided(before: Order, after: Order, payment: Payment, remembered: Record) -> bool:
    """Compare and decide; return whether a call is to be made."""
    seen, changes = observe(before, after, remembered, LONG_AGO)
    assert changes
    return isinstance(consider(after, payment, seen, RULES, _LATER).decision, Act)
