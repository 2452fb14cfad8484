"""Known bugs of the Resurs plugin about payments that are frozen, rejected, lapsed, or gone."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from tests.flow.ways import cancel, complete
from tests.flow.world import MUG, TOTAL, Money, Placed, Staff, World, known_order
from tests.known.resurs import log, rest, steps, switch


@pytest.mark.parametrize(("ends", "calls"), [("ACCEPTED", ["cancel"]), ("REJECTED", [])])
async def test_woo_1310_a_frozen_payment_is_cancelled_at_most_once_and_a_rejected_one_never(
    tmp_path: Path, ends: str, calls: list[str]
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.freeze(it.payment)
        w.store.set_status(it.id, "on-hold")
        await w.cycle()
        await cancel(w, it)
        assert steps(w) == []
        if ends == "REJECTED":
            w.resurs.reject(it.payment, "PAYMENT_FROZEN")
        else:
            w.resurs.unfreeze(it.payment)
        await w.cycle()
        for status in ("failed", "cancelled"):
            w.store.set_status(it.id, status)
            await w.cycle()
        assert (steps(w), w.books(it), await w.attention()) == (calls, (0, 0, 0), {})


async def test_woo_1313_an_update_by_a_program_cancels_no_frozen_payment(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        w.resurs.freeze(it.payment)
        await rest(w, "PUT", f"orders/{it.id}", {"meta_data": [{"key": "erp", "value": "exported"}]})
        await w.cycle()
        line = {"id": w.store.line(it.id, "MUGG").id, "quantity": 1, "total": "100.00", "subtotal": "100.00"}
        await rest(w, "PUT", f"orders/{it.id}", {"line_items": [line]})
        await w.cycle()
        assert (w.calls(), w.books(it)) == ([], (TOTAL, 0, 0))
        w.resurs.unfreeze(it.payment)
        await w.cycle()
        assert [entry["type"] for entry in log(w, it)] == ["CREATE", "CANCEL"]
        assert w.books(it) == (TOTAL - MUG, 0, 0)


@pytest.mark.parametrize("forbidden", [True, False], ids=["403", "404"])
async def test_woo_1317_a_payment_that_is_no_longer_shown_is_told_and_holds_up_nobody(
    tmp_path: Path, *, forbidden: bool
) -> None:
    """403 is the answer for a payment rejected 30 days ago, and no fault of the credentials."""
    async with known_order(tmp_path) as (w, it):
        switch(w, forbidden_when_expired=forbidden)
        given_up = w.place()
        await w.cycle()
        for one in (it, given_up):
            w.resurs.reject(one.payment)
            w.store.set_status(one.id, "on-hold")
        await w.cycle()
        w.clock.advance(31 * 86400)
        other = w.place()
        for one in (it, other):
            w.store.set_status(one.id, "completed")
        w.store.set_status(given_up.id, "cancelled")
        await w.cycle()
        assert (w.books(other), await w.attention()) == ((0, TOTAL, 0), {it.id: "no-money"})
        assert w.store.status(it.id) == "completed"


async def test_woo_1322_frozen_orders_completed_in_bulk_wait_and_the_others_are_captured(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        frozen, others = [it, w.place()], [w.place(), w.place()]
        for one in frozen:
            w.resurs.freeze(one.payment)
        for one in (*frozen, *others):
            w.store.set_status(one.id, "completed")
        await w.cycle()
        assert [w.books(one) for one in others] == [(0, TOTAL, 0)] * 2
        assert [w.books(one) for one in frozen] == [(TOTAL, 0, 0)] * 2
        assert await w.attention() == {}
        assert [len(w.notes(one.id)) for one in frozen] == [1, 1], "that it is not final, and not to be shipped"
        for one in frozen:
            w.resurs.unfreeze(one.payment)
        await w.cycle()
        assert [w.books(one) for one in frozen] == [(0, TOTAL, 0)] * 2
        assert steps(w) == ["capture"] * 4


@pytest.mark.parametrize("storage", ["hpos", "posts"])
@pytest.mark.parametrize("who", ["staff", "a program"])
async def test_woo_1472_1483_a_frozen_order_may_be_completed_by_anybody_and_is_captured_once_it_is_released(
    tmp_path: Path, storage: Literal["hpos", "posts"], who: str
) -> None:
    async with known_order(tmp_path, storage=storage) as (w, it):
        w.resurs.freeze(it.payment)
        w.store.set_status(it.id, "on-hold")
        await w.cycle()
        if who == "staff":
            w.store.set_status(it.id, "completed")
        else:
            await rest(w, "PUT", f"orders/{it.id}", {"status": "completed"})
        await w.cycle()
        assert (w.store.status(it.id), w.calls()) == ("completed", [])
        assert len(w.notes(it.id)) == 1
        w.resurs.unfreeze(it.payment)
        await w.cycle()
        assert (steps(w), w.books(it)) == (["capture"], (0, TOTAL, 0))


def _captured_in_part(w: World, it: Placed) -> None:
    switch(w, full_action_names_stay=False)
    w.side.capture(it.payment, MUG)


SKIPPED: dict[str, tuple[Staff, Money, str]] = {
    "only its partial name is listed": (_captured_in_part, (0, TOTAL, 0), ""),
    "the authorisation has lapsed": (
        lambda w, _: switch(w, authorisation_lifetime=timedelta(minutes=1)),
        (TOTAL, 0, 0),
        "cannot-change",
    ),
    "it was rejected": (lambda w, it: w.resurs.reject(it.payment), (0, 0, 0), "no-money"),
    "the portal cancelled it": (lambda w, it: w.side.cancel(it.payment), (0, 0, 0), "no-money"),
    "the call is refused": (lambda w, _: switch(w, longest_transaction_id=5), (TOTAL, 0, 0), "refused"),
}
"""Why the plugin would not capture (6.4), and what follows here."""


@pytest.mark.parametrize("why", SKIPPED)
async def test_skipped_an_order_is_not_completed_without_its_capture_or_a_word_of_why(
    tmp_path: Path, why: str
) -> None:
    happens, books, attention = SKIPPED[why]
    async with known_order(tmp_path) as (w, it):
        happens(w, it)
        w.clock.advance(120)
        await complete(w, it)
        assert (w.books(it), (await w.attention()).get(it.id, "")) == (books, attention)
        assert len(w.notes(it.id)) == 1
