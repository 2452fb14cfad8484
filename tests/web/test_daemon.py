"""A hint makes the daemon look within a second, the ordinary way, and no more often than that."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, tzinfo
from functools import partial
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bridge.app import read_settings
from bridge.daemon import serve
from bridge.sandbox.faults import Fault
from bridge.web.hints import BURST
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
            await completed(shop, order)
            await until(partial(captured, shop, payment))


async def completed(shop: Shop, order: int) -> None:
    """Complete an order, and wait until its delivery has made the daemon read it: the next poll is hours away."""
    read = reads_of(shop, order)
    shop.store.set_status(order, "completed")
    [delivery] = await shop.store.deliver()
    assert delivery.status == 202
    await until(lambda: reads_of(shop, order) > read)


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
        polled, asked, began = polls(shop), len(shop.store.faults.seen), time.monotonic()
        unknown = count(1_000_000)
        while polls(shop) < polled + 2:
            assert await send(session, shop, f'{{"id": {next(unknown)}}}'.encode()) == 202
        assert polls(shop) - polled <= time.monotonic() - began + 1
        assert len(shop.store.faults.seen) - asked == polls(shop) - polled, "and nothing else: the sweep is not due"
    assert shop.writes() == []


async def test_replays_about_many_orders_are_a_few_reads_and_then_one_a_second(shop: Shop) -> None:
    """The poll goes on beside them, and finds what of it has really changed."""
    await shop.types("once", "--wait", "0s")
    orders = [shop.store.create_order({"MUGG": 1}, payment_method="bacs") for _ in range(2 * BURST)]
    await shop.types("once", "--wait", "0s")
    async with daemon_at_rest(shop), aiohttp.ClientSession() as session:
        before, polled, began = sum(reads_of(shop, order) for order in orders), polls(shop), time.monotonic()
        while time.monotonic() < began + 2.5:
            for order in orders:
                assert await send(session, shop, f'{{"id": {order}}}'.encode()) == 202
        changed, payment = shop.place()
        shop.store.set_status(changed, "completed")
        assert await send(session, shop, f'{{"id": {changed}}}'.encode()) == 202
        await until(lambda: captured(shop, payment))
        lasted = time.monotonic() - began
        assert BURST <= sum(reads_of(shop, order) for order in orders) - before <= BURST + lasted + 1
        assert polls(shop) - polled <= lasted + 1


async def test_flood_about_an_order_does_not_keep_it_from_being_worked_on(shop: Shop) -> None:
    """Though the shop takes longer for each answer than one hint is from the next."""
    order, payment = await shop.known()
    async with daemon_at_rest(shop), aiohttp.ClientSession() as session:
        shop.store.faults.plan(Fault.SLOW, method="GET", path=f"/orders/{order}$", times=10**6)
        shop.store.set_status(order, "completed")
        for _ in range(4):
            began = time.monotonic()
            while time.monotonic() < began + 1.3:
                assert await send(session, shop, f'{{"id": {order}}}'.encode()) == 202
            shop.store.faults.release.set()
            shop.store.faults.release.clear()
        assert captured(shop, payment)
        shop.store.faults.release.set()


async def test_order_that_changes_while_it_is_looked_at_is_looked_at_again(shop: Shop) -> None:
    order, payment = await shop.known()
    async with daemon_at_rest(shop), aiohttp.ClientSession() as session:
        shop.store.faults.plan(Fault.SLOW, method="GET", path=f"/orders/{order}$")
        read = reads_of(shop, order)
        await send(session, shop, f'{{"id": {order}}}'.encode())
        await until(lambda: reads_of(shop, order) > read)
        shop.store.set_status(order, "completed")
        assert await send(session, shop, f'{{"id": {order}}}'.encode()) == 202
        shop.store.faults.release.set()
        await until(partial(captured, shop, payment))


async def test_delivery_that_comes_before_the_change_shows_costs_nothing_but_its_speed(shop: Shop) -> None:
    order, payment = await shop.known()
    async with shop.daemon(), aiohttp.ClientSession() as session:
        read = reads_of(shop, order)
        await send(session, shop, f'{{"id": {order}}}'.encode())
        await until(lambda: reads_of(shop, order) > read)
        shop.store.set_status(order, "completed")
        await until(partial(captured, shop, payment))


async def test_order_that_comes_while_the_baseline_is_read_is_no_part_of_it(shop: Shop) -> None:
    shop.only["poll"] = {"interval": "1h", "sweep": "1h"}
    shop.store.faults.plan(Fault.SLOW, path="/orders$")
    async with shop.daemon(), aiohttp.ClientSession() as session:
        await until(lambda: polls(shop) == 1)
        order, payment = shop.place()
        shop.store.set_status(order, "completed")
        assert await send(session, shop, f'{{"id": {order}}}'.encode()) == 202
        assert polls(shop) == 1, "not beside it"
        shop.store.faults.release.set()
        await until(partial(captured, shop, payment))


async def test_store_that_rests_is_left_alone_whatever_is_delivered(shop: Shop) -> None:
    order, _ = await shop.known()
    async with daemon_at_rest(shop) as daemon, aiohttp.ClientSession() as session:
        shop.store.mishaps.maintenance = True
        await send(session, shop, b'{"id": 1000000}')
        await daemon.says("poll.failed")
        asked, began = len(shop.store.faults.seen), time.monotonic()
        while time.monotonic() < began + 2.5:
            for about in (order, 1000000, 1000001):
                assert await send(session, shop, f'{{"id": {about}}}'.encode()) == 202
        assert len(shop.store.faults.seen) == asked


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


class Clock(datetime):
    """The wall clock as an administrator, or the network, sets it."""

    back = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        return cls.fromtimestamp((datetime.now(tz) - cls.back).timestamp(), tz)


async def test_clock_that_is_set_back_stops_neither_polls_nor_work(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler would wait until the clock is as late again as it was."""
    order, payment = await shop.known()
    for module in ("apscheduler.schedulers.base", "bridge.daemon"):
        monkeypatch.setattr(f"{module}.datetime", Clock)
    running = asyncio.create_task(serve(read_settings(shop.path)))
    polled = polls(shop)
    await until(lambda: polls(shop) > polled)
    monkeypatch.setattr(Clock, "back", timedelta(hours=2))
    polled = polls(shop)
    shop.store.set_status(order, "completed")
    try:
        await asyncio.wait_for(until(lambda: polls(shop) > polled + 2 and captured(shop, payment)), 20)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await running


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
