"""Two daemons on one PostgreSQL: no store is worked on by both, and none is left alone by both."""

import asyncio
import json
import signal
import socket
import time
from pathlib import Path

import aiohttp
import pytest

from bridge.sandbox.faults import Fault
from bridge.web.signature import HEADER, signature
from bridge.web.webhooks import delivery_url
from tests import databases
from tests.commands.shop import Daemon, Ran, typed, until
from tests.several.place import TOTAL, Place, open_place
from tests.web.bridge import free_port

pytestmark = [pytest.mark.on_postgresql(alone=True), pytest.mark.usefixtures("database")]


async def test_daemon_that_is_killed_in_the_middle_of_a_call_is_followed_by_the_other(tmp_path: Path) -> None:
    async with open_place(tmp_path, 1) as place, place.daemon("A") as first, place.daemon("B") as second:
        [(name, shop)] = place.shops.items()
        order, payment = await known(place, name)
        shop.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
        shop.store.set_status(order, "completed")
        await until(lambda: shop.resurs.books(payment).captured > 0)
        await first.stop(signal.SIGKILL)
        died = time.monotonic()
        await second.says("store.taken")
        assert time.monotonic() - died < 30
        await second.says("action.done")
        await until(lambda: len(notes(place, name, order)) > 0)
        assert (await second.stop()).code == 0
        [action] = await place.fetch("SELECT state, attempts, kind FROM actions")
        assert tuple(action) == ("done", 1, "capture")
        assert place.captures(name, payment) == ["A"]
        assert shop.resurs.books(payment).captured == TOTAL
        assert len(notes(place, name, order)) == 1
        assert place.by_turns(name) == "AB"
        told = await place.fetch("SELECT text FROM events WHERE topic IN ('called', 'answered') ORDER BY id")
        assert [row["text"].partition(",")[0].partition(":")[0] for row in told] == [
            "capture 81125 SEK (minor units)",
            "outcome unknown",
            "capture is done",
        ]


async def test_daemon_that_was_asleep_for_longer_than_its_lease_asks_nobody_for_what_it_has_lost(
    tmp_path: Path,
) -> None:
    """One store each: before a call, within one, and in the middle of a poll."""
    async with open_place(tmp_path, 3) as place, place.daemon("A") as sleeper:
        before, within, polling = place.shops
        placed = await all_known(place)
        place.shops[before].resurs.faults.plan(Fault.SLOW, method="GET", path="/payments/")
        place.shops[within].resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
        place.shops[polling].store.faults.plan(Fault.SLOW, path="/orders$")
        for name, (order, _) in placed.items():
            place.shops[name].store.set_status(order, "completed")
        await until(lambda: all(spent(place, name) for name in place.shops))
        sleeper.process.send_signal(signal.SIGSTOP)
        async with place.daemon("B") as other:
            asked = len(place.asked)
            await until(lambda: all(captured(place, name, payment) for name, (_, payment) in placed.items()))
            await until(
                lambda: all({who for who, at, _ in place.asked[asked:] if at == name} for name in place.shops)
            )
            for shop in place.shops.values():
                shop.store.faults.release.set()
                shop.resurs.faults.release.set()
            sleeper.process.send_signal(signal.SIGCONT)
            await said(sleeper, "lease.lost", 3)
            assert (await sleeper.stop()).code == 0
            assert [it for it in place.asked[asked:] if it[0] == "A"] == []
            calls = {name: place.captures(name, payment) for name, (_, payment) in placed.items()}
            assert calls == {before: ["B"], within: ["A"], polling: ["B"]}
            await until(lambda: all(len(notes(place, name, order)) == 1 for name, (order, _) in placed.items()))
            assert (await other.stop()).code == 0
        states = await place.fetch("SELECT state, attempts FROM actions")
        assert [tuple(row) for row in states] == [("done", 1)] * 3


async def test_stores_are_shared_out_and_handed_over_and_never_worked_on_by_two(tmp_path: Path) -> None:
    """A rolling restart: what staff do meanwhile is done once, by whoever has the store."""
    async with open_place(tmp_path, 10, "ABC") as place:
        async with place.daemon("A") as first:
            placed = await all_known(place)
            async with place.daemon("B") as second:
                await complete_half(place, placed, 0)
                await said(second, "store.taken", 5)
                assert sorted(await shares(place)) == [5, 5]
                began = time.monotonic()
                assert (await first.stop()).code == 0
                await said(second, "store.taken", 10)
                assert time.monotonic() - began < 60
                async with place.daemon("C") as third:
                    await complete_half(place, placed, 1)
                    assert (await second.stop()).code == 0
                    await said(third, "store.taken", 10)
                    await until(lambda: all(captured(place, name, it[1]) for name, it in placed.items()))
                    assert (await third.stop()).code == 0
        turns = {name: place.by_turns(name) for name in place.shops}
        assert {name: "".join(sorted(set(turn))) for name, turn in turns.items()} == turns, "nobody comes back"
        assert set("".join(turns.values())) == set("ABC")
        assert all(len(place.captures(name, payment)) == 1 for name, (_, payment) in placed.items())
        assert all(len(notes(place, name, order)) <= 1 for name, (order, _) in placed.items())


async def test_daemon_goes_on_by_itself_after_the_database_was_away_and_calls_nobody_meanwhile(
    tmp_path: Path,
) -> None:
    async with open_place(tmp_path, 1, "A") as place, place.daemon("A") as daemon:
        [(name, shop)] = place.shops.items()
        order, payment = await known(place, name)
        async with databases.out_of_reach(place.database):
            shop.store.set_status(order, "completed")
            await daemon.says("leases.not_renewed")
            await daemon.says("lease.lost")
            assert place.captures(name, payment) == []
        await daemon.says("store.taken")
        await until(lambda: captured(place, name, payment))
        assert place.captures(name, payment) == ["A"]
        assert (await daemon.stop()).code == 0


async def test_hint_to_a_daemon_that_does_not_have_the_store_reaches_the_one_that_has(tmp_path: Path) -> None:
    """Which polls but once an hour."""
    async with open_place(tmp_path, 1) as place:
        [(name, shop)] = place.shops.items()
        assert (await once(place, "A")).code == 0
        order, payment = shop.place()
        assert (await once(place, "A")).code == 0
        place.changes = {"poll": {"interval": "1h", "sweep": "1h"}, "webhook_secret": "a secret"}
        port = free_port()
        place.web = {"B": {"listen": f"127.0.0.1:{port}"}}
        polled = polls(place, name)
        async with place.daemon("A") as first, place.daemon("B") as second, aiohttp.ClientSession() as session:
            await until(lambda: polls(place, name) > polled + 1)  # the trash too: it does so no more
            shop.store.set_status(order, "completed")
            for about in (order, 1_000_000):
                body = json.dumps({"id": about}).encode()
                headers = {HEADER: signature("a secret", body), "X-WC-Webhook-Topic": "order.updated"}
                url = delivery_url(f"http://127.0.0.1:{port}", name)
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 202
            await until(lambda: captured(place, name, payment))
            assert place.by_turns(name) == "A"
            assert [(await it.stop()).code for it in (first, second)] == [0, 0]


async def test_commands_beside_a_daemon_say_who_works_on_a_store_and_leave_it_alone(tmp_path: Path) -> None:
    async with open_place(tmp_path, 2, "AB") as place:
        mine, free = place.shops
        of_both = place.doors["A"]
        place.doors["A"] = {mine: of_both[mine]}
        async with place.daemon("A") as daemon:
            await known(place, mine)
            ran = await once(place, "B")
            status = await asyncio.to_thread(typed, "status", "--json", "--settings", str(place.settings("B")))
            shown = await asyncio.to_thread(typed, "status", "--settings", str(place.settings("B")))
            assert (await daemon.stop()).code == 0
        by = f"{socket.gethostname()} (process {daemon.process.pid}) since "
        assert ran.code == 3
        assert f"wc-bridge: store {mine} is worked on by another wc-bridge on {by}" in ran.err
        assert ran.err.count("\n") == 1
        workers = {store["store"]: store["worker"] for store in status.json}
        assert (workers[mine]["host"], workers[mine]["pid"]) == (socket.gethostname(), daemon.process.pid)
        assert workers[free] is None
        assert f"worked on by {socket.gethostname()}, process {daemon.process.pid}, since" in shown.out
        assert (place.by_turns(mine), place.by_turns(free)) == ("A", "B")


async def once(place: Place, daemon: str) -> Ran:
    return await asyncio.to_thread(typed, "once", "--wait", "0s", "--settings", str(place.settings(daemon)))


async def complete_half(place: Place, placed: dict[str, tuple[int, str]], which: int) -> None:
    for name in list(placed)[which::2]:
        place.shops[name].store.set_status(placed[name][0], "completed")


async def test_new_settings_are_taken_up_by_both_and_no_call_is_lost_between_them(tmp_path: Path) -> None:
    """Each store is worked on by one at any moment, whoever that is while both load; the first is in a call."""
    async with open_place(tmp_path, 2) as place, place.daemon("A") as first, place.daemon("B") as second:
        placed = await all_known(place)
        slow, _ = place.shops
        place.shops[slow].resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
        for name, (order, _) in placed.items():
            place.shops[name].store.set_status(order, "completed")
        await until(lambda: all(captured(place, name, payment) for name, (_, payment) in placed.items()))
        place.changes["language"] = "sv"
        for daemon, name in ((first, "A"), (second, "B")):
            assert place.settings(name)
            daemon.process.send_signal(signal.SIGHUP)
        place.shops[slow].resurs.faults.release.set()
        for daemon in (first, second):
            await said(daemon, "settings.loaded", 1)
        await until(lambda: all(len(notes(place, name, order)) == 1 for name, (order, _) in placed.items()))
        for daemon in (first, second):
            assert (await daemon.stop()).code == 0
        assert all(len(place.captures(name, payment)) == 1 for name, (_, payment) in placed.items())
        states = await place.fetch("SELECT state, attempts FROM actions")
        assert [tuple(row) for row in states] == [("done", 1)] * 2


async def said(daemon: Daemon, event: str, count: int) -> None:
    """Wait until the daemon's log has so many of these."""
    async with asyncio.timeout(60):
        while daemon.err.count(f'"{event}"') < count:
            assert daemon.process.stderr is not None
            daemon.err += (await daemon.process.stderr.readline()).decode()


async def shares(place: Place) -> list[int]:
    """How many stores each process works on."""
    rows = await place.fetch("SELECT count(*) FROM leases WHERE until > clock_timestamp() GROUP BY pid")
    return [row["count"] for row in rows]


async def known(place: Place, name: str) -> tuple[int, str]:
    """An order that a daemon has seen to agree with its payment."""
    await until(lambda: polls(place, name) > 1)
    order, payment = place.shops[name].place()
    await until(
        lambda: any(what.endswith(f"/payments/{payment}") for _, where, what in place.asked if where == name)
    )
    return order, payment


async def all_known(place: Place) -> dict[str, tuple[int, str]]:
    """One order each of all shops."""
    return dict(zip(place.shops, await asyncio.gather(*(known(place, name) for name in place.shops)), strict=True))


def polls(place: Place, name: str) -> int:
    return sum(what.endswith("/orders") for _, where, what in place.asked if where == name)


def spent(place: Place, name: str) -> bool:
    """Whether the faults that were planned have come about."""
    shop = place.shops[name]
    return not any(planned.times for it in (shop.store, shop.resurs) for planned in it.faults.planned)


def captured(place: Place, name: str, payment: str) -> bool:
    return place.shops[name].resurs.books(payment).captured == TOTAL


def notes(place: Place, name: str, order: int) -> list[str]:
    return [note.text for note in place.shops[name].store.notes(order) if "(wc-bridge " in note.text]
