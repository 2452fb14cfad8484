"""The idle poll: what goes over the wire while nothing changes in the shop, however many orders it has."""

import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import orders, wire
from tests.bench.figures import Figure
from tests.bench.lived import SOLD, lived, with_snapshots
from tests.bench.process import running
from tests.bench.sandboxes import Sandboxes, sandboxes
from tests.bench.wire import Carried

EVERY = 1.0
"""Seconds from one poll to the next."""
OFTEN = {"interval": "1s", "overlap": "1s", "sweep": "1h"}
"""Polls that are soon idle: all that an earlier one may have missed shows within the overlap."""
WATCHED = 6.0
"""Seconds for which the wire is watched at a time."""
PATIENCE = 120.0
"""Seconds in which polls must have become idle."""
BODY, WHOLE = 100, 1500
"""Bytes that an answer's body, and a request with its answer, have to stay below."""
ESCAPES = 30
"""Bytes by which requests may differ: their signatures have letters that take three bytes in an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """An idle poll; bytes of all its requests and answers with their headers, and of the answers' bodies."""

    requests: int
    whole: float
    body: float


def idle_poll(street: Sandboxes, settings: Path) -> Poll:
    """Let a bridge run until its polls are idle, and watch some of them."""
    with running(settings):
        until = time.monotonic() + PATIENCE
        while True:
            wire.read(street)
            began = time.monotonic()
            time.sleep(WATCHED)
            found, seconds = wire.read(street), time.monotonic() - began
            if is_idle(found):
                break
            if began > until:
                raise TimeoutError(f"polls are not idle within {PATIENCE:.0f} s: {found}")
    whole, body = found.of_one
    requests = round(found.requests / (seconds / EVERY))
    return Poll(requests=requests, whole=whole * requests, body=body * requests)


def is_idle(found: Carried) -> bool:
    """Whether nothing but empty lists was carried."""
    return found.requests > 0 and found.bodies == len("[]") * found.requests


def measure(folder: Path, small: bool) -> list[Figure]:
    """Measure it in a small shop and in a large one, by a bridge that knows as many orders."""
    few, many = (60, 120) if small else (1_000, 100_000)
    with sandboxes() as street:
        settings = lived(street, wire.lay(street), folder / "shop", poll=OFTEN)
        street.ask(orders.fill, few - SOLD.count)
        of_few = idle_poll(street, with_snapshots(settings, few))
        street.ask(orders.fill, many - few)
        of_many = idle_poll(street, with_snapshots(settings, many))
    return [
        Figure(
            name=f"requests of an idle poll, {many:,} orders",
            value=of_many.requests,
            unit="",
            compared_with=f"{of_few.requests} with {few:,} orders",
            to_reach="one",
            met=of_many.requests == of_few.requests == 1,
        ),
        Figure(
            name=f"bytes of an idle poll with all headers, {many:,} orders",
            value=of_many.whole,
            unit="B",
            compared_with=f"{of_few.whole:,.0f} B with {few:,} orders",
            to_reach=f"equal, < {WHOLE} B",
            met=abs(of_many.whole - of_few.whole) <= ESCAPES and of_many.whole < WHOLE,
            notes=(
                "request and answer together, on plain HTTP: a signature takes more bytes than Basic on HTTPS,",
                f"up to {ESCAPES} more or less by chance, as some of its letters take three in an address",
            ),
        ),
        Figure(
            name=f"body of the answer to an idle poll, {many:,} orders",
            value=of_many.body,
            unit="B",
            compared_with=f"{of_few.body:,.0f} B with {few:,} orders",
            to_reach=f"equal, < {BODY} B",
            met=of_many.body == of_few.body < BODY,
        ),
    ]
