"""A bad day: a bulk edit or a plugin asks for the wrong thing, very often or for very much."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bridge.db.bounds import Asked, bunch, counting
from bridge.db.persons import approve, drop
from bridge.domain.bounds import Counted
from bridge.domain.rules import Limits
from bridge.domain.steps import Call, Kind
from bridge.engine import alerting
from bridge.engine.alarm import alarm
from bridge.engine.alerting import tell_alerts
from bridge.engine.cycles import look_around, work_unless_resting
from bridge.engine.looking import look
from bridge.engine.remedies import decides
from bridge.engine.unit import Unit
from bridge.sandbox.faults import Fault
from tests.flow.ways import complete
from tests.flow.world import MUG, STORE, TOTAL, Placed, ProviderName, World, world

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])
NOTHING, ALL = (0, 0, 0), (TOTAL, 0, 0)


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What is told of at level error: alerts, and what went wrong."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with capture_logs() as logged:
        yield logged


REFUND = Asked(
    store=STORE, account="", kind=Kind.REFUND, call=Call.REFUND, currency="SEK", order=0, action=None, live=True
)


def alerts(told: list[Any]) -> list[str]:
    assert {event["event"] for event in told} <= {"store.alert"}
    return [event["problem"] for event in told]


def cancel_all(w: World, orders: list[Placed]) -> None:
    for it in orders:
        w.store.set_status(it.id, "cancelled")


def released(w: World, orders: list[Placed]) -> int:
    return sum(w.books(it) == NOTHING for it in orders)


async def held(w: World, kind: str) -> list[int]:
    await w.bridge()
    return await bunch(STORE, kind, held=True)


async def approve_all(w: World, kind: str) -> None:
    for action in await held(w, kind):
        await approve(action, w.clock.now())


@pytest.mark.on_postgresql
@PROVIDERS
async def test_a_bulk_edit_stops_after_few_and_costs_nothing_to_undo(
    tmp_path: Path, provider: ProviderName, told: list[Any]
) -> None:
    async with world(tmp_path, provider, surge={"cancel": 2}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(9)]
        await w.cycle()
        cancel_all(w, orders)
        await w.cycle()
        assert released(w, orders) == 2
        [alert] = alerts(told)
        kept = [it.id for it in orders if w.books(it) == ALL]
        assert (
            f"7 cancel actions held beyond `surge`: 5678.75 SEK, the first order {kept[0]}, the last {kept[-1]}: "
            in alert
        )
        assert f"`wc-bridge approve --store {STORE} --kind cancel` lets them go" in alert
        assert await w.alerted() == ["kind-held"]
        assert [len(w.notes(it)) for it in kept] == [0] * 7
        status = await w.status()
        assert ([it["count"] for it in status["bounded"]], status["attention"]) == ([7], [])
        for it in kept:
            w.store.set_status(it, "processing")
        calls = w.calls()
        await w.cycle()
        assert (await w.status())["bounded"] == []
        assert ([w.notes(it) for it in kept], w.calls()) == ([[]] * 7, calls)
        assert len(alerts(told)) == 1


async def test_looks_side_by_side_let_no_more_through(tmp_path: Path) -> None:
    """Also where each look was begun before any of the others ended."""
    async with world(tmp_path, surge={"cancel": 3}) as w:
        await w.cycle()
        w.store.set_status(w.place().id, "cancelled")
        await w.cycle()
        orders = [w.place() for _ in range(16)]
        await w.cycle()
        w.clock.advance(3600)
        cancel_all(w, orders)
        unit = await w.bridge()
        await look_around(unit, sweeping=False)
        w.clock.advance(10)
        await asyncio.gather(*(work_unless_resting(unit) for _ in range(2)))
        assert released(w, orders) == 3


async def test_a_go_lets_those_go_that_were_shown_and_counts_anew(tmp_path: Path, told: list[Any]) -> None:
    async with world(tmp_path, surge={"cancel": 1}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(7)]
        await w.cycle()
        cancel_all(w, orders[:4])
        await w.cycle()
        assert released(w, orders) == 1
        shown = await held(w, "cancel")
        cancel_all(w, orders[4:5])
        await w.cycle(w.instant)
        w.clock.advance(10)
        await w.cycle(w.instant)
        for action in shown:
            await approve(action, w.clock.now())
        await w.cycle()
        assert [w.books(it) for it in orders[:5]] == [NOTHING] * 4 + [ALL], "one was held after they were shown"
        await approve_all(w, "cancel")
        cancel_all(w, orders[5:])
        await w.cycle()
        assert released(w, orders) == 6, "one more is let through by itself, and the next is held"
        assert len(await held(w, "cancel")) == 1
        assert len(alerts(told)) == 3, "one for each time that something was held anew"


async def test_what_was_counted_outlives_a_restart_and_not_its_time(tmp_path: Path) -> None:
    async with world(tmp_path, surge={"cancel": 2, "within": "10m"}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(6)]
        await w.cycle()
        cancel_all(w, orders[:2])
        await w.cycle(timedelta(minutes=1))
        await w.stop()
        w.clock.advance(60)
        cancel_all(w, orders[2:3])
        await w.cycle(timedelta(minutes=1))
        assert released(w, orders) == 2
        for action in await held(w, "cancel"):
            await drop(action, "a mistake", w.clock.now())
        w.clock.advance(600)
        cancel_all(w, orders[3:5])
        await w.cycle(timedelta(minutes=1))
        assert (released(w, orders), w.notes(orders[2].id)) == (4, [])


async def test_what_was_called_counts_also_where_the_shop_took_it_back(tmp_path: Path) -> None:
    async with world(tmp_path, surge={"cancel": 1, "within": "1d"}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(2)]
        await w.cycle()
        w.side.faults.plan(Fault.BUSY, method="POST", path="/cancel$", times=1000, retry_after=60)
        cancel_all(w, orders[:1])
        await w.cycle(timedelta(seconds=20))
        w.store.set_status(orders[0].id, "processing")
        w.side.faults.planned.clear()
        await w.cycle()
        assert await w.states(orders[0].id) == [f"cancel {TOTAL} dropped"]
        cancel_all(w, orders[1:])
        await w.cycle()
        assert (released(w, orders), await w.states(orders[1].id)) == (0, [f"cancel {TOTAL} held"])


async def test_what_a_person_approved_leaves_the_surge_guard_as_it_was(tmp_path: Path) -> None:
    async with world(tmp_path, surge={"refund": 1, "within": "1d"}, limits={"refund_per_action": 100}) as w:
        orders = await captured(w, 2)
        await refund(w, orders[0])
        await approve_all(w, "refund")
        await w.cycle()
        await refund(w, orders[1], amount="50.00")
        assert [w.books(it)[2] for it in orders] == [MUG, 5000]


async def test_an_alert_is_not_lost_with_the_process_and_waits_for_the_whole_figures(
    tmp_path: Path, told: list[Any]
) -> None:
    async with world(tmp_path, surge={"cancel": 0}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(3)]
        await w.cycle()
        cancel_all(w, orders)
        unit = await w.bridge()
        await look_around(unit, sweeping=False)
        w.clock.advance(10)
        await w.work()
        await w.work()
        assert (len(await held(w, "cancel")), alerts(told)) == (3, [])
        w.clock.advance(30)
        for mode in ("shadow", "live"):
            await w.stop()
            w.changes["mode"] = mode
            await tell_alerts(await w.bridge())
            assert len(alerts(told)) == (mode == "live"), "in shadow mode nobody is asked to act"
        await w.stop()
        for _ in range(2):
            await tell_alerts(await w.bridge())
        assert [text[:42] for text in alerts(told)] == ["3 cancel actions held beyond `surge`: 2433"]


async def test_what_comes_later_is_told_a_day_later_while_nothing_is_decided(
    tmp_path: Path, told: list[Any]
) -> None:
    async with world(tmp_path, surge={"cancel": 0}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(2)]
        await w.cycle()
        for it in orders:
            cancel_all(w, [it])
            await look_around(await w.bridge(), sweeping=False)
            for _ in range(3):
                w.clock.advance(40)
                await w.work()
        assert len(alerts(told)) == 1
        w.clock.advance(86400)
        await tell_alerts(await w.bridge())
        assert "2 cancel actions" in alerts(told)[1]


async def test_what_is_held_while_others_are_told_is_told_too(
    tmp_path: Path, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, surge={"cancel": 0}) as w:
        await w.cycle()
        first, second = w.place(), w.place()
        await w.cycle()
        cancel_all(w, [first, second])
        await look_around(await w.bridge(), sweeping=False)
        w.clock.advance(10)
        await look(await w.bridge(), first.id)
        w.clock.advance(31)

        async def while_another_comes(unit: Unit, *words: Any) -> None:
            await look(unit, second.id)
            await alarm(unit, *words)

        with monkeypatch.context() as patched:
            patched.setattr(alerting, "alarm", while_another_comes)
            await tell_alerts(await w.bridge())
        assert (len(await held(w, "cancel")), len(alerts(told))) == (2, 1)
        w.clock.advance(86400)
        await tell_alerts(await w.bridge())
        assert "2 cancel actions" in alerts(told)[1]


async def test_what_was_looked_at_before_others_were_told_and_is_held_after_it_is_told_too(
    tmp_path: Path, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had to wait for the others before it was written down."""
    async with world(tmp_path, surge={"cancel": 0}) as w:
        await w.cycle()
        late, other = w.place(), w.place()
        await w.cycle()
        cancel_all(w, [late, other])
        await look_around(await w.bridge(), sweeping=False)
        w.clock.advance(10)
        waits, goes_on = asyncio.Event(), asyncio.Event()

        @asynccontextmanager
        async def counting_late(asked: Asked, limits: Limits, now: datetime) -> AsyncIterator[Counted]:
            if not waits.is_set():
                waits.set()
                await goes_on.wait()
            async with counting(asked, limits, now) as found:
                yield found

        monkeypatch.setattr("bridge.db.bounds.counting", counting_late)
        looking = asyncio.create_task(look(await w.bridge(), late.id))
        await waits.wait()
        w.clock.advance(10)
        await look(await w.bridge(), other.id)
        w.clock.advance(31)
        await tell_alerts(await w.bridge())
        goes_on.set()
        await looking
        assert (len(await held(w, "cancel")), len(alerts(told))) == (2, 1)
        w.clock.advance(86400)
        await tell_alerts(await w.bridge())
        assert "2 cancel actions" in alerts(told)[1]


async def test_shadow_mode_records_what_would_be_held_and_asks_nobody(tmp_path: Path, told: list[Any]) -> None:
    async with world(tmp_path, mode="shadow", surge={"cancel": 1}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(3)]
        await w.cycle()
        cancel_all(w, orders)
        await w.cycle()
        states = sorted([state for it in orders for state in await w.states(it.id)])
        assert states == [f"cancel {TOTAL} held"] * 2 + [f"cancel {TOTAL} ready"]
        assert ([it["count"] for it in (await w.status())["bounded"]], alerts(told)) == ([2], [])


# ---------------------------------------------------------------------- limits


async def refund(w: World, *orders: Placed, amount: str = "125.00") -> None:
    for it in orders:
        w.store.refund(it.id, amount)
    await w.cycle()


async def captured(w: World, count: int) -> list[Placed]:
    await w.cycle()
    orders = [w.place() for _ in range(count)]
    for it in orders:
        await complete(w, it)
    return orders


@PROVIDERS
async def test_a_refund_beyond_the_limit_waits_for_its_approval_without_a_note(
    tmp_path: Path, provider: ProviderName, told: list[Any]
) -> None:
    async with world(tmp_path, provider, limits={"refund_per_action": 124.99}) as w:
        [it] = await captured(w, 1)
        notes = w.notes(it.id)
        await refund(w, it)
        assert (w.books(it), w.notes(it.id)) == ((0, TOTAL, 0), notes)
        assert (
            f"1 refund action held beyond `limits.refund_per_action`: 125.00 SEK, order {it.id}" in alerts(told)[0]
        )
        await approve_all(w, "refund")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        assert len(alerts(told)) == 1


async def test_a_limit_that_is_raised_between_runs_is_taken_up(tmp_path: Path) -> None:
    async with world(tmp_path, limits={"refund_per_action": 100}) as w:
        [it] = await captured(w, 1)
        await refund(w, it)
        assert w.books(it) == (0, TOTAL, 0)
        await w.stop()
        w.changes["limits"] = {"refund_per_action": 125}
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


async def test_two_refunds_do_not_share_the_days_rest(tmp_path: Path) -> None:
    """One of them is paid; the other is held, and goes on no other day unasked."""
    async with world(tmp_path, limits={"refunds_per_day": 200}) as w:
        orders = await captured(w, 3)
        await refund(w, *orders[:2])
        assert sorted(w.books(it)[2] for it in orders[:2]) == [0, MUG]
        w.clock.advance(2 * 86400)
        await w.cycle()
        assert sorted(w.books(it)[2] for it in orders[:2]) == [0, MUG]
        await approve_all(w, "refund")
        async with counting(REFUND, Limits(refunds_per_day=Decimal(200)), w.clock.now()) as counted:
            assert counted.refunded == MUG, "it counts from the approval on; what ended two days ago does not"
        await w.cycle()
        assert [w.books(it)[2] for it in orders[:2]] == [MUG, MUG]
        await refund(w, orders[2], amount="100.00")
        assert w.books(orders[2])[2] == 0, "what was approved counts"
        await approve_all(w, "refund")
        await w.cycle()
        assert w.books(orders[2])[2] == 10000


async def test_no_note_promises_a_refund_that_the_surge_guard_may_hold(tmp_path: Path) -> None:
    async with world(tmp_path, surge={"refund": 1}) as w:
        orders = await captured(w, 3)
        await refund(w, *orders)
        paid = [it for it in orders if w.books(it)[2]]
        promised = [it for it in orders if any("is going to pay" in note for note in w.notes(it.id))]
        assert (len(paid), len(promised)) == (1, 1)


# ---------------------------------------------------------------------- pace


async def test_the_rate_only_paces(tmp_path: Path) -> None:
    async with world(tmp_path, limits={"actions_per_minute": 2}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(7)]
        await w.cycle()
        began = w.clock.now()
        for it in orders:
            w.store.set_status(it.id, "completed")
        await w.cycle()
        assert [w.books(it) for it in orders] == [(0, TOTAL, 0)] * 7
        assert timedelta(minutes=3) <= w.clock.now() - began < timedelta(minutes=5)
        assert (await w.status())["bounded"] == []


async def test_a_kind_is_held_until_a_person_says_go_however_long_that_takes(tmp_path: Path) -> None:
    async with world(tmp_path, surge={"cancel": 1}) as w:
        await w.cycle()
        orders = [w.place() for _ in range(3)]
        await w.cycle()
        cancel_all(w, orders[:2])
        await w.cycle()
        w.clock.advance(86400)
        cancel_all(w, orders[2:])
        await w.cycle()
        assert (released(w, orders), len(await held(w, "cancel"))) == (1, 2)
        w.store.set_status(orders[0].id, "cancelled")
        other = w.place(status="completed")
        await w.cycle()
        assert w.books(other) == (0, TOTAL, 0), "other kinds go on"


async def test_a_day_limit_that_is_lowered_between_runs_holds_what_is_not_begun(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        [it] = await captured(w, 1)
        w.side.faults.plan(Fault.BUSY, method="POST", path=r"/refund$", times=1000, retry_after=60)
        await refund(w, it)
        assert (await w.states(it.id))[1:] == [f"refund {MUG} waiting"]
        await w.stop()
        w.side.faults.planned.clear()
        w.changes["limits"] = {"refunds_per_day": 100}
        await w.cycle()
        assert (await w.states(it.id))[1:] == [f"refund {MUG} held"]
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_refund_that_is_paid_in_parts_is_one_refund(tmp_path: Path) -> None:
    """Each part is below the limit, and the second needs no other go, whatever the surge guard says."""
    async with world(tmp_path, "ecster", limits={"refund_per_action": 750}, surge={"refund": 0}) as w:
        await w.cycle()
        it = w.place()
        await w.cycle()
        w.side.capture(it.payment, 40000)
        await complete(w, it)
        await refund(w, it, amount="800.00")
        assert w.books(it) == (0, TOTAL, 0)
        [alert] = await held(w, "refund")
        await approve(alert, w.clock.now())
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 80000)
        assert [state for state in await w.states(it.id) if state.startswith("refund")] == [
            "refund 41125 done",
            "refund 38875 done",
        ]


def test_one_held_action_is_let_go_by_itself() -> None:
    assert "gives it up, " in decides("butiken", "cancel", 1)
    assert decides("butiken", "cancel", 1).endswith(" lets it go")
    assert decides("butiken", "cancel", 2).endswith(" lets them go")
