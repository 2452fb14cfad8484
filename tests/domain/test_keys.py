"""Keys: functions of what is wanted, in an alphabet that every provider takes."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.keys import (
    capture_key,
    change_key,
    is_ours,
    refund_key,
    refund_of,
    replace_key,
    restore_key,
    stem,
)
from tests.domain.builders import order

numbers = st.one_of(st.text(max_size=30), st.from_regex(r"[A-Za-z]{0,4}-?\d{1,12}", fullmatch=True))
tags = st.sampled_from(("", "A-", "BUTIK"))
figures = st.integers(0, 99_999_999_999)
"""Captured amounts and refund ids of up to eleven digits."""


@given(number=numbers, tag=tags, order_id=st.integers(1, 10**7), figure=figures, part=st.integers(1, 99))
def test_every_key_fits_every_provider(number: str, tag: str, order_id: int, figure: int, part: int) -> None:
    front = stem(order(id=order_id, number=number), tag)
    changes = change_key(front, figure), replace_key(front, figure)
    for key in (capture_key(front, figure), refund_key(front, figure, part), *changes):
        assert re.fullmatch(r"[A-Z0-9-]{1,24}", key)
        assert is_ours(key, front)


@given(front=st.from_regex(r"[A-Z0-9-]{1,12}", fullmatch=True), refund=figures, part=st.integers(1, 99))
def test_a_refund_s_key_names_it_in_whatever_part(front: str, refund: int, part: int) -> None:
    assert refund_of(refund_key(front, refund, part), front) == refund
    assert refund_key(front, refund, part) != refund_key(front, refund, part + 1)


def test_keys_say_what_is_wanted() -> None:
    front = stem(order(number="1042"))
    assert [capture_key(front, 80000), refund_key(front, 1077), change_key(front, 3)] == [
        "1042C80000",
        "1042R1077",
        "1042V3",
    ]


@pytest.mark.parametrize(
    ("number", "tag", "front"),
    [
        ("1042", "", "1042"),
        ("1042", "B-", "B-1042"),
        ("se-1042", "", "SE-1042"),
        ("#1042", "", "I7"),
        ("2026/1042", "", "I7"),
        ("", "", "I7"),
        ("1042\n", "", "I7"),
        ("WEBSHOP-2026-1042", "", "I7"),
    ],
)
def test_a_number_that_does_not_fit_gives_way_to_the_id(number: str, tag: str, front: str) -> None:
    assert stem(order(id=7, number=number), tag) == front


def test_an_order_known_by_its_id_is_not_taken_for_the_one_with_that_number() -> None:
    assert stem(order(id=1042, number="WEBSHOP-2026-7"), "") != stem(order(id=7, number="1042"), "")


def test_an_id_too_long_beside_a_tag_still_leaves_room_for_the_amount() -> None:
    front = stem(order(id=9_999_999_999, number="#1"), "SHOPS-")
    assert re.fullmatch(r"[A-Z0-9-]{1,24}", capture_key(front, 999_999_999))


@pytest.mark.parametrize(
    "key",
    [None, "", "1042", "1077", "1042Y3", "1042R7-", "10421C5", "9C5", "1042C5 ", "x1042C5", "1042c5", "1042CABC"],
)
def test_somebody_elses_text_is_not_our_key(key: str | None) -> None:
    assert not is_ours(key, "1042")


def test_a_restored_status_has_a_key_a_day() -> None:
    assert restore_key("1042", date(2026, 11, 21)) == "1042S20261121"
    assert restore_key("1042", date(2026, 11, 22)) == "1042S20261122"
