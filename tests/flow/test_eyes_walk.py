"""A poll that has many orders to read: of one second, over several pages, cut off, or shown by an odd store."""

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.engine.cycles import look_around
from bridge.sandbox.faults import Fault, Planned
from bridge.sandbox.store import StoreSandbox
from tests.commands.shop import open_shop, started, until
from tests.flow.test_eyes import STORAGES, Storage, fill, polls
from tests.flow.world import START, TOTAL, World, world

LISTING = r"/orders$"
STEPS = range(1, 6)
"""The requests of a walk through 250 orders: two for each page but the last."""


class At:
    """Stands for the path of a fault that never comes: as the nth request for it is made, something happens."""

    def __init__(self, nth: int, deed: Callable[[], object], path: str) -> None:
        self.left, self.deed, self.path = nth, deed, re.compile(path)

    def search(self, path: str) -> None:
        if self.path.search(path):
            self.left -= 1
            if self.left == 0:
                self.deed()


def at(store: StoreSandbox, nth: int, deed: Callable[[], object], path: str = LISTING) -> None:
    """Let the deed be done as the nth listing from now is asked for, or whatever `path` matches."""
    never: Any = At(nth, deed, path)
    store.faults.planned.insert(0, Planned(fault=Fault.SLOW, method="GET", path=never, times=1, retry_after=0))


async def snapshots(w: World) -> dict[int, str]:
    """The status of every order, as the bridge has it."""
    known = await (await w.bridge()).journal.known_many(range(1, next(w.store.shop.ids)))
    return {order_id: held.order.status for order_id, held in known.items() if held.order is not None}


def statuses(store: StoreSandbox) -> dict[int, str]:
    return {order.id: order.status for order in store.shop.orders.values()}


def change_all(store: StoreSandbox, begin: datetime, moments: list[int]) -> None:
    """Let the orders be completed, each so many seconds after `begin`."""
    for order, seconds in zip(store.shop.orders.values(), moments, strict=True):
        order.status, order.modified = "completed", begin + timedelta(seconds=seconds)


BIG_SECOND = [*range(150), *[200] * 250, *range(300, 450)]
"""Two hundred and fifty changed in one second, amid others; a walk of three pages or more."""


def shuffles(store: StoreSandbox) -> None:
    store.mishaps.unstable_ties = True


def drops(store: StoreSandbox) -> None:
    """Some of every page that is asked for."""
    ids = list(store.shop.orders)
    store.mishaps.broken = {ids[70], ids[120], *ids[160:200], ids[410], ids[549]}


STORES: dict[str, Callable[[StoreSandbox], None]] = {
    "as it should be": lambda _: None,
    "orders of a second shuffled": shuffles,
    "orders that can't be loaded": drops,
}


@STORAGES
@pytest.mark.parametrize("oddity", STORES.values(), ids=STORES)
async def test_one_poll_reads_250_orders_of_one_second_amid_others(
    tmp_path: Path, storage: Storage, oddity: Callable[[StoreSandbox], None]
) -> None:
    async with world(tmp_path, storage=storage) as w:
        fill(w.store, len(BIG_SECOND), status="processing")
        await w.cycle(w.instant)
        w.clock.advance(3600)
        change_all(w.store, w.clock.now() - timedelta(minutes=20), BIG_SECOND)
        oddity(w.store)
        await polls(w, 1)
        shown = {it: status for it, status in statuses(w.store).items() if it not in w.store.mishaps.broken}
        assert {it: status for it, status in (await snapshots(w)).items() if it in shown} == shown


@STORAGES
async def test_a_first_poll_does_not_end_at_a_page_that_is_short(tmp_path: Path, storage: Storage) -> None:
    """Everything after it would count as news: orders completed long ago would be captured."""
    async with world(tmp_path, storage=storage) as w:
        fill(w.store, 249)
        it = w.place(status="completed")
        change_all(w.store, START - timedelta(days=2), [30 * n for n in range(250)])
        w.store.mishaps.broken = {next(iter(w.store.shop.orders))}
        for _ in range(4):
            await w.cycle()
            w.clock.advance(600)
        assert w.books(it) == (TOTAL, 0, 0)
        assert len(await snapshots(w)) == 249


@STORAGES
@pytest.mark.parametrize("nth", STEPS)
async def test_orders_that_move_to_the_end_while_it_walks_hide_no_others(
    tmp_path: Path, storage: Storage, nth: int
) -> None:
    """Those that it has just read, or is about to read; the ones behind them move up."""
    async with world(tmp_path, storage=storage) as w:
        fill(w.store, 250, status="processing")
        await w.cycle(w.instant)
        w.clock.advance(3600)
        change_all(w.store, w.clock.now() - timedelta(minutes=20), [n // 9 for n in range(250)])
        ids = list(w.store.shop.orders)
        near = 50 * nth

        def move() -> None:
            for it in ids[max(near - 90, 0) : near + 90]:
                w.store.set_status(it, "on-hold")

        at(w.store, nth, move)
        await polls(w, 1)
        assert await snapshots(w) == statuses(w.store)


async def test_a_walk_that_fails_on_its_third_page_goes_on_there(tmp_path: Path) -> None:
    """What was read is kept, together with how far it came, and only the overlap is read again."""
    async with world(tmp_path) as w:
        fill(w.store, 450, status="processing")
        await w.cycle(w.instant)
        w.clock.advance(3600)
        begin = w.clock.now() - timedelta(minutes=50)
        change_all(w.store, begin, [5 * n for n in range(450)])
        at(w.store, 5, lambda: w.store.faults.plan(Fault.ERROR_BEFORE, path=LISTING, times=100))
        assert "HTTP 500" in await look_around(await w.bridge(), sweeping=False)
        newest = begin + timedelta(seconds=5 * 199)
        state = await (await w.bridge()).standing.state()
        assert state.cursor == newest
        assert list((await snapshots(w)).values()).count("completed") == 200
        w.store.faults.planned.clear()
        first, *_ = await polls(w, 1)
        assert first == f"any {newest - timedelta(minutes=2):%H:%M:%S}"
        assert await snapshots(w) == statuses(w.store)


@pytest.mark.parametrize("nth", STEPS)
async def test_a_walk_that_is_killed_is_taken_up_and_tells_nothing_twice(tmp_path: Path, nth: int) -> None:
    async with world(tmp_path) as w:
        fill(w.store, 250, status="processing")
        await w.cycle(w.instant)
        w.clock.advance(3600)
        change_all(w.store, w.clock.now() - timedelta(minutes=20), [n // 9 for n in range(250)])
        unit = await w.bridge()
        async with w.cycling() as cycle:
            at(w.store, nth, cycle.cancel)
        assert cycle.cancelled()
        await w.stop()
        assert unit is not await w.bridge()
        await polls(w, 1)
        assert await snapshots(w) == statuses(w.store)
        told = [await w.told(it, "seen") for it in list(w.store.shop.orders)[::25]]
        assert {tuple(texts[1:]) for texts in told} == {("status processing → completed",)}


async def test_a_process_that_is_killed_between_two_pages_has_either_a_page_and_its_cursor_or_neither(
    tmp_path: Path,
) -> None:
    async with open_shop(tmp_path) as shop:
        fill(shop.store, 450, status="processing", age=timedelta(hours=2))
        assert (await shop.types("once", "--wait", "0s")).code == 0
        begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=50)
        change_all(shop.store, begin, [5 * n for n in range(450)])
        at(shop.store, 5, lambda: shop.store.faults.plan(Fault.HELD_BACK, path=LISTING))
        async with started("once", "--settings", str(shop.path)) as once:
            await until(
                lambda: any(it.fault is Fault.HELD_BACK and not it.times for it in shop.store.faults.planned)
            )
            once.process.kill()
            await once.ended()
        database = sqlite3.connect(shop.database)
        completed = "SELECT count(*) FROM orders WHERE status = 'completed'"
        assert database.execute(completed).fetchone() == (200,)
        [(cursor,)] = database.execute("SELECT cursor FROM stores").fetchall()
        assert datetime.fromisoformat(cursor) == begin + timedelta(seconds=5 * 199)
        shop.store.faults.release.set()
        assert (await shop.types("once", "--wait", "0s")).code == 0
        assert database.execute(completed).fetchone() == (450,)
        told = "SELECT count(*) FROM events WHERE text = 'status processing → completed'"
        assert database.execute(told).fetchone() == (450,)
        database.close()


# ---- a filter that the store ignores


async def test_an_old_store_that_ignores_the_filter_is_told_of_and_nothing_is_lost(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        fill(w.store, 150, status="processing")
        it = w.place()
        await w.cycle()
        w.store.mishaps.ignores_modified_after = True
        w.store.set_status(it.id, "completed")
        assert "`modified_after`" in (await w.cycle()).problem
        assert w.books(it) == (TOTAL, 0, 0)
        w.clock.advance(6 * 3600)
        w.store.mishaps.ignores_modified_after = False
        assert (await w.cycle()).problem == ""
        assert w.books(it) == (0, TOTAL, 0)


async def test_a_small_old_store_is_followed_all_the_same(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.store.mishaps.ignores_modified_after = True
        await w.cycle()
        fill(w.store, 60)
        it = w.place()
        await w.cycle()
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await snapshots(w) == statuses(w.store)


@STORAGES
async def test_behind_a_cache_of_a_minute_everything_is_seen_a_minute_later(
    tmp_path: Path, storage: Storage
) -> None:
    """It heeds neither what we say of caches nor our nonce, and dates what it kept as if it were new."""
    async with world(tmp_path, storage=storage) as w:
        fill(w.store, 120, status="processing")
        await w.cycle(w.instant)
        w.store.mishaps.lag = timedelta(minutes=1)
        ids = list(w.store.shop.orders)
        for turn in range(16):
            for it in ids[turn * 17 % 100 :: 2 + turn % 5]:
                w.store.set_status(it, ("on-hold", "completed", "processing")[turn % 3])
            w.store.create_order({"MUGG": 1}, payment_method="bacs", status="on-hold")
            await polls(w, 1, every=(0, 29, 30, 7)[turn % 4])
        await polls(w, 2, every=60)
        assert await snapshots(w) == statuses(w.store)


# ---- what is no order, or no order yet; and what plugins make of one


@pytest.mark.parametrize("listed", [False, True], ids=["not listed", "listed by the store"])
async def test_a_draft_is_ignored_until_it_is_an_order(tmp_path: Path, *, listed: bool) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        w.store.mishaps.lists_drafts = listed
        it = w.place(status="checkout-draft")
        w.store.create_order({"MUGG": 1}, status="auto-draft")
        w.clock.advance(60)
        await w.cycle()
        assert await snapshots(w) == {}
        w.store.set_status(it.id, "processing")
        await w.cycle()
        w.store.set_status(it.id, "completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)
        assert await w.attention() == {}


async def test_a_status_of_a_plugin_is_seen_and_captures_where_the_settings_say_so(tmp_path: Path) -> None:
    """WordPress has it as `wc-packad`, the API as `packad`; it comes into being while the bridge runs."""
    async with world(tmp_path, actions={"capture": {"on": ["completed", "packad"]}}) as w:
        await w.cycle()
        other, it = w.place(), w.place()
        await w.cycle()
        for slug in ("packad", "plockad"):
            w.store.register_status(slug, slug.capitalize())
        w.store.set_status(it.id, "packad")
        w.store.set_status(other.id, "plockad")
        await w.cycle()
        assert await snapshots(w) == {it.id: "packad", other.id: "plockad"}
        assert (w.books(it), w.books(other)) == ((0, TOTAL, 0), (TOTAL, 0, 0))


@STORAGES
async def test_an_order_that_went_to_the_trash_and_back_is_followed_as_before(
    tmp_path: Path, storage: Storage
) -> None:
    """Whether the bridge saw it there or not."""
    async with world(tmp_path, storage=storage) as w:
        await w.cycle()
        seen, unseen = w.place(), w.place()
        await w.cycle()
        w.clock.advance(600)
        w.store.trash(seen.id)
        await w.cycle()
        assert (await snapshots(w))[seen.id] == "trash"
        w.clock.advance(600)
        w.store.trash(unseen.id)
        for it in (seen, unseen):
            w.store.restore(it.id)
            w.store.set_status(it.id, "completed")
        await w.cycle()
        assert [w.books(it) for it in (seen, unseen)] == [(0, TOTAL, 0)] * 2
