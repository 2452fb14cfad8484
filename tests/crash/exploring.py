"""All the points of a scenario, each with a kill, and with one more in the daemon that comes next."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.kills import Course, Life
from tests.crash.points import Point
from tests.crash.scenarios import Scenario

AT_ONCE = 12
"""Shops side by side; most of their time is waiting."""

_BEATS = ("WITH of Shared.ask", "UPDATE of gone")
"""End the names of what the clock repeats: how often it comes in a life depends on how fast the machine is."""
_SELDOM = ("INSERT of Shared.ask", "UPDATE of Shared.ask")
"""To look for a fair share of the stores: only a long life comes to that."""

_CHANGED = ("after ", "before POST", "took effect POST /wp-json")

Choice = Callable[[Scenario, list[Point]], list[Point]]


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of a scenario."""

    scenario: str
    wrong: list[str] = field(default_factory=list)
    lives: int = 0
    kills: int = 0


def all_points(_: Scenario, points: list[Point]) -> list[Point]:
    """All that each life passes: of what the clock repeats that is the first."""
    return [it for it in points if not it.name.endswith(_SELDOM) and (it.time == 1 or not it.name.endswith(_BEATS))]


def around_calls(scenario: Scenario, points: list[Point]) -> list[Point]:
    """Those at which the remote and the database differ most: what lies between is the same code for all calls."""
    around = tuple(f"{when} {call}" for when in ("before", "held up", "took effect") for call in scenario.calls)
    return [point for point in points if point.name.startswith(around)]


def each_kind(scenario: Scenario, points: list[Point]) -> list[Point]:
    """Those around calls; in the scenarios that are `whole` each kind after which something is otherwise, too.

    Before a COMMIT, and at a read, database and remotes are as they were after the last of these.
    """
    changed = [point for point in points if point.time == 1 and point.name.startswith(_CHANGED)]
    return list(dict.fromkeys([*around_calls(scenario, points), *(changed if scenario.whole else [])]))


async def explore(
    scenarios: Sequence[Scenario], folder: Path, choice: Choice, at_once: int = AT_ONCE
) -> list[Found]:
    """Run each without a kill, and then for each point chosen; say what was otherwise.

    Where the daemon that comes next gets to the same point, it is killed there too. And it passes points of its
    own, for it takes up what was cut off: it is killed at these too. `at_once`: how many shops side by side.
    """
    side_by_side = asyncio.Semaphore(at_once)
    async with asyncio.TaskGroup() as together:
        exploring = [together.create_task(_explore(it, folder, choice, side_by_side)) for it in scenarios]
    return [task.result() for task in exploring]


async def _explore(scenario: Scenario, folder: Path, choice: Choice, side_by_side: asyncio.Semaphore) -> Found:
    course = Course(scenario, folder)
    async with side_by_side:
        await course.prepare()
        calm = await course.run()
    found = Found(scenario=scenario.name, wrong=[f"without a kill: {it}" for it in calm.wrong])
    if calm.ending.actions() != list(scenario.ends):
        found.wrong.append(f"without a kill: {calm.ending.actions()} instead of {list(scenario.ends)}")
    names = {point.name for point in calm.points[0]}

    async def live(*fatal: Point) -> Life:
        async with side_by_side:
            life = await course.run(*fatal)
        found.lives += 1
        found.kills += life.killed
        where = ", then ".join(map(str, fatal))
        missed = [] if life.killed else ["this point was not reached"]
        given_up = scenario.given_up and life.ending.actions() == list(scenario.given_up)
        compared = life.ending.differences_of_money if given_up else life.ending.differences
        found.wrong += [f"killed at {where}: {it}" for it in (*missed, *life.wrong, *compared(calm.ending))]
        return life

    async def kill(point: Point) -> None:
        life = await live(point, Point(point.name))
        await asyncio.gather(*(live(point, own) for own in choice(scenario, _of_its_own(life.points[1:], names))))

    # At the last point nothing is left to do: there the daemon without a kill is ended too.
    await asyncio.gather(*(kill(point) for point in choice(scenario, calm.points[0][:-1])))
    return found


def _of_its_own(traces: Iterable[list[Point]], names: set[str]) -> list[Point]:
    """Points of a name that was met for the first time."""
    new = {point.name: point for trace in traces for point in trace if point.time == 1 and point.name not in names}
    names |= new.keys()
    return list(new.values())
