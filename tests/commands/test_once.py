"""`once`: one full cycle, in the foreground."""

import time
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from bridge.db.journal import Journal
from bridge.db.listings import Listings
from bridge.sandbox.faults import Fault
from tests.commands.shop import Shop


async def test_completed_order_is_captured_and_told(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    ran = await shop.types("once")
    assert (ran.code, ran.err) == (0, "")
    assert shop.resurs.books(payment).captured == 81125
    assert f"{shop.only['name']} order {order}: capture 811.25 SEK: done ({order}C81125)" in ran.out
    assert ran.last == "0 due later"


async def test_json_is_all_that_stands_on_stdout(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    told = (await shop.types("once", "--json")).json
    assert [(it["order"], it["kind"], it["state"]) for it in told["actions"]] == [(order, "capture", "done")]
    assert [(it["problem"], it["later"], it["next_due"]) for it in told["stores"]] == [("", 0, None)]


async def test_what_is_due_after_the_wait_is_counted_and_left(shop: Shop) -> None:
    shop.only["settle"]["change"] = "1h"
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    began = time.monotonic()
    ran = await shop.types("once", "--wait", "60s")
    assert time.monotonic() - began < 40, "nothing is due within the wait, so it does not wait"
    assert ran.last.startswith("1 due later, the next at ")
    assert shop.resurs.books(payment).captured == 0


async def test_what_becomes_due_within_the_wait_is_done(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.only["settle"]["change"] = "1s"
    shop.store.set_status(order, "completed")
    ran = await shop.types("once", "--wait", "8s")
    assert ran.last == "0 due later"
    assert shop.resurs.books(payment).captured == 81125


async def test_slow_call_is_cut_off_at_the_end_of_the_wait_and_settled_by_the_next(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.SLOW, method="POST", path="/capture")
    began = time.monotonic()
    ran = await shop.types("once", "--wait", "2s")
    assert time.monotonic() - began < 20, "the call itself would take 30 s to give up"
    assert ran.last.startswith("1 due later")
    [action] = await shop.actions()
    assert (action["state"], action["attempts"]) == ("unknown", 1)
    await shop.types("once")
    [action] = await shop.actions()
    assert (action["state"], action["attempts"]) == ("done", 1)
    assert shop.resurs.books(payment).captured == 81125


async def test_dry_run_shows_what_it_would_do_and_writes_nothing(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    before, written = shop.files(), shop.writes()
    ran = await shop.types("once", "--dry-run")
    assert ran.code == 0
    assert f"order {order}: would capture 811.25 SEK ({order}C81125)" in ran.out
    assert shop.writes() == written
    assert shop.files() == before
    assert shop.resurs.books(payment).captured == 0


async def test_dry_run_keeps_back_a_note_that_waits(shop: Shop) -> None:
    """A note whose writing failed is due in the rehearsal's copy too."""
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    shop.store.faults.plan(Fault.BUSY, method="POST", path="/notes", times=9)
    await shop.types("once", "--wait", "1s")
    shop.store.faults.planned.clear()
    written = shop.writes()
    await shop.types("once", "--dry-run")
    assert shop.writes() == written
    await shop.types("once", "--wait", "30s")
    assert [note.text for note in shop.store.notes(order) if "(wc-bridge " in note.text]


async def test_dry_run_needs_no_database(shop: Shop) -> None:
    ran = await shop.types("once", "--dry-run")
    assert (ran.code, shop.database.exists()) == (0, False)


async def test_store_that_answers_html_is_one_line(shop: Shop) -> None:
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    shop.store.faults.plan(Fault.HTML_BEFORE, times=99)
    began = time.monotonic()
    ran = await shop.types("once")
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "store butiken answers GET" in ran.err
    assert time.monotonic() - began < 60, "a shop that answers nonsense is not waited for"
    assert shop.resurs.books(payment).captured == 0


async def test_store_that_is_down_is_one_line(shop: Shop) -> None:
    shop.only["url"] = "http://127.0.0.1:9"
    ran = await shop.types("once")
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "store butiken can't be reached" in ran.err


async def test_provider_that_is_down_is_told_and_holds_nothing(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    shop.resurs.faults.plan(Fault.ERROR_BEFORE, method="GET", times=99)
    ran = await shop.types("once", "--wait", "1s")
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "Resurs answered HTTP 500; 1 order waiting for it" in ran.err
    assert ran.last.startswith("1 due later")


async def test_what_needs_attention_ends_it_with_1(shop: Shop) -> None:
    order, _ = await shop.known(reserved="100.00")
    shop.store.set_status(order, "completed")
    assert (await shop.types("once", "--wait", "0s")).code == 1


async def test_settings_without_stores_say_what_to_do(shop: Shop) -> None:
    shop.settings["stores"] = []
    ran = await shop.types("once")
    assert (ran.code, ran.out) == (2, "")
    assert "add one under `stores:`" in ran.err


async def test_shop_that_has_not_answered_when_the_time_is_up_is_no_success(shop: Shop) -> None:
    await shop.known()
    shop.store.faults.plan(Fault.SLOW, path="/orders", times=99)
    ran = await shop.types("once", "--wait", "2s")
    assert ran.code == 3
    assert "the time was up before store butiken had answered" in ran.err


@pytest.mark.parametrize(("where", "write"), [(Listings, "commit_sights"), (Journal, "commit_look")])
async def test_database_that_is_full_is_one_line(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, where: type, write: str
) -> None:
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")

    async def full(*_: Any, **__: Any) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(where, write, full)
    ran = await shop.types("once", "--wait", "1s")
    said = f"the database sqlite://{shop.database} can't be used: database or disk is full"
    assert (ran.code, ran.out, ran.err) == (3, "", f"wc-bridge: {said}\n")
