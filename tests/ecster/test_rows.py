"""Rows: whole numbers that add up, whatever the lines are."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.lines import Charge, ChargeKind
from bridge.providers.ecster.rows import rows
from tests.ecster.world import charge

charges = st.builds(
    Charge,
    kind=st.sampled_from(ChargeKind),
    name=st.text(st.characters(), max_size=200),
    reference=st.text(st.characters(), max_size=60),
    quantity=st.decimals("0.001", 1000, places=3),
    rate=st.decimals(0, 30, places=2),
    amount=st.integers(-(10**9), 10**9),
)


def units(text: object) -> int:
    """The length of a text as Java and JavaScript count it; it can be written as UTF-8."""
    return len(str(text).encode().decode().encode("utf-16-le")) // 2


@given(st.lists(charges, min_size=1, max_size=8))
def test_rows_add_up_exactly_and_keep_ecsters_limits(lines: list[Charge]) -> None:
    total = sum(line.amount for line in lines)
    made = rows(lines, total)
    figures = [(row["unitAmount"], row["quantity"], row["vatRate"]) for row in made]
    assert all(type(figure) is int for triple in figures for figure in triple)
    assert sum(int(str(unit)) * int(str(quantity)) for unit, quantity, _ in figures) == total
    assert all(0 < units(row["name"]) <= 100 for row in made)
    assert all(units(row["partNumber"]) <= 32 for row in made)


@pytest.mark.parametrize(
    ("quantity", "amount", "row"),
    [
        ("2", 25000, ("Mug", 2, 12500)),
        ("2.000", -25000, ("Mug", 2, -12500)),
        ("3", 10000, ("3 x Mug", 1, 10000)),
        ("1.50", 10000, ("1.5 x Mug", 1, 10000)),
        ("10", 10, ("Mug", 10, 1)),
        ("100", 150, ("100 x Mug", 1, 150)),
    ],
)
def test_a_quantity_that_does_not_divide_the_amount_goes_into_the_name(
    quantity: str, amount: int, row: tuple[str, int, int]
) -> None:
    made = rows([charge(amount, quantity=quantity)], amount)[0]
    assert (made["name"], made["quantity"], made["unitAmount"]) == row


@pytest.mark.parametrize(("rate", "vat"), [("25", 2500), ("12.5", 1250), ("5.555", 556), ("0", 0)])
def test_vat_is_percent_times_a_hundred(rate: str, vat: int) -> None:
    assert rows([charge(1, rate=rate)], 1)[0]["vatRate"] == vat


def test_a_name_is_one_line_and_never_empty() -> None:
    assert rows([charge(1, name=' A\n"B"\x00 ')], 1)[0]["name"] == 'A "B"'
    assert rows([charge(1, name=" ", reference="SKU")], 1)[0]["name"] == "SKU"
    assert rows([charge(1, name="", reference="")], 1)[0]["name"] == "product"


def test_a_long_name_and_reference_are_cut_between_whole_characters() -> None:
    row = rows([charge(1, name="A" * 99 + "\U0001f375", reference="B" * 31 + "a\u030a")], 1)[0]
    assert (row["name"], row["partNumber"]) == ("A" * 99, "B" * 31)
    pieces = rows([charge(10, name="A" * 95 + "\U0001f375", quantity="3")], 10)[0]
    assert pieces["name"] == "3 x " + "A" * 95


def test_lines_for_another_amount_are_an_error() -> None:
    for lines in ([charge(99)], []):
        with pytest.raises(ValueError, match="do not add up"):
            rows(lines, 100)


def test_a_long_quantity_is_written_out() -> None:
    assert rows([charge(7, quantity=str(Decimal("1E+3")))], 7)[0]["name"] == "1000 x Mug"
