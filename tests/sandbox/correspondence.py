"""Two stores' answers side by side: which of the one's ids and times are which of the other's, and what differs.

A recorded time that was not seen before must be the sandbox's present second, since the sandbox's clock moves only
where the recording waits; one that was seen before must be the same second as then. So a `date_modified` that
moved in one and not in the other shows.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ITEMS = ("line_items", "shipping_lines", "fee_lines", "tax_lines", "coupon_lines")
LEFT_OUT = {
    "_links": "addresses; nobody reads them",
    "order_key": "chance",
    "payment_url": "bears the order key",
    "_wp_desired_post_slug": "its suffix counts the orders that the real store got in that minute",
    "_wp_trash_meta_comments_status": "names notes that the recording does not show",
}
"""What is not compared, by the name of the field or of the meta key, and why."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.000000)?")


class Correspondence:
    """`now` is the sandbox's present."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ids: dict[str, dict[int, int]] = {}
        self._times: dict[str, str] = {}

    # ---- from recorded to ours, for requests

    def id(self, kind: str, recorded: int) -> int:
        """Return our id; one that the recording made up (99999999) stays."""
        return self._ids.get(kind, {}).get(recorded, recorded)

    def bind(self, kind: str, recorded: int, ours: int) -> bool:
        """Note that the two are the same thing; False if either is known to be another."""
        ids = self._ids.setdefault(kind, {})
        if recorded not in ids and ours in ids.values():
            return False
        return ids.setdefault(recorded, ours) == ours

    def path(self, path: str) -> str:
        for part, kind in (("orders", "post"), ("refunds", "post"), ("webhooks", "webhook")):
            path = re.sub(rf"(?<=/{part}/)\d+", partial(self._ours, kind), path)
        return path

    def _ours(self, kind: str, recorded: re.Match[str]) -> str:
        return str(self.id(kind, int(recorded[0])))

    def query(self, query: dict[str, Any]) -> dict[str, str]:
        return {name: self._parameter(name, str(value)) for name, value in query.items()}

    def _parameter(self, name: str, value: str) -> str:
        if name == "include":
            return ",".join(str(self.id("post", int(one))) for one in value.split(","))
        return self._times.get(value, value)

    def body(self, body: Any, parent: str = "") -> Any:
        if isinstance(body, list):
            return [self.body(one, parent) for one in body]
        if not isinstance(body, dict):
            return body
        kind = {"line_items": "item", "update": "post"}.get(parent, "")
        mapped = {name: self.body(value, name) for name, value in body.items()}
        return mapped | ({"id": self.id(kind, body["id"])} if kind and "id" in body else {})

    # ---- comparing

    def differences(self, recorded: Any, ours: Any, kind: str, path: tuple[str, ...] = ()) -> Iterator[str]:
        """Yield what differs; `kind` is what the answer's own ids are ids of."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            yield from self._objects(recorded, ours, kind, path)
        elif isinstance(recorded, list) and isinstance(ours, list):
            if len(recorded) != len(ours):
                yield f"{'.'.join(path)}: {len(recorded)} recorded, {len(ours)} here"
            for i, (a, b) in enumerate(zip(recorded, ours, strict=False)):
                yield from self.differences(a, b, kind, (*path, str(i)))
        elif not self._same(recorded, ours, kind, path):
            yield f"{'.'.join(path)}: {recorded!r} recorded, {ours!r} here"

    def _objects(self, recorded: Any, ours: Any, kind: str, path: tuple[str, ...]) -> Iterator[str]:
        for name in sorted(recorded.keys() | ours.keys()):
            here = (*path, name)
            if name in LEFT_OUT or (name == "value" and recorded.get("key") in LEFT_OUT):
                continue
            if (name in recorded) != (name in ours):
                yield f"{'.'.join(here)}: only {'recorded' if name in recorded else 'here'}"
            elif name in ("value", "display_value") and recorded.get("key") in _INSIDE:
                reading = _INSIDE[recorded["key"]]
                yield from self.differences(reading(recorded[name]), reading(ours[name]), kind, here)
            else:
                yield from self.differences(recorded[name], ours[name], kind, here)

    def _same(self, recorded: Any, ours: Any, kind: str, path: tuple[str, ...]) -> bool:
        of = _kind_of_id(path, kind)
        if of and isinstance(recorded, (int, str)) and str(recorded).isdecimal() and recorded != 0:
            return type(recorded) is type(ours) and self.bind(of, int(recorded), int(ours))
        if isinstance(recorded, str) and isinstance(ours, str) and _TIME.fullmatch(recorded):
            return self._same_time(_TIME.sub(r"\1T\2", recorded), _TIME.sub(r"\1T\2", ours), path)
        return type(recorded) is type(ours) and bool(recorded == ours)

    def _same_time(self, recorded: str, ours: str, path: tuple[str, ...]) -> bool:
        zone = UTC if path[-1].endswith("_gmt") else STOCKHOLM
        present = f"{self._now().astimezone(zone):%Y-%m-%dT%H:%M:%S}"
        return self._times.setdefault(recorded, present) == ours


def _kind_of_id(path: tuple[str, ...], kind: str) -> str:
    """Return what the figure at `path` is an id of, or "" for one that is to be equal as it stands."""
    words = [word for word in path if not word.isdecimal()]
    if words[-1:] == ["refunded item"]:
        return "item"
    if words[-1:] in (["coupon"], ["number"], ["parent_id"]):
        return "post"
    if words[-1:] != ["id"] or words[-2:-1] == ["taxes"] or kind == "":
        return ""
    within = words[-2] if len(words) > 1 else ""
    if within == "meta_data":
        return "item meta" if any(word in ITEMS for word in words) else "meta"
    if within in ITEMS:
        return "item"
    return "post" if within in ("refunds", "update", "value", "display_value") else kind


def _unix(text: str) -> Any:
    return {"date_gmt": f"{datetime.fromtimestamp(int(text), UTC):%Y-%m-%dT%H:%M:%S}"}


def _coupon_info(text: str) -> Any:
    coupon, *rest = json.loads(text)
    return {"coupon": coupon, "rest": rest}


_INSIDE: dict[str, Callable[[Any], Any]] = {
    "_refunded_item_id": lambda text: {"refunded item": text},
    "_wp_trash_meta_time": _unix,
    "coupon_info": _coupon_info,
}
"""Meta whose values bear an id or a time inside."""
