"""The first run: every order of a shop read once, beside the time that the shop alone takes to list them.

That is measured in the same run: pages asked for as the bridge does, as many at a time, with nothing done about
what they say. The shop takes 45 ms for a page and 1.2 ms for each of its 100 orders, so with n orders and c
requests at a time it is n / 100 * 165 ms / c.
"""

import asyncio
import time
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import aiohttp

from bridge.app import utc_now
from bridge.ports import PAGE
from bridge.woo.listing import ORDER_FIELDS
from bridge.woo.signing import Credentials, Way, sign
from tests.bench import orders
from tests.bench.figures import Figure
from tests.bench.process import PATIENCE, running, write_settings
from tests.bench.sandboxes import REAL_PROVIDER, REAL_STORE, Street, be_slow, sandboxes

AT_ONCE = 2
"""Requests to the store at a time: the default of the settings."""
SAMPLE = 40
"""Pages of which the shop's own time is taken."""
DONE = "baseline.done"
"""The line of the log."""
WITHIN = 1.15


async def asked(street: Street) -> None:
    """Wait until somebody asks the first store anything."""
    slow = street.slow_stores[0]
    before = slow.requests
    async with slow.answered:
        await slow.answered.wait_for(lambda: slow.requests > before)


def first_run(log: Path, began: float) -> float:
    """Return the seconds from `began` until the log says that the first run is done. Raises TimeoutError."""
    while DONE not in log.read_text(encoding="utf-8"):
        if time.monotonic() > began + PATIENCE:
            raise TimeoutError(f"the first run is not done within {PATIENCE:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - began


async def listed(url: str, pages: int) -> float:
    """Have a shop list its orders, `AT_ONCE` pages at a time; return the seconds that it takes."""
    numbers = iter(range(1, pages + 1))
    until = utc_now()
    async with aiohttp.ClientSession() as session:

        async def one_after_the_other() -> None:
            for number in numbers:
                await _page(session, url, number, until)

        began = time.monotonic()
        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
        return time.monotonic() - began


async def _page(session: aiohttp.ClientSession, url: str, number: int, until: datetime) -> None:
    query = {
        "status": "any",
        "modified_before": until.strftime("%Y-%m-%dT%H:%M:%S"),
        "dates_are_gmt": "true",
        "orderby": "id",
        "order": "asc",
        "page": str(number),
        "per_page": str(PAGE),
        "_fields": ORDER_FIELDS,
    }
    signed = sign(
        Way.OAUTH,
        "GET",
        f"{url}/wp-json/wc/v3/orders",
        query,
        credentials=Credentials(key="ck_sandbox", secret="cs_sandbox"),
        timestamp=int(until.timestamp()),
        nonce=uuid4().hex,
    )
    async with session.get(signed.url, headers=signed.headers) as answer:
        answer.raise_for_status()
        await answer.read()


def measure(folder: Path, small: bool) -> list[Figure]:
    """Measure it."""
    many = 500 if small else 50_000
    pages = min(SAMPLE, many // PAGE)
    with sandboxes() as street:
        settings = write_settings(folder, street.urls, concurrency=AT_ONCE)
        street.ask(orders.fill, many, payment_method="ecster")
        street.ask(be_slow, REAL_STORE, REAL_PROVIDER)
        alone = asyncio.run(listed(street.urls[0], pages)) / pages * many / PAGE
        with running(settings) as bridge:
            street.ask(asked)
            cpu, began = bridge.cpu, time.monotonic()
            seconds = first_run(settings.with_suffix(".log"), began)
            cpu = bridge.cpu - cpu
    return [
        Figure(
            name=f"first run over {many:,} orders, {AT_ONCE} requests at a time",
            value=seconds,
            unit="s",
            compared_with=f"{alone:.1f} s, the shop's own time",
            to_reach=f"<= {WITHIN} x",
            met=seconds <= WITHIN * alone,
            notes=(f"{cpu / many * 1000:.2f} ms of CPU an order",),
        ),
    ]
