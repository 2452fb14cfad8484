"""Texts cut to a provider's limits, whatever a shop calls its goods."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.providers.text import cut


@pytest.mark.parametrize(
    ("text", "longest", "kept"),
    [
        ("Mugg", 4, "Mugg"),
        ("Mugg, blå", 8, "Mugg, bl"),
        ("Mugg, bla\u030a", 9, "Mugg, bl"),
        ("Mugg, bla\u030a", 10, "Mugg, bla\u030a"),
        ("Tee \U0001f375", 5, "Tee"),
        ("Tee \U0001f375", 6, "Tee \U0001f375"),
        ("a\U0001f469\u200d\U0001f467b", 4, "a"),
        ("a\U0001f469\u200d\U0001f467b", 6, "a\U0001f469\u200d\U0001f467"),
        ("a\U0001f44d\U0001f3fdb", 3, "a"),
        ("a❤\ufe0fb", 2, "a"),
        ("SE: \U0001f1f8\U0001f1ea", 6, "SE:"),
        ("\U0001f1f8\U0001f1ea\U0001f1eb\U0001f1ee", 6, "\U0001f1f8\U0001f1ea"),
        ("\U0001f1f8\U0001f1ea\U0001f1eb\U0001f1ee", 8, "\U0001f1f8\U0001f1ea\U0001f1eb\U0001f1ee"),
        ("a\U0001f3f4\U000e0067\U000e0062b", 5, "a"),
        ("two\n\tlines ", 20, "two lines"),
        ("a\x00b\x9fc", 20, "a b c"),
        ("torn \ud83d off", 20, "torn off"),
        ("", 5, ""),
    ],
)
def test_texts_are_cut_between_whole_characters(text: str, longest: int, kept: str) -> None:
    assert cut(text, longest) == kept


@given(st.text(st.characters(), max_size=60), st.integers(1, 40))
def test_what_is_kept_fits_and_is_the_front_of_the_text(text: str, longest: int) -> None:
    kept, whole = cut(text, longest), cut(text, 2 * len(text) + 1)
    assert len(kept.encode("utf-16-le")) <= 2 * longest
    assert whole.startswith(kept)
    assert kept == " ".join(kept.split())
    assert not {unicodedata.category(c) for c in kept} & {"Cc", "Cs"}
    assert cut(kept, longest) == kept
