"""A hint makes the daemon look within a second, the ordinary way, and no more often than that."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bridge.web.signature import HEADER, signature
from bridge.web.webhooks import delivery_url
from tests.commands.shop import NAME, Shop, open_shop, started, until
from tests.web.bridge import daemon_at_rest, free_port, listens, polls, reads_of

SECRET = "in settings.yaml"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as made:
        listens(made)
        made.only["webhook_secret"] = SECRET
        yield made


async def test_completed_order_is_captured_at_once_though_the_next_poll_is_far(shop: Shop) -> None:
    await shop.known()
    placed = [shop.place() for _ in range(3)]
    await shop.types("once", "--wait", "0s")
    async with daemon_at_rest(shop):
        assert (await shop.types("webhook", "install")).code == 0
        await shop.store.deliver()
        for order, payment in placed:
            assert await completed(shop, order) < 0.7, "it does not even wait for the next tick of the clock"
            await until(partial(captured, shop, payment))


async def completed(shop: Shop, order: int) -> float:
    """Complete an order; return the seconds from its delivery until it was read."""
    read = reads_of(shop, order)
    shop.store.set_status(order, "completed")
    [delivery] = await shop.store.deliver()
    assert delivery.status == 202
    began = time.monotonic()
    await until(lambda: reads_of(shop, order) > read)
    return time.monotonic() - began


def captured(shop: Shop, payment: str) -> bool:
    return shop.resurs.books(payment).captured == 81125


async def test_order_that_is_not_known_yet_comes_in_by_a_poll(shop: Shop) -> None:
    await shop.known()
    async with daemon_at_rest(shop):
        await shop.types("webhook", "install")
        order, payment = shop.place()
        shop.store.set_status(order, "completed")
        await shop.store.deliver()
        await until(lambda: captured(shop, payment))


async def test_order_that_is_gone_is_looked_at_too(shop: Shop) -> None:
    order, _ = await shop.known()
    async with daemon_at_rest(shop) as daemon:
        await shop.types("webhook", "install")
        shop.store.delete(order)
        await shop.store.deliver()
        await daemon.says("order.attention")
    assert (await shop.types("status", "--json")).json[0]["attention"][0]["order"] == order


async def test_flood_of_deliveries_is_one_read_of_the_order_a_second(shop: Shop) -> None:
    order, _ = await shop.known()
    body = f'{{"id": {order}, "status": "completed"}}'.encode()
    async with daemon_at_rest(shop), aiohttp.ClientSession() as session:
        read, began = reads_of(shop, order), time.monotonic()
        while time.monotonic() < began + 2.5:
            assert await send(session, shop, body) == 202
        await until(lambda: reads_of(shop, order) >= read + 3)
        assert reads_of(shop, order) - read <= time.monotonic() - began + 1
    assert shop.writes() == [], "what a delivery says of the order is not believed"


async def test_flood_about_orders_that_are_not_there_is_one_poll_a_second(shop: Shop) -> None:
    await shop.known()
    async with daemon_at_rest(shop), aiohttp.ClientSession() as session:
        polled, began = polls(shop), time.monotonic()
        for order in range(1_000_000, 1_000_060):
            assert await send(session, shop, f'{{"id": {order}}}'.encode()) == 202
            await asyncio.sleep(0.04)  # each poll could be over before the next comes
        await until(lambda: polls(shop) >= polled + 2)
        assert polls(shop) - polled <= time.monotonic() - began + 1
    assert shop.writes() == []


async def test_forged_deliveries_cause_nothing(shop: Shop) -> None:
    forged, _ = await shop.known()
    real, _ = await shop.known()
    async with daemon_at_rest(shop), aiohttp.ClientSession() as session:
        before = reads_of(shop, forged), reads_of(shop, real)
        for _ in range(20):
            assert await send(session, shop, f'{{"id": {forged}}}'.encode(), secret="guessed") == 401
        assert await send(session, shop, f'{{"id": {real}}}'.encode()) == 202
        await until(lambda: reads_of(shop, real) > before[1])
        assert reads_of(shop, forged) == before[0]


async def test_without_a_listener_the_daemon_does_its_work(shop: Shop) -> None:
    port = urlsplit(shop.settings["web"]["public_url"]).port
    shop.settings["web"] = None
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    async with shop.daemon() as daemon:
        await until(lambda: captured(shop, payment))
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert (await daemon.stop()).code == 0


async def test_address_that_is_taken_ends_run_with_one_sentence(shop: Shop) -> None:
    port = free_port()
    shop.settings["web"] = {"listen": f"127.0.0.1:{port}"}
    holder = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
    async with holder, started("run", "--settings", str(shop.path)) as daemon:
        ran = await daemon.ended()
    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1)
    assert f"web.listen: 127.0.0.1:{port} can't be listened on (Address already in use): stop what holds" in ran.err


async def test_secret_that_can_not_be_read_ends_run_with_one_sentence(shop: Shop) -> None:
    shop.only["webhook_secret"] = "${NOT_THERE_AT_ALL}"
    async with started("run", "--settings", str(shop.path)) as daemon:
        ran = await daemon.ended()
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "NOT_THERE_AT_ALL" in ran.err


async def send(session: aiohttp.ClientSession, shop: Shop, body: bytes, secret: str = SECRET) -> int:
    url = delivery_url(shop.settings["web"]["public_url"], NAME)
    headers = {HEADER: signature(secret, body), "X-WC-Webhook-Topic": "order.updated"}
    async with session.post(url, data=body, headers=headers) as answer:
        return answer.status
