"""Walking a store's orders without loss: what changed since a moment, and orders by id.

The walk goes by time, not by page number, since rows that change while it goes move to its end. What would lose a
change (a filter, an order or a list of ids that the store ignores) is an error, never an empty list. One gap is
known: posts storage sorts by local time, so in the hour that autumn repeats a page that ends within it may hide a
change of that hour until the order is next looked at.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from bridge.ports import Row
from bridge.woo import wire
from bridge.woo.errors import ignored, wrong_shape
from bridge.woo.mapping import Incomprehensible, to_order
from bridge.woo.transport import Transport

PAGE: Final = 100
"""The most rows that WooCommerce lists at once; more is a 400."""
ORDER_FIELDS: Final = (
    "id,number,status,currency,total,date_created_gmt,date_modified_gmt,date_paid_gmt,date_completed_gmt,"
    "payment_method,transaction_id,refunds,meta_data,line_items,shipping_lines,fee_lines,tax_lines"
)
"""All that the bridge reads of an order; names and addresses are not even asked for."""
_SECOND = timedelta(seconds=1)
_CLOCKS_BACK = timedelta(hours=1)
_MODIFIED = TypeAdapter(wire.GmtOrBlank)


class Listing:
    """Lists the orders of one store; `keep` names the order meta that may be kept."""

    def __init__(self, transport: Transport, keep: frozenset[str]) -> None:
        self._transport = transport
        self._asked = transport.asked
        self._keep = keep

    async def changed_since(self, moment: datetime | None, status: str) -> list[Row]:
        """Return the orders in `status` that were modified strictly after `moment`, oldest first.

        Fewer than 100 are all there are. Otherwise there may be more, and the last row's second is whole: its
        orders are all here, even where that makes more than 100. So whoever asks on from the last row's
        `modified` skips none.

        Rows that are not after `moment` are dropped. A store that ignores the filter or the order, and has more
        orders than one page, can't be followed: that is Nonsense. A row whose time can't be read is returned.
        """
        query = {"status": status, "orderby": "modified", "order": "asc", "dates_are_gmt": "true"}
        listed = await self._rows(query | ({} if moment is None else {"modified_after": _stamp(moment)}))
        rows = [row for row in listed if moment is None or row.modified is None or row.modified > moment]
        if len(listed) < PAGE:
            return _oldest_first(rows)
        times = [row.modified for row in rows if row.modified is not None]
        if not times:
            raise ignored(self._asked, "modified_after")
        if any(later < earlier - _CLOCKS_BACK for earlier, later in pairwise(times)):
            raise ignored(self._asked, "orderby=modified")
        return _oldest_first(rows + await self._rest_of_second(query, max(times), rows))

    async def by_ids(self, ids: list[int]) -> list[Row]:
        """Return the orders among `ids` (at most 100) that the store lists; the trash is not listed."""
        if len(ids) > PAGE:
            raise ValueError(f"{len(ids)} ids are more than a store lists at once")
        if not ids:
            return []  # an empty `include` would mean every order
        rows = await self._rows({"status": "any", "include": _comma(ids)})
        found = [row for row in rows if row.id in set(ids)]
        if len(found) < len(rows) == PAGE:
            raise ignored(self._asked, "include")
        return found

    async def _rest_of_second(self, query: Mapping[str, str], second: datetime, rows: list[Row]) -> list[Row]:
        """Return the orders of `second` beyond those in `rows`, which a full page may have cut off.

        Asked for by leaving out those already seen: a page number would skip a row whenever another moves.
        """
        seen = {row.id for row in rows if row.modified == second}
        rest: list[Row] = []
        while True:
            listed = await self._rows(
                {
                    **query,
                    "modified_after": _stamp(second - _SECOND),
                    "modified_before": _stamp(second + _SECOND),
                    "exclude": _comma(sorted(seen)),
                }
            )
            new = [row for row in listed if row.modified == second and row.id not in seen]
            rest += new
            seen |= {row.id for row in new}
            beyond = any(row.modified is not None and row.modified > second for row in listed)
            if len(listed) < PAGE or beyond:
                return rest
            if not new:
                raise ignored(self._asked, "exclude")

    async def _rows(self, query: Mapping[str, str]) -> list[Row]:
        raw, _ = await self._transport.read("orders", {**query, "per_page": str(PAGE), "_fields": ORDER_FIELDS})
        if not isinstance(raw, list):
            raise wrong_shape(self._asked, "a list of orders")
        return [self._row(item) for item in raw]

    def _row(self, raw: Any) -> Row:
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), int):
            raise wrong_shape(self._asked, "a list of orders")
        try:
            order = to_order(raw, self._keep)
        except Incomprehensible as problem:
            return Row(id=raw["id"], modified=_modified(raw), order=None, problem=str(problem))
        return Row(id=order.id, modified=order.modified, order=order)


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
