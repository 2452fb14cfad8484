"""Refunds as the poll takes them in: known in full at first sight, at little cost, and paid once or not at all."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.db.holds import Held
from bridge.domain.orders import Refund
from bridge.engine.cycles import look_around
from bridge.sandbox.faults import Fault
from tests.flow.test_eyes import asked, polls
from tests.flow.ways import complete
from tests.flow.world import MUG, TOTAL, Placed, ProviderName, World, known_order, until, world

Act = Callable[[World, Placed], object]
OLD = "8.2.2"
"""A WooCommerce that does not list the refunds of all orders."""


def refunds_asked(requests: list[str]) -> list[str]:
    return [request for request in requests if "refunds" in request]


# ------------------------------------------------------------------------------------------------ what it costs


@pytest.mark.parametrize(
    ("version", "requests"), [("11.0.1", 1), (OLD, 101)], ids=["all of them at once", "per order, and once in vain"]
)
async def test_a_hundred_new_refunds_cost_one_request_where_the_store_lists_them(
    tmp_path: Path, version: str, requests: int
) -> None:
    async with world(tmp_path) as w:
        w.store.shop.version = version
        await w.cycle()
        orders = [w.place(status="completed") for _ in range(100)]
        await polls(w, 1)
        for order in orders:
            w.store.refund(order.id, lines={"MUGG": 1})
        assert len(refunds_asked(await polls(w, 1))) == requests
        for order in orders:
            assert await known_refunds(w, order) == await shown_refunds(w, order)


@pytest.mark.parametrize("version", ["11.0.1", OLD])
async def test_where_nothing_is_new_nothing_is_asked(tmp_path: Path, version: str) -> None:
    """The overlap is read again and again until it is over."""
    async with world(tmp_path) as w:
        w.store.shop.version = version
        await w.cycle()
        for order in [w.place(status="completed") for _ in range(3)]:
            w.store.refund(order.id, "10.00")
        assert refunds_asked(await polls(w, 1))
        assert refunds_asked(await polls(w, 4)) == []


async def test_what_can_not_be_read_is_not_asked_for_again_by_every_poll(tmp_path: Path) -> None:
    """It has its look, which tries again in growing distance."""
    async with world(tmp_path) as w:
        await w.cycle()
        for order in [w.place(status="completed") for _ in range(3)]:
            w.store.refund(order.id, "10.00")
        w.store.faults.plan(Fault.HTML_BEFORE, path="/refunds$", times=999)
        assert refunds_asked(await polls(w, 1))
        assert refunds_asked(await polls(w, 3)) == []


async def test_orders_of_others_cost_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        for _ in range(3):
            w.store.refund(w.store.create_order({"MUGG": 1}, payment_method="bacs"), "10.00")
        assert refunds_asked(await polls(w, 1)) == []


async def test_only_what_is_new_is_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        orders = [w.place(status="completed") for _ in range(2)]
        for order in orders:
            w.store.refund(order.id, "10.00")
        await polls(w, 1)
        new = [w.store.refund(order.id, "10.00") for order in orders]
        asked(w)
        w.clock.advance(30)
        await look_around(await w.bridge(), sweeping=False)
        [address] = [path for _, path in w.store.faults.seen if "v3/refunds" in path]
        assert f"include={new[0]}%2C{new[1]}&" in address


async def known_refunds(w: World, it: Placed) -> tuple[Refund, ...]:
    known = await (await w.bridge()).journal.known(it.id)
    assert known is not None
    assert known.order is not None
    return known.order.refunds


async def shown_refunds(w: World, it: Placed) -> tuple[Refund, ...]:
    return (await (await w.bridge()).store.order(it.id)).refunds


# ------------------------------------------------------------------------------- seen twice, and unpaid both times


def refunded(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})


def refunded_by_plugin(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1}, refunded_payment=True)


def deleted(w: World, it: Placed) -> None:
    w.store.delete_refund(it.id, w.store.order(it.id).refunds[-1].id)


def marked(paid: bool) -> Act:
    def mark(w: World, it: Placed) -> None:
        w.store.order(it.id).refunds[-1].refunded_payment = paid

    return mark


paid, unpaid = marked(paid=True), marked(paid=False)

BETWEEN_POLL_AND_LOOK, BETWEEN_THE_SIGHTS, JUST_BEFORE, LONG_AFTER = 3, 30, 59, 300
CYCLES = (0, 5, 32, 60, LONG_AFTER)
"""When the bridge polls and works on what is due, in seconds since the refund was entered."""


@dataclass(frozen=True, slots=True)
class Play:
    """What happens to a refund of one mug on a captured order, by seconds since it was entered."""

    name: str
    acts: dict[int, tuple[Act, ...]]
    paid_at: int | None = None
    """The second in which the customer gets the money; None: never."""
    attention: str = ""


PLAYS = (
    Play("left so", {0: (refunded,)}, paid_at=60),
    Play("gone before any poll", {0: (refunded, deleted)}),
    Play("gone between poll and look", {0: (refunded,), BETWEEN_POLL_AND_LOOK: (deleted,)}),
    Play("gone between the sights", {0: (refunded,), BETWEEN_THE_SIGHTS: (deleted,)}),
    Play("gone just before it is paid", {0: (refunded,), JUST_BEFORE: (deleted,)}),
    Play("again before any poll", {0: (refunded, deleted, refunded)}, paid_at=60),
    Play("again between poll and look", {0: (refunded,), BETWEEN_POLL_AND_LOOK: (deleted, refunded)}, paid_at=65),
    Play("again between the sights", {0: (refunded,), BETWEEN_THE_SIGHTS: (deleted, refunded)}, paid_at=92),
    Play("again just before it is paid", {0: (refunded,), JUST_BEFORE: (deleted, refunded)}, paid_at=120),
    Play("again later", {0: (refunded,), BETWEEN_POLL_AND_LOOK: (deleted,), 30: (refunded,)}, paid_at=92),
    Play("paid from the first", {0: (refunded_by_plugin,)}, attention="shop-says-paid"),
    Play("paid at a look", {0: (refunded,), BETWEEN_POLL_AND_LOOK: (paid,)}, attention="shop-says-paid"),
    Play("paid between the sights", {0: (refunded,), BETWEEN_THE_SIGHTS: (paid,)}, attention="shop-says-paid"),
    Play("paid just before", {0: (refunded,), JUST_BEFORE: (paid,)}, attention="shop-says-paid"),
    Play("paid, not so at a look", {0: (refunded_by_plugin,), BETWEEN_POLL_AND_LOOK: (unpaid,)}, paid_at=65),
    Play("paid, not so later", {0: (refunded_by_plugin,), BETWEEN_THE_SIGHTS: (unpaid,)}, paid_at=92),
    Play("paid, and gone", {0: (refunded_by_plugin,), BETWEEN_THE_SIGHTS: (deleted,)}),
    Play("paid, not, paid", {0: (refunded_by_plugin,), 3: (unpaid,), 30: (paid,)}, attention="shop-says-paid"),
)


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name.replace(" ", "-").replace(",", ""))
@pytest.mark.parametrize(("provider", "version"), [("resurs", "11.0.1"), ("ecster", OLD)])
async def test_it_is_paid_once_after_it_was_seen_twice_and_not_paid_by_the_shop(
    tmp_path: Path, play: Play, provider: ProviderName, version: str
) -> None:
    """Beside it another order is refunded in the same second, and paid as ever."""
    async with known_order(tmp_path, provider) as (w, it):
        w.store.shop.version = version
        other = w.place()
        w.store.set_status(other.id, "completed")
        await complete(w, it)
        refunded(w, other)
        due = play.paid_at or LONG_AFTER
        cycles, now = {*CYCLES, due - 1, due}, 0
        for second in sorted({*cycles, *play.acts}):
            w.clock.advance(second - now)
            now = second
            for act in play.acts.get(second, ()):
                act(w, it)
            if second in cycles:
                await w.cycle(w.instant)
            paid_by_now = play.paid_at is not None and second >= play.paid_at
            assert w.books(it) == (0, TOTAL, MUG if paid_by_now else 0), f"after {second} seconds"
        assert w.books(other) == (0, TOTAL, MUG)
        assert await w.attention() == ({it.id: play.attention} if play.attention else {})


@pytest.mark.parametrize("version", ["11.0.1", OLD])
async def test_the_first_sight_is_when_the_refund_was_read_and_not_when_it_was_asked_for(
    tmp_path: Path, version: str
) -> None:
    """What the shop says of its payment is as old as the answer; this one takes half a minute."""
    async with known_order(tmp_path) as (w, it):
        w.store.shop.version = version
        await complete(w, it)
        refunded(w, it)
        w.store.faults.plan(Fault.HELD_BACK, path="/refunds$")
        w.store.faults.seen.clear()
        poll = asyncio.create_task(w.cycle(w.instant))
        await until(lambda: any("/refunds" in path for _, path in w.store.faults.seen))
        w.clock.advance(30)
        w.store.faults.release.set()
        await poll
        for seconds, returned in ((30, 0), (29, 0), (1, MUG)):
            w.clock.advance(seconds)
            await w.cycle(w.instant)
            assert w.books(it) == (0, TOTAL, returned)


# -------------------------------------------------------------------------------------------- what goes wrong there


@pytest.mark.parametrize("version", ["11.0.1", OLD])
@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.HTML_BEFORE, Fault.DROP_BEFORE])
async def test_refunds_that_can_not_be_read_keep_no_poll_from_going_on(
    tmp_path: Path, fault: Fault, version: str
) -> None:
    """Another order is seen and captured meanwhile; the refunds are paid when they can be read."""
    async with known_order(tmp_path) as (w, it):
        w.store.shop.version = version
        other = w.place()
        for order in (it, other):
            w.store.set_status(order.id, "completed")
        await w.cycle()
        later = w.place(status="completed")
        for order in (it, other):
            refunded(w, order)
        w.store.faults.plan(fault, path="/refunds$", times=999)
        assert (await w.cycle(w.instant)).problem == ""
        w.clock.advance(5)
        await w.cycle(w.instant)
        assert [w.books(order) for order in (it, other, later)] == [(0, TOTAL, 0)] * 3
        w.store.faults.planned.clear()
        await w.cycle()
        assert [w.books(order) for order in (it, other, later)] == [(0, TOTAL, MUG), (0, TOTAL, MUG), (0, TOTAL, 0)]


@pytest.mark.parametrize("version", ["11.0.1", OLD])
async def test_a_store_that_asks_to_wait_for_them_ends_the_poll_which_begins_again_there(
    tmp_path: Path, version: str
) -> None:
    async with known_order(tmp_path) as (w, it):
        w.store.shop.version = version
        await complete(w, it)
        refunded(w, it)
        w.store.faults.plan(Fault.BUSY, path="/refunds$", retry_after=600)
        assert "takes no more requests" in (await w.cycle(w.instant)).problem
        assert await known_refunds(w, it) == ()
        w.clock.advance(600)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


# ------------------------------------------------------------------------------------------------ before the bridge


async def test_young_refunds_from_before_the_bridge_are_known_in_full_and_old_ones_are_not_asked_for(
    tmp_path: Path,
) -> None:
    """In a shop of several pages; no backup that is put back is older than 90 days."""
    async with world(tmp_path) as w:
        old, young = ([w.place(status="completed") for _ in range(70)] for _ in range(2))
        for order in old:
            w.store.refund(order.id, lines={"MUGG": 1}, refunded_payment=True)
        w.clock.advance(91 * 24 * 3600)
        for order in young:
            w.store.refund(order.id, lines={"MUGG": 1}, refunded_payment=True)
        w.clock.advance(3600)
        assert await look_around(await w.bridge(), sweeping=False) == ""
        assert len(refunds_asked(asked(w))) == 1
        for order in (young[0], young[-1]):
            assert await known_refunds(w, order) == await shown_refunds(w, order)
        assert [refund.created for refund in await known_refunds(w, old[0])] == [None]


@pytest.mark.parametrize("version", ["11.0.1", OLD])
async def test_refunds_of_orders_before_the_bridge_are_known_in_full_whatever_the_version(
    tmp_path: Path, version: str
) -> None:
    async with world(tmp_path) as w:
        w.store.shop.version = version
        orders = [w.place(status="completed") for _ in range(3)]
        for order in orders:
            w.store.refund(order.id, lines={"MUGG": 1}, refunded_payment=True)
        w.clock.advance(3600)
        assert await look_around(await w.bridge(), sweeping=False) == ""
        assert len(refunds_asked(asked(w))) == (1 if version != OLD else 4)
        for order in orders:
            assert await known_refunds(w, order) == await shown_refunds(w, order)


async def test_another_refund_under_the_id_of_one_from_before_the_bridge_is_told_from_it(tmp_path: Path) -> None:
    """A backup was put back, and another refund was entered: it has the same id, and the same amount."""
    async with world(tmp_path) as w:
        it = w.place(status="completed")
        backup = w.store.backup()
        first = w.store.refund(it.id, "125.00")
        w.clock.advance(40 * 24 * 3600)
        await w.cycle()
        w.store.restore_backup(backup)
        assert w.store.refund(it.id, "125.00") == first
        w.store.set_status(it.id, "processing")
        await w.cycle()
        status = await w.status()
        assert (status["held"], status["held_why"]) == (
            Held.REWOUND,
            f"refund {first} of order {it.id} is another refund now",
        )
