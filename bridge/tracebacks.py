"""Tracebacks that may be shown: where, and of what type, through all causes, but not what the errors say.

The text of an error that nobody foresaw may quote whatever was at hand, a customer's name, a key. So it stays out;
only our own errors, and the operating system's, are known to quote nothing of the kind.
"""

import traceback
from collections.abc import Iterator

from bridge.errors import BridgeError


def shown(error: BaseException) -> str:
    """The traceback of an error, the first cause first."""
    return "".join(_shown(error, set()))


def _shown(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _shown(before, seen)
        yield "\nupon which:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{named(error)}\n"
    for part in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield "\nin which:\n\n"
        yield from _shown(part, seen)


def named(error: BaseException) -> str:
    """The error in one line: its type, and its text where that is known to be harmless."""
    name = type(error).__qualname__
    if isinstance(error, BridgeError):
        return f"{name}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name
