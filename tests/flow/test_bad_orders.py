"""Orders that make no sense, or whose payment is in doubt: left alone, kept in sight, and nobody else's problem."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.db.known import Sight
from bridge.engine.looking import look
from tests.flow.world import MUG, RESURS_METHOD, TOTAL, Placed, ProviderName, World, known_order, world

pytestmark = pytest.mark.on_postgresql

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])


def _garble(w: World, it: Placed) -> None:
    """A plugin saves the order with a currency that is none."""
    w.store.order(it.id).currency = "KRONOR"
    w.store.set_meta(it.id, "_saved_by", "plugin")


def _mend(w: World, it: Placed) -> None:
    w.store.order(it.id).currency = "SEK"
    w.store.set_meta(it.id, "_saved_by", None)


async def test_an_order_that_cannot_be_understood_is_set_aside_and_the_others_go_on(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        other = w.place()
        for order in (it, other):
            w.store.set_status(order.id, "completed")
        _garble(w, it)
        w.clock.advance(30)
        cursor = (await w.status())["cursor"]
        await w.cycle()
        assert w.books(it) == (TOTAL, 0, 0)
        assert w.books(other) == (0, TOTAL, 0)
        assert (await w.status())["cursor"] > cursor
        [item] = (await w.status())["attention"]
        assert (item["order"], item["reason"]) == (it.id, "unreadable")
        assert "KRONOR" in item["text"]


async def test_an_order_that_can_be_understood_again_is_worked(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.set_status(it.id, "completed")
        _garble(w, it)
        await w.cycle()
        _mend(w, it)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.attention() == {}


async def test_what_cannot_be_understood_is_told_once_however_often_it_is_swept(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        _garble(w, it)
        for _ in range(4):
            await w.cycle()
            w.clock.advance(3600)
        assert len(await w.told(it.id, "problem")) == 1


async def test_an_order_that_only_a_closer_look_cannot_understand_is_set_aside_once(tmp_path: Path) -> None:
    """The listing is well; but more refunds than the store shows of one order can't all be read."""
    async with known_order(tmp_path) as (w, it):
        refunds = [w.store.refund(it.id, "1.00") for _ in range(101)]
        for _ in range(3):
            await w.cycle()
            w.clock.advance(3600)
        assert (await w.attention())[it.id] == "unreadable"
        assert len(await w.told(it.id, "problem")) == 1
        assert w.calls() == []
        w.store.delete_refund(it.id, refunds[0])
        await w.cycle()
        assert await w.attention() == {}
        assert w.books(it) == (TOTAL - 10000, 0, 0)


async def test_an_order_never_understood_and_then_deleted_is_forgotten(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        it = w.place()
        _garble(w, it)
        await w.cycle()
        w.store.delete(it.id)
        ended = await w.cycle()
        assert ended.later == 0
        assert await w.attention() == {}


async def test_an_order_of_before_that_is_understood_only_later_is_baseline(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        it = w.place(status="completed")
        _garble(w, it)
        w.clock.advance(60)
        w.place()
        await w.cycle()
        _mend(w, it)
        await w.cycle()
        assert w.books(it) == (TOTAL, 0, 0)
        assert w.calls() == []


async def test_a_look_that_is_the_first_to_understand_an_order_of_before_takes_it_for_baseline(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        it = w.place(status="completed")
        _garble(w, it)
        w.clock.advance(60)
        w.place()
        await w.cycle()
        _mend(w, it)
        w.clock.advance(60)
        assert await look(await w.bridge(), it.id) is None
        await w.cycle()
        assert await w.states(it.id) == []


async def test_an_order_paid_by_another_method_is_left_alone_and_says_so(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        order = w.store.create_order({"MUGG": 1}, payment_method="bacs")
        w.store.set_status(order, "completed")
        for _ in range(2):
            await w.cycle()
        assert await w.told(order, "decided") == ["left alone: payment method 'bacs' is not ours"]
        assert (await w.status())["open"] == 0
        assert w.writes() == []


async def test_an_order_that_changes_to_another_method_drops_what_was_open(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.reject(it.payment)
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert (await w.attention())[it.id] == "no-money"
        w.store.order(it.id).payment_method = "bacs"
        w.store.set_meta(it.id, "_paid_by", "invoice")
        await w.cycle()
        assert await w.attention() == {}
        assert (await w.story(it.id))["decision"] == (
            "left alone: payment method 'bacs' is not ours, and the payment is empty"
        )


@PROVIDERS
async def test_an_order_without_payment_id_needs_a_person_once_it_is_completed(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with world(tmp_path, provider) as w:
        await w.cycle()
        order = w.store.create_order({"MUGG": 1}, payment_method=w.side.method)
        await w.cycle()
        assert await w.attention() == {}
        w.store.set_status(order, "completed")
        await w.cycle()
        assert await w.attention() == {order: "doubt-id"}
        assert len(w.notes(order)) == 1


@PROVIDERS
async def test_a_payment_that_names_another_order_is_left_alone(tmp_path: Path, provider: ProviderName) -> None:
    async with world(tmp_path, provider) as w:
        await w.cycle()
        it = w.place(reference="90210")
        await w.cycle()
        assert await w.attention() == {}
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert await w.attention() == {it.id: "doubt-owner"}
        assert w.calls() == []


async def test_an_order_in_another_currency_than_its_payment_is_left_alone(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.order(it.id).currency = "NOK"
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert await w.attention() == {it.id: "doubt-currency"}
        assert w.calls() == []


@pytest.mark.parametrize("match_reference", [True, False])
async def test_two_orders_that_name_one_payment_never_both_move_it(
    tmp_path: Path, *, match_reference: bool
) -> None:
    async with world(tmp_path) as w:
        w.match_reference = match_reference
        await w.cycle()
        it = w.place()
        copy = w.store.create_order({"MUGG": 1}, payment_method=RESURS_METHOD)
        w.store.set_meta(copy, "resursbank_payment_id", it.payment.upper())
        await w.cycle()
        for order in (it.id, copy):
            w.store.set_status(order, "completed")
        await w.cycle()
        assert (await w.attention())[copy] == "doubt-owner"
        w.store.refund(copy)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert len(w.calls()) == 1


async def test_a_payment_stays_with_the_order_it_was_captured_for(tmp_path: Path) -> None:
    """An older order that comes to name it later, without a reference to tell, does not take it over."""
    async with world(tmp_path) as w:
        w.match_reference = False
        await w.cycle()
        older = w.store.create_order({"MUGG": 1}, payment_method=RESURS_METHOD)
        it = w.place()
        w.store.set_status(it.id, "completed")
        await w.cycle()
        w.store.set_meta(older, "resursbank_payment_id", it.payment)
        w.store.set_status(older, "cancelled")
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)
        assert await w.attention() == {}


async def test_the_longest_words_of_a_shop_stop_nothing(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        long = w.place()
        w.store.order(long.id).number = "N" * 300
        w.store.set_status(it.id, "completed")
        w.store.set_status(long.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert w.books(long) == (0, TOTAL, 0)
        w.store.set_status(long.id, "s" * 300)
        await w.cycle()
        assert (await w.story(long.id))["status"] == "s" * 300


async def test_what_is_too_long_for_a_payment_id_is_no_payment_id(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        odd = w.place()
        w.store.set_meta(odd.id, w.side.meta, "p" * 300)
        for order in (odd, it):
            w.store.set_status(order.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.attention() == {odd.id: "doubt-id"}
        assert "300 characters" in (await w.story(odd.id))["facts"]["payment_id"]


async def test_an_order_that_the_database_cannot_hold_is_set_aside_once_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    """Half a character: text that no database takes."""
    async with known_order(tmp_path) as (w, it):
        odd = w.place()
        w.store.order(odd.id).number = "\ud800"
        for order in (odd, it):
            w.store.set_status(order.id, "completed")
        cursor = (await w.status())["cursor"]
        for _ in range(3):
            await w.cycle()
            w.clock.advance(60)
        assert w.books(it) == (0, TOTAL, 0)
        assert w.books(odd) == (TOTAL, 0, 0)
        assert (await w.status())["cursor"] > cursor
        assert await w.attention() == {odd.id: "unreadable"}
        assert len(await w.told(odd.id, "problem")) == 1
        w.store.order(odd.id).number = str(odd.id)
        w.store.set_meta(odd.id, "mended", "yes")
        await w.cycle()
        assert w.books(odd) == (0, TOTAL, 0)
        assert await w.attention() == {}


@pytest.mark.parametrize("number", ["A\0B", "\ud800"], ids=["nul", "half-a-character"])
async def test_a_text_that_the_database_refuses_is_its_order_s_own_problem(tmp_path: Path, number: str) -> None:
    """PostgreSQL keeps no NUL; neither database keeps half a character. The poll goes on all the same."""
    async with known_order(tmp_path) as (w, it):
        unit, now = await w.bridge(), w.clock.now()
        known = await unit.journal.known(it.id)
        assert known is not None
        assert known.order is not None
        bad, good = (replace(known.order, id=id_, number=text) for id_, text in ((8001, number), (8002, "1")))
        sights = [
            Sight(order_id=one.id, version=None, order=one, record=known.record, events=(), due=None)
            for one in (bad, good)
        ]
        refused = await unit.listings.commit_sights(sights, now, cursor=now)
        assert (await unit.standing.state()).cursor == now
        assert set(refused) <= {8001}
        found = await unit.journal.known_many([8001, 8002])
        assert found[8001].problem if refused else found[8001].order
        assert found[8002].order == good
