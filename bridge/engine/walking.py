"""What all walks through a store's orders share: their pages, the store's time, and how sights are committed."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import structlog

from bridge.db.known import Known, Sight
from bridge.engine.unit import Unit
from bridge.ports import Listed, Row

log = structlog.get_logger()

TICK = timedelta(seconds=1)
"""The store's dates have one-second steps."""
ASTRAY = timedelta(days=1)
"""A date in the store's answers that is further off is not believed."""


async def pages(unit: Unit, moment: datetime | None, *, trash: bool) -> AsyncIterator[Listed]:
    """Give the pages of orders modified after `moment`; each begins where the one before ended."""
    page = await unit.store.changed_since(moment, trash=trash)
    yield page
    while not page.whole:
        page = await unit.store.changed_since(page.newest, trash=trash)
        yield page


def believed(unit: Unit, clock: datetime | None) -> datetime | None:
    """The store's time as its answer says; None where it says none, or one that can't be."""
    return clock if clock is not None and abs(clock - unit.now()) <= ASTRAY else None


def reached(cursor: datetime | None, newest: datetime | None, limit: datetime) -> datetime | None:
    """Move the cursor to the newest date, which is the store's, but not beyond the present, or the `limit`.

    An order that was saved while a clock was ahead would hide all that follows; so it is read at every poll until
    the present has reached it. And where the store's clock is set back, the cursor goes back with it.
    """
    dates = [date for date in (cursor, newest) if date is not None]
    return min(max(dates), limit) if dates else None


async def commit(
    unit: Unit, sights: Sequence[Sight], now: datetime, **progress: datetime | bool | int | None
) -> None:
    """Commit what was seen, together with how far the walk has come."""
    refused = await unit.listings.commit_sights(sights, now, **progress)
    for order_id, error in refused.items():
        log.error("order.failed", store=unit.store.name, order=order_id, exc_info=error)


def problem_of(row: Row, known: Known | None = None) -> Sight:
    """An order that can't be understood is set aside, with the reason; the others go on."""
    return Sight(
        order_id=row.id,
        version=known.version if known else None,
        order=None,
        record=None,
        events=(("problem", row.problem),),
        due=None,
        problem=row.problem,
    )
