"""What happens while an alert is being told is neither lost nor told twice, nor out of turn."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from bridge.db import burning
from bridge.db.burning import Unpaid
from bridge.domain.lifecycle import SOON
from bridge.domain.outages import Outage
from bridge.engine import outages
from bridge.engine.alarm import alarm
from bridge.engine.alerting import tell_alerts
from bridge.engine.cycles import look_around
from bridge.engine.looking import look
from bridge.engine.unit import Unit
from tests.flow.test_alerts import unpaid
from tests.flow.test_outages import MINUTE, completed, down, tick
from tests.flow.world import World, world


async def test_an_order_that_is_found_unpaid_meanwhile_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        first, second = await unpaid(w, 2)
        unit, ask = await w.bridge(), burning.unpaid
        await look_around(unit, sweeping=False)
        w.clock.advance(10)
        await look(unit, first.id)
        w.clock.advance(3 * MINUTE)

        async def while_another_comes(store: str, completed: Collection[str]) -> list[Unpaid]:
            w.clock.advance(5)
            await look(unit, second.id)
            return await ask(store, completed)

        with monkeypatch.context() as patched:
            patched.setattr(burning, "unpaid", while_another_comes)
            await tell_alerts(unit)
        w.clock.advance(3 * MINUTE)
        await tell_alerts(unit)
        assert await w.alerted() == ["no-money"]


async def _lasting(w: World) -> tuple[Unit, Outage]:
    """An outage that is to be told of."""
    await w.cycle()
    await completed(w, 3)
    down(w)
    await tick(w, 14 * MINUTE, step=10)
    w.clock.advance(2 * MINUTE)
    unit = await w.bridge()
    [outage] = unit.outages.values()
    return unit, outage


def _meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]) -> None:
    async def telling(*words: Any, **figures: Any) -> None:
        await happens()
        await alarm(*words, **figures)

    monkeypatch.setattr(outages, "alarm", telling)


async def test_the_end_of_an_outage_is_told_after_the_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as w:
        unit, outage = await _lasting(w)
        ending: list[asyncio.Task[None]] = []

        async def answers() -> None:
            ending.append(asyncio.create_task(outages.answered(unit, outage.remote, call=True)))
            await asyncio.wait(ending, timeout=0.1)  # it waits for its turn

        _meanwhile(monkeypatch, answers)
        await outages.alert(unit)
        await asyncio.gather(*ending)
        await outages.answered(unit, outage.remote, call=True)
        assert await w.alerted() == ["outage", "outage-over"]


async def test_who_asks_in_vain_while_an_outage_is_told_lets_the_next_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as w:
        unit, outage = await _lasting(w)

        async def asks() -> None:
            await outages.asked_in_vain(unit, outage)

        _meanwhile(monkeypatch, asks)
        await outages.alert(unit)
        told = unit.outages[outage.remote]
        assert (told.alerted, told.next_try) == (True, w.clock.now() + SOON)


async def test_an_outage_that_was_told_is_not_told_again_by_who_starts_right_after(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        unit, _ = await _lasting(w)
        await outages.alert(unit)
        await w.stop()
        await tick(w, 11 * MINUTE, step=10)
        assert await w.alerted() == ["outage"]
