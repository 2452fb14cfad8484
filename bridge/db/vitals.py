"""How the stores stand, in figures: few statements for all of them together, each with an index (see `status` for
the whole of it).
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q
from tortoise.functions import Count, Min
from tortoise.queryset import QuerySet

from bridge.db.models import ActionRow, NoteRow, OrderRow, OutageRow, StoreRow
from bridge.db.rows import EVER
from bridge.domain.reasons import Bound
from bridge.domain.records import State

RECORDED = "shadow"
"""The state of an action that `mode: shadow` only records: nobody is to do it, or to decide."""
UNREADABLE = "unreadable"
"""Why an order that can't be understood needs somebody."""
_ENDED = (State.DONE, State.DROPPED)
_STATE = ("name", "mode", "polled", "problem", "held", "held_why", "unbound", "baseline_left", "baseline_total")


@dataclass(frozen=True, slots=True)
class Heap:
    """So many, and since when the oldest of them is there."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How one store stands, whoever works on it."""

    store: str
    live: bool
    polled: datetime | None
    """When a poll last ended well; None: never."""
    problem: str
    """What kept the last poll from ending well; "" when nothing did."""
    held: str
    """What holds it whole (a `Held`), "" while nothing does."""
    held_why: str
    unbound: str
    """Why it seems to be another shop, or another machine; "" while it does not."""
    read: int
    """Of the orders of the first run, how many are read."""
    total: int
    due: Heap | None
    """Orders to be looked at now, since the moment the first of them was due."""
    actions: Mapping[tuple[str, str], Heap]
    """What has not ended, by kind and state (a `State`, or RECORDED)."""
    attention: Mapping[str, int]
    """Orders that wait for a person, by reason."""
    notes: Heap | None
    """Notes that are still to be written."""
    outages: Mapping[str, datetime]
    """Since when a remote gives no answer."""


async def vitals(stores: Collection[str], now: datetime) -> dict[str, Vitals]:
    """Return how those of these stores stand that the database knows, by name."""
    rows = await StoreRow.filter(name__in=stores).values(*_STATE)
    live = {row["name"]: row["mode"] == "live" for row in rows}
    due = await _due(live, now)
    actions = await _actions(live)
    attention = await _attention(live)
    notes = await _notes()
    outages = await OutageRow.filter(store_id__in=list(live) or [""], paused=True).values()
    return {
        row["name"]: Vitals(
            store=row["name"],
            live=row["mode"] == "live",
            **{name: row[name] for name in ("polled", "problem", "held", "held_why", "unbound")},
            read=row["baseline_total"] - row["baseline_left"],
            total=row["baseline_total"],
            due=due.get(row["name"]),
            actions=actions[row["name"]],
            attention=attention[row["name"]],
            notes=notes.get(row["name"]),
            outages={it["remote"]: it["since"] for it in outages if it["store_id"] == row["name"]},
        )
        for row in rows
    }


async def _due(stores: Collection[str], now: datetime) -> dict[str, Heap]:
    query = OrderRow.filter(store_id__in=list(stores) or [""], due__gt=EVER, due__lte=now)
    return {row["store_id"]: _heap(row) for row in await _counted(query, "due", "store_id")}


async def _actions(live: Mapping[str, bool]) -> dict[str, dict[tuple[str, str], Heap]]:
    """What has not ended. Found by that alone: asked for a store, SQLite would begin with all of its orders."""
    found: dict[str, dict[tuple[str, str], Heap]] = {store: {} for store in live}
    by = ("order__store_id", "kind", "state", "shadow")
    for row in await _counted(ActionRow.filter(open_slot__gt=0), "created", *by):
        store = row["order__store_id"]
        if store in live:
            state = RECORDED if row["shadow"] and not live[store] else str(row["state"])
            here = found[store].get((row["kind"], state))
            found[store][row["kind"], state] = _heap(row, here)
    return found


async def _attention(live: Mapping[str, bool]) -> dict[str, Counter[str]]:
    """Orders that wait for a person. What bounds would hold in shadow mode is nobody's to decide."""
    watched = OrderRow.filter(store_id__in=list(live) or [""], watched=True)
    found: dict[str, Counter[str]] = {store: Counter() for store in live}
    for row in await _counted(watched.exclude(attention=""), "attention_since", "store_id", "attention"):
        if live[row["store_id"]] or row["attention"] not in set(Bound):
            found[row["store_id"]][row["attention"]] = row["count"]
    unreadable = watched.filter(~Q(problem=""), attention="")
    for row in await _counted(unreadable, "attention_since", "store_id"):
        found[row["store_id"]][UNREADABLE] = row["count"]
    return found


async def _notes() -> dict[str, Heap]:
    rows = await _counted(NoteRow.filter(next_try__gt=EVER), "created", "order__store_id")
    return {row["order__store_id"]: _heap(row) for row in rows}


async def _counted(query: QuerySet[Any], moment: str, *by: str) -> Sequence[dict[str, Any]]:
    """Count the rows by these columns, with the earliest `moment` of each."""
    return await query.annotate(count=Count("id"), since=Min(moment)).group_by(*by).values(*by, "count", "since")


def _heap(row: Mapping[str, Any], more: Heap | None = None) -> Heap:
    if more is None:
        return Heap(row["count"], row["since"])
    return Heap(row["count"] + more.count, min(row["since"], more.since))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An action that is done, or dropped."""

    id: int
    store: str
    kind: str
    state: str
    at: datetime


class Endings:
    """The actions that end from a moment on, whoever ends them: each is told once."""

    _LATE = timedelta(minutes=1)
    """How far an ending may lie back that shows only now: clocks differ, and a commit takes its time."""

    def __init__(self, begun: datetime) -> None:
        self._begun = self._read = begun
        self._told: set[int] = set()
        """Of those that may be found again."""

    async def new(self, now: datetime) -> list[Ended]:
        """Return those that were not told yet."""
        # By the time alone: asked for the state too, SQLite would read all that ever ended.
        lately = ActionRow.filter(updated__gte=self._read - self._LATE)
        columns = {"id": "id", "store": "order__store_id", "kind": "kind", "state": "state", "at": "updated"}
        found = [Ended(**row) for row in await lately.values(**columns) if row["state"] in _ENDED]
        new = [it for it in found if it.id not in self._told and it.at >= self._begun]
        self._read = now
        self._told = {it.id for it in found if it.at >= now - self._LATE}
        return new
