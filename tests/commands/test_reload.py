"""SIGHUP to the running daemon: new settings are taken whole or not at all, and no call under way is cut off."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

from bridge.sandbox.faults import Fault
from bridge.sandbox.store.auth import Key
from tests.commands.shop import Daemon, Shop, open_shop, typed, until
from tests.web.bridge import free_port

LOADED, REFUSED = "settings.loaded", "settings.refused"


def events(daemon: Daemon, name: str) -> list[Any]:
    found = [json.loads(line) for line in daemon.err.splitlines()]
    return [event for event in found if event["event"] == name]


async def hangs_up(daemon: Daemon, outcome: str) -> Any:
    """Have the daemon load its settings anew, and return what it says of that."""
    before = len(events(daemon, outcome))
    daemon.process.send_signal(signal.SIGHUP)
    while len(events(daemon, outcome)) == before:
        assert daemon.process.stderr is not None
        line = (await daemon.process.stderr.readline()).decode()
        assert line, f"it ended: {daemon.err}"
        daemon.err += line
    return events(daemon, outcome)[-1]


def polls(shop: Shop) -> int:
    return sum("orderby=modified" in path for _, path in shop.store.faults.seen)


def notes(shop: Shop, order: int) -> str:
    return " ".join(note.text for note in shop.store.notes(order))


async def test_call_under_way_ends_and_is_recorded_and_then_the_new_settings_hold(
    shop: Shop, tmp_path: Path
) -> None:
    """The other store, of which nothing has changed, is polled all the while by the same work."""
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    async with open_shop(other_folder, "other") as other:
        order, payment = await shop.known()
        later, later_payment = await shop.known()
        shop.settings["stores"].append(other.only)
        shop.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
        shop.store.set_status(order, "completed")
        async with shop.daemon() as daemon:
            await until(lambda: shop.resurs.books(payment).captured > 0)
            shop.only["language"] = "sv"
            assert shop.path
            daemon.process.send_signal(signal.SIGHUP)
            shop.store.set_status(later, "completed")
            asked, polled = len(shop.store.faults.seen), polls(other)
            await until(lambda: polls(other) >= polled + 4)
            assert len(shop.store.faults.seen) == asked, "no new work begins while the call is under way"
            assert shop.resurs.books(later_payment).captured == 0
            shop.resurs.faults.release.set()
            await daemon.says(LOADED)
            await until(lambda: "har debiterats" in notes(shop, later))
            ran = await daemon.stop()
            daemon.err = ran.err
        assert ran.code == 0
        [loaded] = events(daemon, LOADED)
        assert (loaded["added"], loaded["removed"], loaded["changed"]) == ([], [], ["butiken"])
        assert [event["store"] for event in events(daemon, "store.taken")] == ["butiken"]
        found = [(action["order"], action["state"], action["attempts"]) for action in await shop.actions()]
        assert found == [(order, "done", 1), (later, "done", 1)]
        assert shop.resurs.books(later_payment).captured == 81125


async def test_sigterm_while_a_call_is_waited_for_is_heard_in_time(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
    shop.store.set_status(order, "completed")
    async with shop.daemon() as daemon:
        await until(lambda: shop.resurs.books(payment).captured > 0)
        shop.only["language"] = "sv"
        assert shop.path
        daemon.process.send_signal(signal.SIGHUP)
        asked = len(shop.store.faults.seen)
        began = time.monotonic()
        ran = await daemon.stop()
        assert time.monotonic() - began < 10
    assert (ran.code, len(shop.store.faults.seen)) == (0, asked)
    assert [action["state"] for action in await shop.actions()] == ["unknown"]


async def test_what_can_not_be_gone_by_is_refused_and_said_until_it_is_good(shop: Shop) -> None:
    order, payment = await shop.known()
    good = json.loads(json.dumps(shop.settings))
    port = free_port()
    refusals: list[tuple[Any, ...]] = [
        (("stores", 0, "mode"), "lve", "stores[0].mode: must be shadow or live; found 'lve'"),
        (("stores",), [], "there is no store to watch"),
        (("database",), f"sqlite://{shop.folder}/o.sqlite3", "can't go over to another database: restart it"),
        (("web",), {"listen": f"127.0.0.1:{port}"}, f"restart it to listen on 127.0.0.1:{port}"),
        (("stores", 0, "consumer_key"), "${NOT_THERE}", "the environment variable NOT_THERE is not set"),
        (("stores", 0, "webhook_secret"), {"file": "gone"}, "the file gone can't be read"),
        (("stores", 0, "providers", 1, "api_key"), "nyckeln-är", "api_key must be plain printable text"),
    ]
    async with shop.daemon() as daemon:
        for way, value, said in refusals:
            shop.settings = json.loads(json.dumps(good))
            place: Any = shop.settings
            for step in way[:-1]:
                place = place[step]
            place[way[-1]] = value
            assert shop.path
            event = await hangs_up(daemon, REFUSED)
            assert (event["level"], said in " ".join(event["problems"])) == ("error", True), event
        shop.settings = good
        await check_broken(shop, daemon)
        shown = await shop.types("status")
        assert shown.code == 1
        assert "butiken: new settings were refused" in shown.out
        shop.store.set_status(order, "completed")
        await until(lambda: shop.resurs.books(payment).captured == 81125)
        assert "store.taken" not in daemon.err, "nothing of all that has disturbed it"
        loaded = await hangs_up(daemon, LOADED)
        assert (loaded["added"], loaded["removed"], loaded["changed"]) == ([], [], [])
        [store] = (await shop.types("status", "--json")).json
        assert store["refused_settings"] is None
        await daemon.stop()


async def check_broken(shop: Shop, daemon: Daemon) -> None:
    """While the file is no YAML at all, `status` still tells how the stores stand, and ends with 2."""
    path = break_off(shop.path)
    event = await hangs_up(daemon, REFUSED)
    ran = await asyncio.to_thread(typed, "status", "--json", "--settings", str(path))
    assert ran.code == 2
    assert event["problems"] == ran.json[0]["refused_settings"]["problems"] == [ran.err.strip()[11:]]


def break_off(path: Path) -> Path:
    path.write_text(path.read_text(encoding="utf-8").replace('"name"', "\t'name"), encoding="utf-8")
    return path


async def test_stores_come_and_go_and_secrets_in_files_are_read_again(shop: Shop, tmp_path: Path) -> None:
    secret = tmp_path / "cs"
    secret.write_text("cs_sandbox", encoding="utf-8")
    shop.only["consumer_secret"] = {"file": str(secret)}
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    async with open_shop(other_folder, "other") as other:
        order, payment = await shop.known()
        async with shop.daemon() as daemon:
            shop.settings["stores"].append(other.only)
            assert shop.path
            assert (await hangs_up(daemon, LOADED))["added"] == ["other"]
            await until(lambda: polls(other) > 2)
            shop.store.doorman.keys["ck_sandbox"] = Key(secret="cs_another")
            secret.write_text("cs_another", encoding="utf-8")
            shop.settings["stores"].pop()
            assert shop.path
            loaded = await hangs_up(daemon, LOADED)
            assert (loaded["removed"], loaded["changed"]) == (["other"], ["butiken"])
            gone = len(other.store.faults.seen)
            shop.store.set_status(order, "completed")
            await until(lambda: shop.resurs.books(payment).captured == 81125)
            assert len(other.store.faults.seen) == gone
            assert (await daemon.stop()).code == 0
