"""`run`: the daemon from its start to its end."""

import json
import signal
import sqlite3
import time
from pathlib import Path

from bridge.sandbox.faults import Fault
from tests.commands.shop import Shop, open_shop, started, until


async def test_it_carries_a_change_over_and_ends_0_on_sigterm(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    async with shop.daemon() as daemon:
        await daemon.says("action.answer")
        ran = await daemon.stop()
    assert (ran.code, ran.out) == (0, "")
    assert shop.resurs.books(payment).captured == 81125
    [line] = [json.loads(it) for it in ran.err.splitlines() if "alerts.nowhere" in it]
    assert (line["level"], "Set alerts.email.to" in line["problem"]) == ("warning", True)


async def test_a_second_worker_is_refused_with_one_line(shop: Shop) -> None:
    async with shop.daemon() as daemon:
        async with started("run", "--settings", str(shop.path)) as second:
            refused = [await second.ended(), await shop.types("once")]
        await daemon.stop()
    for ran in refused:
        assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1)
        assert f"another wc-bridge works on {shop.database} already" in ran.err


async def test_commands_work_beside_it(shop: Shop) -> None:
    order, _ = await shop.known(reserved="100.00")
    shop.store.set_status(order, "completed")
    async with shop.daemon() as daemon:
        await until(lambda: bool(held(shop)))
        assert (await shop.types("status")).code == 1
        assert (await shop.types("once", "--dry-run", "--wait", "0s")).code == 1
        assert (await shop.types("drop", "--order", "butiken", str(order), "--why", "test", "--yes")).code == 0
        await until(lambda: not held(shop))
        assert (await daemon.stop(signal.SIGINT)).code == 0
    story = (await shop.types("order", "butiken", str(order), "--json")).json["story"]
    assert ("person", "capture dropped: test") in [(event["topic"], event["text"]) for event in story]


def held(shop: Shop) -> list[tuple[int]]:
    database = sqlite3.connect(shop.database)
    found = database.execute("SELECT id FROM actions WHERE state = 'held'").fetchall()
    database.close()
    return found


async def test_slow_call_is_recorded_as_unknown_at_the_end_and_settled_by_the_next(shop: Shop) -> None:
    """The provider never answers; the process ends by itself in time, and nothing is paid twice."""
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
    async with shop.daemon() as daemon:
        await daemon.says("action.call")
        await until(lambda: shop.resurs.books(payment).captured > 0)
        began = time.monotonic()
        ran = await daemon.stop()
        assert time.monotonic() - began < 10
    assert ran.code == 0
    [action] = await shop.actions()
    assert (action["state"], action["attempts"]) == ("unknown", 1)
    await shop.types("once")
    [action] = await shop.actions()
    assert (action["state"], action["attempts"]) == ("done", 1)
    assert shop.resurs.books(payment).captured == 81125


async def test_killed_in_the_middle_of_a_call_it_settles_it_at_the_next_start(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
    async with shop.daemon() as daemon:
        await daemon.says("action.call")
        await until(lambda: shop.resurs.books(payment).captured > 0)
        await daemon.stop(signal.SIGKILL)
    [action] = await shop.actions()
    assert action["state"] == "running"
    await shop.types("once")
    [action] = await shop.actions()
    assert (action["state"], action["attempts"]) == ("done", 1)


async def test_store_that_is_down_ends_nothing_and_holds_up_no_other(shop: Shop, tmp_path: Path) -> None:
    async with open_shop(tmp_path, "butiken-2") as other:
        order, payment = await shop.known()
        shop.store.set_status(order, "completed")
        down = {**other.only, "url": "http://127.0.0.1:9"}
        slow = {**other.only, "name": "butiken-3"}
        other.store.faults.plan(Fault.SLOW, times=99)
        shop.settings["stores"] = [down, slow, shop.only]
        async with shop.daemon() as daemon:
            await daemon.says("action.answer")
            await daemon.says("poll.failed")
            ran = await daemon.stop()
        assert ran.code == 0
        assert "store butiken-2 can't be reached" in ran.err
        assert shop.resurs.books(payment).captured == 81125


async def test_settings_without_stores_say_what_to_do(shop: Shop) -> None:
    shop.settings["stores"] = []
    ran = await shop.types("run")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "there is no store to watch: add one under `stores:` with name, url" in ran.err


async def test_interrupted_once_ends_130_and_leaves_the_call_unknown(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
    async with started("once", "--settings", str(shop.path)) as once:
        await until(lambda: shop.resurs.books(payment).captured > 0)
        ran = await once.stop(signal.SIGINT)
    assert (ran.code, ran.err.strip()) == (130, "wc-bridge: stopped")
    [action] = await shop.actions()
    assert action["state"] == "unknown"
