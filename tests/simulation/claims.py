"""What the bridge's notes say, held against what was done: none tells of what did not happen, none comes twice."""

import json
import re
from collections import defaultdict

from tests.simulation.road import Passing, Road
from tests.simulation.story import Story, figure
from tests.simulation.town import Town
from tests.simulation.watch import Watcher

_NOTE = re.compile(r"/wc/v3/orders/(\d+)/notes$")
_MARK = re.compile(r"\(wc-bridge ([A-Z0-9-]+)\)$")


class Reader:
    """Reads every note as it reaches the shop."""

    def __init__(self, town: Town, watcher: Watcher, story: Story) -> None:
        self._town, self._watcher, self._story = town, watcher, story
        self._before: dict[int, int] = {}
        self._marks: dict[int, set[str]] = defaultdict(set)
        self.read = 0

    def watch(self, road: Road) -> None:
        road.arriving.append(self._arriving)
        road.arrived.append(self._arrived)

    def _arriving(self, _: Passing) -> None:
        self._before = self._lengths()

    def _arrived(self, passing: Passing) -> None:
        found = _NOTE.search(passing.path)
        if found is None or passing.reads or self._lengths() == self._before:
            return
        order_id, text = int(found[1]), str(json.loads(passing.body)["note"])
        self.read += 1
        self._story.tell("note", f"order {order_id}: {text}")
        mark = _MARK.search(text)
        if mark is None:
            self._story.breaks("§ 4 Notes", f"a note without its mark: {text}")
            return
        if mark[1] in self._marks[order_id]:
            self._story.breaks("§ 4 Notes", f"order {order_id}: told twice: {text}")
        self._marks[order_id].add(mark[1])
        if kind := re.fullmatch(rf"{order_id}([CRVX])\d+(-\d+)?", mark[1]):
            self._done(order_id, kind[1], mark[1], text)

    def _done(self, order_id: int, letter: str, key: str, text: str) -> None:
        """The note says that this was done: the books must have it, with this key and the amount that it states."""
        keyless = [it for it in self._watcher.effects if it.order == order_id and not it.key and letter == "R"]
        done = [it for it in self._watcher.effects if it.order == order_id and it.key == key] or keyless
        if not done:
            self._story.breaks("§ 4 Notes", f"order {order_id}: says what did not happen: {text}")
            return
        figures = [spelt for it in done for spelt in (figure(it.amount), figure(it.amount).replace(".", ","))]
        if not any(spelt in text for spelt in figures):
            self._story.breaks("§ 4 Notes", f"order {order_id}: {key} did {figures[0]}, but the note says: {text}")

    def _lengths(self) -> dict[int, int]:
        return {order.id: len(order.notes) for order in self._town.store.shop.orders.values()}
