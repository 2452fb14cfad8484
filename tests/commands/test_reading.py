"""`status`, `actions` and `order` read what is there, and do nothing else."""

import os
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.sandbox.faults import Fault
from tests.commands.shop import Shop

FIELDS = [
    *("id", "key", "store", "order", "order_number", "kind", "state", "amount", "target", "currency", "refund"),
    *("reason", "attempts", "created", "updated", "provider", "reference", "next_try"),
]


async def with_something_held(shop: Shop) -> tuple[int, int]:
    """One order captured, one that needs a person."""
    done, _ = await shop.known()
    held, _ = shop.place(reserved="100.00")
    for order in (done, held):
        shop.store.set_status(order, "completed")
    await shop.types("once", "--wait", "2s")
    return done, held


async def test_actions_have_exactly_their_stable_fields(shop: Shop) -> None:
    done, held = await with_something_held(shop)
    found = await shop.actions()
    assert [list(action) for action in found] == [FIELDS, FIELDS]
    assert [(it["order"], it["state"], it["amount"]) for it in found] == [
        (done, "done", 81125),
        (held, "held", 10000),
    ]
    assert {type(action["amount"]) for action in found} == {int}


async def test_actions_are_chosen_by_state_and_by_order(shop: Shop) -> None:
    done, held = await with_something_held(shop)
    assert [action["order"] for action in await shop.actions("--state", "held")] == [held]
    assert [action["order"] for action in await shop.actions("--order", str(done))] == [done]
    assert await shop.actions("--order", "999") == []
    assert (await shop.types("actions", "--state", "waiting")).out == "no such actions\n"


async def test_status_tells_of_each_store_and_ends_1_when_a_person_is_needed(shop: Shop) -> None:
    _, held = await with_something_held(shop)
    ran = await shop.types("status", "--json")
    [store] = ran.json
    assert ran.code == 1
    assert (store["store"], store["mode"], store["orders"]) == ("butiken", "live", 2)
    assert store["lag"] < 60
    assert (store["actions"]["done"], store["actions"]["held"]) == (1, 1)
    [item] = store["attention"]
    assert (item["order"], item["reason"], item["action"]) == (held, "less-reserved", 2)


async def test_status_ends_0_when_all_is_well_and_3_before_the_first_cycle(shop: Shop) -> None:
    assert (await shop.types("status")).code == 3
    await shop.known()
    ran = await shop.types("status")
    assert (ran.code, ran.err) == (0, "")
    assert "nothing needs attention" in ran.out


async def test_status_names_a_provider_that_can_not_be_read(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.ERROR_BEFORE, method="GET", times=99)
    await shop.types("once", "--wait", "1s")
    ran = await shop.types("status")
    assert ran.code == 1
    assert "Resurs is down: no answer since 20" in ran.out
    assert "1 order waiting; Resurs answered HTTP 500" in " ".join(ran.out.split())


async def test_status_keeps_a_store_that_settings_have_lost(shop: Shop) -> None:
    await shop.known()
    shop.only["name"] = "annan"
    out = (await shop.types("status")).out
    assert "annan  live  never polled" in out
    assert "butiken  live not in settings.yaml any more" in out


async def test_order_tells_its_whole_story(shop: Shop) -> None:
    done, _ = await with_something_held(shop)
    told = (await shop.types("order", "butiken", str(done), "--json")).json
    assert {event["topic"] for event in told["story"]} == {"seen", "decided", "called", "answered", "noted"}
    assert told["payment"]["captured"] == 81125
    text = (await shop.types("order", "butiken", str(done))).out
    for event in told["story"]:
        assert " ".join(event["text"].split()[:3]) in text


async def test_order_that_is_not_known_is_one_line(shop: Shop) -> None:
    await shop.known()
    ran = await shop.types("order", "butiken", "999")
    assert (ran.code, ran.err) == (
        2,
        "wc-bridge: order 999 of store butiken is not known: see `wc-bridge status`\n",
    )
    ran = await shop.types("order", "boutique", "999")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no store 'boutique' in the settings: there is butiken" in ran.err


async def test_text_fits_80_columns(shop: Shop) -> None:
    done, _ = await with_something_held(shop)
    for words in (["status"], ["actions"], ["order", "butiken", str(done)]):
        out = (await shop.types(*words)).out
        assert max(map(len, out.splitlines())) <= 80, out
        assert "\x1b" not in out
        assert "…" not in out, "nothing is cut off"


@pytest.mark.parametrize("words", [["status"], ["actions"], ["order", "butiken", "7"], ["approve", "7", "--yes"]])
async def test_no_database_is_made_behind_the_administrator_s_back(shop: Shop, words: list[str]) -> None:
    ran = await shop.types(*words)
    said = f"no database yet at sqlite://{shop.database}: `wc-bridge run` or `wc-bridge once` makes it"
    assert (ran.code, ran.out, ran.err) == (3, "", f"wc-bridge: {said}\n")
    assert not shop.database.exists()


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ("DELETE FROM tortoise_migrations", 3, "no database yet"),
        ("INSERT INTO tortoise_migrations VALUES (99, 'bridge', '9999_later', '2026-01-01')", 2, "a newer version"),
    ],
)
async def test_database_of_another_version_is_left_as_it_is(shop: Shop, change: str, code: int, said: str) -> None:
    await shop.known()
    with sqlite3.connect(shop.database) as database:
        database.execute(change)
    database.close()
    before = shop.database.read_bytes()
    ran = await shop.types("status")
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert said in ran.err
    assert shop.database.read_bytes() == before


async def test_reading_needs_no_secret_and_no_remote_and_leaves_no_trace(shop: Shop) -> None:
    order, _ = await with_something_held(shop)
    for key in ("consumer_key", "consumer_secret"):
        shop.only[key] = "${WC_BRIDGE_NO_SUCH}"
    shop.only["url"] = "http://127.0.0.1:9"
    _ = shop.path
    before = shop.files()
    for words in (["status"], ["actions"], ["order", "butiken", str(order)]):
        assert (await shop.types(*words)).err == ""
    assert shop.files() == before


async def test_reading_and_writing_go_side_by_side(shop: Shop) -> None:
    """A writer in the middle of its transaction keeps nobody from reading, and is not disturbed."""
    await with_something_held(shop)
    with sqlite3.connect(shop.database, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE stores SET problem = 'half written'")
        [store] = (await shop.types("status", "--json")).json
        writer.execute("COMMIT")
    writer.close()
    assert store["problem"] == ""


async def test_reader_that_leaves_early_is_no_matter(shop: Shop, tmp_path: Path) -> None:
    """As in `wc-bridge status --json | head -1`; the exit code is still that of `status`."""
    await with_something_held(shop)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "bridge", "status", "--settings", str(shop.path)]
    for words in ([], ["--json"]):
        ran = subprocess.run([*command, *words], stdout=writing, stderr=subprocess.PIPE, check=False)  # noqa: ASYNC221, S603 (reads a file, asks nobody here)
        assert (ran.returncode, ran.stderr) == (1, b"")
    os.close(writing)


async def test_status_tells_what_is_tried_for_long_and_ends_1(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.BUSY, method="POST", path="/capture$", retry_after=3600)
    await shop.types("once", "--wait", "1s")
    assert (await shop.types("status")).code == 0
    with sqlite3.connect(shop.database) as database:
        database.execute("UPDATE actions SET created = '2026-01-02 03:04:05+00:00'")
    database.close()
    ran = await shop.types("status")
    assert ran.code == 1
    said = " ".join(ran.out.split())
    assert f"tried for long: capture of 811.25 SEK for order {order}, waiting, 1 try since 2026-01-02 03:04" in said
    [store] = (await shop.types("status", "--json")).json
    assert [late["attempts"] for late in store["tried_long"]] == [1]


async def test_key_that_may_not_write_is_an_alert_and_stands_in_status(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.only.update(consumer_key="ck_readonly", consumer_secret="cs_readonly")
    shop.store.set_status(order, "completed")
    ran = await shop.types("once", "--wait", "2s")
    assert "no note can be written" in ran.err
    assert "key ending in eadonly write: give it Read/Write" in ran.err
    told = await shop.types("status")
    assert told.code == 1
    assert "1 note is not on its order: staff do not know of it" in told.out


async def test_store_that_nobody_polls_any_more_needs_somebody(shop: Shop) -> None:
    await shop.known()
    polled = datetime.now(UTC) - timedelta(minutes=5, seconds=5)
    with sqlite3.connect(shop.database) as database:
        database.execute("UPDATE stores SET polled = ?", (str(polled),))
    database.close()
    ran = await shop.types("status")
    assert ran.code == 1
    assert "not polled for 5 min: does the daemon run? (systemctl status wc-bridge)" in ran.out
    assert "nothing needs attention" not in ran.out
    assert (await shop.types("status", "--json")).json[0]["silent"] is True
    shop.only["poll"]["interval"] = "2m"
    ran = await shop.types("status")
    assert (ran.code, "not polled" in ran.out) == (0, False)
    shop.only.update(name="annan", poll={"interval": "1s"})
    ran = await shop.types("status")
    assert (ran.code, "not polled" in ran.out) == (0, False)


async def test_actions_name_the_remote_that_orders_without_an_action_wait_for(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.ERROR_BEFORE, method="GET", times=99)
    await shop.types("once", "--wait", "1s")
    ran = await shop.types("actions")
    said = " ".join(ran.out.split())
    moment = r"20\d\d-\d\d-\d\d \d\d:\d\dZ"
    assert re.search(
        f"no actions butiken: Resurs is down since {moment}: 1 order waits to be looked at, next try {moment}$",
        said,
    )
    assert await shop.actions() == []


async def test_moments_say_that_they_are_utc(shop: Shop) -> None:
    done, _ = await with_something_held(shop)
    for words in (["status"], ["actions"], ["order", "butiken", str(done)]):
        out = (await shop.types(*words)).out
        assert re.findall(r"\d\d:\d\d\S?", out)
        assert re.findall(r"\d\d:\d\d(?!Z)", out) == []
