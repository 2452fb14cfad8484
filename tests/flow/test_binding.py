"""A copy of the shop or of the server: before a person's word nothing is read into it, and no money moved."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from bridge.db import bindings, place
from bridge.domain.binding import Binding
from bridge.engine.binding import resemblance
from bridge.engine.cycles import look_around, work_unless_resting
from bridge.engine.working import work_all_due
from bridge.sandbox.faults import Fault
from bridge.sandbox.store.auth import Key
from tests.flow.world import STORE, TOTAL, Placed, World, known_order, world

COPY = "https://staging.store.example"
DAY = 86400


@pytest.fixture
def alerts() -> Iterator[list[Any]]:
    """What is told of at level error."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with capture_logs() as told:
        yield told


class Machine:
    """The machine that the bridge takes for its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._id, self._cards = folder / "machine-id", folder / "net"
        monkeypatch.setattr(place, "MACHINE_ID", self._id)
        monkeypatch.setattr(place, "CARDS", self._cards)
        self.becomes("3d1219c7c4c5404aaa1f6d2a48adfda4", eth0="52:54:00:00:00:01")

    def becomes(self, machine_id: str | None, **cards: str) -> None:
        self._id.unlink(missing_ok=True)
        if machine_id is not None:
            self._id.write_text(f"{machine_id}\n")
        for name, address in {"lo": "00:00:00:00:00:00", **cards}.items():
            device = self._cards / name / "device"
            device.mkdir(parents=True, exist_ok=True)
            device.with_name("address").write_text(f"{address}\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


async def refused(w: World) -> str:
    return str((await w.status())["unbound"])


async def staff_complete(w: World, it: Placed) -> None:
    """Whatever the clocks of the daemon do about it."""
    w.store.set_status(it.id, "completed")
    for _ in range(3):
        w.clock.advance(30)
        unit = await w.bridge()
        await work_unless_resting(unit)
        await look_around(unit, sweeping=True)
        await work_unless_resting(unit)
    await w.cycle()


async def test_a_copy_of_the_shop_is_refused_whole_and_told_once(tmp_path: Path, alerts: list[Any]) -> None:
    async with known_order(tmp_path) as (w, it):
        before, polled = await w.story(it.id), (await w.status())["polled"]
        await w.stop()
        w.store.home = COPY
        seen = len(w.store.faults.seen)
        await staff_complete(w, it)
        await w.stop()
        await staff_complete(w, it)
        assert (w.calls(), w.writes(), w.books(it)) == ([], [], (TOTAL, 0, 0))
        assert (await w.story(it.id), (await w.status())["polled"]) == (before, polled)
        asked = {path.partition("?")[0] for _, path in w.store.faults.seen[seen:]}
        assert asked == {"/wp-json/wc/v3/system_status"}
        assert [(alert["event"], alert["store"]) for alert in alerts] == [("store.alert", STORE)]
        assert await w.alerted() == ["store-refused"]
        assert COPY in await refused(w)
        assert "`wc-bridge rebind butiken`" in alerts[0]["problem"]


async def test_it_goes_on_by_itself_where_the_address_was_a_slip(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await w.stop()
        w.store.home = COPY
        await staff_complete(w, it)
        w.store.home = "http://www.store.example/"
        await w.cycle()
        assert (await refused(w), w.books(it)) == ("", (0, TOTAL, 0))


async def test_it_goes_on_by_itself_where_another_shop_answered_for_a_while(tmp_path: Path) -> None:
    """As it was, to the letter: there is nothing to bind anew."""
    async with known_order(tmp_path) as (w, it):
        await w.stop()
        home, w.store.home = w.store.home, COPY
        await staff_complete(w, it)
        assert COPY in await refused(w)
        w.store.home = home
        await w.cycle()
        assert (await refused(w), w.books(it)) == ("", (0, TOTAL, 0))


async def test_a_shop_that_is_renamed_under_way_is_noticed_within_a_day_and_goes_on_once_bound(
    tmp_path: Path,
) -> None:
    async with known_order(tmp_path) as (w, it):
        unit = await w.bridge()
        w.store.home = "https://newname.example"
        w.clock.advance(DAY)
        await staff_complete(w, it)
        assert w.books(it) == (TOTAL, 0, 0)
        bound = await bindings.bound(STORE)
        assert bound is not None
        new = Binding(address=w.store.home, url=bound.url, place=bound.place)
        assert await bindings.rebind(STORE, bound, new, w.clock.now())
        assert not await bindings.rebind(STORE, bound, new, w.clock.now()), "another was shown"
        await look_around(unit, sweeping=False)
        w.clock.advance(5)
        await work_unless_resting(unit)
        assert (await refused(w), w.books(it)) == ("", (0, TOTAL, 0))


async def test_a_call_is_never_made_before_the_shop_has_said_who_it_is(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        await look_around(await w.bridge(), sweeping=False)
        await w.stop()
        w.clock.advance(60)
        w.store.home = COPY
        w.store.faults.plan(Fault.ERROR_BEFORE, path="/system_status", times=3)
        w.store.faults.plan(Fault.ERROR_BEFORE, path="/orders", times=3)
        for _ in range(3):
            await work_unless_resting(await w.bridge())
            await look_around(await w.bridge(), sweeping=False)
            await work_unless_resting(await w.bridge())
            w.clock.advance(60)
        assert w.calls() == []
        assert COPY in await refused(w)


async def test_nor_by_whoever_works_without_asking_first(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        await look_around(await w.bridge(), sweeping=False)
        await w.stop()
        w.clock.advance(60)
        asked = len(w.store.faults.seen)
        assert await work_all_due(await w.bridge()) == 0
        assert (w.calls(), len(w.store.faults.seen)) == ([], asked)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_copy_whose_status_can_t_be_read_is_known_by_its_other_answers(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        await w.stop()
        w.store.home = COPY
        w.store.faults.plan(Fault.ERROR_BEFORE, path="/system_status", times=10**6)
        await staff_complete(w, it)
        assert COPY in await refused(w)
        assert w.books(it) == (TOTAL, 0, 0)


async def test_a_new_key_or_a_lost_permission_is_no_other_shop(tmp_path: Path, alerts: list[Any]) -> None:
    async with known_order(tmp_path) as (w, it):
        await w.stop()
        w.store.doorman.keys["ck_new"] = Key(secret="cs_new")
        w.changes |= {"consumer_key": "ck_new", "consumer_secret": "cs_new"}
        w.store.faults.plan(Fault.ERROR_BEFORE, path="/system_status", times=10**6)
        await staff_complete(w, it)
        assert (w.books(it), alerts) == ((0, TOTAL, 0), [])


@pytest.mark.on_sqlite
async def test_a_cloned_server_is_refused_without_a_word_to_the_shop(
    tmp_path: Path, machine: Machine, alerts: list[Any]
) -> None:
    async with known_order(tmp_path) as (w, it):
        await w.stop()
        machine.becomes("aaaa19c7c4c5404aaa1f6d2a48adfda4", eth0="52:54:00:00:00:02")
        w.store.faults.seen.clear()
        await staff_complete(w, it)
        assert (w.calls(), w.store.faults.seen, w.books(it)) == ([], [], (TOTAL, 0, 0))
        assert "the database was begun on" in await refused(w)
        assert [alert["event"] for alert in alerts] == ["store.alert"]


@pytest.mark.on_sqlite
@pytest.mark.parametrize(
    ("machine_id", "card", "same"),
    [
        ("3d1219c7c4c5404aaa1f6d2a48adfda4", "52:54:00:00:00:01", True),
        ("3d1219c7c4c5404aaa1f6d2a48adfda4", "52:54:00:00:00:02", False),
        ("", "52:54:00:00:00:01", False),
        (None, "52:54:00:00:00:01", False),
    ],
)
async def test_machine_id_and_network_card_make_the_machine(
    tmp_path: Path, machine: Machine, machine_id: str | None, card: str, same: bool
) -> None:
    async with known_order(tmp_path) as (w, it):
        await w.stop()
        machine.becomes(machine_id, eth0=card)
        await staff_complete(w, it)
        assert w.books(it) == ((0, TOTAL, 0) if same else (TOTAL, 0, 0))


@pytest.mark.on_sqlite
async def test_a_container_without_machine_id_is_bound_to_the_shop_alone(tmp_path: Path, machine: Machine) -> None:
    machine.becomes(None, eth0="00:00:00:00:00:00")
    async with known_order(tmp_path) as (w, it):
        await staff_complete(w, it)
        assert w.books(it) == (0, TOTAL, 0)


@pytest.mark.on_sqlite
async def test_what_is_kept_of_the_machine_tells_nobody_its_id(tmp_path: Path, machine: Machine) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        await w.stop()
        kept = (tmp_path / "bridge.sqlite3").read_bytes()
        assert b'"cards":["' in kept
        assert [word for word in (b"3d1219c7", b"52:54:00") if word in kept] == []


async def test_a_renamed_shop_is_recognised_by_its_orders_and_so_is_a_copy(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        for _ in range(23):
            w.place()
        unplaced = w.store.create_order({"MUGG": 1}, payment_method="bacs", status="processing")
        await w.cycle()
        unit = await w.bridge()
        found = await resemblance(unit.store, unit.methods)
        assert (found.known, found.same, found.others) == (20, 20, 0)
        for order in range(unplaced - 8, unplaced):
            w.store.delete(order)
        found = await resemblance(unit.store, unit.methods)
        assert (found.same, found.is_the_shop) == (12, True)


async def test_another_shop_with_orders_of_its_own_is_not_taken_for_it(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _), world(tmp_path) as other:
        for _ in range(3):
            w.place()
        await w.cycle()
        await w.stop()
        other.clock.advance(60)
        for _ in range(9):
            other.place()
        w.changes["url"] = other.urls[0]
        unit = await w.bridge()
        found = await resemblance(unit.store, unit.methods)
        assert (found.known, found.same, found.others, found.is_the_shop) == (4, 0, 4, False)
