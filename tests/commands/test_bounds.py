"""`approve`, `drop` and `retry` for a whole bunch, and `resume`: what a person types on a bad day."""

import io
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from bridge.db import holds
from bridge.db.connection import existing
from bridge.db.holds import Held
from tests.commands.shop import Shop

NOTHING = (0, 0)
BUNCH = ("--store", "butiken", "--kind", "cancel")


async def bulk_edit(shop: Shop, count: int = 4) -> list[str]:
    """So many orders are cancelled where one may be; returns their payments. The first goes."""
    shop.only["surge"] = {"cancel": 1}
    await shop.types("once", "--wait", "0s")
    placed = [shop.place() for _ in range(count)]
    await shop.types("once", "--wait", "0s")
    for order, _ in placed:
        shop.store.set_status(order, "cancelled")
    ran = await shop.types("once", "--wait", "0s")
    assert (ran.code, "3 cancel actions held beyond `surge`: 2433.75 SEK, the first order " in ran.out) == (1, True)
    return [payment for _, payment in placed]


def released(shop: Shop, payments: list[str]) -> int:
    return sum(shop.resurs.books(payment).reserved == 0 for payment in payments)


async def test_status_says_what_is_held_and_what_to_type(shop: Shop) -> None:
    await bulk_edit(shop)
    ran = await shop.types("status")
    words = " ".join(ran.out.split())
    assert (ran.code, words.count("3 cancel actions held beyond `surge`: 2433.75 SEK, the first order ")) == (1, 1)
    assert "`wc-bridge approve --store butiken --kind cancel` lets them go" in words
    assert "nothing needs attention" not in words
    [store] = (await shop.types("status", "--json")).json
    [bunch] = store["bounded"]
    assert (bunch["kind"], bunch["reasons"], bunch["count"], bunch["sums"]) == (
        "cancel",
        ["surge"],
        3,
        {"SEK": 243375},
    )


async def test_approve_asks_with_count_and_sum_and_lets_them_go(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = await bulk_edit(shop)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\ny\n"))
    ran = await shop.types("approve", *BUNCH)
    assert (ran.code, "approve 3 actions (cancel, held as surge), 2433.75 SEK? [y/N]" in ran.err) == (2, True)
    assert (await shop.types("approve", *BUNCH)).code == 0
    assert (await shop.types("once", "--wait", "2s")).code == 0
    assert released(shop, payments) == 4
    assert (await shop.types("approve", *BUNCH, "--yes")).code == 2


@pytest.mark.parametrize("word", [("approve",), ("drop", "--why", "a mistake")])
async def test_nothing_is_said_of_what_is_held_for_another_reason_than_was_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, word: tuple[str, ...]
) -> None:
    """While the person reads the question, it turns out that the plugin is on."""
    await bulk_edit(shop)

    def reads(question: str, *, yes: bool) -> None:
        with closing(sqlite3.connect(shop.database)) as database, database:
            database.execute("UPDATE actions SET reason = 'plugin-on' WHERE state = 'held'")

    monkeypatch.setattr("bridge.cli.persons.ask", reads)
    ran = await shop.types(*word, *BUNCH, "--json")
    assert ["has changed meanwhile" in it["text"] for it in ran.json] == [True] * 3
    assert [it["state"] for it in await shop.actions("--state", "held")] == ["held"] * 3
    [number, *_] = [it["id"] for it in await shop.actions("--state", "held")]
    with closing(sqlite3.connect(shop.database)) as database, database:
        database.execute("UPDATE actions SET reason = 'surge' WHERE state = 'held'")
    ran = await shop.types(*word, str(number))
    assert (ran.code, "has changed meanwhile" in ran.err) == (2, True)


async def test_drop_gives_them_up(shop: Shop) -> None:
    payments = await bulk_edit(shop)
    ran = await shop.types("drop", *BUNCH, "--why", "a mistake", "--yes", "--json")
    assert (ran.code, len(ran.json)) == (0, 3)
    assert (await shop.types("once", "--wait", "0s")).code == 0
    assert released(shop, payments) == 1


async def test_what_is_held_for_its_own_order_is_no_part_of_a_bunch(shop: Shop) -> None:
    order, payment = await shop.known(reserved="100.00")
    shop.store.set_status(order, "completed")
    await shop.types("once", "--wait", "0s")
    ran = await shop.types("approve", "--store", "butiken", "--kind", "capture", "--yes")
    assert (ran.code, ran.err) == (2, "wc-bridge: no such capture of butiken is there\n")
    ran = await shop.types("retry", "--store", "butiken", "--kind", "capture", "--yes")
    assert (ran.code, ran.out) == (0, f"action 1: order {order} is looked at again\n")
    assert shop.resurs.books(payment).captured == 0


@pytest.mark.parametrize("half", [("--store", "butiken"), ("--kind", "cancel")])
async def test_store_and_kind_go_together(shop: Shop, half: tuple[str, str]) -> None:
    await shop.known()
    ran = await shop.types("approve", *half, "--yes")
    assert (ran.code, ran.err) == (2, "wc-bridge: --store STORE and --kind KIND go together\n")


async def held(shop: Shop, by: Held) -> None:
    async with existing(f"sqlite://{shop.database}"):
        assert await holds.hold("butiken", by, "of this")


async def test_resume_lets_a_held_store_go_on(shop: Shop) -> None:
    order, payment = await shop.known()
    await held(shop, Held.PLUGIN)
    shop.store.set_status(order, "completed")
    assert (await shop.types("once", "--wait", "0s")).code == 1
    ran = await shop.types("status")
    assert "held, nothing is called: of this; switch its order management off, then `wc-bridge resume" in " ".join(
        ran.out.split()
    )
    assert shop.resurs.books(payment).captured == 0
    ran = await shop.types("resume", "butiken", "--yes", "--json")
    assert (ran.code, ran.json) == (
        0,
        {"store": "butiken", "order": None, "looked_at_again": 1, "still": []},
    )
    assert (await shop.types("once", "--wait", "0s")).code == 0
    assert shop.resurs.books(payment).captured == 81125


async def test_resume_is_not_for_a_store_that_went_back_or_is_not_held(shop: Shop) -> None:
    await shop.known()
    ran = await shop.types("resume", "butiken", "--yes")
    assert (ran.code, ran.err) == (2, "wc-bridge: butiken is not paused\n")
    await held(shop, Held.REWOUND)
    ran = await shop.types("resume", "butiken", "--yes")
    assert (ran.code, "`wc-bridge rewound butiken`" in ran.err) == (2, True)


async def test_a_store_that_went_back_is_held_by_that_above_all(shop: Shop) -> None:
    await shop.known()
    await held(shop, Held.PLUGIN)
    await held(shop, Held.REWOUND)
    async with existing(f"sqlite://{shop.database}"):
        assert not await holds.hold("butiken", Held.PLUGIN, "again")
        assert await holds.held("butiken") == (Held.REWOUND, "of this")
        await holds.let_go("butiken", datetime.now(UTC))
        assert await holds.held("butiken") == (None, "")
