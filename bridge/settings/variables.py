"""`${VARIABLE}` in a text: replaced by what the environment has under that name."""

import os
import re

from bridge.settings.showing import may_be_secret

_PLACE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class VariableError(ValueError):
    """A variable that is not there, or a name that can be none. The text carries no value."""


def expand(text: str) -> str:
    """Return `text` with every `${VARIABLE}` replaced. Raises VariableError for one that is not set or empty.

    A secret that silently becomes the word "${WC_KEY" or nothing would look like a wrong password, far from
    where the mistake is; so a name that can't be one is an error too.
    """
    return _PLACE.sub(_look_up, check(text))


def check(text: str) -> str:
    """Return `text` as it is. Raises VariableError for a `${` that begins no variable's name."""
    for place in _PLACE.finditer(text):
        if not place[0].endswith("}") or not _NAME.fullmatch(place[1]):
            raise VariableError("${ must be followed by a variable's name (letters, digits, _) and }")
    return text


def variables(text: str) -> list[str]:
    """Return the names of the variables in `text`."""
    return [place[1] for place in _PLACE.finditer(text)]


def without_variables(text: str) -> str:
    """Return what of `text` is written out."""
    return _PLACE.sub("", text)


def _look_up(place: re.Match[str]) -> str:
    value = os.environ.get(place[1], "")
    if not value:
        name = place[1] if place[1].isupper() or not may_be_secret(place[1]) else "***"
        raise VariableError(f"the environment variable {name} is not set")
    return value
