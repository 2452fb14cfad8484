"""Walking a store's orders without loss: what changed since a moment, and orders by id.

The walk goes by time, not by page number, since rows that change while it goes move to its end. No page is
trusted to hold all there is up to its newest row: what it left out is asked for, whatever the reason. What would
lose a change (a filter, a page number or a list of ids that the store ignores) is an error, never an empty list.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from bridge.ports import PAGE, Listed, Page, Row
from bridge.woo import wire
from bridge.woo.errors import ignored, wrong_shape
from bridge.woo.mapping import Incomprehensible, to_order
from bridge.woo.transport import Transport

ORDER_FIELDS: Final = (
    "id,number,status,currency,total,date_created_gmt,date_modified_gmt,date_paid_gmt,date_completed_gmt,"
    "payment_method,transaction_id,refunds,meta_data,line_items,shipping_lines,fee_lines,tax_lines"
)
"""All that the bridge reads of an order; names and addresses are not even asked for."""
_AT_A_STRETCH = 20
"""Rows worked out while all else waits: whoever has waited for a turn at the store can ask in between."""
_SECOND = timedelta(seconds=1)
_MODIFIED = TypeAdapter(wire.GmtOrBlank)


class Listing:
    """Lists the orders of one store; `keep` names the order meta that may be kept."""

    def __init__(self, transport: Transport, keep: frozenset[str]) -> None:
        self._transport = transport
        self._asked = transport.asked
        self._keep = keep

    async def changed_since(self, moment: datetime | None, status: str) -> Listed:
        """Return the orders in `status` that were modified strictly after `moment`, oldest first.

        Either they are all there are, or a page and those that belong between its rows: see `_left_out`.

        A store that ignores the filter, and has more orders than one page, can't be followed: that is Nonsense;
        with fewer, they are filtered here. A row whose time can't be read is returned.
        """
        query = {"status": status, "order": "asc", "dates_are_gmt": "true"}
        if moment is not None:
            query["modified_after"] = _stamp(moment)
        listed, headers = await self._rows({**query, "orderby": "modified"})
        clock = date_of(headers)
        rows = [row for row in listed if moment is None or row.modified is None or row.modified > moment]
        if _is_last(listed, 1, headers):
            return Listed(rows=_oldest_first(rows), whole=True, clock=clock)
        times = [row.modified for row in rows if row.modified is not None]
        if len(rows) < len(listed) or not times:
            raise ignored(self._asked, "modified_after")
        rows += await self._left_out(query, max(times), {row.id for row in rows})
        return Listed(rows=_oldest_first(rows), whole=False, clock=clock)

    async def newest(self) -> Listed:
        """Return the 100 orders that were modified last, or all there are, and how many there are."""
        rows, headers = await self._rows({"status": "any", "orderby": "modified", "order": "desc"})
        return Listed(
            rows=_oldest_first(rows),
            whole=_is_last(rows, 1, headers),
            clock=date_of(headers),
            total=_total(headers),
        )

    async def page(self, number: int, until: datetime) -> Page:
        """Return one page of the orders that were modified last up to the second `until`, in order of id."""
        query = {"status": "any", "modified_before": _stamp(until + _SECOND), "dates_are_gmt": "true"}
        rows, headers = await self._rows({**query, "orderby": "id", "order": "asc", "page": str(number)})
        if any(row.modified is not None and row.modified > until for row in rows):
            raise ignored(self._asked, "modified_before")
        return Page(rows=rows, total=_total(headers))

    async def by_ids(self, ids: list[int]) -> list[Row]:
        """Return the orders among `ids` (at most 100) that the store lists; the trash is not listed."""
        if len(ids) > PAGE:
            raise ValueError(f"{len(ids)} ids are more than a store lists at once")
        if not ids:
            return []  # an empty `include` would mean every order
        rows, _ = await self._rows({"status": "any", "include": _comma(ids)})
        found = [row for row in rows if row.id in set(ids)]
        if len(found) < len(rows) == PAGE:
            raise ignored(self._asked, "include")
        return found

    async def _left_out(self, query: Mapping[str, str], until: datetime, seen: set[int]) -> list[Row]:
        """Return the orders up to the second `until` that a full page left out although it went as far.

        It cuts its last second anywhere. Posts storage sorts by the shop's local time, in which an hour of autumn
        comes twice. And rows leave for the end while it is read. Where the rest takes several pages itself, in
        order of id, it is read until nothing new comes: a row that leaves makes the next page skip one.
        """
        window = {
            **query,
            "modified_before": _stamp(until + _SECOND),
            "exclude": _comma(sorted(seen)),
            "orderby": "id",
        }
        found: dict[int, Row] = {}
        while True:
            listed, pages = await self._by_id(window, until)
            new = listed.keys() - found.keys() - seen
            found |= {order_id: row for order_id, row in listed.items() if order_id not in seen}
            if pages == 1 or not new:
                return list(found.values())

    async def _by_id(self, window: Mapping[str, str], until: datetime) -> tuple[dict[int, Row], int]:
        """Read the pages of what was modified up to `until` once; return the orders, and how many pages it were."""
        found: dict[int, Row] = {}
        for page in count(1):
            rows, headers = await self._rows({**window, "page": str(page)})
            if any(row.modified is not None and row.modified > until for row in rows):
                raise ignored(self._asked, "modified_before")
            before = len(found)
            found |= {row.id: row for row in rows}
            if _is_last(rows, page, headers):
                return found, page
            if len(found) == before:
                raise ignored(self._asked, "page")
        raise AssertionError("the last page returns")

    async def _rows(self, query: Mapping[str, str]) -> tuple[list[Row], Mapping[str, str]]:
        raw, headers = await self._transport.read(
            "orders", {**query, "per_page": str(PAGE), "_fields": ORDER_FIELDS}
        )
        if not isinstance(raw, list):
            raise wrong_shape(self._asked, "a list of orders")
        rows = []
        for i, item in enumerate(raw):
            if i % _AT_A_STRETCH == 0:
                await asyncio.sleep(0)
            rows.append(self._row(item))
        return rows, headers

    def _row(self, raw: Any) -> Row:
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), int):
            raise wrong_shape(self._asked, "a list of orders")
        try:
            order = to_order(raw, self._keep)
        except Incomprehensible as problem:
            return Row(id=raw["id"], modified=_modified(raw), order=None, problem=str(problem))
        return Row(id=order.id, modified=order.modified, order=order)


def _is_last(rows: Sequence[Row], page: int, headers: Mapping[str, str]) -> bool:
    """Whether nothing is listed beyond this page.

    A page may be short although more follow: an order that is deleted at this moment, or can't be loaded, is
    counted and left out. So the store's own count of pages is asked too, where it is there.
    """
    pages = headers.get("X-WP-TotalPages", "")
    more = pages.isdecimal() and int(pages) > page
    return len(rows) < PAGE and not more


def _total(headers: Mapping[str, str]) -> int:
    """Return how many orders all pages have together; 0 where the answer does not say."""
    total = headers.get("X-WP-Total", "")
    return int(total) if total.isdecimal() else 0


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the time that the answer says it was given; None where it does not say."""
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _oldest_first(rows: Iterable[Row]) -> list[Row]:
    beginning = datetime.min.replace(tzinfo=UTC)
    return sorted(rows, key=lambda row: (row.modified or beginning, row.id))


def _stamp(moment: datetime) -> str:
    """Write a moment as `dates_are_gmt` wants it; the store's clock has one-second steps."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _comma(ids: Iterable[int]) -> str:
    return ",".join(map(str, ids))


def _modified(raw: Mapping[str, Any]) -> datetime | None:
    try:
        return _MODIFIED.validate_python(raw.get("date_modified_gmt"))
    except ValidationError:
        return None
