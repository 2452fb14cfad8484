"""Which payment methods a pattern fits, and which two patterns fight over one."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.settings import matches_method
from bridge.settings.methods import is_pattern, overlap

UUID = "0193da1f-3ee5-7b5b-9c2e-3a3f8f1c2d4e"
WORDS = st.text("ab*?[]!-", max_size=5)


@pytest.mark.parametrize(
    ("pattern", "method", "fits"),
    [
        ("ecster", "ecster", True),
        ("ecster", "ecster_pay", False),
        ("ecster", "Ecster", False),
        ("ecster*", "ecster_pay", True),
        ("ecster*", "ecster", True),
        ("*", "", True),
        ("part_?", "part_3", True),
        ("part_?", "part_36", False),
        ("part_[13]", "part_3", True),
        ("part_[!13]", "part_3", False),
        ("a.c", "abc", False),
        ("<uuid>", UUID, True),
        ("<uuid>", UUID.upper(), True),
        ("<uuid>", UUID[:-1], False),
        ("<uuid>", f"{UUID}0", False),
        ("<uuid>", UUID.replace("-", "_"), False),
        ("<uuid>", "<uuid>", False),
        ("resurs_<uuid>", f"resurs_{UUID}", True),
        ("ecster", "ecster\n", False),
    ],
)
def test_pattern_fits_the_whole_method(pattern: str, method: str, fits: bool) -> None:
    assert matches_method(pattern, method) is fits


@given(pattern=WORDS.filter(is_pattern), method=st.text("ab-]!", max_size=4))
def test_pattern_means_what_it_means_in_the_shell(pattern: str, method: str) -> None:
    assert matches_method(pattern, method) == fnmatchcase(method, pattern)


@pytest.mark.parametrize(
    ("one", "other", "fight"),
    [
        ("ecster", "ecster", True),
        ("ecster", "resurs", False),
        ("ecster*", "*pay", True),
        ("ecster_?", "ecster_[!a-z]", True),
        ("ecster_[0-9]", "ecster_[!0-9]", False),
        ("<uuid>", UUID, True),
        ("<uuid>", "<uuid>", True),
        ("<uuid>", "0193*", True),
        ("<uuid>", "ecster", False),
        ("<uuid>", "x*", False),
        ("a*b", "b*a", False),
        ("*", "", True),
    ],
)
def test_patterns_fight_when_one_order_fits_both(one: str, other: str, fight: bool) -> None:
    assert overlap(one, other) is fight
    assert overlap(other, one) is fight


@given(st.text("ab", max_size=4), WORDS.filter(is_pattern), WORDS.filter(is_pattern))
def test_no_method_ever_fits_two_patterns_that_do_not_fight(method: str, one: str, other: str) -> None:
    assert overlap(one, other) or not (matches_method(one, method) and matches_method(other, method))


@pytest.mark.parametrize("text", ["", "[b-a]", "a" * 201])
def test_what_is_no_pattern(text: str) -> None:
    assert not is_pattern(text)
