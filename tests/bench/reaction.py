"""From a change in the shop to the call at the provider, where nothing has to settle first.

By polls every 5 s it is at most that, the reads that the promises need, and what the bridge takes; by a webhook
only these. Changes come at any moment between two polls: evenly, over the interval.
"""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

from bridge.app import utc_now
from bridge.sandbox.store.model import Webhook
from bridge.web.webhooks import delivery_url
from tests.bench import orders
from tests.bench.figures import Figure
from tests.bench.orders import Changes
from tests.bench.process import AT_ONCE, once, running, write_settings
from tests.bench.sandboxes import REAL_PROVIDER, REAL_STORE, Sandboxes, Street, be_slow, counted, sandboxes

INTERVAL = 5.0
"""Seconds from one poll to the next."""
SELDOM = "10m"
"""The same where hints have to do."""
POLLED, HINTED = INTERVAL + 0.5, 1.0
"""Seconds within which the call has to come."""
SECRET = "a secret between shop and bridge"
CALM = 1.0
"""Seconds in which the order before is done with, note and all."""
PATIENCE = 60.0
PAUSE = 2.0
"""Seconds; shorter than from one poll to the next."""


async def subscribe(street: Street, url: str) -> None:
    """Let the first store deliver what happens to orders."""
    shop = street.stores[0].shop
    number = next(shop.webhook_ids)
    shop.webhooks[number] = Webhook(
        id=number,
        name="bench",
        topic="order.updated",
        delivery_url=url,
        secret=SECRET,
        created=shop.now(),
        ping_due=False,
        ping_pending=False,
    )


async def reaction(street: Street, order_id: int, after: float) -> float:
    """Let staff complete an order so many seconds from now; return how long after that the first call comes."""
    await asyncio.sleep(after)
    before, began, store = _calls(street), utc_now(), street.stores[0]
    store.set_status(order_id, "completed")
    await store.deliver()
    async with asyncio.timeout(PATIENCE):
        while (calls := _calls(street)) == before:
            await asyncio.sleep(0.002)
    return (max(calls) - began.timestamp()) if calls else 0.0


def _calls(street: Street) -> list[float]:
    """When each call came that may move money."""
    return [
        moment.timestamp()
        for house in street.houses
        for (method, path), moment in zip(house.faults.seen, house.faults.moments, strict=True)
        if method != "GET" and "/oauth2/" not in path
    ]


def reactions(street: Sandboxes, sold: tuple[int, ...], settings: Path, spread: float) -> list[float]:
    """Let a bridge run while staff complete these orders, one after the other, `spread` over so many seconds."""
    before, *_ = street.ask(counted)
    with running(settings):
        street.ask(warmed_up, before)
        return [street.ask(reaction, order_id, spread * place / len(sold)) for place, order_id in enumerate(sold)]


async def warmed_up(street: Street, before: int) -> None:
    """Wait until a bridge has been through its start: it asks the store more than `before`, and then no more."""
    slow, last = street.slow_stores[0], before
    while last == before or slow.requests != last:
        last = slow.requests
        await asyncio.sleep(PAUSE)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _settings(folder: Path, street: Sandboxes, interval: str, port: int) -> Path:
    listen = f"127.0.0.1:{port}"
    return write_settings(
        folder, street.urls, web=listen, **AT_ONCE, webhook_secret=SECRET, poll={"interval": interval}
    )


def measure(folder: Path, small: bool) -> list[Figure]:
    """Measure both."""
    each, port = (1 if small else 6), _free_port()
    with sandboxes() as street:
        settings = _settings(folder, street, f"{INTERVAL:.0f}s", port)
        sold = street.ask(orders.sell, Changes(captures=2 * each, cancels=0, refunds=0, modifies=0)).complete
        once(settings, wait="5s")
        street.ask(be_slow, REAL_STORE, REAL_PROVIDER)
        polled = reactions(street, sold[:each], settings, INTERVAL)
        _settings(folder, street, SELDOM, port)
        street.ask(subscribe, delivery_url(f"http://127.0.0.1:{port}", "store0"))
        hinted = reactions(street, sold[each:], settings, 0.0)
    return list(_figures(polled, hinted))


def _figures(polled: list[float], hinted: list[float]) -> Iterator[Figure]:
    for name, found, within in (
        (f"polls every {INTERVAL:.0f} s", polled, POLLED),
        ("webhook", hinted, HINTED),
    ):
        yield Figure(
            name=f"change to provider call, {name}",
            value=max(found),
            unit="s",
            compared_with=f"{INTERVAL:.0f} s, the interval" if found is polled else "",
            to_reach=f"<= {within:.1f} s",
            met=max(found) <= within,
            notes=(f"the longest of {len(found)}; the shortest {min(found):.2f} s",),
        )
