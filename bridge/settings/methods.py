"""Patterns on an order's `payment_method`: which of a store's providers an order belongs to."""

import re
import string
from functools import cache

_TOKEN = re.compile(r"<uuid>|\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_HEX = "[0-9A-Fa-f]"
_UUID = [part for length in (8, 4, 4, 4, 12) for part in ("-", *[_HEX] * length)][1:]
_RUN = ".*"
_LONGEST = 200


def matches_method(pattern: str, method: str) -> bool:
    """Whether `pattern` fits the whole of `method`, upper and lower case told apart.

    `*` is any run of characters, `?` any one, `[ab]` and `[!ab]` one of a set or not, as in the shell;
    `<uuid>` is any UUID in either case, as Resurs names its methods (the id of the store's method).
    """
    return re.fullmatch("".join(_tokens(pattern)), method, re.DOTALL) is not None


def overlap(one: str, other: str) -> bool:
    """Whether some payment method fits both patterns, so that its order would have two providers."""
    left, right = _tokens(one), _tokens(other)
    letters = {*string.printable, *one, *other}

    @cache
    def common(token: str) -> frozenset[str]:
        return frozenset(letter for letter in letters if re.fullmatch(token, letter, re.DOTALL))

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(left) and j == len(right):
            return True
        if i < len(left) and left[i] == _RUN:
            return meet(i + 1, j) or (j < len(right) and meet(i, j + 1))
        if j < len(right) and right[j] == _RUN:
            return meet(i, j + 1) or (i < len(left) and meet(i + 1, j))
        both = i < len(left) and j < len(right)
        return both and not common(left[i]).isdisjoint(common(right[j])) and meet(i + 1, j + 1)

    return meet(0, 0)


def is_pattern(text: str) -> bool:
    """Whether `text` can be a pattern: not empty, not endless, its sets in order."""
    try:
        re.compile("".join(_tokens(text)))
    except re.error:
        return False
    return 0 < len(text) <= _LONGEST


@cache
def _tokens(pattern: str) -> tuple[str, ...]:
    """Return the pattern as regular expressions: each stands for one character, or is `_RUN`."""
    tokens: list[str] = []
    for token in _TOKEN.findall(pattern):
        match token:
            case "<uuid>":
                tokens += _UUID
            case "*":
                tokens.append(_RUN)
            case "?":
                tokens.append(".")
            case _ if len(token) > 1:
                inner = token[1:-1]
                negated, inner = inner.startswith("!"), inner.removeprefix("!")
                escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inner)
                tokens.append(f"[{'^' if negated else ''}{escaped}]")
            case _:
                tokens.append(re.escape(token))
    return tuple(tokens)
