"""A provider that is down: who waits, how often it is asked, who hears of it, and how it goes on."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tortoise.exceptions import OperationalError

from bridge.db import alerts as alerting
from bridge.db import holds, pauses, persons
from bridge.db import outages as kept
from bridge.db.holds import Held
from bridge.db.pauses import Scope
from bridge.domain.alerts import Topic
from bridge.domain.outages import LASTING, Outage
from bridge.engine.cycles import look_around, tell, work_unless_resting
from bridge.engine.working import AT_ONCE, work_all_due
from bridge.sandbox.faults import Fault
from tests.flow.world import STORE, TOTAL, EcsterSide, Placed, ProviderName, World, known_order, until, world

Log = list[MutableMapping[str, Any]]
MINUTE = 60
HOUR = 3600


@pytest.fixture
def log() -> Iterator[Log]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with capture_logs() as told:
        yield told


def remotes(log: Log) -> list[tuple[str, str]]:
    """What was told of remotes at the levels that somebody reads: event and level."""
    wanted = ("remote.alert", "remote.recovered")
    return [(event["event"], event["log_level"]) for event in log if event["event"] in wanted]


def down(w: World, fault: Fault = Fault.ERROR_BEFORE, **more: Any) -> None:
    w.side.faults.plan(fault, times=10**6, **more)


def up(w: World) -> None:
    w.side.faults.planned.clear()


async def tick(w: World, seconds: int, *, step: int = 1, polling: int = 30) -> list[datetime]:
    """Let the daemon's clocks tick; return when the provider was asked anything."""
    asked = []
    for passed in range(0, seconds, step):
        w.clock.advance(step)
        before = len(w.side.faults.seen)
        unit = await w.bridge()
        if passed % polling < step:
            await look_around(unit, sweeping=False)
        await work_unless_resting(unit)
        await tell(unit)
        asked += [w.clock.now()] * (len(w.side.faults.seen) - before)
    return asked


async def completed(w: World, count: int) -> list[Placed]:
    """Orders that the bridge knows to be open, and that staff have completed since."""
    orders = [w.place() for _ in range(count)]
    await w.cycle()
    for it in orders:
        w.store.set_status(it.id, "completed")
    return orders


def captured(w: World, orders: list[Placed]) -> int:
    return sum(w.books(it) == (0, TOTAL, 0) for it in orders)


async def test_the_orders_of_a_dead_provider_wait_together_and_go_on_together(tmp_path: Path, log: Log) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 30)
        down(w)
        asked = await tick(w, 10 * MINUTE)
        a_minute = Counter((moment - asked[0]) // timedelta(minutes=1) for moment in asked)
        assert a_minute[0] <= 3 * (AT_ONCE + 6), "each read is tried three times"
        assert max(a_minute[minute] for minute in range(1, 9)) <= 12
        [status] = (await w.status())["down"]
        assert (status["remote"], status["waiting"], status["text"]) == ("Resurs", 30, "Resurs answered HTTP 500")
        up(w)
        await tick(w, 31)
        assert captured(w, orders) == 30
        assert (await w.status())["down"] == []
        assert remotes(log) == [], "ten minutes are no alert"


async def test_another_provider_is_not_held_up_by_one_that_hangs(tmp_path: Path) -> None:
    """More orders than are worked on at once hang in their reads, and those of the other go through."""
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, AT_ONCE + 4)
        w.resurs.faults.plan(Fault.HELD_BACK, method="GET", times=10**6)
        other = EcsterSide(w.ecster)
        await look_around(await w.bridge(), sweeping=False)
        w.clock.advance(5)
        working = asyncio.create_task(work_all_due(await w.bridge()))
        await until(lambda: len(w.resurs.faults.seen) >= 4)
        resurs, w.side = w.side, other
        bought = [w.place(status="completed") for _ in range(3)]
        await look_around(await w.bridge(), sweeping=False)
        w.clock.advance(5)
        await until(lambda: captured(w, bought) == 3)
        w.side = resurs
        assert captured(w, orders) == 0
        up(w)
        w.resurs.faults.release.set()
        await working
        assert captured(w, orders) == len(orders)


async def test_one_order_that_can_t_be_read_is_no_outage(tmp_path: Path) -> None:
    """Its payment answers 500, always; another order is asked for, and then everybody goes on as ever."""
    async with world(tmp_path) as w:
        await w.cycle()
        sick, *others = await completed(w, 4)
        down(w, path=sick.payment)
        await tick(w, 5 * MINUTE)
        assert captured(w, others) == 3
        assert (await w.status())["down"] == []
        late = w.place(status="completed")
        await tick(w, 40)
        assert captured(w, [late]) == 1
        assert len(w.side.faults.seen) < 200


async def test_orders_that_can_t_be_read_are_no_outage_while_one_at_rest_can(tmp_path: Path, log: Log) -> None:
    """Nobody else has anything to ask, so one that is captured is read again to tell; and not all the time."""
    async with world(tmp_path) as w:
        await w.cycle()
        *sick, healthy = await completed(w, 3)
        for it in sick:
            down(w, path=it.payment)
        await tick(w, MINUTE, step=5)
        assert captured(w, [healthy]) == 1
        before = len(w.side.faults.seen)
        await tick(w, 60 * MINUTE, step=15)
        assert len(w.side.faults.seen) - before < 60 * 8
        assert remotes(log) == []
        late = w.place(status="completed")
        await tick(w, 40)
        assert captured(w, [late]) == 1


async def test_a_day_that_the_shop_asks_one_order_to_wait_is_ten_minutes(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        w.store.faults.plan(Fault.BUSY, method="GET", path=rf"/orders/{it.id}$", times=2, retry_after=24 * 3600)
        await tick(w, 14 * MINUTE, step=10)
        assert captured(w, [it]) == 1


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DENIED])
@pytest.mark.parametrize("provider", ["resurs", "ecster"])
async def test_one_order_s_refused_refund_keeps_no_capture_waiting(
    tmp_path: Path, provider: ProviderName, fault: Fault
) -> None:
    async with known_order(tmp_path, provider) as (w, sick):
        w.store.set_status(sick.id, "completed")
        await w.cycle()
        w.store.refund(sick.id, "125.00")
        path = "/refund$" if provider == "resurs" else sick.payment
        await tick(w, 30, step=5)
        down(w, fault, method="POST", path=path)
        await tick(w, 3 * MINUTE, step=5)
        for _ in range(2):
            late = w.place(status="completed")
            await tick(w, MINUTE, step=5)
            assert captured(w, [late]) == 1
        assert w.books(sick) == (0, TOTAL, 0)


async def test_nobody_is_captured_who_was_cancelled_while_calls_were_refused(tmp_path: Path) -> None:
    """Orders are looked at although they can't be called."""
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 3)
        down(w, Fault.BUSY, method="POST", path="/capture$")
        await tick(w, 2 * MINUTE, step=5)
        assert (await w.status())["down"][0]["waiting"] == 3
        w.store.set_status(orders[1].id, "cancelled")
        await tick(w, 2 * MINUTE, step=5)
        assert w.books(orders[1]) == (0, 0, 0)
        up(w)
        await tick(w, MINUTE, step=5)
        assert captured(w, orders) == 2


async def test_calls_of_several_orders_that_all_end_unknown_are_an_outage_of_calls(
    tmp_path: Path, log: Log
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        await w.cycle()
        orders = await completed(w, 4)
        calls = len(w.calls())
        down(w, method="POST", path="/capture$")
        await tick(w, 5 * MINUTE, step=30, polling=60)
        assert (await w.status())["down"] == [], "it is not known yet"
        await tick(w, 85 * MINUTE, step=30, polling=60)
        [status] = (await w.status())["down"]
        assert (status["remote"], status["alerted"]) == ("Resurs", True)
        assert remotes(log) == [("remote.alert", "error")]
        assert len(w.calls()) - calls <= 4 + 20 + 9, "all at once, then every 30 s, and then every ten minutes"
        assert any(len(w.notes(order.id)) == 1 for order in orders)
        up(w)
        await tick(w, 20 * MINUTE, step=30, polling=60)
        assert captured(w, orders) == 4
        assert remotes(log) == [("remote.alert", "error"), ("remote.recovered", "info")]


NEVER_TAKEN = [(Fault.ERROR_BEFORE, 20), (Fault.DROP_BEFORE, 20), (Fault.BUSY, 12 * 23)]
"""How each call ends, and the most of them in two hours. After a 429 a call of others begins another outage."""


@pytest.mark.parametrize(("fault", "most"), NEVER_TAKEN)
async def test_a_single_order_s_call_that_is_never_taken_is_told_of_once_and_noted_once(
    tmp_path: Path, log: Log, fault: Fault, most: int
) -> None:
    """However often calls of others are taken meanwhile."""
    async with known_order(tmp_path) as (w, sick):
        await captured_one(w)
        w.store.set_status(sick.id, "completed")
        down(w, fault, method="POST", path=f"{sick.payment}/capture$")
        before = len(w.calls())
        for minute in range(0, 120, 10):
            await tick(w, 9 * MINUTE, step=15, polling=60)
            await captured_one(w)
            alerts = [event for event in log if event["event"].endswith(".alert")]
            assert len(alerts) == (minute >= 10), "after a quarter of an hour"
            assert len(w.notes(sick.id)) == (minute >= 60), "after an hour"
        assert f"the capture for order {sick.id} is tried since" in alerts[0]["problem"]
        assert await w.alerted() == ["in-vain"]
        told, [action] = await alerting.last([STORE], (Topic.IN_VAIN,)), await w.actions(sick.id)
        assert told[STORE].at - datetime.fromisoformat(action["created"]) >= LASTING
        assert (await w.status())["attention"] == []
        assert len(w.calls()) - before - 12 <= most
        up(w)
        await tick(w, 15 * MINUTE, step=15, polling=60)
        assert captured(w, [sick]) == 1
        assert len(w.notes(sick.id)) == 2


async def captured_one(w: World) -> None:
    """An order that is captured within a minute."""
    it = w.place(status="completed")
    await tick(w, MINUTE, step=15, polling=15)
    assert captured(w, [it]) == 1


async def test_an_order_of_one_that_is_refused_is_no_outage(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 3)
        w.resurs.freeze(orders[0].payment)
        await tick(w, MINUTE)
        assert captured(w, orders) == 2
        assert (await w.status())["down"] == []


async def test_a_person_who_says_retry_does_not_wait(tmp_path: Path) -> None:
    """For the one order; that it was answered opens the provider for all."""
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 12)
        down(w)
        await tick(w, 30 * MINUTE, step=10)
        up(w)
        unit = await w.bridge()
        await work_unless_resting(unit)
        assert captured(w, orders) == 0, "it is not known yet"
        await persons.look_again(STORE, orders[7].id, w.clock.now())
        await work_unless_resting(unit)
        assert captured(w, orders) == 12


async def test_what_has_asked_in_vain_for_long_goes_on_with_the_others(tmp_path: Path) -> None:
    """By itself each would wait for ten minutes more by now."""
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 2)
        down(w)
        await tick(w, 5 * 60 * MINUTE, step=30)
        up(w)
        unit = await w.bridge()
        known = await unit.journal.known_many(it.id for it in orders)
        due = {order: it.due for order, it in known.items() if it.due}
        first, last = sorted(due, key=lambda order: due[order])
        assert due[last] > w.clock.now() + timedelta(seconds=20)
        await persons.look_again(STORE, first, w.clock.now())
        await work_unless_resting(unit)
        assert captured(w, orders) == 2


async def test_nor_does_it_wait_for_a_shop_that_is_thought_to_be_down(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 3)
        await look_around(await w.bridge(), sweeping=False)
        w.store.faults.plan(Fault.ERROR_BEFORE, times=10**6)
        await tick(w, 30 * MINUTE, step=10)
        w.store.faults.planned.clear()
        unit = await w.bridge()
        await work_unless_resting(unit)
        assert captured(w, orders) == 0
        await persons.look_again(STORE, orders[1].id, w.clock.now())
        await work_unless_resting(unit)
        assert captured(w, orders[1:2]) == 1


async def test_calls_that_are_refused_to_all_pause_them_although_reads_are_answered(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 20)
        down(w, Fault.BUSY, method="POST", path="/capture$")
        await tick(w, 10 * MINUTE)
        assert len(w.calls()) <= AT_ONCE + 26, "one order at a time, every 30 s"
        up(w)
        await tick(w, 31)
        assert captured(w, orders) == 20
        assert len(w.calls()) <= AT_ONCE + 26 + 20


@pytest.mark.parametrize("restarts", [False, True])
async def test_an_outage_is_told_once_after_fifteen_minutes_and_once_when_it_is_over(
    tmp_path: Path, log: Log, restarts: bool
) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 3)
        down(w)
        await tick(w, 14 * MINUTE, step=10)
        assert remotes(log) == []
        for _ in range(4):
            if restarts:
                await w.stop()
            await tick(w, 15 * MINUTE, step=10)
        assert remotes(log) == [("remote.alert", "error")]
        [alert] = [event for event in log if event["event"] == "remote.alert"]
        assert (alert["store"], alert["remote"], alert["waiting"]) == (STORE, "Resurs", 3)
        up(w)
        if restarts:
            await w.stop()
        await tick(w, 11 * MINUTE, step=10)
        assert remotes(log) == [("remote.alert", "error"), ("remote.recovered", "info")]
        assert await w.alerted() == ["outage", "outage-over"]
        assert captured(w, orders) == 3


async def test_it_is_told_too_where_only_once_is_run_now_and_then(tmp_path: Path, log: Log) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        await completed(w, 2)
        down(w)
        for _ in range(6):
            await w.cycle(timedelta(seconds=90))
            await w.stop()
            w.clock.advance(5 * MINUTE)
        assert remotes(log) == [("remote.alert", "error")]


async def test_an_outage_that_ended_while_the_daemon_was_down_is_no_alert(tmp_path: Path, log: Log) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 3)
        down(w)
        await tick(w, 5 * MINUTE, step=10)
        await w.stop()
        w.clock.advance(3600)
        up(w)
        await tick(w, 2)
        assert captured(w, orders) == 3
        assert remotes(log) == []


async def test_a_shop_that_is_down_is_told_of_and_its_orders_are_not_tried(tmp_path: Path, log: Log) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 20)
        await look_around(await w.bridge(), sweeping=False)
        w.store.faults.plan(Fault.ERROR_BEFORE, times=10**6)
        w.store.faults.seen.clear()
        await tick(w, 20 * MINUTE, step=10)
        asked = Counter("/orders/" in path for _, path in w.store.faults.seen)
        assert asked[False] <= 3 * 41, "a poll every 30 s, tried three times"
        assert asked[True] <= 3 * (AT_ONCE + 24), "one order at a time"
        assert remotes(log) == [("remote.alert", "error")]
        w.store.faults.planned.clear()
        await tick(w, MINUTE, step=10)
        assert captured(w, orders) == 20
        assert remotes(log) == [("remote.alert", "error"), ("remote.recovered", "info")]


async def test_two_hours_with_two_hundred_orders(tmp_path: Path) -> None:
    async with world(tmp_path, limits={"actions_per_minute": 1000}) as w:
        await w.cycle()
        orders = [w.place(status="completed") for _ in range(200)]
        down(w)
        asked = await tick(w, 2 * 60 * MINUTE, step=15)
        a_minute = Counter((moment - asked[0]) // timedelta(minutes=1) for moment in asked)
        assert a_minute[0] <= 3 * (AT_ONCE + 4)
        assert max(a_minute[minute] for minute in range(1, 10)) <= 9
        assert max(count for minute, count in a_minute.items() if minute > 11) == 3
        assert len(asked) < 150
        assert (await w.status())["down"][0]["waiting"] == 200
        up(w)
        answered = await tick(w, 11 * MINUTE, step=15)
        assert captured(w, orders) == 200
        assert answered[-1] - answered[0] < timedelta(minutes=1)


# ---- what staff read


async def test_an_action_that_waits_an_hour_is_told_once_and_then_what_came_of_it(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        idle = w.place()
        await w.cycle()
        w.store.set_status(it.id, "completed")
        down(w)
        await tick(w, 55 * MINUTE, step=30)
        assert w.notes(it.id) == []
        await w.stop()
        await tick(w, 3 * 60 * MINUTE, step=30)
        [note] = w.notes(it.id)
        assert note.startswith(
            "Resurs has given no usable answer for a while. A capture of 811.25 kr waits for it, and is made by "
            "itself as soon as it answers. There is nothing to do. (wc-bridge "
        )
        up(w)
        await tick(w, 11 * MINUTE, step=30)
        assert ["successfully captured" in text for text in w.notes(it.id)] == [False, True]
        assert w.notes(idle.id) == [], "of an order that waits for nothing there is nothing to say"


async def test_it_is_told_in_the_shops_language(tmp_path: Path) -> None:
    async with known_order(tmp_path, language="sv") as (w, it):
        w.store.refund(it.id, "125.00")
        down(w)
        await tick(w, 75 * MINUTE, step=30)
        [note] = w.notes(it.id)
        assert note.startswith(
            "Resurs har inte gett något användbart svar på ett tag. En annullering av 125,00 kr väntar på det och "
            "görs av sig själv så snart Resurs svarar. Du behöver inte göra något. (wc-bridge "
        )


@pytest.mark.parametrize("changes", [{"mode": "shadow"}, {}])
async def test_nothing_is_promised_in_shadow_mode_nor_of_what_a_person_has_to_decide(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    async with known_order(tmp_path, **changes) as (w, it):
        held = w.place(reserved=10000)
        w.store.set_status(held.id, "completed")
        await w.cycle()
        notes = w.notes(held.id)
        if changes:
            w.store.set_status(it.id, "completed")
        down(w)
        await (await w.bridge()).agenda.wake([it.id, held.id], w.clock.now())
        await tick(w, 90 * MINUTE, step=30)
        assert (w.notes(it.id), w.notes(held.id)) == ([], notes)


async def test_nor_is_what_a_bound_is_going_to_hold(tmp_path: Path) -> None:
    async with known_order(tmp_path, limits={"refund_per_action": 10}) as (w, it):
        w.store.set_status(it.id, "completed")
        await w.cycle()
        notes = w.notes(it.id)
        w.store.refund(it.id, "125.00")
        down(w)
        await tick(w, 90 * MINUTE, step=30)
        assert w.notes(it.id) == notes


async def test_nor_is_anything_of_a_store_that_is_held(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await holds.hold(STORE, Held.PLUGIN, "of this")
        w.store.set_status(it.id, "completed")
        down(w)
        await tick(w, 90 * MINUTE, step=30)
        assert w.notes(it.id) == []


async def test_nor_is_what_was_asked_for_before_a_backup_was_put_back(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        w.clock.advance(HOUR)
        (await w.bridge()).restored = w.clock.now()
        down(w)
        await tick(w, 90 * MINUTE, step=30)
        assert w.notes(it.id) == []


async def test_a_note_that_could_not_be_written_in_time_is_not_written_late(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        down(w)
        w.store.faults.plan(Fault.ERROR_BEFORE, method="POST", path="/notes", times=10**6)
        await tick(w, 90 * MINUTE, step=30)
        assert [note["written"] for note in (await w.story(it.id))["notes"]] == [None]
        up(w)
        await tick(w, 11 * MINUTE, step=30)
        assert w.books(it) == (0, TOTAL, 0)
        w.store.faults.planned.clear()
        await tick(w, 11 * MINUTE, step=30)
        assert ["successfully captured" in text for text in w.notes(it.id)] == [True]


async def test_a_promise_is_not_kept_up_when_staff_set_the_order_back(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        down(w)
        w.store.faults.plan(Fault.ERROR_BEFORE, method="POST", path="/notes", times=10**6)
        await tick(w, 90 * MINUTE, step=30)
        w.store.set_status(it.id, "processing")
        await tick(w, MINUTE, step=30)
        w.store.faults.planned.clear()
        await tick(w, 3 * 60 * MINUTE, step=30)
        assert w.notes(it.id) == []


async def test_actions_and_orders_show_when_they_are_tried_next(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        down(w, Fault.BUSY, method="POST", path="/capture$", retry_after=120)
        await tick(w, MINUTE, step=10)
        [action] = await w.actions(it.id)
        [status] = (await w.status())["down"]
        assert (action["state"], action["attempts"], action["next_try"]) == ("waiting", 1, status["next_try"])
        assert (await w.story(it.id))["due"] == status["next_try"]


async def test_an_outage_that_is_told_is_not_told_again_of_each_order(tmp_path: Path, log: Log) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        await completed(w, 30)
        down(w)
        await tick(w, 10 * MINUTE)
        assert len([event for event in log if event["event"] == "remote.paused"]) == 1
        assert len([event for event in log if event["event"] == "look.failed"]) <= AT_ONCE


async def test_an_outage_is_told_and_ends_although_neither_could_be_written_at_first(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cause from outside makes the database fail at just these two moments."""
    keep, end, failed = kept.keep, kept.end, list[str]()

    def once(what: str) -> None:
        if what not in failed:
            failed.append(what)
            raise OperationalError("database is locked")

    async def keeps(store: str, outage: Outage) -> None:
        if outage.alerted:
            once("keep")
        await keep(store, outage)

    async def ends(store: str, outage: Outage, now: datetime, *, hurry: bool) -> None:
        once("end")
        await end(store, outage, now, hurry=hurry)

    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 2)
        monkeypatch.setattr(kept, "keep", keeps)
        monkeypatch.setattr(kept, "end", ends)
        down(w)
        await tick(w, 14 * MINUTE, step=5)
        for _ in range(3 * MINUTE // 5):
            with suppress(OperationalError):
                await tick(w, 5, step=5)
        assert remotes(log) == [("remote.alert", "error")]
        up(w)
        await tick(w, 15 * MINUTE, step=5)
        assert captured(w, orders) == 2
        assert failed == ["keep", "end"]
        assert remotes(log) == [("remote.alert", "error"), ("remote.recovered", "info")]
        assert (await w.status())["down"] == []


async def test_an_order_that_a_person_paused_is_not_the_one_that_asks(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = await completed(w, 4)
        w.side.faults.plan(Fault.BUSY, method="POST", path="/capture$", times=10**6)
        await tick(w, 3)
        await pauses.pause(Scope(store=STORE, order=orders[-1].id), "", w.clock.now())
        await tick(w, 12 * MINUTE, step=10)
        up(w)
        await tick(w, 15 * MINUTE, step=10)
        assert (captured(w, orders), (await w.status())["down"]) == (3, [])
