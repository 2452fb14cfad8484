"""Bugs to plant in a daemon: a kill at the right point brings each to light, or this suite could not fail."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bridge.db.listings import Listings
from bridge.db.outbox import Outbox
from bridge.domain import attempts, settling
from bridge.domain.attempts import Attempt
from bridge.engine import looking


def _call_written_down_after_it() -> None:
    begin, end = Outbox.begin_attempt, Outbox.end_attempt
    begun: dict[int, tuple[Attempt, datetime, str]] = {}

    async def begin_attempt(_: Outbox, action: int, attempt: Attempt, now: datetime, account: str = "") -> bool:
        begun[action] = attempt, now, account
        return True

    async def end_attempt(self: Outbox, action: int, *values: Any, **more: Any) -> None:
        await begin(self, action, *begun.pop(action))
        await end(self, action, *values, **more)

    Outbox.begin_attempt, Outbox.end_attempt = begin_attempt, end_attempt  # type: ignore[method-assign, assignment]


def _call_repeated_blindly() -> None:
    def judge(attempt: Attempt, *rest: Any) -> attempts.Judgement:
        found = attempts.judge(attempt, *rest)
        return attempts.Nothing(doubtful=False) if isinstance(found, attempts.NotYet) else found

    settling.judge = judge  # type: ignore[attr-defined, assignment]
    looking.next_try = lambda unit, known, now, after: now


def _note_not_written_down() -> None:
    async def note_tried(*_: object) -> bool:
        return True

    Outbox.note_tried = note_tried  # type: ignore[assignment]


def _cursor_before_its_snapshots() -> None:
    commit = Listings.commit_sights

    async def commit_sights(self: Listings, sights: Any, now: datetime, **progress: Any) -> dict[int, Exception]:
        await commit(self, [], now, **progress)
        return await commit(self, sights, now)

    Listings.commit_sights = commit_sights  # type: ignore[method-assign]


FLAWS: Mapping[str, Callable[[], None]] = {
    "a call is written down after it": _call_written_down_after_it,
    "a call is repeated blindly": _call_repeated_blindly,
    "a note is sent before it is written down": _note_not_written_down,
    "the cursor moves before its snapshots": _cursor_before_its_snapshots,
}
