"""A store that is not well, or lets nobody in, is asked seldom; what waits for it waits with it."""

import asyncio
import logging
from collections.abc import Iterator, MutableMapping
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog
from stamina.instrumentation import RetryDetails, set_on_retry_hooks
from structlog.testing import capture_logs

from bridge.engine.cycles import look_around, work_unless_resting
from bridge.engine.working import AT_ONCE
from bridge.sandbox.faults import Fault
from tests.flow.world import MUG, TOTAL, Placed, World, known_order, until, world

Log = list[MutableMapping[str, Any]]


@pytest.fixture
def log() -> Iterator[Log]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with capture_logs() as told:
        yield told


async def run_for(w: World, minutes: int) -> list[int]:
    """Let the daemon's clocks tick, a poll every 30 s; return at which seconds the store was asked anything."""
    unit, moments, begun = await w.bridge(), [], w.clock.now()
    for _ in range(minutes * 2):
        w.clock.advance(30)
        before = len(w.store.faults.seen)
        await look_around(unit, sweeping=False)
        await work_unless_resting(unit)
        moments += [(w.clock.now() - begun) // timedelta(seconds=1)] * (len(w.store.faults.seen) - before)
    return moments


async def waiting_orders(w: World, count: int = 12) -> list[Placed]:
    """Orders that the bridge knows, and that were completed since: each is due to be looked at."""
    orders = [w.place() for _ in range(count)]
    await w.cycle()
    for it in orders:
        w.store.set_status(it.id, "completed")
    await look_around(await w.bridge(), sweeping=False)
    return orders


def events(log: Log, name: str) -> Log:
    return [event for event in log if event["event"] == name]


async def test_a_store_that_is_updated_is_asked_once_in_ten_minutes(tmp_path: Path, log: Log) -> None:
    """WordPress asks for that itself. Twelve orders wait for it, and are not tried one by one."""
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await waiting_orders(w)
        w.store.mishaps.maintenance = True
        assert await run_for(w, 31) == [30, 630, 1230, 1830]
        assert "HTTP 503" in (await w.status())["problem"]
        w.store.mishaps.maintenance = False
        await run_for(w, 10)
        await w.cycle()
        assert [w.books(it) for it in orders] == [(0, TOTAL, 0)] * len(orders)
        assert (await w.status())["problem"] == ""
        assert len(events(log, "store.recovered")) == 1
        assert events(log, "store.alert") == []


async def test_the_rest_grows_while_a_store_stays_busy_and_ends_with_an_answer(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _):
        for _ in range(2):
            w.store.faults.plan(Fault.BUSY, times=10**6, retry_after=31)
            asked = await run_for(w, 60)
            rests = [later - earlier for earlier, later in pairwise(asked)]
            assert rests == sorted(rests)
            assert (rests[0], rests[-1]) == (60, 600)
            w.store.faults.planned.clear()
            await run_for(w, 10)
            assert len(await run_for(w, 1)) == 2


RETRY_AFTER: dict[str, tuple[str | timedelta, int]] = {
    "seconds": ("120", 120),
    "a date": (timedelta(seconds=120), 120),
    "nothing": ("", 30),
    "no time at all": ("0", 30),
    "less than nothing": ("-120", 30),
    "a date that is over": (-timedelta(days=1), 30),
    "nonsense": ("soon", 30),
    "ten years": ("315360000", 3600),
    "a date in ten years": (timedelta(days=3650), 3600),
}
"""What the header says, or how far off its date is when it is sent; and the seconds until the next request."""


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("case", RETRY_AFTER)
async def test_the_wait_that_a_store_asks_for_is_kept_within_reason(tmp_path: Path, case: str, status: int) -> None:
    """Whoever asks may be WordPress, or a firewall in front of it with a page of its own."""
    says, rest = RETRY_AFTER[case]
    async with known_order(tmp_path) as (w, _):
        sent = w.clock.now() + timedelta(seconds=30)
        date = says if isinstance(says, str) else format_datetime(sent + says, usegmt=True)
        w.store.mishaps.firewall, w.store.mishaps.retry_after = status, date
        first, second, *_ = sorted(set(await run_for(w, 62)))
        assert second - first == rest
        assert f"HTTP {status}" in (await w.status())["problem"]


@pytest.fixture
def retries() -> Iterator[list[RetryDetails]]:
    """Reads that are to be tried again, after a wait that tests leave out."""
    told: list[RetryDetails] = []

    def tell(details: RetryDetails) -> None:
        told.append(details)

    set_on_retry_hooks([tell])
    yield told
    set_on_retry_hooks(None)


async def test_no_order_that_waits_for_its_turn_is_tried_once_the_store_asks_to_wait(
    tmp_path: Path, retries: list[RetryDetails]
) -> None:
    """Two may be asked for at a time; the others were about to be when the first answer came."""
    async with world(tmp_path) as w:
        await w.cycle()
        await waiting_orders(w)
        w.clock.advance(10)
        unit = await w.bridge()
        gate = unit.store._transport._gate  # type: ignore[attr-defined]
        w.store.faults.plan(Fault.HELD_BACK, path="/orders", times=10**6)
        w.store.faults.seen.clear()
        working = asyncio.create_task(work_unless_resting(unit))
        await until(lambda: len(gate._waiters or ()) == AT_ONCE - 2)
        w.store.mishaps.maintenance = True
        w.store.faults.release.set()
        await working
        assert len(w.store.faults.seen) == 2
        assert retries == [], "nor does any wait for it, and keep others waiting"


async def test_no_order_is_tried_while_the_poll_has_still_to_find_out(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        await waiting_orders(w)
        w.clock.advance(10)
        w.store.mishaps.maintenance = True
        w.store.faults.seen.clear()
        await work_unless_resting(await w.bridge())
        assert len(w.store.faults.seen) <= 2, "as many as may be asked at a time"


async def test_a_key_that_is_refused_is_one_alert_and_a_request_every_fifteen_minutes(
    tmp_path: Path, log: Log
) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await waiting_orders(w)
        key = w.store.doorman.keys.pop("ck_sandbox")
        assert await run_for(w, 46) == [30, 60, 960, 1860, 2760]
        [alert] = events(log, "store.alert")
        assert (alert["log_level"], alert["store"]) == ("error", "butiken")
        assert "key ending in sandbox" in str(alert["problem"])
        assert "correct consumer_key and consumer_secret in settings.yaml" in str(alert["problem"])
        problem = (await w.status())["problem"]
        assert problem == f"{alert['problem']} (it is asked every 15 minutes)"
        assert len(events(log, "poll.failed")) == 1
        await w.stop()
        assert await run_for(w, 15) == [30, 30], "a start asks at once, and first whose shop it is"
        assert len(events(log, "store.alert")) == 1
        assert len(events(log, "poll.failed")) == 2, "a start says what is still wrong"
        assert await w.alerted() == ["access-denied"]
        w.store.doorman.keys["ck_sandbox"] = key
        await run_for(w, 16)
        await w.cycle()
        assert [event["problem"] for event in events(log, "store.recovered")] == [problem]
        assert [w.books(it) for it in orders] == [(0, TOTAL, 0)] * len(orders)


async def test_a_key_that_is_refused_once_is_asked_for_again_at_the_next_poll(tmp_path: Path, log: Log) -> None:
    """Something on the way sent a signature again, and the store takes each once."""
    async with known_order(tmp_path) as (w, _):
        w.store.faults.plan(Fault.TWICE, path="/orders")
        assert await run_for(w, 1) == [30, 60, 60], "and the facts, once it is well"
        assert events(log, "store.alert") == []


async def test_a_key_that_stays_refused_through_other_troubles_is_one_alert(tmp_path: Path, log: Log) -> None:
    """It could not be seen in between that it is good again."""
    async with known_order(tmp_path) as (w, _):
        key = w.store.doorman.keys.pop("ck_sandbox")
        await run_for(w, 20)
        [alert] = events(log, "store.alert")
        w.store.mishaps.maintenance = True
        await run_for(w, 60)
        problem = (await w.status())["problem"]
        assert "HTTP 503" in problem
        assert problem.endswith(f"; before that: {alert['problem']} (it is asked every 15 minutes)")
        assert problem.count("before that") == 1
        w.store.mishaps.maintenance = False
        await run_for(w, 60)
        assert events(log, "store.alert") == [alert]
        w.store.doorman.keys["ck_sandbox"] = key
        await run_for(w, 20)
        assert [event["log_level"] for event in events(log, "store.recovered")] == ["info"]
        assert (await w.status())["problem"] == ""
        del w.store.doorman.keys["ck_sandbox"]
        await run_for(w, 20)
        assert len(events(log, "store.alert")) == 2, "it was good in between"


async def test_one_order_that_is_refused_is_no_matter_of_the_whole_store(tmp_path: Path, log: Log) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it, *others = await waiting_orders(w, 3)
        w.store.faults.plan(Fault.TWICE, path=f"/orders/{it.id}$", times=3)
        assert set(await run_for(w, 3)) == {30, 60, 90, 120, 150, 180}
        assert [w.books(other) for other in others] == [(0, TOTAL, 0)] * 2
        assert (events(log, "store.alert"), events(log, "poll.failed")) == ([], [])
        await run_for(w, 10)
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_firewall_that_shuts_us_out_is_an_alert_that_says_who_must_act(tmp_path: Path, log: Log) -> None:
    async with known_order(tmp_path) as (w, _):
        w.store.mishaps.firewall = 403
        assert await run_for(w, 31) == [30, 60, 960, 1860]
        [alert] = events(log, "store.alert")
        assert "shut by its web server or a firewall (HTTP 403)" in str(alert["problem"])
        assert "have its host let this machine through to /wp-json/" in str(alert["problem"])
        assert "key ending in sandbox" in str(alert["problem"])


async def test_another_refusal_is_another_alert(tmp_path: Path, log: Log) -> None:
    async with known_order(tmp_path) as (w, _):
        del w.store.doorman.keys["ck_sandbox"]
        await run_for(w, 20)
        w.store.mishaps.rest_off = True
        await run_for(w, 40)
        told = [str(event["problem"]) for event in events(log, "store.alert")]
        assert ["refuses the REST API key" in told[0], "a plugin that shuts" in told[1]] == [True, True]
        assert len(told) == 2


async def test_a_rest_that_is_longer_than_any_is_none(tmp_path: Path) -> None:
    """Our clock was set back since, by hours."""
    async with known_order(tmp_path) as (w, _):
        unit = await w.bridge()
        await unit.standing.store_problem("asked to wait", w.clock.now() + timedelta(hours=2))
        assert set(await run_for(w, 1)) == {30, 60}


async def test_a_person_at_the_keyboard_does_not_wait(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.mishaps.maintenance = True
        await run_for(w, 5)
        w.store.mishaps.maintenance = False
        w.store.set_status(it.id, "completed")
        ended = await w.cycle()
        assert ended.problem == ""
        assert w.books(it) == (0, TOTAL, 0)


async def test_what_is_no_answer_at_all_is_no_reason_to_rest(tmp_path: Path) -> None:
    """A line that was down comes back without notice."""
    async with known_order(tmp_path) as (w, _):
        w.store.faults.plan(Fault.HTML_BEFORE, path="/orders", times=3)
        assert await run_for(w, 3) == [30, 60, 90, 120, 120, 150, 180], "and the facts, once it is well"


# ---- what a store tells about itself


async def facts(w: World) -> tuple[str, str]:
    state = await (await w.bridge()).standing.state()
    return state.version, state.storage


def times_asked(w: World) -> int:
    return sum("/system_status" in address for _, address in w.store.faults.seen)


async def test_version_and_storage_are_asked_for_daily_and_after_trouble(tmp_path: Path) -> None:
    async with known_order(tmp_path, storage="posts") as (w, _):
        unit = await w.bridge()
        assert (await facts(w), times_asked(w)) == (("11.0.1", "posts"), 1)
        for hours, asked in ((23, 1), (1, 2), (23, 2)):
            w.clock.advance(hours * 3600)
            await look_around(unit, sweeping=False)
            assert times_asked(w) == asked
        w.store.mishaps.maintenance = True
        await look_around(unit, sweeping=False)
        w.store.mishaps.maintenance, w.store.shop.version = False, "11.1.0"
        w.clock.advance(600)
        await look_around(unit, sweeping=False)
        assert (await facts(w), times_asked(w)) == (("11.1.0", "posts"), 3)


async def test_a_store_that_does_not_tell_is_swept_as_if_it_were_on_posts_storage(tmp_path: Path) -> None:
    async with world(tmp_path, storage="posts") as w:
        w.store.faults.plan(Fault.HTML_BEFORE, path="/system_status", times=10**6)
        await w.cycle()
        it = w.place()
        await w.cycle()
        assert await facts(w) == ("", "")
        w.store.set_quantity(it.id, "MUGG", 1)
        await w.cycle()
        assert w.books(it) == (TOTAL - MUG, 0, 0)
        asked = times_asked(w)
        await run_for(w, 50)
        assert times_asked(w) == asked, "not at every poll"
        await run_for(w, 60)
        assert times_asked(w) == asked + 1
