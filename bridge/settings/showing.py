"""How what stands in a file is shown in messages: short, and never what may be a secret.

A secret may stand anywhere by mistake: under another key, in the place of a key, after a `*` or a `!`. What was
made by a machine to be one is recognised by its looks.
"""

import re
from typing import Any

Path = tuple[str | int, ...]
"""Keys and list indices from the top: `("stores", 0, "poll", "interval")`."""

_CREDENTIALS = re.compile(r"//.*@", re.DOTALL)
_LONGEST_QUOTE = 60
_WORD = re.compile(r"[\w+~-]{12,}")
_LONG_WORD = 24
"""No word that people write into settings is as long."""
_WOO = re.compile(r"\b[cC][ksKS]_\w")


def may_be_secret(text: str) -> bool:
    """Whether a text holds what looks like a key: one of WooCommerce's, or a long word with letters and digits."""
    if _WOO.search(text):
        return True
    return any(
        len(word) >= _LONG_WORD or (re.search(r"[0-9]", word) and re.search(r"[^\W\d_]", word))
        for word in _WORD.findall(text)
    )


def spell(path: Path) -> str:
    """Write a path as people read it: `stores[0].poll.interval`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{spell_key(step)}" for step in path).removeprefix(
        "."
    )


def spell_key(key: str) -> str:
    """Write a key; of one with a colon, after which a space was forgotten, not the value that follows."""
    name, colon, _ = key.partition(":")
    return ("***" if may_be_secret(name) else name) + (f"{colon}***" if colon else "")


def quote(value: Any) -> str:
    """Show a value that was found, short, and without the credentials that a URL may carry."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list):
        return "a list"
    text = _CREDENTIALS.sub("//***@", str(value))
    if may_be_secret(text):
        return f"a text of {len(str(value))} characters, which is not shown as it may be a secret"
    return repr(text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…")
