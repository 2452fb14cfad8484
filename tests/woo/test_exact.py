"""JSON is read as simplejson reads it, which is exact and slow: every value, every type, and every refusal."""

from decimal import Decimal

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from bridge.exact import decode, encode

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
STRINGS = st.builds(simplejson.dumps, st.text(), ensure_ascii=st.booleans())
SPACES = st.sampled_from(["", " ", "\n\t", "\r\n"])
TEXTS = st.recursive(
    NUMBERS
    | STRINGS
    | st.sampled_from(["null", "true", "false", "NaN", "-Infinity", r'"\ud800"', r'"\ud83d\ude00"']),
    lambda inner: (
        st.builds(
            lambda items, space: f"[{space}{f',{space}'.join(items)}{space}]", st.lists(inner, max_size=4), SPACES
        )
        | st.builds(
            lambda pairs, space: f"{{{space}{','.join(f'{name}{space}:{value}' for name, value in pairs)}}}{space}",
            st.lists(st.tuples(STRINGS | st.just('"id"'), inner), max_size=4),
            SPACES,
        )
    ),
    max_leaves=12,
)


def told(text: str, *, quickly: bool) -> str:
    """What becomes of the text; a repr tells 1 from 1.0 and from True, and 1.0 from 1.00."""
    try:
        return repr(decode(text) if quickly else simplejson.loads(text, use_decimal=True))
    except ValueError as error:
        return repr(error)


@given(TEXTS)
def test_json_is_read_as_by_simplejson(text: str) -> None:
    assert told(text, quickly=True) == told(text, quickly=False)


@given(TEXTS, st.integers(0), st.integers(0, 3), st.text(max_size=3) | st.sampled_from(["\ufeff", "<html>", "}"]))
def test_what_is_almost_json_is_read_or_refused_as_by_simplejson(text: str, at: int, out: int, put: str) -> None:
    at %= len(text) + 1
    text = text[:at] + put + text[at + out :]
    assert told(text, quickly=True) == told(text, quickly=False)


@pytest.mark.parametrize(
    "text", ["\ufeff[1.10]", "9" * 5000, "1" * 30 + "." + "1" * 30, "1e-400", "-0", "-0.0", ""]
)
def test_odd_ones_too(text: str) -> None:
    assert told(text, quickly=True) == told(text, quickly=False)


def test_decimals_are_written_as_they_were_read() -> None:
    assert encode({"amount": Decimal("1.10"), "name": "ö"}) == b'{"amount": 1.10, "name": "\\u00f6"}'
