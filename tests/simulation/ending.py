"""The end of a history: time passes until nothing is due, and the books must equal what the shop asks for.

What does not must stand in `status`, for a person to see; nothing may be left undone, no note unwritten.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bridge.db import persons, queries
from bridge.engine.cycles import once
from bridge.engine.unit import Unit
from bridge.errors import UsageError
from tests.flow.world import STORE
from tests.simulation import loop
from tests.simulation.asked import Asked
from tests.simulation.story import Line, Story
from tests.simulation.town import Town


class Ending:
    """`now` is the time as the bridge's machine has it."""

    def __init__(self, town: Town, story: Story, now: Callable[[], datetime]) -> None:
        self._town, self._story, self._now = town, story, now
        self.counted: Counter[str] = Counter()

    async def come(self, unit: Unit) -> None:
        """Time passes until nothing is due; then books and shop are compared."""
        for pause in (0, 90000):
            await asyncio.sleep(pause)
            await once(unit, timedelta(minutes=30))
        # What somebody did in the provider's portal to an order at rest is seen when a person asks for it.
        for order_id in self._town.orders:
            with suppress(UsageError):  # it was never seen: that is for the comparison to tell
                await persons.look_again(STORE, order_id, self._now())
        ended = await once(unit, timedelta(minutes=30))
        self._story.tell("world", "the end")
        if ended.problem:
            self._story.breaks("promise 6", f"the shop could not be read: {ended.problem}")
        await self._judge()
        if self._story.broken:
            await self._recall()

    async def _judge(self) -> None:
        """Hold the books against the shop, and what differs against `status`."""
        [status] = await queries.status(self._now())
        actions = await queries.actions()
        named = {item["order"]: item["reason"] for item in status["attention"]}
        if status["held"]:  # the whole store waits for a person, and `status` says so
            named = {order: str(status["held"]) for order in self._town.orders} | named
        behind = {first["kind"]: first["order"] for first in status["firsts"] if first["state"] == "held"}
        for action in actions:
            if action["state"] == "ready" and action["kind"] in behind:  # a person decides on the first of its kind
                named.setdefault(action["order"], f"waits for order {behind[action['kind']]}")
            elif not status["held"] and action["state"] in ("ready", "running", "waiting", "unknown"):
                self._story.breaks(
                    "promise 6", f"never ended: order {action['order']} {action['key']} {action['state']}"
                )
            elif action["state"] == "held":
                named.setdefault(action["order"], action["reason"])
        for placed in self._town.orders.values():
            self._compare(placed.id, named.get(placed.id, ""))
        if status["unwritten"]:
            self._story.breaks("§ 4 Notes", f"{status['unwritten']} notes were never written")

    def _compare(self, order_id: int, named: str) -> None:
        placed = self._town.orders[order_id]
        difference = Asked.by(self._town.order(placed)).difference(self._town.books(placed), self._town.plan)
        self.counted["orders"] += 1
        self.counted["orders in `status`" if named else "orders that differ" if difference else "orders equal"] += 1
        if named:
            self._story.tell("status", f"order {order_id} needs attention: {named}")
        if difference and placed.payment and not named and not placed.told:
            self._story.breaks("design § 3, agreement", f"order {order_id} is not in `status`: {difference}")

    async def _recall(self) -> None:
        """Put what the bridge itself wrote down into the story."""
        for order_id in self._town.orders:
            try:
                told = (await queries.order(STORE, order_id))["story"]
            except Exception as error:  # noqa: BLE001 - it may never have been seen
                self._story.tell("journal", f"order {order_id}: {error}")
                continue
            for event in told:
                at = (datetime.fromisoformat(event["at"]) - loop.START).total_seconds()
                self._story.lines.append(
                    Line(at, "journal", f"order {order_id}: {event['topic']}: {event['text']}")
                )
