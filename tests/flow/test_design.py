"""The table of what staff do and what follows, row by row: each is played by ways, and each way for both providers.

`test_ways` plays them. Here it is seen that no row is without a way, and no way without its place.
"""

import re
from pathlib import Path

import pytest

from tests.flow.ways import WAYS

DESIGN = Path(__file__).parents[3] / "shared" / "design.md"

ROWS: dict[str, tuple[str, ...]] = {
    "complete a reserved order": (
        "complete a reserved order",
        "complete one that was paid at once",
    ),
    "complete one that the portal captured in part": ("complete one that the portal captured in part",),
    "complete one captured elsewhere for the right amount": ("complete one captured elsewhere",),
    "complete with less reserved than the total": (
        "complete with less reserved than the total",
        "raise and complete between two looks",
    ),
    "cancel a reserved order": (
        "cancel a reserved order",
        "cancel one that was paid at once",
        "cancel one that the portal captured in part",
    ),
    "refund by lines / an amount only, captured": (
        "refund by lines",
        "refund an amount only",
        "refund everything",
        "refund all of one that was paid at once",
        "refund a part of one that was paid at once",
    ),
    "refund before capture": ("refund before capture, then complete",),
    "complete and part-refund between two looks": ("complete and part-refund between two looks",),
    "lower the total / raise it / swap lines at equal sum": (
        "lower the total",
        "lower the total, then complete",
        "raise the total within the limit",
        "raise the total beyond the limit",
        "swap lines at equal sum",
    ),
    "refund in the provider's portal, then enter it in the shop": (
        "refund in the portal, then in the shop",
        "refund a part in the portal, then in the shop, then the rest in the shop",
    ),
    "delete a refund that was paid": (
        "delete a refund that was paid",
        "delete a refund that was paid, and enter it again",
    ),
    "lower the total after capture": ("lower the total after capture",),
    "set a closed order back (completed or cancelled → pending, processing, on-hold)": (
        "set a completed order back",
        "set a cancelled order back",
    ),
    "put to the trash, delete, with money reserved": ("put to the trash", "delete for good"),
    "order meta `wc_bridge` = `off`, or `pause`": (
        "switch the bridge off for an order",
        "pause the bridge for an order",
    ),
}
"""What staff do: the ways that play it."""

RULES: dict[str, tuple[str, ...]] = {
    "1. Match": ("refund in the portal, then in the shop", "delete a refund that was paid"),
    "2. No step while": ("switch the bridge off for an order", "put to the trash"),
    "3. Capture phase": (
        "complete one that the portal captured in part",
        "complete with nothing reserved",
        "raise and complete between two looks",
        "complete and part-refund between two looks",
    ),
    "4. Void phase": (
        "cancel a reserved order",
        "cancel one that the portal captured in part",
        "refund everything",
    ),
    "5. Open phase": (
        "lower the total",
        "raise the total within the limit",
        "raise the total beyond the limit",
        "raise the total after the portal released everything",
    ),
    "6. Each release settles open refunds": ("refund before capture, then complete",),
    "7. Payout": ("refund by lines", "complete with more refunded than was captured"),
    "8. Agreement": ("lower the total after capture", "complete a reserved order"),
}
"""The rules of the decision, by how each begins: ways that come down to it."""

PLAYED = {way.name for way in WAYS}


def _named(table: dict[str, tuple[str, ...]]) -> set[str]:
    return {name for names in table.values() for name in names}


def test_every_row_and_rule_is_played() -> None:
    assert _named(ROWS) - PLAYED == set()
    assert _named(RULES) - PLAYED == set()


def test_every_way_has_its_row_or_rule() -> None:
    assert PLAYED - _named(ROWS) - _named(RULES) == set()
    assert len(PLAYED) == len(WAYS)


@pytest.mark.skipif(not DESIGN.exists(), reason=f"no design to compare with at {DESIGN}")
def test_no_row_or_rule_of_the_design_is_left_out() -> None:
    chapter = DESIGN.read_text().partition("## 3. ")[2].partition("## 4. ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| ", chapter, re.MULTILINE)
    assert rows[0] == "what staff do"
    assert [row for row in rows[1:] if row != "---"] == list(ROWS)
    rules = [f"{number}. {text}" for number, text in re.findall(r"^(\d)\. \*{0,2}(.+?)$", chapter, re.MULTILINE)]
    assert len(rules) == len(RULES)
    for rule, begins in zip(rules, RULES, strict=True):
        assert rule.startswith(begins)
