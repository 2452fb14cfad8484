"""What the bridge did about an order: from its own story, and from the notes that the shop shows."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from bridge.db import queries
from bridge.demo.happenings import Happening, Who
from bridge.demo.sandboxes import STORE, Sale
from bridge.demo.stage import Stage
from bridge.domain.notes import money

OURS = "(wc-bridge "
"""In every note of the bridge, and in no other."""


class Watcher:
    """Remembers what it has told, so that each thing is told once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._events: dict[int, int] = {}
        self._notes: dict[int, int] = {}

    async def news(self, sale: Sale, scene: str, title: str) -> list[Happening]:
        """Return what the bridge did about an order since the last time, oldest first, its notes last."""
        found = await queries.order(STORE, sale.order_id)
        events = found["story"][self._events.get(sale.order_id, 0) :]
        self._events[sale.order_id] = len(found["story"])
        notes = [note for note in self._stage.store.notes(sale.order_id) if OURS in note.text][::-1]
        fresh = notes[self._notes.get(sale.order_id, 0) :]
        self._notes[sale.order_id] = len(notes)

        def happening(at: datetime, who: Who, text: str, **more: Any) -> Happening:
            return Happening(
                scene=scene,
                title=title,
                at=at,
                who=who,
                provider=sale.house.name,
                order=sale.number,
                text=text,
                attention=bool(found["attention"]),
                **more,
            )

        told = [
            happening(datetime.fromisoformat(at), Who.BRIDGE, text, **call)
            for at, text, call in _lines(events, found["actions"], sale.house.name)
        ]
        told += [happening(note.created, Who.NOTE, note.text) for note in fresh]
        return sorted(told, key=lambda happening: happening.at)


def _lines(
    events: list[dict[str, Any]], actions: list[dict[str, Any]], provider: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give when, what, and the call if it is one; where no call followed, what was decided instead."""
    for topic, group in groupby(events, key=lambda event: event["topic"]):
        run = list(group)
        text = "; ".join(event["text"] for event in run)
        match topic:
            case "seen":
                yield run[-1]["at"], f"sees: {text}", {}
            case "called":
                for event in run:
                    yield event["at"], *_call(event["text"], actions, provider)
            case "answered":
                yield run[-1]["at"], f"{provider} answers: {text}", {}
            case _:
                pass
    decided = [event for event in events if event["topic"] == "decided"]
    if decided and all(event["topic"] != "called" for event in events):
        yield decided[-1]["at"], f"no call: {decided[-1]['text']}", {}


def _call(text: str, actions: list[dict[str, Any]], provider: str) -> tuple[str, dict[str, Any]]:
    """Say a call as people read it: the action whose key the story names."""
    action = next((action for action in actions if text.endswith(f" {action['key']}")), None)
    if action is None:
        return f"calls {provider}: {text}", {}
    amount = money(action["amount"], action["currency"], "en")
    told = f"calls {provider}: {action['kind']} {amount}, key {action['key']}"
    return told, {"kind": action["kind"], "amount": action["amount"], "key": action["key"]}
