"""Amounts: exact ways in and out, and splitting without loss."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.money import AmountError, decimals, split, to_major, to_minor
from tests.strategies import CURRENCIES

currencies = st.sampled_from(CURRENCIES)


@given(minor=st.integers(-(10**15), 10**15), currency=currencies)
def test_an_amount_survives_being_written_and_read(minor: int, currency: str) -> None:
    assert to_minor(str(to_major(minor, currency)), currency) == minor


@given(minor=st.integers(-(10**15), 10**15), currency=currencies)
def test_an_amount_is_written_with_the_decimals_of_its_currency(minor: int, currency: str) -> None:
    assert to_major(minor, currency).as_tuple().exponent == -decimals(currency)


@pytest.mark.parametrize(
    ("figure", "currency", "minor"),
    [
        ("811.25", "SEK", 81125),
        ("-50.00", "SEK", -5000),
        ("811.250000", "SEK", 81125),
        ("8e2", "SEK", 80000),
        (811, "JPY", 811),
        ("1.234", "KWD", 1234),
        (Decimal("0.10"), "EUR", 10),
    ],
)
def test_a_figure_is_read_in_its_currency(figure: str | int | Decimal, currency: str, minor: int) -> None:
    assert to_minor(figure, currency) == minor


@pytest.mark.parametrize(
    ("figure", "currency"),
    [
        ("811.255", "SEK"),
        ("0.5", "JPY"),
        ("1.2345", "KWD"),
        ("100.0000000000000000000000000000000001", "SEK"),
        ("12345678901234567890123456789.125", "SEK"),
        ("", "SEK"),
        ("ten", "SEK"),
        ("NaN", "SEK"),
        ("Infinity", "SEK"),
        ("10.00", "kronor"),
        ("10.00", ""),
        ("10.00", "XAU"),
    ],
)
def test_what_a_currency_cannot_express_is_refused_and_never_rounded(figure: str, currency: str) -> None:
    with pytest.raises(AmountError):
        to_minor(figure, currency)


weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=8)


@given(amount=st.integers(-(10**12), 10**12), weights=weights)
def test_the_parts_of_a_split_sum_to_it(amount: int, weights: list[int]) -> None:
    assert sum(split(amount, weights)) == amount


@given(amount=st.integers(0, 10**12), weights=weights.filter(any))
def test_no_part_is_a_whole_unit_off_its_share(amount: int, weights: list[int]) -> None:
    total = sum(weights)
    parts = split(amount, weights)
    assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))


@given(amount=st.integers(0, 10**6), weights=weights.filter(any))
def test_what_weighs_nothing_gets_nothing(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_without_any_weight_the_first_takes_everything() -> None:
    assert split(100, [0, 0]) == [100, 0]


def test_there_must_be_something_to_split_over() -> None:
    with pytest.raises(AmountError):
        split(100, [])
