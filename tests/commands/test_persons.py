"""`approve`, `adopt`, `drop` and `retry`: what a person says is done once, and only to what they were shown."""

import io
import sqlite3
import sys
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from bridge.db import persons, queries
from bridge.db.connection import existing
from bridge.db.models import ActionRow
from bridge.errors import UsageError
from tests.commands.shop import Shop


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What stands on stdin: nothing, until a test writes it."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdin", said)
    return said


async def held_capture(shop: Shop) -> int:
    """A completed order with less reserved than it asks; returns its id. The action is number 1."""
    order, _ = await shop.known(reserved="100.00")
    shop.store.set_status(order, "completed")
    assert (await shop.types("once", "--wait", "0s")).code == 1
    return order


async def test_drop_gives_it_up_and_the_order_is_quiet(shop: Shop) -> None:
    order = await held_capture(shop)
    ran = await shop.types("drop", "1", "--why", "settled by phone", "--yes")
    assert (ran.code, ran.out) == (0, "action 1: capture dropped: settled by phone\n")
    assert (await shop.types("once", "--wait", "0s")).code == 0
    [action] = await shop.actions("--order", str(order))
    assert (action["state"], action["reason"]) == ("dropped", "dropped: settled by phone")


async def test_it_shows_count_and_sum_and_asks(shop: Shop, answer: io.StringIO) -> None:
    await held_capture(shop)
    answer.write("n\n")
    answer.seek(0)
    ran = await shop.types("drop", "1", "--why", "x")
    assert ran.code == 2
    assert "drop 1 action (capture, held as less-reserved), 100.00 SEK? [y/N]" in ran.err
    assert "nothing was changed" in ran.err
    assert (await shop.actions())[0]["state"] == "held"


async def test_yes_is_an_answer_and_silence_is_none(shop: Shop, answer: io.StringIO) -> None:
    await held_capture(shop)
    assert (await shop.types("drop", "1", "--why", "x")).code == 2
    answer.write("y\n")
    answer.seek(0)
    assert (await shop.types("drop", "1", "--why", "x")).code == 0


async def test_json_is_all_that_stands_on_stdout(shop: Shop) -> None:
    order = await held_capture(shop)
    ran = await shop.types("retry", "--order", "butiken", str(order), "--yes", "--json")
    assert ran.json == [{"action": 1, "text": f"order {order} is looked at again", "done": True}]


@pytest.mark.parametrize("word", ["approve", "retry", "adopt"])
async def test_action_that_is_not_there_is_one_line(shop: Shop, word: str) -> None:
    await shop.known()
    ran = await shop.types(word, "999", "--yes")
    assert (ran.code, ran.err) == (2, "wc-bridge: there is no action 999: see `wc-bridge actions`\n")
    assert (await shop.types(word, "--order", "butiken", "999", "--yes")).code == 2
    assert (await shop.types(word)).code == 2


async def test_action_that_has_ended_is_one_line(shop: Shop) -> None:
    order, _ = await shop.known()
    shop.store.set_status(order, "completed")
    await shop.types("once", "--wait", "0s")
    ran = await shop.types("approve", "1", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "action 1 has ended (done)" in ran.err
    ran = await shop.types("approve", "--order", "butiken", str(order), "--yes")
    assert "the order has no open action" in ran.err


async def test_returns_made_elsewhere_are_adopted_by_order(shop: Shop) -> None:
    """They block the payout of a refund, until a person says that they have nothing to do with the shop."""
    order, payment = await shop.known()
    shop.store.set_status(order, "completed")
    await shop.types("once", "--wait", "0s")
    shop.resurs.portal_refund(payment, Decimal(100))
    shop.store.refund(order, "50.00")
    assert (await shop.types("once", "--wait", "2s")).code == 1
    assert shop.resurs.books(payment).returned == 10000
    ran = await shop.types("adopt", "--order", "butiken", str(order), "--yes")
    assert (ran.code, ran.out) == (0, "returns of 100.00 SEK are no business of the shop\n")
    assert (await shop.types("once", "--wait", "2s")).code == 0
    assert shop.resurs.books(payment).returned == 15000
    assert (await shop.types("adopt", "--order", "butiken", str(order), "--yes")).code == 2


async def test_of_several_only_those_go_that_are_still_as_they_were_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The amount of one is another by the time of the answer."""
    await shop.types("once", "--wait", "0s")
    orders = [shop.place(reserved="100.00")[0] for _ in range(3)]
    await shop.types("once", "--wait", "0s")
    for order in orders:
        shop.store.set_status(order, "completed")
    await shop.types("once", "--wait", "0s")

    def yes() -> str:
        with sqlite3.connect(shop.database) as database:
            database.execute("UPDATE actions SET amount = 9900 WHERE id = 2")
        database.close()
        return "y\n"

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(readline=yes))
    ran = await shop.types("approve", "1", "2", "3")
    assert ran.code == 1
    assert "approve 3 actions (capture, held as less-reserved), 300.00 SEK? [y/N]" in ran.err
    first, moved, last = ran.out.splitlines()
    assert (first[:10], last[:10], moved[:9]) == ("action 1: ", "action 3: ", "action 2 "), ran.out
    assert {it["id"]: it["state"] == "held" for it in await shop.actions()} == {1: False, 2: True, 3: False}


@pytest.mark.parametrize("word", ["approve", "retry", "drop"])
async def test_word_about_what_has_moved_on_changes_nothing(
    shop: Shop, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon takes the action between our reading it and our writing."""
    await held_capture(shop)
    found = persons.open_action

    async def overtaken(number: int) -> ActionRow:
        row = await found(number)
        await ActionRow.filter(id=number).update(state="running")
        return row

    monkeypatch.setattr(persons, "open_action", overtaken)
    now = datetime.now(UTC)
    says = {
        "approve": lambda: persons.approve(1, now),
        "retry": lambda: persons.retry(1, now),
        "drop": lambda: persons.drop(1, "x", now),
    }
    async with existing(f"sqlite://{shop.database}"):
        with pytest.raises(UsageError, match="has changed meanwhile"):
            await says[word]()
        [action] = await queries.actions()
        [store] = await queries.status(now)
        assert (action["state"], store["due"]) == ("running", 0)
