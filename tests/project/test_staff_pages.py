"""What the pages for the shop's staff say is what the notes say."""

import re
from pathlib import Path

import pytest

from bridge.domain.changes import SWITCH
from tests.project.staff_notes import DOCS, PAGES, block, shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_notes_are_those_of_the_code(page: Path) -> None:
    """`python -m tests.project.staff_notes` writes them anew."""
    assert shown(page) == block(page)
    assert "{" not in shown(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_statuses_and_the_field_are_named_as_they_are(page: Path) -> None:
    text, (words, *_) = page.read_text(encoding="utf-8"), PAGES[page]
    assert [
        words.statuses[status] for status in ("completed", "cancelled") if words.statuses[status] not in text
    ] == []
    assert f"`{SWITCH}`" in text


def test_both_say_the_same_and_name_each_other() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    shapes = [re.findall(r"^(#+|- |\| )", text, re.MULTILINE) for text in texts]
    assert shapes[0] == shapes[1]
    for page in PAGES:
        assert {DOCS / name for name in re.findall(r"\]\((\S+\.md)\)", page.read_text(encoding="utf-8"))} <= {
            *PAGES
        }
