"""`pause` and `resume`: what is stopped is watched, and no call begins on it until a person lets it go on."""

import sys
from pathlib import Path

import pytest

from bridge.db import holds
from bridge.db.connection import existing
from bridge.db.holds import Held
from bridge.sandbox.faults import Fault
from tests import databases
from tests.commands.shop import Shop, until

TOTAL = 81125


def named(scope: str, order: int) -> tuple[str, ...]:
    return {"all": ("--all",), "store": ("butiken",), "order": ("butiken", str(order))}[scope]


@pytest.mark.parametrize("scope", ["all", "store", "order"])
async def test_what_is_paused_is_watched_and_called_when_it_goes_on(
    shop: Shop, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, payment = await shop.known()
    words = named(scope, order)
    ran = await shop.types("pause", *words, "--why", "stocktaking")
    assert (ran.code, ran.err) == (0, "")
    shop.store.set_status(order, "completed")
    ran = await shop.types("once", "--wait", "0s")
    assert ran.code == 0
    assert "paused, nothing is called: since" in ran.out
    assert [(it["kind"], it["state"], it["attempts"]) for it in await shop.actions()] == [("capture", "ready", 0)]
    assert (shop.resurs.books(payment).captured, shop.writes()) == (0, [])
    whole = scope != "order"
    ran = await shop.types("status")
    assert ran.code == int(whole)
    for shown in (ran, await shop.types("order", "butiken", str(order)), await shop.types("actions")):
        assert f"(stocktaking); `wc-bridge resume {' '.join(words)}`" in " ".join(shown.out.split())
    [paused] = (await shop.types("status", "--json")).json[0]["paused"]
    assert (paused["store"], paused["order"]) == (None if scope == "all" else "butiken", None if whole else order)
    monkeypatch.setattr(sys, "stdin", None)  # it is closed: `<&-`
    ran = await shop.types("resume", *words)
    assert (ran.code, "What waits: 1 action, 811.25 SEK [y/N]" in ran.err) == (2, True)
    ran = await shop.types("resume", *words, "--yes", "--json")
    assert (ran.code, ran.json["looked_at_again"], ran.json["still"]) == (0, 1, [])
    assert (await shop.types("once", "--wait", "0s")).code == 0
    assert shop.resurs.books(payment).captured == TOTAL
    assert (await shop.types("status", "--json")).json[0]["paused"] == []


async def test_other_orders_and_stores_go_on(shop: Shop) -> None:
    paused, _ = await shop.known()
    order, payment = await shop.known()
    await shop.types("pause", "butiken", str(paused))
    for each in (paused, order):
        shop.store.set_status(each, "completed")
    await shop.types("once", "--wait", "0s")
    assert [(it["order"], it["state"]) for it in await shop.actions()] == [(paused, "ready"), (order, "done")]
    assert shop.resurs.books(payment).captured == TOTAL


async def test_each_pause_is_taken_back_by_itself_and_the_others_are_named(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.store.set_meta(order, "wc_bridge", "pause")
    await shop.types("once", "--wait", "0s")
    scopes = [named(scope, order) for scope in ("all", "store", "order")]
    for words in scopes:
        assert (await shop.types("pause", *words)).code == 0
    ran = await shop.types("resume", "butiken", str(order), "--yes", "--json")
    everything, store, meta = ran.json["still"]
    assert "everything is paused" in everything
    assert "`wc-bridge resume butiken`" in store
    assert "the order itself says wc_bridge = pause" in meta
    ran = await shop.types("resume", "butiken", str(order), "--yes")
    assert (ran.code, "is not paused by itself: everything is paused" in ran.err) == (2, True)
    ran = await shop.types("resume", "--all", "--yes")
    assert (ran.code, "still paused, nothing is called" in ran.out) == (0, True)


async def test_resume_lets_go_what_the_guard_and_a_person_stopped_but_no_shop_that_went_back(shop: Shop) -> None:
    await shop.known()
    await shop.types("pause", "butiken")
    async with existing(f"sqlite://{shop.database}"):
        await holds.hold("butiken", Held.PLUGIN, "the plugin was seen")
    ran = await shop.types("resume", "butiken")
    assert "paused since" in ran.err
    assert "held: the plugin was seen" in ran.err
    assert (await shop.types("resume", "butiken", "--yes")).code == 0
    assert (await shop.types("status")).code == 0
    await shop.types("pause", "butiken")
    async with existing(f"sqlite://{shop.database}"):
        await holds.hold("butiken", Held.REWOUND, "it went back")
    ran = await shop.types("resume", "butiken", "--yes")
    assert (ran.code, "`wc-bridge rewound butiken`" in ran.out) == (0, True)


async def test_pausing_twice_keeps_the_moment_and_takes_the_newer_reason(shop: Shop) -> None:
    await shop.known()
    said = [(await shop.types("pause", "--all", "--json", *why)).json for why in ([], ["--why", "flood"], [])]
    assert {it["since"] for it in said} == {said[0]["since"]}
    assert [it["why"] for it in said] == ["", "flood", "flood"]


async def test_no_promise_is_noted_that_a_pause_would_break(shop: Shop) -> None:
    """Nobody is told that a refund is going to be paid; the note of what was done comes in its time."""
    shop.only["settle"]["refund"] = "1s"
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    await shop.types("once", "--wait", "0s")
    await shop.types("pause", "--all")
    shop.store.refund(order, "50.00")
    await shop.types("once", "--wait", "4s")
    notes = [note.text for note in shop.store.notes(order) if "(wc-bridge " in note.text]
    assert ["going to pay" in note for note in notes] == [False]
    await shop.types("resume", "--all", "--yes")
    await shop.types("once", "--wait", "4s")
    assert len([note for note in shop.store.notes(order) if "successfully refunded 50.00" in note.text]) == 1


async def test_it_works_where_the_settings_of_the_stores_do_not(shop: Shop) -> None:
    await shop.known()
    shop.only["consumer_key"] = "${NOT_SET_ANYWHERE}"
    shop.only["providers"] = "none of these"
    assert (await shop.types("status")).code == 2
    assert (await shop.types("pause", "--all")).code == 0
    shop.settings["database"] = "mysql://x"
    ran = await shop.types("pause", "--all")
    assert (ran.code, "database: must be sqlite:///absolute/path" in ran.err) == (2, True)


@pytest.mark.parametrize("word", ["pause", "resume"])
async def test_what_is_named_must_be_there(shop: Shop, word: str) -> None:
    await shop.known()
    for words, said in (
        ([], "name an order (STORE N), a store (STORE), or everything (--all)"),
        (["butiken", "--all"], "name an order"),
        (["butikken"], "there is no store 'butikken' in the database: there is butiken"),
        (["butiken", "999"], "order 999 of store butiken is not known"),
    ):
        ran = await shop.types(word, *words)
        assert (ran.code, ran.out, said in ran.err) == (2, "", True)


@pytest.mark.on_postgresql
@pytest.mark.usefixtures("database")
async def test_running_daemon_begins_no_call_after_it_and_ends_those_under_way(shop: Shop, tmp_path: Path) -> None:
    """In the middle of a wave: what is called after it, it has named as under way."""
    shop.settings["database"] = databases.url_in(tmp_path)
    await databases.make(shop.settings["database"])
    try:
        await _in_a_wave(shop)
    finally:
        await databases.lose(shop.settings["database"])


async def _in_a_wave(shop: Shop) -> None:
    first, *others = [shop.place() for _ in range(9)]

    def called() -> list[int]:
        paths = [path for _, path in shop.resurs.faults.seen if path.endswith("/capture")]
        return [order for order, payment in (first, *others) if any(payment in path for path in paths)]

    async with shop.daemon() as daemon:
        await until(lambda: "baseline" in daemon.err or len(shop.store.faults.seen) > 3)
        shop.store.set_status(first[0], "completed")  # alone: the first call of a kind is
        await daemon.says("action.done")
        shop.resurs.faults.plan(Fault.HELD_BACK, method="POST", path="/capture")
        for order, _ in others:
            shop.store.set_status(order, "completed")
        await until(lambda: len(called()) > 1)
        before = set(called())
        ran = await shop.types("pause", "--all", "--json")
        after = set(called())
        under_way = {call["order"] for call in ran.json["under_way"]}
        shop.resurs.faults.release.set()
        polled = len(shop.store.faults.seen)
        await until(lambda: len([1 for _, path in shop.store.faults.seen[polled:] if "modified_after" in path]) > 2)
        assert ran.code == 0
        assert under_way, "the one that is held back, at the least"
        assert set(called()) - after <= under_way - before
        assert {it["state"] for it in await shop.actions() if it["order"] in under_way} == {"done"}
        assert {it["state"] for it in await shop.actions()} <= {"done", "ready"}
        assert (await shop.types("resume", "--all", "--yes")).code == 0
        await until(lambda: all(shop.resurs.books(payment).captured == TOTAL for _, payment in others))
        await daemon.stop()
    assert len([path for _, path in shop.resurs.faults.seen if path.endswith("/capture")]) == 9
