"""Many stores in one process: whether each is polled in time, and what that costs while nothing happens."""

import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from tests.bench import orders
from tests.bench.figures import Figure
from tests.bench.process import Process, running, write_settings
from tests.bench.sandboxes import REAL_PROVIDER, REAL_STORE, Street, be_slow, sandboxes

LATE = 1.0
"""Seconds."""
SHARE = 15.0
"""Per cent of a core."""
ORDERS = 20
"""Of each store."""
POLLS = 4
"""Of each store at least: before the second one it is left to chance how long a bridge waits."""


async def open_shops(street: Street) -> None:
    """Let each store have some orders of long ago."""
    for place in range(len(street.stores)):
        await orders.fill(street, ORDERS, store=place)


async def polled(street: Street) -> list[list[float]]:
    """When each store was polled, in seconds since 1970."""
    return [
        [
            moment.timestamp()
            for (_, path), moment in zip(store.faults.seen, store.faults.moments, strict=True)
            if "modified_after=" in path and "status=any" in path
        ]
        for store in street.stores
    ]


def measure(folder: Path, small: bool) -> list[Figure]:
    """Measure it."""
    stores, interval, intervals = (3, 2, 2) if small else (200, 30, 2)
    with sandboxes(stores) as street:
        settings = write_settings(folder, street.urls, poll={"interval": f"{interval}s"})
        street.ask(open_shops)
        street.ask(be_slow, REAL_STORE, REAL_PROVIDER)
        with running(settings) as bridge:
            while not all(street.ask(polled)):
                time.sleep(1)
            time.sleep(interval)  # the first polls come all at once
            cpu, there, began = bridge.cpu, Process(street.pid).cpu, time.time()
            time.sleep(intervals * interval)
            seconds, cpu, there = time.time() - began, bridge.cpu - cpu, Process(street.pid).cpu - there
            while min(len(moments) for moments in street.ask(polled)) < POLLS:
                time.sleep(1)
            found = street.ask(polled)
    share = cpu / seconds * 100
    gaps = [later - moment for each in found for moment, later in pairwise(each)]
    latest = max(gap - interval for gap in gaps)
    return [
        Figure(
            name=f"latest poll of {stores} stores, polled every {interval} s",
            value=max(latest, 0.0),
            unit="s late",
            to_reach=f"<= {LATE:.0f} s",
            met=latest <= LATE,
            notes=(f"of {len(gaps)} polls, as the stores saw them; half of all came {median(gaps):.2f} s apart",),
        ),
        Figure(
            name=f"CPU at rest with {stores} stores",
            value=share,
            unit="% of a core",
            to_reach=f"<= {SHARE:.0f} %",
            met=share <= SHARE,
            notes=(f"the sandboxes took {there / seconds * 100:.1f} %",),
        ),
    ]
