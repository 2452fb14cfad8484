"""The drain: what staff changed while no bridge ran, from its start until the last note is written.

Its bound is what the remotes' latencies and the allowed concurrency leave, had the bridge no cost of its own and
never a gap. What the promises need of a store for each change: the order read before the call, and after it; the
note; where the order has refunds they are a request of their own at each of the two reads. Of a provider: the
payment read before the call, the call, the payment read after it. So with n changes, r of them refunds,

    store    = ((3 n + 2 r + 2 pages) * 45 ms + 1.2 ms * 2 n) / min(4, concurrency of the store)
    provider = 3 * its changes * 120 ms / its concurrency
    bound    = the longest of these

as all remotes can be kept busy side by side. A page of the listing is 100 orders; those of its last second are
asked for once more, as a page may cut a second in two.
"""

import math
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import orders
from tests.bench.figures import Figure
from tests.bench.orders import Changes
from tests.bench.process import AT_ONCE, once, running, write_settings
from tests.bench.sandboxes import REAL_PROVIDER, REAL_STORE, be_slow, counted, sandboxes

STORE_AT_ONCE, PROVIDER_AT_ONCE = 4, 4
"""Requests at a time that the settings allow: as many as a store works on, and the default of a provider."""
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What a drain took."""

    seconds: float
    cpu: float
    """Seconds of the bridge's, all its threads together, its start included."""
    requests: tuple[int, int, int]
    """To the store, Resurs and Ecster, all polls included."""


def bound(changes: Changes) -> float:
    """Seconds that the remotes need for the changes, busy all the time."""
    n, pages = changes.count, math.ceil(changes.count / PAGE)
    requests = 3 * n + 2 * changes.refunds + 2 * pages
    at_once = min(REAL_STORE.at_once, STORE_AT_ONCE)
    store = (requests * REAL_STORE.request + 2 * n * REAL_STORE.row) / at_once
    both = [changes.captures, changes.cancels, changes.refunds]
    resurs, ecster = sum(math.ceil(it / 2) for it in both) + changes.modifies, sum(it // 2 for it in both)
    provider = max(resurs, ecster) * 3 * REAL_PROVIDER.request / PROVIDER_AT_ONCE
    return max(store, provider)


def drained(folder: Path, changes: Changes) -> Drained:
    """Let staff make the changes while no bridge runs, then start one."""
    with sandboxes() as street:
        of_each = {"concurrency": PROVIDER_AT_ONCE}
        settings = write_settings(folder, street.urls, **AT_ONCE, concurrency=STORE_AT_ONCE, providers=of_each)
        sold = street.ask(orders.sell, changes)
        once(settings)
        street.ask(orders.change, sold)
        street.ask(be_slow, REAL_STORE, REAL_PROVIDER)
        before, began = street.ask(counted), time.monotonic()
        with running(settings) as bridge:
            street.ask(orders.all_noted, sold.all)
            seconds, cpu = time.monotonic() - began, bridge.cpu
        store, resurs, ecster = (now - then for now, then in zip(street.ask(counted), before, strict=True))
        return Drained(seconds=seconds, cpu=cpu, requests=(store, resurs, ecster))


def measure(folder: Path, small: bool) -> list[Figure]:
    """Measure the drain."""
    changes = Changes.of(40 if small else 2000)
    drain, least = drained(folder, changes), bound(changes)
    return [
        Figure(
            name=f"drain of {changes.count:,} changed orders",
            value=drain.seconds,
            unit="s",
            compared_with=f"{least:.1f} s, the bound",
            to_reach="<= 1.25 x",
            met=drain.seconds <= 1.25 * least,
        ),
    ]
