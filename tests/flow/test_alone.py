"""Somebody else acts on a live store's orders too: the plugin, whose order management was to be off."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
import structlog
from structlog.testing import capture_logs

from bridge.db import alone, holds
from bridge.engine.cycles import look_around
from bridge.engine.looking import look
from tests.flow.world import MUG, STORE, TOTAL, Placed, ProviderName, World, world

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])
HOUR = 3600


@pytest.fixture
def alerts() -> Iterator[list[Any]]:
    """What is told of at level error."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with capture_logs() as logged:
        yield logged


async def ordered(w: World, count: int) -> list[Placed]:
    """Orders that were paid for an hour ago, and are seen to agree with their payments."""
    await w.cycle()
    orders = [w.place() for _ in range(count)]
    await w.cycle()
    w.clock.advance(HOUR)
    return orders


def plugin_captures(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")
    w.clock.advance(2)
    w.side.capture(it.payment, TOTAL)


def plugin_cancels(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "cancelled")
    w.clock.advance(2)
    w.side.cancel(it.payment)


async def why_held(w: World) -> str:
    return str((await w.status())["held_why"])


@pytest.mark.parametrize("second", [plugin_captures, plugin_cancels])
@PROVIDERS
async def test_a_store_is_held_when_others_act_on_it_for_the_second_time(
    tmp_path: Path, provider: ProviderName, second: Callable[[World, Placed], None], alerts: list[Any]
) -> None:
    async with world(tmp_path, provider) as w:
        one, two, three = await ordered(w, 3)
        plugin_captures(w, one)
        await w.cycle()
        assert (await w.states(one.id), await why_held(w)) == ([], "")
        w.clock.advance(HOUR)
        second(w, two)
        await w.cycle()
        assert f"on order {two.id}, a " in await why_held(w)
        w.store.set_status(three.id, "completed")
        await w.cycle()
        await w.stop()
        await w.cycle()
        assert (w.calls(), w.books(three)) == ([], (TOTAL, 0, 0))
        assert await w.states(three.id) == [f"capture {TOTAL} held"]
        [alert] = alerts
        assert (alert["event"], f"`wc-bridge resume {STORE}`" in alert["problem"]) == ("store.alert", True)
        assert await w.alerted() == ["store-held"]
        assert [w.notes(it.id) for it in (one, two, three)] == [[], [], []]
        assert await holds.resume(STORE, w.clock.now()) == 1
        await w.work()
        assert (w.books(three), await why_held(w)) == ((0, TOTAL, 0), "")
        assert (await w.status())["bounded"] == []


@pytest.mark.on_postgresql
async def test_two_that_are_looked_at_side_by_side_are_two(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        one, two, three = await ordered(w, 3)
        for it in (one, two):
            plugin_captures(w, it)
        await look_around(await w.bridge(), sweeping=False)
        w.clock.advance(60)
        await w.work()
        assert "order management seems to be on" in await why_held(w)
        w.store.set_status(three.id, "completed")
        await w.cycle()
        assert (w.calls(), await w.states(three.id)) == ([], [f"capture {TOTAL} held"])


@pytest.mark.on_postgresql
async def test_a_crash_while_it_is_noticed_loses_no_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path) as w:
        one, two = await ordered(w, 2)
        plugin_captures(w, one)
        with monkeypatch.context() as crash:
            crash.setattr(alone, "noticed", AsyncMock(side_effect=asyncio.CancelledError))
            with pytest.raises(asyncio.CancelledError):
                await look(await w.bridge(), one.id)
        await w.stop()
        await w.cycle()
        w.clock.advance(HOUR)
        plugin_captures(w, two)
        await w.cycle()
        assert "order management seems to be on" in await why_held(w)


@PROVIDERS
async def test_a_return_that_others_make_for_a_refund_is_adopted_and_counts(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with world(tmp_path, provider) as w:
        [it] = await ordered(w, 1)
        w.store.set_status(it.id, "completed")
        await w.cycle()
        for paid in (1, 2):
            w.clock.advance(HOUR)
            w.store.refund(it.id, "125.00")
            w.clock.advance(2)
            w.side.refund(it.payment, MUG)
            await w.cycle()
            assert w.books(it) == (0, TOTAL, paid * MUG)
            assert bool(await why_held(w)) is (paid == 2)


@pytest.mark.parametrize("minutes", [-14, 14])
async def test_a_store_whose_clock_is_wrong_is_watched_too(tmp_path: Path, minutes: int) -> None:
    async with world(tmp_path, store_clock=lambda now: now + timedelta(minutes=minutes)) as w:
        for it in await ordered(w, 2):
            plugin_captures(w, it)
            await w.cycle()
        assert "order management seems to be on" in await why_held(w)


async def test_once_a_day_is_a_person_in_the_portal(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for it in await ordered(w, 3):
            plugin_captures(w, it)
            await w.cycle()
            w.clock.advance(25 * HOUR)
        assert await why_held(w) == ""


@pytest.mark.parametrize("seconds", [0, 3])
async def test_the_portal_before_the_shop_is_a_person_too(tmp_path: Path, seconds: int) -> None:
    """Or the provider, which has told the shop of it."""
    async with world(tmp_path) as w:
        for it in await ordered(w, 4):
            w.side.capture(it.payment, TOTAL)
            w.clock.advance(seconds)
            w.store.set_status(it.id, "completed")
            await w.cycle()
        assert await why_held(w) == ""


async def test_orders_that_are_paid_at_once_and_completed_at_once_say_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        for _ in range(3):
            w.place_paid_at_once("completed")
            await w.cycle()
        assert await why_held(w) == ""


async def test_what_we_do_ourselves_says_nothing_where_no_key_is_shown(tmp_path: Path) -> None:
    async with world(tmp_path, "ecster") as w:
        w.ecster.switches = replace(w.ecster.switches, references_shown=False)
        orders = await ordered(w, 3)
        for it in orders:
            w.store.set_status(it.id, "completed")
            await w.cycle()
        w.clock.advance(HOUR)
        w.store.refund(orders[0].id, "125.00")
        await w.cycle()
        assert ([w.books(it) for it in orders], await why_held(w)) == ([(0, TOTAL, MUG), *[(0, TOTAL, 0)] * 2], "")


async def test_what_a_plugin_did_in_shadow_mode_does_not_count(tmp_path: Path) -> None:
    async with world(tmp_path, mode="shadow") as w:
        orders = await ordered(w, 4)
        for it in orders[:2]:
            plugin_captures(w, it)
        await w.cycle()
        plugin_captures(w, orders[2])
        w.clock.advance(5)
        await w.stop()
        w.changes["mode"] = "live"
        await w.cycle()
        plugin_captures(w, orders[3])
        await w.cycle()
        assert await why_held(w) == ""


async def test_two_that_are_seen_at_once_are_two(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for it in await ordered(w, 2):
            plugin_captures(w, it)
        await w.cycle()
        assert await why_held(w) != ""


async def test_what_followed_more_than_a_day_ago_is_no_news(tmp_path: Path) -> None:
    """The bridge was down for two days, and sees all of it at once."""
    async with world(tmp_path) as w:
        orders = await ordered(w, 2)
        for it in orders:
            plugin_captures(w, it)
        await w.stop()
        w.clock.advance(48 * HOUR)
        await w.cycle()
        assert ([w.books(it) for it in orders], await why_held(w)) == ([(0, TOTAL, 0)] * 2, "")


async def test_a_resumed_store_is_counted_anew(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        orders = await ordered(w, 4)
        for it in orders[:2]:
            plugin_captures(w, it)
            await w.cycle()
        w.clock.advance(60)
        await holds.resume(STORE, w.clock.now())
        plugin_captures(w, orders[2])
        await w.cycle()
        assert await why_held(w) == ""
        plugin_captures(w, orders[3])
        await w.cycle()
        assert await why_held(w) != ""
