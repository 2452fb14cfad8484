"""What rest costs a shop, request by request, at the default settings."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.engine.cycles import look_around, work_unless_resting
from bridge.settings.model import Poll
from tests.flow.ways import complete
from tests.flow.world import World, known_order, world

EVERY = Poll().interval // timedelta(seconds=1)
SWEEP = Poll().sweep // Poll().interval
HOUR = timedelta(hours=1) // Poll().interval
OVER = 10
"""Polls until the overlap (two minutes) of the last change is over."""

EACH_HOUR = {
    "GET what changed": HOUR,
    "GET what went to the trash": HOUR // SWEEP,
    "GET orders by id": HOUR // SWEEP,
}
ONCE_A_DAY = {
    "GET orders by id": 1,  # those on which money moved
    "GET orders/OPEN": 1,  # so that its payment is read daily too
    "GET system_status": 1,
}
"""Requests to a shop with one open order and one that was captured."""


def asked(w: World) -> Counter[str]:
    """What the store was asked since this was last called."""
    told: Counter[str] = Counter()
    for method, address in w.store.faults.seen:
        path, query = urlsplit(address).path.rpartition("/v3/")[2], parse_qs(urlsplit(address).query)
        if path == "orders" and method == "GET":
            trash = query["status"] == ["trash"]
            path = "orders by id" if "include" in query else f"what {'went to the trash' if trash else 'changed'}"
        told[f"{method} {path}"] += 1
    w.store.faults.seen.clear()
    return told


async def ticks(w: World, count: int) -> Counter[str]:
    """Let the daemon's clocks tick so many times, a sweep among them when it is time."""
    unit = await w.bridge()
    asked(w)
    for tick in range(count):
        w.clock.advance(EVERY)
        assert await look_around(unit, sweeping=tick % SWEEP == 0) == ""
        await work_unless_resting(unit)
    return asked(w)


async def test_a_day_at_rest_costs_what_the_table_says(tmp_path: Path) -> None:
    """Two hours of it, with the one in which a day is over."""
    async with known_order(tmp_path) as (w, it):
        await complete(w, w.place())
        await ticks(w, SWEEP)
        assert await ticks(w, HOUR) == EACH_HOUR
        w.clock.advance(int(timedelta(hours=23).total_seconds()))
        told = Counter({kind.replace("OPEN", str(it.id)): times for kind, times in ONCE_A_DAY.items()})
        assert await ticks(w, HOUR) == told + Counter(EACH_HOUR)


def nothing(_: World) -> None:
    """The shop is empty."""


def in_the_future(w: World) -> None:
    w.store.order(w.place().id).modified += timedelta(days=2000)


def within_the_overlap(w: World) -> None:
    w.place()


LAST_CHANGES: dict[str, Callable[[World], None]] = {
    "none": nothing,
    "in the future": in_the_future,
    "within the overlap": within_the_overlap,
}


@pytest.mark.parametrize("case", LAST_CHANGES)
async def test_a_poll_is_one_request_whenever_the_last_change_was(tmp_path: Path, case: str) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        LAST_CHANGES[case](w)
        await look_around(await w.bridge(), sweeping=False)
        unit = await w.bridge()
        for _ in range(OVER):
            asked(w)
            w.clock.advance(EVERY)
            await look_around(unit, sweeping=False)
            assert asked(w) == {"GET what changed": 1}
