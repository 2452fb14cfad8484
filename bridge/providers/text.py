"""Shop texts as providers take them: one line, so long and no longer, cut between whole characters."""

import unicodedata
from typing import Final

_ZERO_WIDTH_JOINER: Final = "\u200d"
_MODIFIERS: Final = "".join(map(chr, (*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))))
"""Skin tones; and the tags that follow a black flag and say which region's it is."""
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Two of them are drawn as one flag."""


def cut(text: str, longest: int) -> str:
    """Cut `text` to `longest` characters as the API's side counts them, between whole characters as people do.

    Counted in UTF-16 units, the strictest of the usual ways; what can't be written in UTF-16 is left out, control
    characters and line breaks are spaces.
    """
    plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    whole = " ".join(_utf16(plain, len(plain) * 2).split())
    front = _utf16(whole, longest)
    while front and len(front) < len(whole) and _joined(front, whole[len(front)]):
        front = front[:-1]
    return front.rstrip()


def _utf16(text: str, units: int) -> str:
    """The first `units` of the text, less what they leave torn."""
    return text.encode("utf-16-le", "ignore")[: 2 * units].decode("utf-16-le", "ignore")


def _joined(front: str, right: str) -> bool:
    """Whether the end of `front` and `right` are drawn as one character: an accent, a joined emoji, a flag."""
    return (
        unicodedata.category(right).startswith("M")
        or _ZERO_WIDTH_JOINER in (front[-1], right)
        or right in _MODIFIERS
        or (right in _FLAG_LETTERS and (len(front) - len(front.rstrip(_FLAG_LETTERS))) % 2 == 1)
    )
