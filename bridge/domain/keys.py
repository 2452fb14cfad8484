"""Keys: functions of what is wanted, never of our database or of chance (design § 3, Keys).

So a restored or lost database still recognises its own work in the provider's log. At most 24 characters of
A-Z, 0-9 and "-"; bookkeepers see them.
"""

import re
import string
from datetime import date

from bridge.domain.orders import Order

LONGEST = 24
_ROOM_FOR_THE_REST = 12
_BASE36 = string.digits + string.ascii_uppercase
_FIT = re.compile(r"[A-Z0-9-]+")
# What follows the stem in keys of ours:
_REFUND = re.compile(r"R(?:(\d+)(?:-\d+)?|I([0-9A-Z]+)-\d+)")
_REPLACING = re.compile(r"X\d+")
_ANY = re.compile(r"[CRVX]\d+(-\d+)?|RI[0-9A-Z]+-\d+")


def stem(order: Order, tag: str = "") -> str:
    """Return the front of all keys of an order: `tag`, then the order's number.

    A number that does not fit the provider's alphabet or length gives way to "I" and the order's id, so that it is
    not taken for another order's number; an id too long for that is written with letters too.
    """
    room = LONGEST - _ROOM_FOR_THE_REST - len(tag)
    number = order.number.upper()
    if len(number) <= room and _FIT.fullmatch(number):
        return f"{tag}{number}"
    by_id = f"I{order.id}"
    return f"{tag}{by_id}" if len(by_id) <= room else f"{tag}I{_short(order.id)}"


def _short(number: int) -> str:
    """A positive number in base 36: ten decimal digits are seven."""
    figures = ""
    while number:
        number, last = divmod(number, 36)
        figures = _BASE36[last] + figures
    return figures


def capture_key(stem: str, captured_after: int) -> str:
    """Key of a capture: stem, "C", captured in all after it (minor units)."""
    return f"{stem}C{captured_after}"


def refund_key(stem: str, refund_id: int, part: int = 1) -> str:
    """Key of a refund: stem, "R", the store's refund id (0: the rest of a refunded order, approved by a person).

    Where a provider can only pay it in parts, the second and later ones end with their number ("-2"); an id that
    leaves no room for it is written with letters too, after an "I".
    """
    if part == 1:
        return f"{stem}R{refund_id}"
    key = f"{stem}R{refund_id}-{part}"
    return key if len(key) <= LONGEST else f"{stem}RI{_short(refund_id)}-{part}"


def refund_of(key: str | None, stem: str) -> int | None:
    """The refund id that a key of ours names, in whatever part; None for every other key."""
    found = _after(stem, _REFUND, key)
    if found is None:
        return None
    return int(found[1]) if found[1] else int(found[2], 36)


def change_key(stem: str, log_length: int) -> str:
    """Key of a release or a raise: stem, "V", length of the payment's log before it."""
    return f"{stem}V{log_length}"


def replace_key(stem: str, log_length: int) -> str:
    """Key of a release of everything that a new reservation is to follow: stem, "X", length of the log before."""
    return f"{stem}X{log_length}"


def is_replacing(key: str | None, stem: str) -> bool:
    """Whether a release bears the key of one that a new reservation is to follow."""
    return _after(stem, _REPLACING, key) is not None


def restore_key(stem: str, day: date) -> str:
    """Key of a restored status: stem, "S", the day. No provider ever sees it."""
    return f"{stem}S{day:%Y%m%d}"


def is_ours(key: str | None, stem: str) -> bool:
    """Whether a log entry's key is one that we would give to a call about this order."""
    return _after(stem, _ANY, key) is not None


def _after(stem: str, rest: re.Pattern[str], key: str | None) -> re.Match[str] | None:
    return rest.fullmatch(key, len(stem)) if key is not None and key.startswith(stem) else None
