"""Refunds in full: one order's, or those of a whole page of orders at once where the store can list them.

`GET refunds` lists the refunds of all orders since WooCommerce 9.0 (recordings, 10 and 31: 404 `rest_no_route` on
8.2.2). That it takes `include` stands in WooCommerce's source and was not measured, so no row is believed that was
not asked for, and what does not come that way is read order by order.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from bridge.domain.orders import Order, Refund
from bridge.errors import AccessDenied, Busy, Nonsense, RemoteError, Unreachable
from bridge.ports import PAGE
from bridge.woo import wire
from bridge.woo.errors import wrong_shape
from bridge.woo.mapping import Incomprehensible, to_refund
from bridge.woo.transport import Transport

_FIELDS = "id,amount,date_created_gmt,refunded_payment,line_items,shipping_lines,fee_lines,tax_lines"
_REFUNDS = TypeAdapter(tuple[wire.Refund, ...])


class Refunds:
    """Reads the refunds of one store."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._listed = True
        """Whether the store lists refunds by id, as far as is known."""

    async def of(self, order_id: int) -> tuple[wire.Refund, ...]:
        """Return one order's refunds."""
        raw, _ = await self._transport.read(
            f"orders/{order_id}/refunds", {"per_page": str(PAGE), "_fields": _FIELDS}
        )
        try:
            return _REFUNDS.validate_python(raw)
        except ValidationError:
            raise wrong_shape(self._transport.asked, f"the refunds of order {order_id}") from None

    async def in_full(self, orders: Iterable[Order]) -> dict[int, Refund]:
        """Return by id the refunds of which the orders give no more than id and amount, as far as they can be had.

        One that is gone, has another amount now, or makes no sense is left out. Raises Busy or Unreachable: any
        other error may be about these refunds alone, and the rest of the store is well.
        """
        wanted = {refund.id: order for order in orders for refund in order.refunds if refund.created is None}
        found: dict[int, Refund] = {}
        several = len({order.id for order in wanted.values()}) > 1
        lists = self._listed
        if several and lists:
            lists, found = await self._by_ids(wanted)
        rest = {order.id: order for number, order in wanted.items() if number not in found}
        by_order = await self._by_orders(rest.values())
        if by_order or found:  # the key and the API are well, so what was said of the list is about the list
            self._listed = lists
        return found | by_order

    async def _by_ids(self, wanted: Mapping[int, Order]) -> tuple[bool, dict[int, Refund]]:
        """Ask the list for all of them; return whether it is worth asking again, and what came."""
        ids, found = sorted(wanted), dict[int, Refund]()
        for start in range(0, len(ids), PAGE):
            batch = ids[start : start + PAGE]
            try:
                rows = await self._list(batch)
            except (AccessDenied, Nonsense):
                return False, found
            except (Busy, Unreachable):
                raise
            except RemoteError:
                return True, found
            found |= {row.id: full for row in rows if (full := _in(wanted.get(row.id), row, row.parent_id))}
            if any(row.id not in batch for row in rows):
                return False, found
        return True, found

    async def _list(self, ids: Collection[int]) -> list[wire.ListedRefund]:
        query = {"include": ",".join(map(str, ids)), "per_page": str(PAGE), "_fields": f"parent_id,{_FIELDS}"}
        raw, _ = await self._transport.read("refunds", query)
        if not isinstance(raw, list):
            raise wrong_shape(self._transport.asked, "a list of refunds")
        return [row for item in raw if (row := _understood(item))]

    async def _by_orders(self, orders: Iterable[Order]) -> dict[int, Refund]:
        """Read the orders' refunds one by one; the transport sees to how many at a time."""
        try:
            async with asyncio.TaskGroup() as group:
                reads = [group.create_task(self._by_order(order)) for order in orders]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return {refund.id: refund for read in reads for refund in read.result()}

    async def _by_order(self, order: Order) -> Sequence[Refund]:
        try:
            rows = await self.of(order.id)
        except (Busy, Unreachable):
            raise
        except RemoteError:
            return ()
        return [full for row in rows if (full := _in(order, row, order.id))]


def _understood(raw: object) -> wire.ListedRefund | None:
    try:
        return wire.ListedRefund.model_validate(raw)
    except ValidationError:
        return None


def _in(order: Order | None, row: wire.Refund, parent: int) -> Refund | None:
    """Return the row as the refund that the order lists; None where it is not that one."""
    stub = order.refund(row.id) if order else None
    if order is None or stub is None or parent != order.id:
        return None
    try:
        full = to_refund(row, order.currency)
    except Incomprehensible:
        return None
    return full if full.amount == stub.amount else None
