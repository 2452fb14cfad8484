"""Clocks that are wrong, on either side, and shops in other time zones: nothing is lost by them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge.engine.cycles import look_around
from tests.flow.test_eyes import STORAGES, Storage, fill, polls, wired
from tests.flow.ways import complete
from tests.flow.world import START, TOTAL, Placed, World, world


@dataclass(frozen=True, slots=True)
class Clocks:
    """What the store's own clock shows, off ours, and what its answers say of it."""

    off: timedelta = timedelta()
    dates: bytes | None = None


CLOCKS = {
    "all agree": Clocks(),
    "the store's is behind": Clocks(off=-timedelta(hours=3)),
    "the store's is ahead": Clocks(off=timedelta(hours=3)),
    "the store's is ahead, and its answers bear no date": Clocks(off=timedelta(hours=3), dates=b""),
    "its answers bear no date": Clocks(dates=b""),
    "the store's is behind, and its answers bear no date": Clocks(off=-timedelta(hours=3), dates=b""),
    "the store's is behind, and a proxy dates its answers": Clocks(
        off=-timedelta(hours=3), dates=b"\r\nDate: Sat, 21 Nov 2026 08:00:00 GMT"
    ),
    "its answers bear a date of long ago": Clocks(dates=b"\r\nDate: Sat, 21 Nov 2020 08:00:00 GMT"),
    "its answers bear a date to come": Clocks(dates=b"\r\nDate: Sun, 22 Nov 2026 07:59:00 GMT"),
    "its answers bear a date that makes no sense": Clocks(dates=b"\r\nDate: today"),
}


@asynccontextmanager
async def clocks_of(tmp_path: Path, clocks: Clocks) -> AsyncIterator[tuple[World, Placed]]:
    async with world(tmp_path, store_clock=lambda now: now + clocks.off) as w, wired(w) as wire:
        w.store.doorman.window = timedelta(days=1)
        wire.dates = clocks.dates
        await w.cycle()
        it = w.place()
        await w.cycle()
        yield w, it


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
async def test_what_shows_late_is_found_whatever_the_clocks_say(tmp_path: Path, clocks: Clocks) -> None:
    """A second change in a second that was read; then one that took a minute to save while others came."""
    async with clocks_of(tmp_path, clocks) as (w, it):
        await polls(w, 40)
        unit, other = await w.bridge(), w.place()
        w.store.set_status(it.id, "on-hold")
        await look_around(unit, sweeping=False)
        w.store.set_status(it.id, "processing")
        await polls(w, 2)
        assert (await w.story(it.id))["status"] == "processing"
        w.store.set_status(other.id, "completed")
        w.store.order(other.id).modified -= timedelta(seconds=60)
        await polls(w, 1)
        assert (await w.story(other.id))["status"] == "completed"


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
async def test_a_shop_at_rest_comes_to_rest_whatever_the_clocks_say(tmp_path: Path, clocks: Clocks) -> None:
    """Where the store's clock is ahead, once ours has reached what it showed."""
    async with clocks_of(tmp_path, clocks) as (w, it):
        await complete(w, it)
        changed = w.store.order(it.id).modified
        *_, last = await polls(w, 40, every=300)
        assert last == f"any {changed:%H:%M:%S}"
        await complete(w, w.place())


@pytest.mark.parametrize("pause", [30, 600], ids=["polled every 30 s", "polled every 10 m"])
async def test_a_store_whose_clock_is_set_back_is_followed(tmp_path: Path, pause: int) -> None:
    """What changes then bears dates of before the cursor; no sweep knows an order that is made then."""
    off = timedelta()
    async with world(tmp_path, store_clock=lambda now: now + off) as w:
        w.place()
        await w.cycle()
        w.clock.advance(3600)
        await complete(w, w.place())
        await polls(w, 20, every=pause)
        await complete(w, w.place())
        off = -timedelta(minutes=14)
        it = w.place(status="completed")
        await polls(w, 2, every=pause)
        assert (await w.story(it.id))["status"] == "completed"
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


async def test_our_own_clock_may_be_set_ahead(tmp_path: Path) -> None:
    """By as much as a signature allows; it is put right later, which is the same as a store's that jumps."""
    off = timedelta()
    async with world(tmp_path, store_clock=lambda now: now + off) as w:
        await w.cycle()
        it = w.place()
        await w.cycle()
        w.clock.advance(840)
        off = -timedelta(minutes=14)
        w.store.set_status(it.id, "completed")
        await polls(w, 5)
        new = w.place(status="completed")
        off = timedelta()
        await polls(w, 1)
        last = w.place(status="completed")
        await w.cycle()
        assert [w.books(order) for order in (it, new, last)] == [(0, TOTAL, 0)] * 3


async def test_an_order_from_the_future_does_not_hide_one_that_is_made_at_once(tmp_path: Path) -> None:
    """The store's clock was years ahead while one was saved, and is right again."""
    async with world(tmp_path) as w:
        await w.cycle()
        w.clock.advance(60)
        w.store.order(w.place().id).modified += timedelta(days=2000)
        await polls(w, 2)
        it = w.place(status="completed")
        await w.cycle()
        assert w.books(it) == (0, TOTAL, 0)


@dataclass(frozen=True, slots=True)
class Night:
    """`change` is when the clocks of the zone are changed, in the middle of what the bridge has to read."""

    zone: str
    change: datetime


NIGHTS = {
    "an hour is left out": Night("Europe/Stockholm", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
    "an hour comes twice": Night("Europe/Stockholm", datetime(2027, 10, 31, 1, 0, tzinfo=UTC)),
    "west of here": Night("America/St_Johns", datetime(2027, 11, 7, 4, 30, tzinfo=UTC)),
    "half an hour comes twice": Night("Australia/Lord_Howe", datetime(2027, 4, 3, 15, 0, tzinfo=UTC)),
    "nothing happens": Night("Asia/Kolkata", datetime(2027, 10, 31, 1, 0, tzinfo=UTC)),
}


@STORAGES
@pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS)
async def test_the_first_poll_after_a_long_night_misses_no_order(
    tmp_path: Path, night: Night, storage: Storage
) -> None:
    """The bridge was down while three pages changed."""
    evening = night.change - timedelta(minutes=90)
    async with world(tmp_path, storage=storage) as w:
        w.store.shop.timezone = ZoneInfo(night.zone)
        w.clock.advance(int((evening - START).total_seconds()))
        await w.cycle(w.instant)
        fill(w.store, 300, age=timedelta())
        for place, order in enumerate(w.store.shop.orders.values()):
            order.modified = evening + timedelta(seconds=47 * (place * 7919 % 300))
        w.clock.advance(4 * 3600)
        await look_around(await w.bridge(), sweeping=False)
        assert (await w.status())["orders"] == 300


@STORAGES
@pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS)
async def test_polls_in_such_a_night_see_every_change(tmp_path: Path, night: Night, storage: Storage) -> None:
    async with world(tmp_path, storage=storage) as w:
        w.store.shop.timezone = ZoneInfo(night.zone)
        w.clock.advance(int((night.change - timedelta(minutes=65) - START).total_seconds()))
        await w.cycle(w.instant)
        for _ in range(13):
            it = w.place(status="completed")
            await polls(w, 1, every=600)
            assert (await w.story(it.id))["status"] == "completed"
        await w.cycle(w.instant)
