"""Resurs's error bodies as one sentence that is safe to show to staff."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

LONGEST: Final = 300
_MARKS: Final = frozenset({"traceId", "code", "message", "parameters", "validationErrors", "error"})
_SECRET: Final = re.compile(r"[\w.~+/=-]{40,}")
"""Longer than any id that Resurs gives (a UUID has 36 characters): a token, or something as opaque."""


def is_error(body: Any) -> bool:
    """Whether the API itself says what is wrong; an answer from something in between does not."""
    return isinstance(body, Mapping) and not _MARKS.isdisjoint(body)


def reason(body: Mapping[str, Any]) -> str:
    """Return the body's message and its field errors, at most 300 characters, nothing secret."""
    message = body.get("message") or body.get("error_description") or body.get("error") or body.get("code")
    text = f"{message or ''}"
    if fields := "; ".join(_field_errors(body)):
        text = f"{text}: {fields}"
    text = _SECRET.sub("…", " ".join(text.split()))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def trace_id(body: Any) -> str:
    """Return the id by which Resurs's support finds the request, "" where there is none."""
    trace = body.get("traceId") if isinstance(body, Mapping) else None
    return trace if isinstance(trace, str) else ""


def _field_errors(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield "field message" from the three shapes seen: two maps (under two names), and a list of pairs."""
    for name in ("parameters", "validationErrors"):
        match body.get(name):
            case Mapping() as errors:
                yield from (f"{field} {message}" for field, message in errors.items())
            case list() as errors:
                for error in errors:
                    if isinstance(error, Mapping):
                        yield f"{error.get('fieldName') or ''} {error.get('message') or ''}".strip()
            case _:
                pass
