"""The first run of a shop of many pages: whole whatever happens, gentle, gone on with, and taken over from."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from structlog.testing import capture_logs

from bridge.engine.cycles import look_around
from bridge.engine.progress import Pace
from bridge.sandbox.faults import Fault, Planned
from bridge.sandbox.store import asking, rest_orders
from tests.flow.world import MUG, START, TOTAL, Placed, World, until, world

SECOND = timedelta(seconds=1)
AGE = timedelta(days=400)


def stock(w: World, count: int, *, apart: timedelta = SECOND, age: timedelta = AGE) -> list[int]:
    """Let the shop have so many orders more that are none of ours, changed so far `apart`, the last `age` ago."""
    like = w.store.order(w.store.create_order({"MUGG": 1}, payment_method="bacs", status="completed"))
    del w.store.shop.orders[like.id]
    made = []
    for number in range(count):
        order_id = next(w.store.shop.ids)
        then = START - age - apart * (count - 1 - number)
        order = replace(like, id=order_id, number=str(order_id), created=then, modified=then, completed=then)
        w.store.shop.orders[order_id] = order
        made.append(order_id)
    return made


def age(w: World, it: Placed, by: timedelta = AGE + timedelta(days=1)) -> Placed:
    """Let an order be as old as that: older than the whole stock, so that it is not among the last to change."""
    order = w.store.order(it.id)
    order.created, order.modified = order.created - by, order.modified - by
    return it


class AtListing:
    """Stands for a path that never matches: does something when orders are listed for the nth time.

    The first time, which tells how many there are, is the 0th.
    """

    def __init__(self, does: Mapping[int, Callable[[], object]]) -> None:
        self.does, self.count = does, -1

    def search(self, path: str) -> None:
        if path.endswith("/orders"):
            self.count += 1
            self.does.get(self.count, bool)()


def after(w: World, seconds: int, deed: Callable[[], object]) -> Callable[[], object]:
    """Something that is done so many seconds later than all before it."""

    def do() -> None:
        w.clock.advance(seconds)
        deed()

    return do


def at_listing(w: World, does: Mapping[int, Callable[[], object]]) -> None:
    hook: Any = AtListing(does)
    w.store.faults.planned.append(Planned(fault=Fault.BUSY, method="GET", path=hook, times=10**6, retry_after=1))


class Nth:
    """Stands for a path: the nth listing of orders, counted as by `AtListing`, and how many after it."""

    def __init__(self, nth: int, many: int = 1) -> None:
        self.left, self.many = nth + 1, many

    def search(self, path: str) -> bool:
        self.left -= path.endswith("/orders")
        return path.endswith("/orders") and -self.many < self.left <= 0


def fault_at(w: World, fault: Fault, nth: int, *, many: int = 1, retry_after: int = 1) -> None:
    path: Any = Nth(nth, many)
    w.store.faults.planned.append(
        Planned(fault=fault, method="GET", path=path, times=10**6, retry_after=retry_after)
    )


def pages(w: World) -> list[int]:
    """The numbers of the pages that were asked for, in order."""
    queries = [parse_qs(urlsplit(address).query) for _, address in w.store.faults.seen]
    return [int(query["page"][0]) for query in queries if query.get("orderby") == ["id"] and "exclude" not in query]


async def known(w: World) -> set[int]:
    return await (await w.bridge()).listings.known_ids(w.store.shop.orders)


async def test_a_big_shop_is_read_page_by_page_each_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        stock(w, 1050, apart=timedelta(hours=1))
        await look_around(await w.bridge(), sweeping=False)
        assert pages(w) == [*range(11, 0, -1), 1], "the first once more, for the count"
        listings = [address for _, address in w.store.faults.seen if "/orders?" in address]
        assert all("_fields=id%2C" in address for address in listings)
        assert len(listings) == 12 + len(("the newest", "the trash", "what changed since", "the poll"))
        assert await known(w) == set(w.store.shop.orders)
        assert w.writes() == []


async def test_a_shop_of_one_page_is_read_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        stock(w, 99)
        await look_around(await w.bridge(), sweeping=False)
        assert sum("/orders?" in address for _, address in w.store.faults.seen) == len(("newest", "trash"))
        assert (await w.status())["baseline"] == {"done": True, "read": 99, "total": 99}


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_as_many_pages_are_asked_for_at_a_time_as_the_settings_say(tmp_path: Path, concurrency: int) -> None:
    async with world(tmp_path, concurrency=concurrency) as w:
        stock(w, 1500)
        fault_at(w, Fault.HELD_BACK, 3, many=100)
        async with w.cycling():
            await until(lambda: len(pages(w)) == 1 + concurrency)
            for _ in range(50):
                await others_first()
            assert len(pages(w)) == 1 + concurrency
            w.store.faults.release.set()
        assert await known(w) == set(w.store.shop.orders)


async def others_first() -> None:
    """Let all others have a turn."""
    await asyncio.sleep(0)


# ---- what happens meanwhile

Deed = Callable[[World, Placed], object]
MEANWHILE: dict[str, tuple[Deed, tuple[int, int, int]]] = {
    "completed": (lambda w, it: w.store.set_status(it.id, "completed"), (0, TOTAL, 0)),
    "cancelled": (lambda w, it: w.store.set_status(it.id, "cancelled"), (0, 0, 0)),
    "refunded": (lambda w, it: w.store.refund(it.id), (0, 0, 0)),
    "refunded in part": (lambda w, it: w.store.refund(it.id, lines={"MUGG": 1}), (TOTAL - MUG, 0, 0)),
    "lowered": (lambda w, it: w.store.set_quantity(it.id, "MUGG", 1), (TOTAL - MUG, 0, 0)),
    "put to the trash": (lambda w, it: w.store.trash(it.id), (TOTAL, 0, 0)),
    "deleted": (lambda w, it: w.store.delete(it.id), (TOTAL, 0, 0)),
}


@pytest.mark.parametrize("where", ["first", "last", "newest"])
@pytest.mark.parametrize("deed", MEANWHILE)
async def test_what_happens_during_the_first_run_is_acted_on_by_the_polls_after_it(
    tmp_path: Path, deed: str, where: str
) -> None:
    """To an order on the page that is read last, on the one that is read first, or among the last to change."""
    does, books = MEANWHILE[deed]
    async with world(tmp_path) as w:
        first = age(w, w.place())
        stock(w, 600)
        last = age(w, w.place(), AGE - timedelta(days=1))
        stock(w, 150, age=timedelta(days=1))
        it = {"first": first, "last": last, "newest": w.place()}[where]
        w.clock.advance(60)
        at_listing(w, {5: after(w, 30, lambda: does(w, it))})
        await w.cycle(w.instant)
        w.clock.advance(30)
        await w.cycle()
        if (deed, where) == ("lowered", "first"):  # a save that was never seen without: it may have differed before
            books = (TOTAL, 0, 0)
        assert w.books(it) == books
        untouched = {first, last} - {it}
        assert {w.books(other) for other in untouched} == {(TOTAL, 0, 0)}
        assert await known(w) == set(w.store.shop.orders)


@pytest.mark.parametrize("cut_off", [False, True], ids=["in one go", "while it was cut off"])
@pytest.mark.parametrize("back", [4, 5, 8])
async def test_a_backup_that_is_put_back_during_the_first_run_hides_no_order(
    tmp_path: Path, back: int, *, cut_off: bool
) -> None:
    """An order that had left to the newest comes back among the oldest, and moves all behind it a place down."""
    async with world(tmp_path) as w:
        first = age(w, w.place())
        stock(w, 600)
        stock(w, 150, age=timedelta(days=1))
        w.clock.advance(3600)
        backup = w.store.backup()
        w.clock.advance(3600)
        w.place()
        w.clock.advance(60)
        meanwhile = {1: after(w, 5, lambda: w.store.set_meta(first.id, "_x", "1"))}
        if not cut_off:
            meanwhile[back] = after(w, 5, lambda: w.store.restore_backup(backup))
        at_listing(w, meanwhile)
        if cut_off:
            fault_at(w, Fault.ERROR_BEFORE, back, many=10**6)
            assert (await w.cycle(w.instant)).problem
            w.store.faults.planned.clear()
            w.store.restore_backup(backup)
        await w.cycle(w.instant)
        w.clock.advance(60)
        await w.cycle(w.instant)
        assert set(w.store.shop.orders) <= await known(w)


async def test_a_save_during_the_first_run_makes_no_old_difference_ours(tmp_path: Path) -> None:
    """More was reserved than the order asks for when the bridge came: that is for a person to judge."""
    async with world(tmp_path) as w:
        it = w.place()
        w.store.set_quantity(it.id, "MUGG", 1)
        age(w, it)
        stock(w, 600)
        w.clock.advance(60)
        at_listing(w, {5: after(w, 30, lambda: w.store.set_meta(it.id, "_plugin", "1"))})
        await w.cycle()
        assert await w.attention() == {it.id: "more-reserved"}
        assert w.calls() == []


async def test_a_first_run_waits_until_the_clocks_agree_about_the_day(tmp_path: Path) -> None:
    async with world(tmp_path, store_clock=lambda now: now + timedelta(days=3)) as w:
        w.store.doorman.window = timedelta(days=9)  # as a shop that speaks HTTPS, which never asks for the time
        it = w.place(status="completed")
        stock(w, 150)
        assert "set the clock that is wrong before the first run" in (await w.cycle()).problem
        assert w.books(it) == (TOTAL, 0, 0)
        assert await known(w) == set()


async def test_an_order_that_is_made_during_the_first_run_is_no_order_of_before(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        stock(w, 500)
        made: list[Placed] = []
        w.clock.advance(60)
        make = after(w, 1, lambda: made.append(w.place(status="completed")))
        at_listing(w, dict.fromkeys(range(2, 6), make))
        await w.cycle(w.instant)
        await w.cycle()
        assert [w.books(it) for it in made] == [(0, TOTAL, 0)] * 4


async def test_a_refund_on_an_order_that_ended_before_and_is_still_unread_is_paid(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        it = w.place(status="completed")
        w.side.capture(it.payment, TOTAL)
        w.store.refund(it.id, lines={"LAMPA": 1})
        age(w, it)
        order = w.store.order(it.id)
        order.completed = order.created
        order.refunds[0].created = order.created
        stock(w, 500)
        w.clock.advance(60)
        at_listing(w, {4: after(w, 30, lambda: w.store.refund(it.id, lines={"MUGG": 1}))})
        await w.cycle(w.instant)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, MUG)


async def test_no_order_slips_from_a_page_that_was_answered_too_early_to_one_that_was_read(tmp_path: Path) -> None:
    """Of two pages that are asked for at once the upper is answered last, and an order below has left before."""
    async with world(tmp_path) as w:
        orders = stock(w, 700)
        w.clock.advance(60)
        fault_at(w, Fault.HELD_BACK, 3)  # after the newest, the trash, and the uppermost page
        async with w.cycling():
            await until(lambda: len(pages(w)) == 3)
            w.store.delete(orders[0])
            w.store.faults.release.set()
        assert await known(w) == set(w.store.shop.orders)


FAULTS = (Fault.SLOW, Fault.HELD_BACK, Fault.DROP_BEFORE, Fault.ERROR_AFTER)


def anything(w: World, chance: random.Random, orders: Sequence[int]) -> None:
    """Orders change, are put to the trash, deleted and made; answers are slow, or do not come."""
    w.clock.advance(chance.choice((0, 1)))
    for it in chance.sample(orders, chance.choice((0, 1, 2, 120))):
        if it in w.store.shop.orders and w.store.status(it) != "trash":
            now = "on-hold" if w.store.status(it) == "completed" else "completed"
            chance.choice((w.store.trash, w.store.delete, partial(w.store.set_status, status=now)))(it)
    if chance.random() < 0.3:
        w.store.create_order({"MUGG": 1}, payment_method="bacs")
    if chance.random() < 0.3:
        w.store.faults.plan(chance.choice(FAULTS), path="/orders$", times=chance.choice((1, 4)))
    if chance.random() < 0.5:
        w.store.faults.release.set()
        w.store.faults.release.clear()


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_happens_between_any_two_answers_no_order_is_lost(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with world(tmp_path) as w:
        orders = stock(w, 900, apart=timedelta(minutes=5))
        w.clock.advance(60)
        # Were the newest to vanish, the shop would be taken for one that went back in time.
        at_listing(w, dict.fromkeys(range(1, 14), partial(anything, w, chance, orders[:-50])))
        problem = "it has not begun"
        while problem:
            async with w.cycling() as cycle:
                for turn in count():
                    if cycle.done():
                        break
                    await others_first()
                    if turn % 100 == 0:
                        w.store.faults.release.set()
            problem = cycle.result().problem
            w.clock.advance(120)
        await w.cycle()
        assert (await w.status())["held"] == ""
        seen = {it: (await w.story(it))["status"] for it in w.store.shop.orders}
        assert seen == {it: w.store.status(it) for it in w.store.shop.orders}


async def test_ten_pages_of_one_second_are_read_to_the_last_order(tmp_path: Path) -> None:
    """An import gave all of them the same date; it is just over."""
    async with world(tmp_path) as w:
        it = w.place(status="completed")
        stock(w, 1000, apart=timedelta(), age=timedelta())
        await w.cycle()
        assert await known(w) == set(w.store.shop.orders)
        assert w.books(it) == (TOTAL, 0, 0)


OFF = {"behind": -timedelta(minutes=14), "right": timedelta(), "ahead": timedelta(minutes=14)}


@pytest.mark.parametrize("off", OFF)
async def test_the_stores_clock_may_be_wrong(tmp_path: Path, off: str) -> None:
    """Orders that ended before the first run rest, also those of a moment ago; those that end during it do not."""
    async with world(tmp_path, store_clock=lambda now: now + OFF[off]) as w:
        it = age(w, w.place())
        stock(w, 500)
        before = [w.place(status="completed") for _ in range(130)]
        w.clock.advance(60)
        at_listing(w, {5: after(w, 5, lambda: w.store.set_status(it.id, "completed"))})
        await w.cycle(w.instant)
        await w.cycle()
        assert {w.books(other) for other in before} == {(TOTAL, 0, 0)}
        assert w.books(it) == (0, TOTAL, 0)


async def test_orders_from_the_future_are_no_border(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        it = age(w, w.place())
        stock(w, 400)
        w.store.order(w.place().id).modified += timedelta(days=2000)
        w.clock.advance(60)
        at_listing(w, {4: after(w, 5, lambda: w.store.set_status(it.id, "completed"))})
        await w.cycle(w.instant)
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_orders_that_cannot_be_understood_or_held_are_set_aside_and_the_others_read(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        orders = stock(w, 500)
        w.store.order(orders[222]).currency = "KRONOR"
        w.store.order(orders[333]).number = "\ud800"
        await w.cycle(w.instant)
        assert await w.attention() == {orders[222]: "unreadable", orders[333]: "unreadable"}
        assert (await w.status())["orders"] == 500


# ---- an end of any kind


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.ERROR_BEFORE, Fault.HTML_BEFORE])
async def test_a_first_run_that_the_store_cuts_off_goes_on_where_it_was(tmp_path: Path, fault: Fault) -> None:
    """The counts go on, and no page is read again but those that were under way."""
    async with world(tmp_path) as w:
        stock(w, 1500)
        fault_at(w, fault, 9, many=10**6, retry_after=600)
        assert (await w.cycle(w.instant)).problem
        told = (await w.status())["baseline"]
        assert (told["done"], told["total"]) == (False, 1499), "one is of the newest second"
        assert 100 <= told["read"] <= 700
        w.store.faults.planned.clear()
        w.store.faults.seen.clear()
        await w.stop()
        w.clock.advance(3600)
        await w.cycle(w.instant)
        assert pages(w) == [*range(-(-(1499 - told["read"]) // 100), 0, -1), 1]
        assert (await w.status())["baseline"] == {"done": True, "read": 1499, "total": 1499}
        assert await known(w) == set(w.store.shop.orders)


async def test_nothing_is_acted_on_before_the_first_run_is_through(tmp_path: Path) -> None:
    async with world(tmp_path, start_from="2026-11-01") as w:
        stock(w, 500)
        it = w.place(status="completed")
        fault_at(w, Fault.ERROR_BEFORE, 4, many=10**6)
        assert (await w.cycle()).problem
        assert w.books(it) == (TOTAL, 0, 0)
        w.store.faults.planned.clear()
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


# ---- stores that are not what they should be


async def test_a_store_that_does_not_count_its_orders_is_walked_through_by_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def uncounted(*words: Any, **options: Any) -> asking.Answer:
        answer = asking.paged(*words, **options)
        return replace(answer, headers={})

    monkeypatch.setattr(rest_orders, "paged", uncounted)
    async with world(tmp_path) as w:
        it = age(w, w.place(status="completed"))
        stock(w, 450)
        other = w.place()
        w.clock.advance(60)
        await w.cycle(w.instant)
        w.store.set_status(other.id, "completed")
        await w.cycle()
        assert await known(w) == set(w.store.shop.orders)
        assert (w.books(it), w.books(other)) == ((TOTAL, 0, 0), (0, TOTAL, 0))


async def test_a_store_that_ignores_the_page_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = asking.Asked.whole

    def without_page(asked: asking.Asked, name: str, *words: Any) -> int:
        return 1 if name == "page" else whole(asked, name, *words)

    monkeypatch.setattr(asking.Asked, "whole", without_page)
    async with world(tmp_path) as w:
        stock(w, 450)
        assert "one page of orders whichever is asked for" in (await w.cycle(w.instant)).problem


# ---- how far it is


async def test_the_log_tells_calmly_how_far_it_is(tmp_path: Path) -> None:
    """A page takes two seconds here."""
    async with world(tmp_path) as w:
        stock(w, 2500)
        at_listing(w, dict.fromkeys(range(2, 27), lambda: w.clock.advance(2)))
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
        with capture_logs() as logs:
            await w.cycle(w.instant)
        told = [line for line in logs if line["event"] == "baseline.progress"]
        assert [line["total"] for line in told] == [2500, 2499]
        assert told[0]["done"] == 0
        assert told[0]["seconds_left"] is None
        assert told[1]["seconds_left"] == pytest.approx((2500 - told[1]["done"]) / 50, abs=8)
        assert [line["total"] for line in logs if line["event"] == "baseline.done"] == [2500]


def test_what_an_earlier_start_read_and_a_quick_beginning_do_not_count_as_pace() -> None:
    pace, now = Pace(), START
    assert pace.left(20_000, 50_000, now) is None
    for done, seconds in ((20_500, 1), (21_000, 31), (21_500, 61), (22_000, 91)):
        left = pace.left(done, 50_000, now + timedelta(seconds=seconds))
    assert left == timedelta(seconds=30) / 500 * 28_000
