"""Orders that lose, share or change the payment that they name."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.flow.ways import complete
from tests.flow.world import MUG, TOTAL, Placed, Staff, World, known_order, world


def _no_id(w: World, it: Placed) -> None:
    w.store.set_meta(it.id, w.side.meta, None)


def _by_bank(w: World, it: Placed) -> None:
    w.store.order(it.id).payment_method = "bacs"


LOST = pytest.mark.parametrize("lose", [_no_id, _by_bank])


@LOST
@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_an_order_that_no_longer_names_its_payment_needs_a_person(
    tmp_path: Path, lose: Staff, status: str
) -> None:
    async with known_order(tmp_path) as (w, it):
        lose(w, it)
        await w.cycle()
        assert await w.attention() == {}, "nothing is asked yet"
        w.store.set_status(it.id, status)
        await w.cycle()
        assert await w.attention() == {it.id: "doubt-id"}
        w.clock.advance(2 * 86400)
        await w.cycle()
        assert await w.attention() == {it.id: "doubt-id"}
        assert w.calls() == []
        assert len(w.notes(it.id)) == 1


@LOST
async def test_a_refund_of_an_order_that_no_longer_names_its_payment_needs_a_person(
    tmp_path: Path, lose: Staff
) -> None:
    async with known_order(tmp_path) as (w, it):
        await complete(w, it)
        lose(w, it)
        w.store.set_status(it.id, "processing")
        w.store.refund(it.id, lines={"MUGG": 1})
        await w.cycle()
        assert await w.attention() == {it.id: "doubt-id"}
        w.store.set_meta(it.id, w.side.meta, it.payment)
        w.store.order(it.id).payment_method = w.side.method
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert await w.attention() == {}
        assert w.books(it) == (0, TOTAL, MUG)


async def test_an_order_paid_in_another_way_is_left_alone_once_its_payment_is_empty(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, it):
        _by_bank(w, it)
        await complete(w, it)
        assert await w.attention() == {it.id: "doubt-id"}
        w.side.cancel(it.payment)
        w.clock.advance(600)
        await w.cycle()
        assert await w.attention() == {}


async def test_a_payment_belongs_to_the_order_that_it_names(tmp_path: Path) -> None:
    """Both orders carry its id; the older one is not the one that it was made for."""
    async with world(tmp_path) as w:
        await w.cycle()
        other = w.store.create_order({"MUGG": 2, "LAMPA": 1}, payment_method=w.side.method, status="processing")
        it = w.place()
        w.store.set_meta(other, w.side.meta, it.payment)
        await w.cycle()
        w.store.set_status(other, "completed")
        w.store.set_status(it.id, "cancelled")
        await w.cycle()
        assert w.books(it) == (0, 0, 0)
        assert await w.states(other) == []


async def test_a_shorter_log_of_another_payment_is_no_older_state(tmp_path: Path) -> None:
    """The customer's first payment came to nothing; the order names the second one, whose log is shorter."""
    async with world(tmp_path) as w:
        await w.cycle()
        it = w.place(reserved=50000)
        w.side.cancel(it.payment)
        w.clock.advance(120)
        await w.cycle()
        second = Placed(it.id, w.side.pay(str(it.id), TOTAL))
        w.store.set_meta(it.id, w.side.meta, second.payment)
        await w.cycle(timedelta(minutes=5))
        await complete(w, second)
        assert w.books(second) == (0, TOTAL, 0)
