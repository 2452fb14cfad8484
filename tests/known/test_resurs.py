"""The known bugs of Resurs's plugin (reference, 7): every one is played in a test here, or can't occur.

Tests bear the tickets in their names: `test_woo_1131_…`, `test_pd_4170_…`, `test_1_2_15_…` where the changelog
names no ticket, and the short names of `UNNAMED` for defects that no changelog knows.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.known import (
    test_resurs_lines,
    test_resurs_orders,
    test_resurs_payments,
    test_resurs_reading,
    test_resurs_states,
    test_resurs_totals,
)

MODULES = (
    test_resurs_lines,
    test_resurs_orders,
    test_resurs_payments,
    test_resurs_reading,
    test_resurs_states,
    test_resurs_totals,
)

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "resurs-merchant-api.md"
"""It lies beside the checkout, not in it: it is not ours."""

CANNOT_OCCUR: dict[str, str] = {
    "WOO-1249": "the bridge renders no page of the shop, so no time-out of its can block the site",
    "list_view": "the bridge adds nothing to wp-admin, so it has no filter that could hide an order's buttons",
}
"""Ticket, version or name of `UNNAMED`: why the bridge can't have that bug."""

UNNAMED: dict[str, str] = {
    "amount_only": "amount-only refunds become full refunds (6.6)",
    "fee": "partial fee refunds (4.3)",
    "negative_fee": "negative fees (4.2)",
    "cancel_first": "cancel precedes line conversion (6.7)",
    "outage": "GET failure hides the order (6.2)",
    "list_view": "the list-action filter returns an empty list for non-Resurs orders (hides their buttons)",
    "skipped": "capture may be skipped while WC says Completed (6.3, 6.4)",
    "bulk": (
        'bulk "mark completed" with a mismatch: capture aborts, then modify re-syncs the amount, '
        "the order is Completed but uncaptured"
    ),
}
"""Our names for defects that the reference tells of in words only."""


def played() -> Iterator[str]:
    """The tickets that tests bear in their names."""
    for module in MODULES:
        for test in (name.removeprefix("test_") for name in vars(module) if name.startswith("test_")):
            if ticketed := re.match(r"(woo|pd)((?:_\d+)+)_", test):
                yield from (f"{ticketed[1].upper()}-{number}" for number in ticketed[2].split("_")[1:])
            elif version := re.match(r"\d+_\d+_\d+_", test):
                yield version[0].strip("_").replace("_", ".")
            else:
                yield next((name for name in ("hotfix", *UNNAMED) if test.startswith(f"{name}_")), test)


def listed() -> Iterator[str]:
    """The tickets of the reference's table: a bare number is WOO's; without one, the version stands for it."""
    for version, tickets in re.findall(
        r"^\| ([^|]+) \| ([^|]+) \|", _section("## 7.", "Code defects"), re.MULTILINE
    ):
        if tickets in ("Ticket", "---"):
            continue
        for ticket in tickets.split(", "):
            yield {"-": version}.get(ticket, f"WOO-{ticket}" if ticket.isdecimal() else ticket)


def told() -> list[str]:
    """The defects that the reference tells of in words, as it words them."""
    words = _section("Code defects", "\n---").partition(": ")[2]
    return [" ".join(defect.split()).rstrip(".") for defect in words.split(";")]


def _section(begins: str, ends: str) -> str:
    if not REFERENCE.is_file():
        pytest.skip(f"no reference at {REFERENCE}")
    return REFERENCE.read_text(encoding="utf-8").partition(f"\n{begins}")[2].partition(ends)[0]


def test_every_bug_that_the_reference_knows_is_played_or_cannot_occur() -> None:
    assert sorted(told()) == sorted(UNNAMED.values())
    known = {*listed(), *UNNAMED}
    assert {*played()} | CANNOT_OCCUR.keys() == known
    assert {*played()} & CANNOT_OCCUR.keys() == set()
