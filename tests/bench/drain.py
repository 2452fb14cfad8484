"""The drain: what staff changed while no bridge ran, from its start until the last note is written.

Its bound is what the remotes' latencies and the allowed concurrency leave, had the bridge no cost of its own and
never a gap. What the promises need of a store for each change: the order read before the call, and after it, and
the note; where the order has refunds, they are a request of their own at each of those reads. Of a provider: the
payment read before the call, the call, the payment read after it; before a return Ecster's ledger is read once
more. So with n changes, r of them refunds, and e of those at Ecster,

    store    = ((3 n + 2 r + 2 pages) * 45 ms + 2 n * 1.2 ms) / the least of 4 and the concurrency of the store
    Resurs   = 3 * its changes * 120 ms / its concurrency
    Ecster   = (3 * its changes + e) * 120 ms / its concurrency
    bound    = the longest of these

as all remotes can be kept busy side by side. A page of the listing is 100 orders; those of its last second are
asked for once more, as a page may cut a second in two.
"""

import math
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import orders
from tests.bench.figures import Figure, spelt
from tests.bench.observed import DATABASE
from tests.bench.orders import Changes
from tests.bench.plain import seconds_an_order
from tests.bench.process import AT_ONCE, Process, once, running, write_settings
from tests.bench.sandboxes import (
    NONE,
    REAL_PROVIDER,
    REAL_STORE,
    Latency,
    Sandboxes,
    asked,
    be_slow,
    counted,
    sandboxes,
)

STORE_AT_ONCE, PROVIDER_AT_ONCE = 4, 4
"""Requests at a time that the settings allow: as many as a store works on, and the default of a provider."""
PAGE = 100
OBSERVED = ("tests.bench.observed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What a drain took."""

    seconds: float
    working: float
    """Of those seconds the ones from the bridge's first request on."""
    cpu: float
    """Seconds of the bridge's, all its threads together, from then on."""
    sandboxes: float
    """Seconds of the sandboxes' own."""
    requests: tuple[int, int, int]
    """To the store, Resurs and Ecster, all polls included."""


def bound(changes: Changes) -> float:
    """Seconds that the remotes need for the changes, busy all the time."""
    n, pages = changes.count, math.ceil(changes.count / PAGE)
    requests = 3 * n + 2 * changes.refunds + 2 * pages
    at_once = min(REAL_STORE.at_once, STORE_AT_ONCE)
    store = (requests * REAL_STORE.request + 2 * n * REAL_STORE.row) / at_once
    both = [changes.captures, changes.cancels, changes.refunds]
    resurs = 3 * (sum(math.ceil(it / 2) for it in both) + changes.modifies)
    ecster = 3 * sum(it // 2 for it in both) + changes.refunds // 2
    return max(store, max(resurs, ecster) * REAL_PROVIDER.request / PROVIDER_AT_ONCE)


def drained(
    folder: Path,
    changes: Changes,
    store: Latency = NONE,
    provider: Latency = NONE,
    *,
    module: tuple[str, ...] = ("bridge",),
    **environment: str,
) -> Drained:
    """Let staff make the changes while no bridge runs, then start one as `running` does."""
    with sandboxes() as street:
        settings, sold = _known(folder, street, changes)
        street.ask(orders.change, sold)
        street.ask(be_slow, store, provider)
        before, their, began = street.ask(counted), Process(street.pid), time.monotonic()
        theirs = their.cpu
        with running(settings, module=module, **environment) as bridge:
            street.ask(asked, before)
            first, started = time.monotonic(), bridge.cpu
            street.ask(orders.all_noted, sold.all)
            ended, cpu, theirs = time.monotonic(), bridge.cpu - started, their.cpu - theirs
        at_store, resurs, ecster = (now - then for now, then in zip(street.ask(counted), before, strict=True))
    return Drained(
        seconds=ended - began,
        working=ended - first,
        cpu=cpu,
        sandboxes=theirs,
        requests=(at_store, resurs, ecster),
    )


def _known(folder: Path, street: Sandboxes, changes: Changes) -> tuple[Path, orders.Orders]:
    """Sell what is to be changed, and let a bridge see it; return its settings.yaml and the orders."""
    folder.mkdir(exist_ok=True)
    of_each = {"concurrency": PROVIDER_AT_ONCE}
    settings = write_settings(folder, street.urls, **AT_ONCE, concurrency=STORE_AT_ONCE, providers=of_each)
    sold = street.ask(orders.sell, changes)
    once(settings)
    return settings, sold


def measure(folder: Path, small: bool) -> list[Figure]:
    """Measure the drain, the plain loop beside it, and what the bridge itself needs for a change."""
    changes, looped = Changes.of(40 if small else 2000), 8 if small else 100
    drain, least = drained(folder / "drain", changes, REAL_STORE, REAL_PROVIDER), bound(changes)
    each, plain = drain.seconds / changes.count, seconds_an_order(looped)
    samples = folder / "samples"
    sampled = Changes.of(20 if small else 300)
    drained(folder / "observed", sampled, module=OBSERVED, SAMPLES=str(samples))
    lines = samples.read_text(encoding="utf-8").splitlines()
    costliest = [line for line in lines if not line.endswith(DATABASE)][:5]
    cpu = 1000 * drain.cpu / changes.count
    remotes = zip(("the store", "Resurs", "Ecster"), drain.requests, strict=True)
    asked_of = [f"{count / changes.count:.2f} to {name}" for name, count in remotes]
    return [
        Figure(
            name=f"drain of {changes.count:,} changed orders",
            value=drain.seconds,
            unit="s",
            compared_with=f"{spelt(least)} s, the bound",
            to_reach="<= 1.25 x",
            met=drain.seconds <= 1.25 * least,
            notes=(
                f"requests at a time: {STORE_AT_ONCE} to the store, {PROVIDER_AT_ONCE} to each provider",
                f"requests a change: {', '.join(asked_of)}",
                f"the sandboxes took {1000 * drain.sandboxes / changes.count:.1f} ms of CPU a change themselves",
            ),
        ),
        Figure(
            name="the same by a plain loop, an order",
            value=plain,
            unit="s",
            compared_with=f"{spelt(1000 * each)} ms, the bridge",
            to_reach=">= 6 x",
            met=plain >= 6 * each,
            notes=(f"measured on {looped} orders, one after the other",),
        ),
        Figure(
            name="CPU time of the bridge for a change, SQLite on disk",
            value=cpu,
            unit="ms",
            to_reach="<= 4 ms",
            met=cpu <= 4,
            notes=(
                f"the costliest functions by their own time, in a drain of {sampled.count} without latencies:",
                *costliest,
                *(line for line in lines if line.endswith(DATABASE)),
            ),
        ),
    ]


def durability(folder: Path, small: bool) -> list[Figure]:
    """Measure what it costs that each commit waits for the disk, as promise 1 needs it."""
    changes = Changes.of(20 if small else 300)
    waiting, not_waiting = (
        1000 * drained(folder / mode, changes, module=OBSERVED, SYNCHRONOUS=mode).working / changes.count
        for mode in ("FULL", "NORMAL")
    )
    return [
        Figure(
            name="SQLite that waits for the disk at each commit (synchronous FULL), a change",
            value=waiting,
            unit="ms",
            compared_with=f"{spelt(not_waiting)} ms with NORMAL, which promises less",
            notes=(f"a drain of {changes.count} without latencies, from the first request on",),
        )
    ]
