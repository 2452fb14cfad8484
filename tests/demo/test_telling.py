"""The day on terminals of all kinds."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rich.console import Console

from bridge.demo.books import Row
from bridge.demo.happenings import Happening, Who
from bridge.demo.telling import Telling
from tests.demo.test_books import ROW

SWEDEN = timezone(timedelta(hours=1))
CALL = Happening(
    scene="complete",
    title="The first parcels leave",
    at=datetime(2026, 11, 20, 7, 25, 10, tzinfo=UTC),
    who=Who.BRIDGE,
    provider="Resurs",
    order="1042",
    text="calls Resurs: capture 811.25 kr, key 1042C81125",
    kind="capture",
    amount=81125,
    key="1042C81125",
)
NOTE = replace(CALL, who=Who.NOTE, text="[bold]Do not ship[/] yet.", kind="", amount=0, key="", attention=True)
OFF = replace(ROW, order="1047", books=replace(ROW.books, returned=12400))


def told(width: int, rows: list[Row], *, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="truecolor" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    telling = Telling(console, lambda moment: moment.astimezone(SWEDEN))
    telling.begin()
    for happening in (CALL, NOTE):
        telling.tell(happening)
    telling.end(rows)
    return out.getvalue()


@pytest.mark.parametrize("width", [24, 40, 75, 76, 80, 200])
def test_no_terminal_is_too_narrow_for_the_amounts(width: int) -> None:
    text = told(width, [ROW, OFF])
    assert max(map(len, text.splitlines())) <= width
    assert re.findall(r"81[\s│]*1\.25", text)
    assert "124.00" in text
    assert text.count("✓") == text.count("✗") == 1


def test_a_line_says_when_on_the_shops_wall_and_who_did_what() -> None:
    line = next(line for line in told(100, [ROW]).splitlines() if "1042C81125" in line)
    assert line.split() == ["08:25:10", "1042", "bridge", *CALL.text.split()]


def test_what_a_note_says_is_never_taken_for_markup() -> None:
    assert NOTE.text in told(100, [ROW])


def test_a_row_that_differs_is_said_in_words_too() -> None:
    text = told(120, [ROW, OFF])
    assert "Order 1047: returned should be 125.00, Resurs has 124.00." in text
    assert "1 of 2 orders differ." in text


def test_colour_is_for_terminals_alone() -> None:
    assert "\x1b[" in told(100, [ROW], colour=True)
    assert "\x1b[" not in told(100, [ROW])
