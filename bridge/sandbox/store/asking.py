"""Query parameters: what a list is asked for, which page of it, and which fields."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from bridge.sandbox.store.refusals import Refusal

_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?(?:\d\d)?)?")

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` None: no body at all."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Asked:
    """One request's query, read with WordPress's leniency: what it does not know it ignores."""

    def __init__(self, query: Query) -> None:
        self.query = query

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter's last value, as PHP does."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("1", "true")

    def many(self, name: str) -> list[str]:
        """Return a list parameter, given as `a,b` or as `name[]=a&name[]=b`."""
        values = [v for key, v in self.query if key == name or re.fullmatch(re.escape(name) + r"\[\d*\]", key)]
        return [part.strip() for value in values for part in value.split(",") if part.strip()]

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            words = f"{name} is not one of {', '.join(choices[:-1])}, and {choices[-1]}."
            raise Refusal.parameter(name, "rest_not_in_enum", words)
        return value

    def whole(self, name: str, default: int, least: int, most: int | None = None) -> int:
        text = self.text(name, str(default))
        if not re.fullmatch(r"-?\d+", text):
            raise Refusal.parameter(name, "rest_invalid_type", f"{name} is not of type integer.")
        value = int(text)
        if most is not None and not least <= value <= most:
            words = f"{name} must be between {least} (inclusive) and {most} (inclusive)"
            raise Refusal.parameter(name, "rest_out_of_bounds", words)
        if value < least:
            words = f"{name} must be greater than or equal to {least}"
            raise Refusal.parameter(name, "rest_out_of_bounds", words)
        return value

    def moment(self, name: str, timezone: ZoneInfo) -> datetime | None:
        """Read a date parameter: an offset is honoured; without one it is the shop's time, or GMT if so asked."""
        text = self.text(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            moment = None
        if moment is None:
            raise Refusal.parameter(name, "rest_invalid_date", "Invalid date.")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC if self.flag("dates_are_gmt") else timezone)
        return moment.astimezone(UTC)

    def fields(self) -> list[str]:
        return self.many("_fields")


def picked(body: Any, fields: Iterable[str]) -> Any:
    """Cut a body to `_fields`; a nested name ("billing.email") reaches into objects, not into lists."""
    names = list(fields)
    if not names or not isinstance(body, dict):
        return body
    heads = {name.split(".", maxsplit=1)[0] for name in names}
    cut = {}
    for key in body:
        if key in names:
            cut[key] = body[key]
        elif key in heads and isinstance(body[key], dict):
            inside = [name.split(".", maxsplit=1)[1] for name in names if name.startswith(f"{key}.")]
            cut[key] = picked(body[key], inside)
    return cut


def paged(asked: Asked, url: str, rows: Sequence[Any], *, defaults: Query = (), forgets: bool = False) -> Answer:
    """Cut one page out of all `rows`, with the totals and the links to its neighbours in the headers.

    `forgets`: past the last page the totals are 0, as HPOS has it (recordings, 20).
    """
    size, page = asked.whole("per_page", 10, 1, 100), asked.whole("page", 1, 1)
    total = len(rows)
    pages = -(-total // size)
    here = rows[(page - 1) * size : page * size]
    if forgets and page > 1 and not here:
        total = pages = 0
    links = []
    if page > 1:
        links.append(_link(asked, url, defaults, min(page - 1, pages), "prev"))
    if page < pages:
        links.append(_link(asked, url, defaults, page + 1, "next"))
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    return Answer(200, list(here), headers | ({"Link": ", ".join(links)} if links else {}))


def _link(asked: Asked, url: str, defaults: Query, page: int, rel: str) -> str:
    """Write the query as PHP has it: lists spelt out, and its own defaults behind."""
    pairs: list[tuple[str, str]] = []
    for name, value in asked.query:
        if name == "include":
            pairs += [(f"include[{i}]", one) for i, one in enumerate(asked.many("include"))]
        else:
            pairs.append((name, str(page) if name == "page" else value))
    given = {name.split("[", maxsplit=1)[0] for name, _ in pairs}
    pairs += [(name, value) for name, value in defaults if name.split("[", maxsplit=1)[0] not in given]
    if "page" not in given:
        pairs.append(("page", str(page)))
    return f'<{url}?{urlencode(pairs, quote_via=quote, safe="")}>; rel="{rel}"'
