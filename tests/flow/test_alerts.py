"""Alerts of a whole bridge: what burns goes out at once and once, the rest once a day."""

import asyncio
import logging
import time as clock
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError

from bridge import ticking
from bridge.alerts import running
from bridge.alerts.running import Lasting
from bridge.alerts.watching import watch_polls
from bridge.app import read_settings, workplace
from bridge.db import alerts
from bridge.db.models import ActionRow
from bridge.domain.alerts import Alert, Topic
from bridge.engine import bugs, storage
from bridge.engine.cycles import look_around, work_unless_resting
from bridge.engine.unit import Urgent
from bridge.sandbox.faults import Fault
from bridge.settings import Alerts, StoreSettings
from tests.flow.alerting import telling
from tests.flow.world import STORE, TOTAL, Placed, World, all_done, known_order, to_their_end, until, world

HOUR = 3600


@pytest.fixture(autouse=True)
def _in_stockholm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An hour ahead of UTC in November."""
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    clock.tzset()
    yield
    monkeypatch.undo()
    clock.tzset()


async def unpaid(w: World, count: int) -> list[Placed]:
    """Orders whose payments somebody cancels in the portal, and that staff complete all the same."""
    orders = [w.place() for _ in range(count)]
    await w.cycle(w.instant)
    for it in orders:
        w.side.cancel(it.payment)
    w.clock.advance(HOUR)
    for it in orders:
        w.store.set_status(it.id, "completed")
    return orders


async def tick(w: World, seconds: int) -> None:
    w.clock.advance(seconds)
    await look_around(await w.bridge(), sweeping=False)
    await w.work()


async def failing_tick(w: World, seconds: int) -> None:
    """As the daemon's clocks tick."""
    unit = await w.bridge()
    try:
        await tick(w, seconds)
    except OperationalError as error:
        storage.failed(unit, error)
        storage.tell(unit)


async def test_a_storm_of_orders_that_must_not_be_shipped_is_one_message_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        orders = await unpaid(w, 22)
        for _ in range(2):
            await tick(w, 10)
            assert await told.round(seconds=0) == [], "more may come"
        await tick(w, 31)
        await w.stop()
        assert await told.round(seconds=0) == ["no-money"]
        [alert] = told.last["alerts"]
        assert (alert["store"], alert["orders"]) == (STORE, [it.id for it in orders])
        assert alert["text"].startswith(f"do not ship orders {orders[0].id}, {orders[1].id}, ")
        assert " and 2 more: completed, and no money is reserved" in alert["text"]
        assert "no money is reserved: an alert was given" in await w.told(orders[21].id, "alerted")
        await tick(w, HOUR)
        assert await told.round() == []


@pytest.mark.parametrize("waited", [0, 2 * HOUR])
async def test_what_becomes_of_a_call_that_nobody_knows_for_long(tmp_path: Path, waited: int) -> None:
    """For how long it had `waited` before its call counts for nothing."""
    async with (
        known_order(tmp_path, "ecster", place=World.place_paid_at_once) as (w, it),
        telling(w, tmp_path) as told,
    ):
        w.ecster.switches = replace(w.ecster.switches, swish_polls=10_000)
        w.store.refund(it.id, lines={"Mugg": 1})
        await w.cycle(timedelta(minutes=3))
        [action] = await w.actions()
        assert action["state"] == "unknown"
        decided = ActionRow.filter(id=action["id"])
        await decided.update(created=(await decided.get()).created - timedelta(seconds=waited))
        await tick(w, 15 * 60)
        assert await told.round() == []
        await tick(w, 6 * 60)
        await tick(w, 6 * 60)
        assert await told.round() == ["unknown"]
        assert f"what became of the refund for order {it.id} is not known" in told.last["text"]
        assert f"`wc-bridge retry --order {STORE} {it.id}` looks again" in told.last["text"]


async def test_a_store_that_nobody_polls_is_told_once_and_so_is_that_it_is_again(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        unit = await w.bridge()
        async with told.daemon() as daemon:  # the one that should
            for minutes in (19, 3, 60):
                w.clock.advance(minutes * 60)
                await asyncio.gather(daemon.once(), daemon.once())
            assert [it["alerts"][0]["topic"] for it in told.sink.messages] == ["not-polled"]
            assert "not polled since 2026-11-21 08:00 UTC: nobody works on it" in told.last["text"]
            await look_around(unit, sweeping=False)
            w.clock.advance(61)
            await daemon.once()
        assert await told.round() == []
        assert told.last["alerts"][0]["topic"] == "polled-again"


async def test_a_daemon_that_has_just_started_is_given_its_time(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        w.clock.advance(48 * HOUR)
        async with told.daemon(Lasting(told.in_force(), w.clock.now())) as daemon:
            await daemon.once()
            assert (told.sink.kept, told.there.beats) == ([], 0)
            await tick(w, 1)
            await daemon.once()
            assert (told.sink.kept, told.there.beats) == ([], 1)
        await tick(w, 60)  # of one that ended before it could beat
        w.clock.advance(48 * HOUR)
        async with told.daemon(Lasting(told.in_force(), w.clock.now())) as daemon:
            await daemon.once()
            assert (told.sink.kept, told.there.beats) == ([], 1), "nor is it in the daily message"


async def test_a_store_that_new_settings_bring_is_given_its_time(tmp_path: Path) -> None:
    """Nor is it given more by those that change nothing about it."""
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        full = told.in_force()
        lasting = Lasting(full.model_copy(update={"stores": ()}), w.clock.now())
        for hours, minutes in ((48, 0), (0, 15), (0, 6)):
            assert told.sink.kept == []
            w.clock.advance(hours * HOUR + minutes * 60)
            lasting.take(full, w.clock.now())
            async with told.daemon(lasting) as daemon:
                await daemon.once()
        assert [it["topic"] for it in told.last["alerts"]] == ["not-polled"]


async def test_a_store_that_is_to_be_polled_oftener_is_given_its_time(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        often = told.in_force()
        [store] = often.stores
        poll = store.poll.model_copy(update={"interval": timedelta(hours=12)})
        seldom = often.model_copy(update={"stores": (store.model_copy(update={"poll": poll}),)})
        lasting = Lasting(seldom, w.clock.now())
        w.clock.advance(8 * HOUR)
        for minutes, told_of in ((19, 0), (2, 1)):
            lasting.take(often, w.clock.now())
            w.clock.advance(minutes * 60)
            async with told.daemon(lasting) as daemon:
                await daemon.once()
            assert len(told.sink.kept) == told_of


async def test_a_running_daemon_goes_by_new_settings_and_forgets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that comes is given its time; what could not be told yet past the database is told all the same."""
    for every in ("_SEND", "_BEAT", "_WATCH"):
        monkeypatch.setattr(running, every, 0.01)
    watched: list[int] = []

    async def watching(stores: Sequence[StoreSettings], *more: Any) -> None:
        await watch_polls(stores, *more)
        watched.append(len(stores))

    monkeypatch.setattr(running, "watch_polls", watching)
    async with known_order(tmp_path) as (w, _), telling(w, tmp_path) as told:
        unit, full = await w.bridge(), told.in_force()
        in_force = full.model_copy(update={"stores": ()})
        async with running.alarming(lambda: in_force, unit.urgent, w.clock.now):
            await until(lambda: 0 in watched)
            w.clock.advance(48 * HOUR)
            in_force = full
            await until(lambda: 1 in watched)
            assert told.sink.kept == []
            told.sink.fail(1)
            database = get_connection("default")
            await database.execute_script("PRAGMA query_only = ON")
            await failing_tick(w, 60)
            await until(lambda: told.sink.tried)
            watched.clear()
            in_force = full.model_copy()
            await until(lambda: 1 in watched)
            await database.execute_script("PRAGMA query_only = OFF")
            told.sink.work()
            w.clock.advance(60)
            await until(lambda: len(told.sink.kept) > 0)
        assert [it["topic"] for it in told.last["alerts"]] == ["database"]


async def test_the_end_of_what_burns_is_told_by_the_store_as_it_was_taken_up_anew(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _):
        await w.stop()
        settings = read_settings(w.folder / "settings.yaml")
        async with workplace(settings, now=w.clock.now) as place:
            before = await place.begin(settings.stores[0])
            assert before is not None
            for _ in range(2):
                assert storage.failed(before, OperationalError("disk I/O error"))
                storage.tell(before)
                bugs.failed(before, "poll", KeyError())
                bugs.failed(before, "work", KeyError())
            after = await place.begin(settings.stores[0])
            assert after is not None
            assert [str(it.topic) for it in place.urgent.take()] == ["database", "bug"]
            for job, over in (("poll", ["database-over"]), ("work", ["bug-over"])):
                w.clock.advance(HOUR)
                await look_around(after, sweeping=False)
                bugs.works(after, job)
                assert [str(it.topic) for it in place.urgent.take()] == over
                bugs.failed(after, "work", KeyError())
                assert [str(it.topic) for it in place.urgent.take()] == ["bug"] * (job == "work"), "known till then"
            assert storage.failed(after, OperationalError("disk I/O error"))
            storage.tell(after)
            assert [str(it.topic) for it in place.urgent.take()] == ["database"], "again, so it is news"


def test_what_was_told_by_a_clock_that_was_ahead_is_told_again() -> None:
    """Else it would be known until that day comes."""
    urgent, now = Urgent(), datetime(2026, 11, 22, 9, tzinfo=UTC)
    for at in (now + timedelta(days=365), now, now + timedelta(hours=1)):
        urgent.add(Alert(topic=Topic.BUG, store=STORE, text="x", at=at))
    assert [it.at.year for it in urgent.take()] == [2027, 2026]


def test_what_is_over_at_one_store_is_known_of_another() -> None:
    urgent, now = Urgent(), datetime(2026, 11, 22, 9, tzinfo=UTC)
    for _ in range(2):
        for store in ("butiken", "outlet"):
            urgent.add(Alert(topic=Topic.DATABASE, store=store, text="x", at=now))
        urgent.forget("outlet", {Topic.DATABASE})
    assert [it.store for it in urgent.take()] == ["butiken", "outlet", "outlet"]


async def test_a_bug_in_a_tick_is_told_and_again_a_day_later_and_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there is nothing to do any more."""
    broken = True

    async def work(*given: Any) -> None:
        if broken:
            raise KeyError("of a customer")
        await work_unless_resting(*given)

    monkeypatch.setattr(ticking, "work_unless_resting", work)
    async with known_order(tmp_path) as (w, it), telling(w, tmp_path) as told:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

        async def topics(hours: int) -> list[str]:
            w.clock.advance(hours * HOUR)
            await w.work()
            await w.work()
            return [it for it in await told.round(seconds=61) if it.startswith("bug")]

        unit = await w.bridge()
        await unit.agenda.wake([it.id], w.clock.now())
        with capture_logs() as log:
            assert await topics(0) == ["bug"]
        assert {line["event"] for line in log} == {"tick.failed"}
        assert "fails (KeyError): its log says where, as tick.failed" in told.sink.messages[0]["text"]
        assert [await topics(hours) for hours in (1, 22, 1, 1)] == [[], [], ["bug"], []]
        broken = False
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        with capture_logs() as log:
            assert [await topics(hours) for hours in (0, 1, 1)] == [[], ["bug-over"], []]
        assert [line["event"] for line in log if line["event"].startswith("tick.")] == ["tick.recovered"]
        broken = True
        await unit.agenda.wake([it.id], w.clock.now())
        assert await topics(0) == ["bug"]


async def test_what_burns_is_told_while_the_work_takes_all_day(tmp_path: Path) -> None:
    async with world(tmp_path, surge={"cancel": 0}) as w, telling(w, tmp_path) as told:
        await w.cycle()
        held, slow = w.place(), w.place()
        await w.cycle()
        w.store.set_status(held.id, "cancelled")
        w.store.set_status(slow.id, "completed")
        w.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
        ticks = ticking.Ticks(await w.bridge(), told.in_force().stores[0])
        await to_their_end(ticks, ticks.poll())
        w.clock.advance(10)
        await ticking.work_where_due([ticks], w.clock.now())
        await until(lambda: w.books(slow) == (0, TOTAL, 0))
        while not (await w.status())["bounded"]:
            await asyncio.sleep(0)
        w.clock.advance(31)
        await ticking.tell_where_due([ticks])
        await asyncio.wait(ticks.telling.running)
        assert (await w.alerted(), len(ticks.working.running)) == (["kind-held"], 1)
        w.resurs.faults.release.set()
        await all_done(ticks)


async def test_what_hangs_while_it_tells_is_named_and_is_cut_off_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(ticking, "tell", hangs)
    errors: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        ticks = ticking.Ticks(await w.bridge(), told.in_force().stores[0])
        await ticks.begin(ticks.telling)
        assert ticks.hanging(-3600) == ["poll", "work", "alerts"]
        await ticks.drain(0)
        assert (ticks.under_way, errors) == (set(), [])


@pytest.mark.on_sqlite
async def test_a_database_that_takes_nothing_is_told_past_it_once(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it), telling(w, tmp_path) as told, told.daemon() as daemon:
        database = get_connection("default")
        await database.execute_script("PRAGMA query_only = ON")
        w.store.set_status(it.id, "completed")
        for _ in range(3):
            await failing_tick(w, 60)
            await daemon.once()
        assert [it["alerts"][0]["topic"] for it in told.sink.messages] == ["database"]
        assert "the database can't be used: attempt to write a readonly database" in told.last["text"]
        await database.execute_script("PRAGMA query_only = OFF")
        for _ in range(4):
            await tick(w, 60)
        await daemon.once()
        assert told.last["alerts"][0]["topic"] == "database-over"


async def test_once_a_day_each_order_says_what_to_do_and_what_to_type(tmp_path: Path) -> None:
    at = time(10)  # 09:00 UTC; it is 08:00
    async with world(tmp_path) as w, telling(w, tmp_path, daily_at=at) as told:
        await w.cycle()
        assert await told.round() == [], "it begins"
        short, refunded = w.place(reserved=TOTAL - 5000), w.place()
        await w.cycle()
        for it in (short, refunded):
            w.store.set_status(it.id, "completed")
        await w.cycle()
        w.side.refund(refunded.payment, 1000)
        w.store.set_status(refunded.id, "processing")
        await w.cycle()
        [held] = [it["id"] for it in await w.actions(short.id) if it["state"] == "held"]
        await tick(w, 50 * 60)
        assert await told.round() == []
        await w.stop()
        await tick(w, 8 * 60)
        assert await told.round() == ["daily"]
        [alert] = told.last["alerts"]
        first, one, other = alert["text"].splitlines()
        assert (alert["store"], alert["orders"], first) == (
            STORE,
            [short.id, refunded.id],
            "2 matters need attention:",
        )
        assert one.startswith(f"- order {short.id} (completed): ")
        assert "811.25 kr of the order is still to be captured, but only 761.25 kr is reserved" in one
        assert f"`wc-bridge approve {held}` lets it go, `wc-bridge drop {held} --why ...` gives it up" in one
        assert f"`wc-bridge adopt --order {STORE} {refunded.id}` takes it as it is." in other
        await tick(w, HOUR)
        assert await told.round() == []
        await tick(w, 23 * HOUR)
        assert await told.round() == ["daily"]


async def test_a_store_that_nobody_polls_stands_in_the_daily_message(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path, daily_at=time(10)) as told:
        await w.cycle()
        await told.round()
        assert await told.round(seconds=HOUR) == ["not-polled", "daily"]
        assert "- not polled since 2026-11-21T08:00:0" in told.last["alerts"][1]["text"]


async def test_a_day_on_which_all_is_well_has_no_message(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _), telling(w, tmp_path) as told:
        await told.round()
        await tick(w, 24 * HOUR)
        assert await told.round() == []
        assert told.sink.kept == []


async def test_a_channel_that_fails_is_tried_again_and_stands_in_status(tmp_path: Path) -> None:
    """Also after a restart; what comes meanwhile goes out with it."""
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        told.sink.fail(75)
        await add(w, "the first")
        assert await told.round() == []
        assert await told.round(seconds=29) == []
        assert len(told.sink.arguments) == 1
        await add(w, "the second")
        assert await told.round(seconds=2) == []
        [channel] = (await w.status())["channels"]
        assert (channel["channel"], channel["tries"]) == ("command", 2)
        assert f"{told.sink.path} ended 75" in channel["text"]
        await w.stop()
        told.sink.work()
        assert await told.round() == ["bug", "bug"]
        assert [it["text"] for it in told.last["alerts"]] == ["the first", "the second"]
        assert (await w.status())["channels"] == []


async def test_what_comes_right_after_a_message_goes_out_in_one(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        await add(w, "the first")
        assert await told.round() == ["bug"]
        for text in ("the second", "the third"):
            await add(w, text)
            assert await told.round(seconds=10) == []
        assert await told.round() == ["bug", "bug"]


async def test_a_channel_that_is_set_later_says_nothing_of_the_past(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        await add(w, "long ago")
        set_later, told.settings = told.settings, Alerts()
        await told.round()
        told.settings = set_later
        assert await told.round() == []


async def add(w: World, text: str) -> None:
    await w.bridge()
    await alerts.add(Alert(topic=Topic.BUG, store=STORE, text=text, at=w.clock.now()))


async def test_the_heart_beats_after_each_good_poll_of_every_store_and_no_oftener(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await tick(w, 1)
        await told.round()
        await told.round()
        assert told.there.beats == 1, "nothing was polled since"
        for seconds, beats in ((31, 2), (10, 2), (21, 3)):
            await tick(w, seconds)
            await told.round(seconds=0)
            assert told.there.beats == beats
        w.store.faults.plan(Fault.ERROR_BEFORE, times=99)
        await tick(w, 60)
        await told.round()
        assert told.there.beats == 3, "a shop that is not polled"
        w.store.faults.planned.clear()
        await tick(w, 60)
        told.there.status = 500
        await told.round()
        assert [it["text"] for it in (await w.status())["channels"]] == [
            "the heartbeat's address answered HTTP 500"
        ]


async def test_the_heart_falls_silent_while_alerts_do_not_go_out(tmp_path: Path) -> None:
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await tick(w, 1)
        told.sink.fail(1)
        await add(w, "nobody hears this")
        for beats in (1, 1):
            await told.round()
            assert told.there.beats == beats
            await tick(w, 16 * 60)
