"""The notes on the staff's pages, from the code: `python -m tests.project.staff_notes` writes them anew."""

import re
from dataclasses import fields
from pathlib import Path

from bridge.domain.wording import ECSTER
from bridge.domain.wording.english import ENGLISH
from bridge.domain.wording.sentences import Attention, Wording
from bridge.domain.wording.swedish import SWEDISH

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    DOCS / "staff.en.md": (
        ENGLISH,
        ("It is done", "For you to know", "For you to do"),
        ("the note says", "do this"),
    ),
    DOCS / "personal.sv.md": (
        SWEDISH,
        ("Det är gjort", "Bra att veta", "Att göra"),
        ("anteckningen säger", "gör så här"),
    ),
}
_MEANS = {
    "en": ("", "", ""),
    "sv": ("(Betalningen har debiterats.)", "(Reservationen har annullerats.)", "(… har återbetalats.)"),
}
"""What stands beside the notes that keep the words of Ecster's plugin, which are English in every language."""
_DONE = (
    "captured",
    "rest_released",
    "cancelled",
    "leftover_released",
    "refunded",
    "part_refunded",
    "rest_refunded",
    "lowered",
    "raised",
    "replaced",
    "restored",
)
_BLOCK = re.compile(r"(?<=<!-- notes: begin -->\n).*?(?=<!-- notes: end -->)", re.DOTALL)


def block(page: Path) -> str:
    """What is to stand between the marks of a page."""
    words, (done, told, asked), (says, do) = PAGES[page]
    outcomes = [getattr(words, name) for name in _DONE]
    lines = [f"### {done}", "", *(f"- {_open(text)}" for text in (*outcomes, *ECSTER.values()))]
    lines[-len(ECSTER) :] = map(" ".join, zip(lines[-len(ECSTER) :], _MEANS[words.language], strict=True))
    lines = [line.rstrip() for line in lines]
    lines += ["", f"### {told}", "", *(f"- {_open(text)}" for text in (*words.remarks.values(), words.waits))]
    lines += ["", f"### {asked}", "", f"| {says} | {do} |", "| --- | --- |"]
    asked_of: dict[str, list[str]] = {}
    for it in _attentions(words):
        asked_of.setdefault(_open(it.happened), []).extend(_open(it) for it in (it.advice, it.with_approval) if it)
    lines += [f"| {says} | {' / '.join(dict.fromkeys(do))} |" for says, do in asked_of.items()]
    return "\n".join(lines) + "\n"


def _attentions(words: Wording) -> list[Attention]:
    """By reason, then those for the cases of one that ask for sentences of their own."""
    others = [getattr(words, field.name) for field in fields(Wording)]
    return [*words.attention.values(), *(it for it in others if isinstance(it, Attention))]


def _open(template: str) -> str:
    """The sentence with "…" for what is filled in; what stands at its end and may be missing is left out."""
    text = re.sub(r"\{(detail|reference|transaction|purpose)\}", "", template.replace("{provider}", "Resurs"))
    return re.sub(r"\{\w+\}", "…", text)


def shown(page: Path) -> str:
    found = _BLOCK.search(page.read_text(encoding="utf-8"))
    assert found, f"{page} has lost its marks"
    return found[0]


def write() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        page.write_text(_BLOCK.sub(block(page), text), encoding="utf-8")


if __name__ == "__main__":
    write()
