"""What the report is made of, in pages: never more of a store than that is in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q

from bridge.db.codec import STEP
from bridge.db.journal import Journal
from bridge.db.known import Known
from bridge.db.models import ActionRow, OrderRow
from bridge.db.rows import ids
from bridge.domain.reporting import Shadowed
from bridge.domain.steps import Kind

PAGE = 300
"""Orders that are read at a time."""
_REPLACED = "superseded by"
"""With this begins why an action ended whose place another one took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the journal holds of one order, and what shadow mode decided about it, oldest first."""

    order: int
    known: Known
    shadowed: tuple[Shadowed, ...]


async def pages(store: str, since: datetime | None = None) -> AsyncIterator[list[Reported]]:
    """Read the orders of a store whose payments were read or should have been, lowest id first.

    `since`: those alone that changed in the shop, or on which money moved, since then.
    """
    ours = Q(payment__isnull=False) | ~Q(problem="") | ~Q(attention="") | (Q(watched=True) & ~Q(provider=""))
    rows = OrderRow.filter(ours, store_id=store)
    if since is not None:
        rows = rows.filter(Q(changed__gte=since) | Q(moved__gte=since))
    last = 0
    while numbers := await ids(rows.filter(order_id__gt=last).order_by("order_id").limit(PAGE), "order_id"):
        known = await Journal(store).known_many(numbers)
        decided = await _shadowed([it.row for it in known.values()])
        yield [
            Reported(order=number, known=known[number], shadowed=tuple(decided.get(known[number].row, ())))
            for number in numbers
            if number in known
        ]
        last = numbers[-1]


async def _shadowed(rows: list[int]) -> dict[int, list[Shadowed]]:
    """What shadow mode decided about the orders of these rows, oldest first."""
    found: dict[int, list[Shadowed]] = {}
    actions = ActionRow.filter(order_id__in=rows, shadow=True).exclude(kind=Kind.RESTORE_STATUS)
    columns = ("id", "order_id", "step", "created", "reason")
    for row in sorted(await actions.values(*columns), key=lambda row: int(row["id"])):
        step, replaced = STEP.decode(row["step"]), row["reason"].startswith(_REPLACED)
        it = Shadowed(step=step, decided=row["created"], replaced=replaced)
        found.setdefault(row["order_id"], []).append(it)
    return found
