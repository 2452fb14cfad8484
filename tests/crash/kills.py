"""One life after the other: the daemon is started, killed at a point, and started again, until all is quiet."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ruamel.yaml import YAML

from tests.crash.daemon import Daemon, Plan
from tests.crash.journal import Journal
from tests.crash.points import Point
from tests.crash.scenarios import Scenario
from tests.crash.shop import Gates, Shop, open_shop
from tests.crash.truth import Ending, cursor_of, ending, unrecorded

PATIENCE = 60
"""Seconds in which all must be quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What came of a shop whose daemon was killed at some points (or none), and left alone then."""

    ending: Ending
    points: list[list[Point]]
    """What each daemon has passed, in order."""
    wrong: list[str]

    @property
    def killed(self) -> int:
        """How many daemons were."""
        return len(self.points) - 1


class Course:
    """A scenario that can be run again and again from the same start."""

    def __init__(self, scenario: Scenario, folder: Path, flaw: str = "") -> None:
        self.scenario, self._folder, self._flaw = scenario, folder, flaw
        self._template: Journal | None = None
        self._runs = 0

    async def prepare(self) -> None:
        """Make the database as it was before the staff came."""
        if self.scenario.fresh:
            return
        folder, gates = self._new_folder(), Gates()
        journal = Journal(folder)
        await journal.make()
        async with open_shop(gates) as (shop, clock):
            self.scenario.before(shop)
            clock.goes = True
            wrong = await _live(self._plan(folder, shop, journal), gates, journal)
            assert wrong == [] == [note for it in shop.placed for note in shop.notes(it.order)], wrong
        await journal.let_go()
        self._template = journal

    async def run(self, *fatal: Point) -> Life:
        """Kill the first daemons at these points, one each, and let the next one be."""
        folder, gates = self._new_folder(), Gates()
        journal = Journal(folder)
        await journal.make(self._template)
        wrong: list[str] = []
        points: list[list[Point]] = []
        async with open_shop(gates) as (shop, clock):
            self.scenario.before(shop)
            clock.goes = True
            ledgers = {it.order: len(shop.ledger(it)) for it in shop.placed}
            self.scenario.staff(shop)
            newest = max(shop.store.order(it.order).modified for it in shop.placed).replace(microsecond=0)
            for point in (*fatal, None):
                trace = folder / f"trace-{len(points)}"
                trace.touch()
                gates.arm(point, trace)
                told = await _live(self._plan(folder, shop, journal, point, trace), gates, journal)
                await journal.let_go()
                points.append(_points(trace))
                wrong += await unrecorded(shop, journal, ledgers)
                if told is not None:
                    wrong += told
                    break
            reached, cursor = await ending(shop, journal), await cursor_of(journal)
            if cursor is None or cursor < newest:
                wrong.append(f"the cursor stands at {cursor} instead of {newest}")
        return Life(ending=reached, points=points, wrong=[*wrong, *_logged(folder / "log")])

    def _plan(
        self, folder: Path, shop: Shop, journal: Journal, fatal: Point | None = None, trace: Path | None = None
    ) -> Plan:
        settings = folder / "settings.yaml"
        with settings.open("w") as file:
            YAML().dump(shop.settings(journal.url, **self.scenario.changes), file)
        return Plan(settings=settings, log=folder / "log", trace=trace, fatal=fatal, flaw=self._flaw)

    def _new_folder(self) -> Path:
        self._runs += 1
        folder = self._folder / f"{self.scenario.name} {self._runs}".replace(" ", "-")
        folder.mkdir(parents=True)
        (folder / "log").touch()
        return folder


async def _live(plan: Plan, gates: Gates, journal: Journal) -> list[str] | None:
    """Run a daemon until all is quiet; return what is wrong with that, or None where it was killed on its way."""
    since = datetime.now(UTC)
    daemon = Daemon(plan)
    gates.kill = daemon.kill
    left = ["it has not started"]
    try:
        async with asyncio.timeout(PATIENCE):
            while daemon.running and (left or gates.held_up):
                await asyncio.sleep(0.05)
                left = await journal.unfinished(since)
    except TimeoutError:
        return [f"not quiet after {PATIENCE} s: {', '.join(left)}"]
    else:
        if daemon.running:
            return []
        return None if daemon.killed else [f"the daemon ended by itself ({daemon.code})"]
    finally:
        await daemon.kill()


def _points(trace: Path) -> list[Point]:
    reached: Counter[str] = Counter()
    found = []
    for name in trace.read_text(encoding="utf-8").splitlines():
        reached[name] += 1
        found.append(Point(name, reached[name]))
    return found


def _logged(log: Path) -> list[str]:
    """What the daemons have complained of: a kill is no reason for an error."""
    told = []
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            told.append(f"said: {line}")
        else:
            if entry["level"] in ("error", "critical"):
                told.append(f"logged: {line}")
    return told
