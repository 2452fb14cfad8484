"""The daemon as a process, killed with SIGKILL at each kind of point, and started again until all is quiet."""

import asyncio
from pathlib import Path

import pytest

from tests.crash.exploring import around_calls, each_kind, explore
from tests.crash.kills import Course
from tests.crash.points import Point
from tests.crash.scenarios import SCENARIOS

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
BUGS = {
    "a call is written down after it": (
        "capture at Resurs",
        Point("took effect POST /v2/payments/*/capture"),
        "a call on order 13 took effect that was not written down: CAPTURE",
    ),
    "a call is repeated blindly": (
        "refund at Resurs",
        Point("held up POST /v2/payments/*/refund"),
        "books of 13: ((0, 81125, 25000)",
    ),
    "a note is sent before it is written down": (
        "capture at Ecster",
        Point("took effect POST /wp-json/wc/v3/orders/*/notes"),
        "notes of 13: ['Ecster payment debited, ",
    ),
    "the cursor moves before its snapshots": (
        "two new orders at once",
        Point("before COMMIT of Listings.commit_sights", 2),
        "without the change of order 16",
    ),
}
"""A flaw, and the scenario, the kill and the words by which it comes to light."""


async def test_a_kill_at_any_point_changes_nothing_in_the_end(tmp_path: Path) -> None:
    found = await explore(SCENARIOS, tmp_path, each_kind)
    assert [(it.scenario, it.wrong) for it in found if it.wrong] == []
    assert all(it.kills >= it.lives > 0 for it in found)


@pytest.mark.on_postgresql(alone=True)
async def test_nor_does_one_on_postgresql(tmp_path: Path, database: str) -> None:
    """Its server lets go of what a daemon held that is no more."""
    [found] = await explore([BY_NAME["capture at Resurs"]], tmp_path, around_calls)
    assert found.wrong == []
    assert found.kills >= found.lives > 0


async def test_bugs_that_are_planted_are_named(tmp_path: Path) -> None:
    async def named(flaw: str) -> bool:
        scenario, point, words = BUGS[flaw]
        sound = Course(BY_NAME[scenario], tmp_path / "sound")
        flawed = Course(BY_NAME[scenario], tmp_path / "flawed", flaw)
        await asyncio.gather(sound.prepare(), flawed.prepare())
        calm, life = await asyncio.gather(sound.run(), flawed.run(point))
        assert calm.wrong == []
        return any(words in line for line in (*life.wrong, *life.ending.differences(calm.ending)))

    assert dict(zip(BUGS, await asyncio.gather(*map(named, BUGS)), strict=True)) == dict.fromkeys(BUGS, True)
