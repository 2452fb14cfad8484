"""The kinds of value that settings.yaml is made of, each with a sentence for what it is not."""

import re
from datetime import date, time, timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from bridge.ports import CALL

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]+)([smhd])")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_NAME = re.compile(r"\w[\w.-]{0,63}")
_STATUS = re.compile(r"[a-z0-9][a-z0-9_-]*")
_TAG = re.compile(r"[A-Z0-9-]{1,6}")
LONGEST_CALL = timedelta(seconds=CALL)
"""After which a call is cut off."""


def duration(value: Any) -> timedelta:
    """Read `30s`, `10m`, `2h` or `1d`. Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    text = str(value)
    parts = _DURATION.fullmatch(text)
    if not parts:
        bare = "a bare number has no unit; " if text.isdecimal() else ""
        raise ValueError(f"{bare}a duration is a whole number and a unit: 30s, 10m, 2h, 1d")
    try:
        return timedelta(**{_UNITS[parts[2]]: int(parts[1])})
    except OverflowError:
        raise ValueError("this duration is longer than can be counted") from None


def spell_duration(value: timedelta) -> str:
    """Write a duration in the largest unit that fits it exactly: `10m`, and never `600s`."""
    seconds = value // timedelta(seconds=1)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _more_than_nothing(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than 0s")
    return value


def _longer_than_a_call(value: timedelta) -> timedelta:
    if value < LONGEST_CALL:
        bound = spell_duration(LONGEST_CALL)
        raise ValueError(
            f"must be at least {bound}: a call may take that long, and may not be made again before it has ended"
        )
    return value


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        whole = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole or re.search(r"\s", value):
        raise ValueError("must be an address like https://shop.example")
    if "@" in parts.netloc:
        raise ValueError("must not carry a user name or password")
    if "?" in value or "#" in value:
        raise ValueError("must be an address without ? and #")
    return value.rstrip("/")


def database(value: str) -> str:
    if re.fullmatch(r"postgresql://[^/\s]+/[^/?#\s]+(\?\S*)?", value):
        return value
    path = value.removeprefix("sqlite://").partition("?")[0]
    if not value.startswith("sqlite://") or not path.strip("/"):
        raise ValueError("must be sqlite:///absolute/path or postgresql://user@host/name")
    if path.lstrip("/") == ":memory:":
        raise ValueError("a database in memory forgets at every stop what was paid; name a file")
    return value


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 (TCP's own bound)
        raise ValueError("must be an address and a port like 127.0.0.1:8787, or null")
    return value


def on_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on `host`. Of a name nobody can tell, but of localhost."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _clock(value: Any) -> time:
    if isinstance(value, time):
        return value
    if not _CLOCK.fullmatch(str(value)):
        raise ValueError('must be a time of day like "08:00"')
    return time.fromisoformat(str(value))


def _start(value: Any) -> Any:
    if value == "now" or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("must be now, or a date like 2026-11-01") from None


def _mail(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise ValueError("must be an e-mail address")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be 1 to 64 letters, digits, dots, - or _, and begin with a letter or digit")
    return value


def _tag(value: str) -> str:
    if not _TAG.fullmatch(value):
        raise ValueError("must be 1 to 6 of A-Z, 0-9 and -")
    return value


def _status(value: str) -> str:
    if value.startswith("wc-") and _STATUS.fullmatch(value):
        raise ValueError(f"must be the status as the REST API writes it: {value.removeprefix('wc-')}")
    if not _STATUS.fullmatch(value):
        raise ValueError("must be an order status like completed")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    PlainSerializer(spell_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[smhd]$"}),
]
"""A length of time, 0s included."""
Interval = Annotated[Duration, AfterValidator(_more_than_nothing)]
"""A length of time that a clock can tick in."""
Patience = Annotated[Duration, AfterValidator(_longer_than_a_call)]
"""A length of time that no call outlasts."""
Address = Annotated[str, AfterValidator(_address)]
"""An http or https address, without the slash at its end."""
DatabaseUrl = Annotated[str, AfterValidator(database)]
Listen = Annotated[str, AfterValidator(_listen)]
ClockTime = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$"}),
]
Start = Annotated[
    Literal["now"] | date,
    BeforeValidator(_start),
    WithJsonSchema({"anyOf": [{"const": "now"}, {"type": "string", "format": "date"}]}),
]
Mail = Annotated[str, AfterValidator(_mail)]
Name = Annotated[str, AfterValidator(_name)]
Tag = Annotated[str, AfterValidator(_tag)]
Status = Annotated[str, AfterValidator(_status)]
