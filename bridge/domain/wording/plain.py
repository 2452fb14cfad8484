"""Text from outside, made harmless and short before it stands in a note."""

import re
import unicodedata

from bridge.domain.wording.sentences import Wording

LONGEST_INSERT = 200
"""Characters of any text that is not ours, such as a provider's refusal."""

_LINKED = re.compile(r"(://|\b(?:www|ftp)\.|@)(?=\S)", re.IGNORECASE)
"""WordPress makes links of web and e-mail addresses in a note; a space after these stops it."""


def plain(text: str, words: Wording) -> str:
    """One line without anything that a shop would render or a terminal would obey."""
    text = text.replace("<", "‹").replace(">", "›").replace("&", f" {words.ampersand} ")
    text = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    text = _LINKED.sub(r"\1 ", text)
    return cut(" ".join(text.split()), LONGEST_INSERT)


def cut(text: str, most: int) -> str:
    """At most so many characters, never parting a letter from its accents."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > 0 and unicodedata.category(text[end]).startswith("M"):
        end -= 1
    return f"{text[:end].rstrip()}…"
