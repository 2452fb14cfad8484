"""Refunds in full for a page of orders: what they hold, what they cost, what becomes of those that can't be had."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import aiohttp
import pytest
import simplejson
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.domain.orders import Order
from bridge.errors import Busy, Unreachable
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.faults import Fault
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox
from bridge.woo.client import WooStore
from tests.sandbox.stores import START

LIST, OWN = "/wc/v3/refunds$", r"/wc/v3/orders/\d+/refunds$"
THREE = ["orders/ID/refunds"] * 3
ONE = ["refunds"]

Instead = tuple[int, Any] | Callable[[Any], Any]
"""A status and body, or what is made of the body of the shop's own answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    sandbox: StoreSandbox
    store: WooStore
    server: Server
    instead: dict[str, Instead]
    """What is answered by path (a pattern) instead of what the shop says."""

    def refunded(self, orders: int, each: int = 1) -> list[int]:
        """Let there be so many orders, each refunded so often; return the refunds' ids."""
        made = [self.sandbox.create_order({"MUGG": 2}) for _ in range(orders)]
        return [self.sandbox.refund(order, f"{10 + n}.00") for order in made for n in range(each)]

    async def listed(self) -> list[Order]:
        found: dict[int, Order] = {}
        page = await self.store.changed_since(None)
        while True:
            found |= {row.id: row.order for row in page.rows if row.order}
            if page.whole:
                return list(found.values())
            page = await self.store.changed_since(page.newest)

    async def ask(self, orders: list[Order]) -> tuple[set[int], list[str]]:
        """Ask for the orders' refunds in full; return their ids, and what was asked of the shop for them."""
        seen = self.sandbox.faults.seen
        seen.clear()
        refunds = await self.store.refunds(orders)
        paths = [path.partition("?")[0].rpartition("/v3/")[2] for _, path in seen]
        return set(refunds), [re.sub(r"\d+", "ID", path) for path in paths]


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[Shop]:
    clock, nonces = ManualClock(START), count()
    sandbox, instead = StoreSandbox(clock=clock.now, https=False, **options), dict[str, Instead]()

    @web.middleware
    async def answering(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        other = next((other for path, other in instead.items() if re.search(path, request.path)), None)
        if other is None or not isinstance(answer, web.Response):
            return answer
        status, body = other if isinstance(other, tuple) else (200, other(simplejson.loads(answer.text or "")))
        return web.json_response(body, status=status)

    sandbox.app.middlewares.append(answering)
    async with Server(sandbox.app) as server, aiohttp.ClientSession() as session:
        store = WooStore(
            session,
            name="butiken",
            url=server.url,
            consumer_key=sandbox.consumer_key,
            consumer_secret=sandbox.consumer_secret,
            keep_meta=frozenset(),
            clock=lambda: clock.now().timestamp(),
            nonce=lambda: f"n{next(nonces)}",
        )
        yield Shop(sandbox=sandbox, store=store, server=server, instead=instead)


@pytest.mark.parametrize("way", ["listed", "8.2.2", "include is ignored"])
@pytest.mark.parametrize("currency", ["SEK", "JPY"])
async def test_they_are_what_a_look_at_each_order_reads(way: str, currency: str) -> None:
    async with opened(version="8.2.2" if way == "8.2.2" else "11.0.1", currency=currency) as shop:
        staff = shop.sandbox
        staff.mishaps.ignores_include = way == "include is ignored"
        staff.add_product("MAT", "Mat", "80", "reduced-rate")
        first, second, third = [staff.create_order({"MUGG": 2, "MAT": 3}) for _ in range(3)]
        staff.refund(first, lines={"MUGG": 1, "MAT": 2, "Frakt": 1})
        staff.refund(second, "7", refunded_payment=True)
        staff.refund(third, "40", lines={"MAT": 1})
        staff.refund(third)
        looked = [refund for order in (first, second, third) for refund in (await shop.store.order(order)).refunds]
        assert await shop.store.refunds(await shop.listed()) == {refund.id: refund for refund in looked}
        assert [refund.paid_by_shop for refund in looked] == [False, True, False, False]
        assert [len(refund.lines) for refund in looked] == [3, 0, 1, 0]
        assert {refund.created for refund in looked} == {START}
        assert {line.rate for line in looked[0].lines} == {Decimal(25), Decimal(12)}


@pytest.mark.parametrize(
    ("orders", "each", "requests"),
    [(0, 0, []), (3, 0, []), (1, 1, THREE[:1]), (1, 3, THREE[:1]), (2, 1, ONE), (100, 1, ONE), (60, 2, ONE * 2)],
)
async def test_a_hundred_are_one_request(orders: int, each: int, requests: list[str]) -> None:
    async with opened() as shop:
        made = shop.refunded(orders, each)
        assert await shop.ask(await shop.listed()) == (set(made), requests)


async def test_what_is_known_in_full_is_not_asked_for() -> None:
    async with opened() as shop:
        shop.refunded(3)
        known = [await shop.store.order(order.id) for order in await shop.listed()]
        assert await shop.ask(known) == (set(), [])


@pytest.mark.parametrize(
    ("path", "instead", "first", "second"),
    [
        (LIST, (404, {"code": "rest_no_route", "message": "Nej."}), [*ONE, *THREE], THREE),
        (LIST, (401, {"code": "woocommerce_rest_cannot_view", "message": "Nej."}), [*ONE, *THREE], THREE),
        (LIST, (403, {"code": "woocommerce_rest_cannot_view", "message": "Nej."}), [*ONE, *THREE], THREE),
        (LIST, (200, {"a": "page"}), [*ONE, *THREE], THREE),
        (LIST, (500, {"code": "internal_server_error"}), [*ONE * 3, *THREE], [*ONE * 3, *THREE]),
        (LIST, (400, {"code": "rest_invalid_param", "message": "include"}), [*ONE, *THREE], [*ONE, *THREE]),
        (LIST, lambda _: [], [*ONE, *THREE], [*ONE, *THREE]),
        (LIST, lambda rows: rows[1:], [*ONE, *THREE[:1]], [*ONE, *THREE[:1]]),
        (LIST, lambda rows: [rows[0], "?", {"id": rows[2]["id"]}], [*ONE, *THREE[:2]], [*ONE, *THREE[:2]]),
        (LIST, lambda rows: [{**row, "parent_id": 7} for row in rows], [*ONE, *THREE], [*ONE, *THREE]),
        (LIST, lambda rows: [{**row, "amount": "1.005"} for row in rows], [*ONE, *THREE], [*ONE, *THREE]),
        (LIST, lambda rows: [{**row, "id": row["id"] + 777} for row in rows], [*ONE, *THREE], THREE),
    ],
    ids=[
        "no such route",
        "not for visitors",
        "not for this key",
        "no list",
        "broken",
        "refused",
        "empty",
        "one is missing",
        "one makes no sense",
        "of another order",
        "no amount",
        "others than asked for",
    ],
)
async def test_what_the_list_does_not_give_is_read_by_order(
    path: str, instead: Instead, first: list[str], second: list[str]
) -> None:
    """And where the list is of no use, it is not asked again."""
    async with opened() as shop:
        made, orders = set(shop.refunded(3)), await shop.listed()
        shop.instead[path] = instead
        assert await shop.ask(orders) == (made, first)
        assert await shop.ask(orders) == (made, second)


async def test_an_old_store_is_asked_for_the_list_once() -> None:
    async with opened(version="8.2.2") as shop:
        made, orders = set(shop.refunded(3)), await shop.listed()
        assert [await shop.ask(orders) for _ in range(2)] == [(made, [*ONE, *THREE]), (made, THREE)]


async def test_a_key_that_is_refused_everywhere_says_nothing_about_the_list() -> None:
    async with opened() as shop:
        made, orders = set(shop.refunded(3)), await shop.listed()
        shop.instead["refunds"] = 401, {"code": "woocommerce_rest_cannot_view", "message": "Nej."}
        assert await shop.ask(orders) == (set(), [*ONE, *THREE])
        shop.instead.clear()
        assert await shop.ask(orders) == (made, ONE)


def _gone(shop: Shop, order: int, refund: int) -> None:
    shop.sandbox.delete_refund(order, refund)


def _order_gone(shop: Shop, order: int, refund: int) -> None:
    shop.sandbox.delete(order)


def _another_amount(shop: Shop, order: int, refund: int) -> None:
    shop.sandbox.order(order).refunds[0].amount = Decimal(11)


def _entered_again(shop: Shop, order: int, refund: int) -> None:
    shop.sandbox.delete_refund(order, refund)
    shop.sandbox.refund(order, "10.00")


def _broken(shop: Shop, order: int, refund: int) -> None:
    shop.instead[LIST] = lambda rows: [row for row in rows if row["id"] != refund]
    shop.instead[f"orders/{order}/refunds"] = 500, {"code": "internal_server_error"}


@pytest.mark.parametrize("happens", [_gone, _order_gone, _another_amount, _entered_again, _broken])
@pytest.mark.parametrize("version", ["11.0.1", "8.2.2"])
async def test_one_that_can_not_be_had_is_left_out_and_the_others_come(
    happens: Callable[[Shop, int, int], None], version: str
) -> None:
    async with opened(version=version) as shop:
        (gone, *others), orders = shop.refunded(3), await shop.listed()
        happens(shop, orders[0].id, gone)
        assert set(await shop.store.refunds(orders)) == set(others)


@pytest.mark.parametrize("version", ["11.0.1", "8.2.2"])
async def test_a_store_that_asks_to_wait_is_asked_no_more(version: str) -> None:
    async with opened(version=version) as shop:
        shop.refunded(3)
        orders = await shop.listed()
        shop.sandbox.faults.plan(Fault.BUSY, path=LIST if version == "11.0.1" else OWN, times=9, retry_after=600)
        with pytest.raises(Busy):
            await shop.store.refunds(orders)
        waiting = len(shop.sandbox.faults.seen)
        with pytest.raises(Busy):
            await shop.store.refunds(orders)
        assert len(shop.sandbox.faults.seen) == waiting


@pytest.mark.parametrize("orders", [1, 3])
async def test_a_store_that_is_not_there_has_not_lost_its_refunds(orders: int) -> None:
    async with opened() as shop:
        shop.refunded(orders)
        listed = await shop.listed()
        await shop.server.__aexit__()
        with pytest.raises(Unreachable):
            await shop.store.refunds(listed)
