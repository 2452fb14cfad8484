"""How the channels rest and go on, in the database and past it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tortoise.connection import get_connection

from bridge.alerts import running
from bridge.alerts.running import Lasting
from bridge.db import alerts
from bridge.domain.alerts import Alert, Topic
from bridge.sandbox.server import Server
from bridge.settings import Alerts, Secret
from tests.alerts.sink import Address, Sink
from tests.flow.alerting import Told, telling
from tests.flow.test_alerts import add, tick
from tests.flow.world import STORE, World, world


@asynccontextmanager
async def past_the_database(tmp_path: Path) -> AsyncIterator[tuple[World, Told]]:
    """A database that takes nothing."""
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        database = get_connection("default")
        await database.execute_script("PRAGMA query_only = ON")
        yield w, told
        await database.execute_script("PRAGMA query_only = OFF")


async def burns(w: World, text: str) -> None:
    unit = await w.bridge()
    unit.urgent.add(Alert(topic=Topic.DATABASE, store=STORE, text=text, at=w.clock.now()))


async def goes_on(told: Told, lasting: Lasting, seconds: int) -> None:
    """Let time pass, then do all of it once, by the settings in force."""
    told.w.clock.advance(seconds)
    async with told.daemon(lasting) as daemon:
        await daemon.once()


async def test_a_channel_that_new_settings_have_mended_is_tried_at_once(tmp_path: Path) -> None:
    """One of which they have changed nothing goes on resting."""
    command, there = Sink(tmp_path / "other"), Address()
    async with world(tmp_path) as w, telling(w, tmp_path) as told, Server(there.app) as server:
        await tick(w, 1)
        lasting = Lasting(told.in_force(), w.clock.now())
        told.sink.fail(75)
        told.there.status = 500
        await add(w, "the first")
        await tick(w, 1)
        await goes_on(told, lasting, 0)
        url = tmp_path / "url"
        url.write_text(f"{server.url}/ping/s3cret", encoding="utf-8")
        changes: list[dict[str, Any]] = [
            {"daily_at": time(9)},
            {"command": (str(command.path),)},
            {"heartbeat_url": Secret({"file": str(url)})},
        ]
        came = []
        for change in changes:
            told.settings = told.settings.model_copy(update=change)
            lasting.take(told.in_force(), w.clock.now())
            await goes_on(told, lasting, 1)
            came.append((len(command.kept), there.beats))
        assert came == [(0, 0), (1, 0), (1, 1)]
        assert (len(told.sink.arguments), told.there.beats) == (1, 1)
        url.write_text(f"{server.url}/gone", encoding="utf-8")
        for seconds, answered in ((31, "HTTP 404"), (1, "")):
            await tick(w, seconds)
            lasting.take(told.in_force(), w.clock.now())
            await goes_on(told, lasting, 0)
            said = [it["text"].rpartition("answered ")[2] for it in (await w.status())["channels"]]
            assert said == [answered] * bool(answered)
            url.write_text(f"{server.url}/ping/s3cret", encoding="utf-8")
        command.fail(75)
        await add(w, "the second")
        for seconds in (60, 1):
            await goes_on(told, lasting, seconds)
            assert len(command.arguments) == 2, "from then on it rests like any other"


async def test_a_channel_that_works_has_its_rest_from_message_to_message_all_the_same(tmp_path: Path) -> None:
    other = Sink(tmp_path / "other")
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        lasting = Lasting(told.in_force(), w.clock.now())
        await add(w, "the first")
        await goes_on(told, lasting, 0)
        told.settings = told.settings.model_copy(update={"command": (str(other.path),)})
        lasting.take(told.in_force(), w.clock.now())
        await add(w, "the second")
        for seconds, came in ((1, 0), (60, 1)):
            await goes_on(told, lasting, seconds)
            assert (len(told.sink.kept), len(other.kept)) == (1, came)


@pytest.mark.on_sqlite
async def test_past_the_database_a_channel_that_fails_rests_ever_longer_and_is_told_of_once(tmp_path: Path) -> None:
    async with past_the_database(tmp_path) as (w, told):
        lasting = Lasting(told.in_force(), w.clock.now())
        told.sink.fail(75)
        await burns(w, "the first")
        with capture_logs() as log:
            for seconds, tries in ((0, 1), (29, 1), (1, 2), (59, 2), (1, 3)):
                await goes_on(told, lasting, seconds)
                assert len(told.sink.arguments) == tries
        assert [(it["event"], it["alerts"]) for it in log] == [("alerts.not_delivered", 1)]
        told.sink.work()
        lasting.take(told.in_force(), w.clock.now())
        await goes_on(told, lasting, 1)
        assert told.sink.kept == []
        other = Sink(tmp_path / "other")
        told.settings = told.settings.model_copy(update={"command": (str(other.path),)})
        lasting.take(told.in_force(), w.clock.now())
        for seconds, text, came in ((1, "the second", 1), (1, "the third", 1), (58, "", 1), (1, "", 2)):
            await burns(w, text) if text else None
            await goes_on(told, lasting, seconds)
            assert len(other.kept) == came
            told.settings = told.settings.model_copy(update={"command": (str(other.path), str(seconds))})
            lasting.take(told.in_force(), w.clock.now())
        assert [[it["text"] for it in message["alerts"]] for message in other.messages] == [
            ["the first", "the second"],
            ["the third"],
        ]
        other.fail(1)
        with capture_logs() as log:
            await burns(w, "the fourth")
            await goes_on(told, lasting, 60)
        assert [it["log_level"] for it in log if it["event"] == "alerts.not_delivered"] == ["error"], "news again"


@pytest.mark.on_sqlite
async def test_past_the_database_too_a_channel_that_is_set_later_says_nothing_of_the_past(tmp_path: Path) -> None:
    async with past_the_database(tmp_path) as (w, told):
        set_later, told.settings = told.settings, Alerts()
        lasting = Lasting(told.in_force(), w.clock.now())
        await burns(w, "long ago")
        await goes_on(told, lasting, 0)
        told.settings = set_later
        lasting.take(told.in_force(), w.clock.now())
        await goes_on(told, lasting, 61)
        assert told.sink.kept == []


async def test_an_alert_that_we_fail_to_write_down_costs_none_that_come_after_it_and_is_sent_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = alerts.add

    async def fails_once(alert: Alert) -> None:
        if alert.text == "the first":
            raise KeyError(alert.text)
        await write(alert)

    monkeypatch.setattr(alerts, "add", fails_once)
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        lasting = Lasting(told.in_force(), w.clock.now())
        for text in ("the first", "the second"):
            await burns(w, text)
        with capture_logs() as log:
            await goes_on(told, lasting, 0)
        assert [it["alerts"][0]["text"] for it in told.sink.messages] == ["the first", "the second"]
        assert [it["event"] for it in log] == ["alerts.failed"]


async def test_a_database_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: Alert) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(alerts, "add", hangs)
    monkeypatch.setattr(running, "_DATABASE", 0.01)
    async with world(tmp_path) as w, telling(w, tmp_path) as told:
        await w.cycle()
        await burns(w, "the first")
        async with asyncio.timeout(30):
            await goes_on(told, Lasting(told.in_force(), w.clock.now()), 0)
        assert [it["alerts"][0]["text"] for it in told.sink.messages] == ["the first"]
