"""SIGHUP to the running daemon: what it has to tell is neither lost nor told too soon."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bridge.sandbox.faults import Fault
from tests.alerts.sink import Sink
from tests.commands.shop import Daemon, Shop, open_shop, started, until
from tests.commands.test_reload import LOADED, hangs_up


class Clock:
    """The daemon's clock."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clock"
        self.minutes = 0
        self.advance(0)

    def advance(self, minutes: int) -> None:
        self.minutes += minutes
        new = self.path.with_suffix(".new")
        new.write_text(str(self.minutes), encoding="utf-8")
        new.replace(self.path)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self.minutes)


@asynccontextmanager
async def hasty(shop: Shop, clock: Clock) -> AsyncIterator[Daemon]:
    async with started(str(shop.path), str(clock.path), module="tests.commands.hasty") as daemon:
        await daemon.says("daemon.started")
        yield daemon


def rows(shop: Shop, statement: str) -> list[Any]:
    with closing(sqlite3.connect(shop.database)) as database:
        return database.execute(statement).fetchall()


def not_polled(shop: Shop) -> list[Any]:
    return rows(shop, "SELECT store FROM alerts WHERE topic = 'not-polled'")


def daily(shop: Shop) -> list[Any]:
    """When the daily message was last: it is looked for right after the stores that are not polled."""
    return rows(shop, "SELECT used FROM channels WHERE name = 'watch'")


def polled(shop: Shop) -> datetime:
    [[moment]] = rows(shop, "SELECT polled FROM stores WHERE name = 'butiken'")
    return datetime.fromisoformat(moment)


async def polled_after(shop: Shop, clock: Clock, minutes: int) -> None:
    """Let so much time pass, and wait until the daemon has polled the shop at that time."""
    clock.advance(minutes)
    then = clock.now()
    await until(lambda: polled(shop) >= then)


async def test_a_store_that_comes_is_given_its_time_before_it_is_told_as_not_polled(tmp_path: Path) -> None:
    """One that is known from before, and whose shop takes long to answer."""
    clock, folders = Clock(tmp_path), [tmp_path / name for name in ("butiken", "other")]
    for folder in folders:
        folder.mkdir()
    async with open_shop(folders[0], now=clock.now) as shop, open_shop(folders[1], "other", now=clock.now) as other:
        shop.settings["stores"].append(other.only)
        assert (await shop.types("once", "--wait", "0s")).code == 0
        shop.settings["stores"].pop()
        other.store.faults.plan(Fault.SLOW, times=99)
        async with hasty(shop, clock) as daemon:
            await until(lambda: bool(daily(shop)))
            for _ in range(2):
                await polled_after(shop, clock, 12)
            shop.settings["stores"].append(other.only)
            at = (clock.now() + timedelta(minutes=5)).astimezone()
            shop.settings["alerts"] = {"daily_at": f"{at:%H:%M}"}
            assert shop.path
            assert (await hangs_up(daemon, LOADED))["added"] == ["other"]
            before = daily(shop)
            await polled_after(shop, clock, 10)
            await until(lambda: daily(shop) != before)
            assert not_polled(shop) == []
            other.store.faults.release.set()
            assert (await daemon.stop()).code == 0


async def test_what_is_told_past_the_database_outlives_new_settings(shop: Shop, tmp_path: Path) -> None:
    """By the channel that they name, at once."""
    broken, mended = Sink(tmp_path / "broken"), Sink(tmp_path / "mended")
    broken.fail(75)
    shop.settings["alerts"] = {"command": [str(broken.path)]}
    await shop.types("once", "--wait", "0s")
    async with hasty(shop, Clock(tmp_path)) as daemon:
        with closing(sqlite3.connect(shop.database, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            await until(lambda: broken.tried)
            shop.settings["alerts"] = {"command": [str(mended.path)]}
            assert shop.path
            await hangs_up(daemon, LOADED)
            await until(lambda: bool(mended.kept))
            another.execute("ROLLBACK")
        assert (await daemon.stop()).code == 0
    [told] = mended.messages
    assert [(it["topic"], it["store"]) for it in told["alerts"]] == [("database", "butiken")]
    assert "database is locked" in told["text"]
