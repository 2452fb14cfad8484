"""The roster of a daemon: whatever fails, every store has somebody who works on it, by the settings in force."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.testing import capture_logs
from tortoise.exceptions import OperationalError

from bridge.app import Workplace, read_settings, workplace
from bridge.db.leases import Lease, Unending
from bridge.engine.unit import Unit
from bridge.errors import SettingsError
from bridge.posts import Post
from bridge.roster import InForce, Roster
from bridge.settings import Settings, StoreSettings
from bridge.ticking import Ticks
from tests import databases
from tests.commands.shop import Shop, until


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with capture_logs() as logged:
        yield logged


def changed(shop: Shop) -> Settings:
    """Settings in which something about the store is new."""
    shop.only["language"] = "sv"
    return read_settings(shop.path)


@asynccontextmanager
async def at_work(shop: Shop) -> AsyncIterator[Roster]:
    """The roster of a daemon that works on the shop."""
    await databases.make(f"sqlite://{shop.database}")
    settings, scheduler = read_settings(shop.path), AsyncIOScheduler(timezone=UTC)
    async with workplace(settings) as place:
        roster = Roster(place, InForce(settings), scheduler, None)
        await roster.begin()
        scheduler.start()
        roster.keep()
        try:
            yield roster
        finally:
            roster.leave()
            scheduler.shutdown(wait=False)
            await roster.end()


async def polled_anew(roster: Roster) -> None:
    """Wait until whoever works on the store has polled it."""
    [post] = roster.posts
    await until(lambda: post.works and post.polled)


async def test_what_can_not_be_made_is_refused_before_anything_is_taken_away(
    shop: Shop, log: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret can be read when the settings are checked, and not any more when it is used."""
    async with at_work(shop) as roster:
        [post], shops = roster.posts, dict(roster.shops)
        with monkeypatch.context() as patched:
            patched.setattr(Post, "shop", _gone)
            await roster.load(lambda: changed(shop))
        assert "the file is gone" in next(it for it in log if it["event"] == "settings.refused")["problems"]
        assert (roster.posts, roster.shops, roster.working) == ([post], shops, ["butiken"])
        await roster.load(lambda: changed(shop))
        await polled_anew(roster)
        [other] = roster.posts
        assert (other is post, other.settings.language, roster.shops == shops) == (False, "sv", False)


def _gone(_: Post) -> None:
    raise SettingsError("the file is gone")


async def test_a_store_that_nobody_keeps_any_more_is_taken_up_by_the_same_settings(
    shop: Shop, log: list[Any]
) -> None:
    async with at_work(shop) as roster:
        [post] = roster.posts
        roster._keeping["butiken"].cancel()
        await asyncio.wait([roster._keeping["butiken"]])
        await roster.load(lambda: read_settings(shop.path))
        [other] = roster.posts
        assert other is not post
        await polled_anew(roster)
        assert not roster._keeping["butiken"].done()
        assert [it["changed"] for it in log if it["event"] == "settings.loaded"] == [["butiken"]]


async def test_a_store_that_could_not_be_handed_over_is_kept(
    shop: Shop, log: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def give_back(*_: Any) -> None:
        raise RuntimeError

    async with at_work(shop) as roster:
        [post] = roster.posts
        with monkeypatch.context() as patched:
            patched.setattr(Unending, "give_back", give_back)
            assert post._ticks is not None
            post._ticks.unit.lease.wanted.set()
            await until(lambda: any(it["event"] == "store.failed" for it in log))
        await polled_anew(roster)


async def test_one_that_ends_badly_keeps_no_other_from_being_taken_up(
    shop: Shop, log: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it keep a daemon from ending."""

    async def keep(_: Post) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(Post, "keep", keep)
        async with at_work(shop) as roster:
            await asyncio.wait([roster._keeping["butiken"]])
            second = json.loads(json.dumps(shop.only))
            second |= {"name": "second", "url": shop.store_url.replace("127.0.0.1", "localhost")}
            shop.settings["stores"].append(second)
            patched.undo()
            await roster.load(lambda: changed(shop))
            assert sorted(post.name for post in roster.posts) == sorted(roster.working) == ["butiken", "second"]
            assert [it["store"] for it in log if it["event"] == "store.failed"] == ["butiken"]
            shop.settings["stores"].pop()
            await roster.load(lambda: read_settings(shop.path))
            assert (list(roster.shops), roster.working) == (["butiken"], ["butiken"]), "nothing is heard of it"


@pytest.mark.parametrize(
    ("error", "said"),
    [(RuntimeError(), "store.failed"), (OperationalError("database is locked"), "settings.not_told")],
)
async def test_new_settings_that_the_database_was_not_told_of_are_in_force(
    shop: Shop, log: list[Any], monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    async def in_force(_: Lease) -> None:
        raise error

    async with at_work(shop) as roster:
        await roster.load(_wrong)
        monkeypatch.setattr("bridge.db.refusals.in_force", in_force)
        await roster.load(lambda: read_settings(shop.path))
        assert roster.working == ["butiken"]
    events = [it["event"] for it in log]
    assert [events.count(it) for it in ("settings.refused", "settings.loaded", said)] == [1, 1, 1]


def _wrong() -> Settings:
    raise SettingsError("there is no store to watch")


async def test_one_that_is_to_go_while_it_is_taken_up_goes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost to another, and to be had again, when new settings come: nobody goes on by those of before."""
    begin, wind = Workplace.begin, Ticks.wind
    taking, go_on = asyncio.Event(), asyncio.Event()
    wound: list[Ticks] = []

    async def slow(self: Workplace, store: StoreSettings) -> Unit | None:
        taking.set()
        await go_on.wait()
        return await begin(self, store)

    def remembered(self: Ticks, scheduler: AsyncIOScheduler) -> None:
        wound.append(self)
        wind(self, scheduler)

    async with at_work(shop) as roster:
        await polled_anew(roster)
        monkeypatch.setattr(Ticks, "wind", remembered)
        monkeypatch.setattr(Workplace, "begin", slow)
        [post] = roster.posts
        assert post.ticks is not None
        post.ticks.unit.lease.end()
        await taking.wait()
        loading = asyncio.create_task(roster.load(lambda: changed(shop)))
        await until(post._leaving.is_set)
        go_on.set()
        await loading
        assert [ticks._stopping.is_set() for ticks in wound] == [True, False]
        assert roster.ticks == wound[1:]
