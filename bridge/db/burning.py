"""Orders of which the administrator is told at once: what was told of each stands in its story."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.db.codec import ATTEMPT, load
from bridge.db.models import ActionRow, EventRow, OrderRow, OutageRow, StoreRow
from bridge.db.outages import ALERTED, Tried, last_answer
from bridge.db.rows import of_store, slices, tell
from bridge.domain.outages import SHOP
from bridge.domain.reasons import Reason
from bridge.domain.records import State
from bridge.domain.steps import Kind


async def unknown(store: str, before: datetime) -> list[Tried]:
    """Return the actions, oldest first, whose call ended before then, whose outcome is not known yet, and that
    nobody was alerted to.
    """
    calls = ActionRow.filter(state=State.UNKNOWN, open_slot__gt=0, created__lte=before)
    ours = [it["id"] for it in await of_store(store, calls, "id")]
    found = []
    for row in await ActionRow.filter(id__in=ours or [-1]).prefetch_related("order").order_by("id"):
        attempt = load(ATTEMPT, row.attempt)
        told = EventRow.filter(order_id=row.order.id, topic=ALERTED, at__gte=row.created)
        if attempt is None or attempt.ended is None or attempt.ended > before or await told.exists():
            continue
        found.append(
            Tried(
                order=row.order.id,
                order_id=row.order.order_id,
                kind=Kind(row.kind),
                provider=row.provider,
                created=row.created,
                why=await last_answer(row),
                told=False,
            )
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """An order that is completed, and for which no money is reserved."""

    row: int
    order_id: int
    since: datetime


async def unpaid(store: str, completed: Collection[str]) -> list[Unpaid]:
    """Return those in one of these statuses that nobody was alerted to since they are so, by their ids."""
    watched = OrderRow.filter(store_id=store, watched=True, attention=Reason.NO_MONEY, status__in=list(completed))
    rows = [row for row in await watched.order_by("order_id") if row.attention_since is not None]
    told: dict[int, datetime] = {}
    for some in slices([row.id for row in rows]):
        for event in await EventRow.filter(order_id__in=some, topic=ALERTED).order_by("id"):
            told[event.order_id] = event.at
    return [
        Unpaid(row=row.id, order_id=row.order_id, since=row.attention_since)
        for row in rows
        if row.attention_since and (row.id not in told or told[row.id] < row.attention_since)
    ]


async def told(rows: Sequence[int], now: datetime) -> None:
    """The administrator was alerted to these orders."""
    for row in rows:
        await tell(row, ((ALERTED, "no money is reserved: an alert was given"),), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """How the polls of a store go."""

    polled: datetime | None
    """When one last ended well."""
    problem: str
    reading: bool
    """Its first run is under way, which may take long."""
    down: bool
    """The shop is known to give no answer; of that is told as an outage."""


NO_POLLS = Polls(polled=None, problem="", reading=False, down=False)
"""Those of a store that is not known yet."""


async def polls(stores: Collection[str]) -> dict[str, Polls]:
    """Return how the polls go of those of these stores that are known, by name."""
    names = list(stores) or [""]
    rows = await StoreRow.filter(name__in=names)
    unanswered = OutageRow.filter(store_id__in=names, remote=SHOP, paused=True)
    down = {row["store_id"] for row in await unanswered.values("store_id")}
    return {
        row.name: Polls(
            polled=row.polled,
            problem=row.problem,
            reading=not row.problem and row.baseline_until is not None and not row.baseline_done,
            down=row.name in down,
        )
        for row in rows
    }
