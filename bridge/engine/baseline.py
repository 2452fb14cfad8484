"""The first run: every order as it was when the bridge came is remembered, and none of them acted on (design § 2).

It begins with the orders that changed last. Where that is not all there are, the newest date among them becomes a
border: what was changed last before it is read page by page in order of id, so many pages at a time as the store
takes requests, from the last page to the first; what changed after it is a change like any other.

Nothing can be lost on the way. An order does not come in below the border, for whatever is saved is dated later;
one that is saved, put to the trash or deleted only leaves. Then those behind it move towards the first page, which
is still to be read: none slips past, as long as no page was answered before the one above it. Of pages that are
asked for at once that may be so, but then the count of orders has fallen meanwhile; so wherever it falls, what was
asked for already is asked for again. What left is dated after the border: it is read when all else is, and from
there on by the poll. Only a backup that is put back brings orders in below the border: then the count has risen,
and it begins at the last page again. So all that must be kept to go on after an end of any kind is the border, what
is left, and the count.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import structlog

from bridge.domain.claims import claim
from bridge.engine.before import as_before, as_since
from bridge.engine.forgotten import OLDEST_BACKUP
from bridge.engine.progress import Pace, Progress
from bridge.engine.refunds import in_full
from bridge.engine.unit import Unit
from bridge.engine.walking import ASTRAY, TICK, believed, commit, pages, reached
from bridge.errors import Nonsense
from bridge.ports import PAGE, Listed, Page, Row

log = structlog.get_logger()

TOGETHER = 500
"""Orders that are committed together at most."""
AHEAD = timedelta(hours=1)
"""How far the store's clock may be ahead of ours where it does not tell; a later date is a slip."""


async def first_run(unit: Unit) -> bool:
    """Remember every order that was there before the bridge; a run that was cut off goes on where it was.

    Return whether one answer held them all: then nothing can have changed meanwhile. Raises RemoteError.
    """
    state = await unit.standing.state()
    if state.baseline_until is None:
        if await _begin(unit):
            return True
        state = await unit.standing.state()
    border = state.baseline_until
    assert border is not None, "it is kept when the first run begins"
    start = _start(unit, border)
    if state.baseline_left:
        await _read_down(unit, border, start, state.baseline_left, state.baseline_total)
    async for page in pages(unit, state.cursor, trash=False):
        rows = [row for row in page.rows if not _made_since(row, border)]
        await _remember(unit, rows, start, cursor=reached(state.cursor, page.newest, unit.now()))
    await _end(unit, state.baseline, min(border, unit.now()), state.baseline_total)
    return False


async def _begin(unit: Unit) -> bool:
    """Remember the orders that changed last, and where the border is; say whether they are all there are.

    What lies in the trash is not remembered, but tells until when orders were there before.
    """
    page = await unit.store.newest()
    if page.clock is not None and page.clock - unit.now() > ASTRAY:  # with ours behind, what is old would be news
        clocks = f"dates its answers {page.clock:%Y-%m-%d %H:%M}, which is far from this machine's time"
        raise Nonsense(
            f"store {unit.store.name} {clocks}: set the clock that is wrong before the first run",
            remote=unit.store.name,
        )
    now, clock = unit.now(), believed(unit, page.clock)
    limit = now + AHEAD if clock is None else max(clock, now)
    before = reached(None, page.newest, limit)
    async for trash in pages(unit, before, trash=True):
        before = reached(before, trash.newest, limit)
    if page.whole:
        cursor = reached(None, page.newest, min(clock or now, now))
        await _remember(unit, page.rows, _start(unit, None), cursor=cursor)
        await _end(unit, before, cursor, len(page.rows))
        return True
    border, total = _border(page, limit), page.total or 0
    await _remember(
        unit,
        page.rows,
        _start(unit, None),
        baseline=before,
        baseline_until=border,
        baseline_total=total,
        baseline_left=total,
        # Where the store does not count its orders, they are walked through by date from the first one on.
        cursor=min(border, now) if total else None,
    )
    return False


async def _end(unit: Unit, before: datetime | None, cursor: datetime | None, total: int) -> None:
    await unit.standing.baseline_done(before, cursor, total)
    log.info("baseline.done", store=unit.store.name, total=total)


def _border(page: Listed, limit: datetime) -> datetime:
    """The date up to which orders are read as they are, out of the ones that changed last.

    The second before the newest date: of the newest second all are here, and whatever else is dated so has changed
    since. Only where all are of one second, as after an import, there may be more of it. What is dated after the
    store's present is a slip, and no border.
    """
    dates = [row.modified for row in page.rows if row.modified is not None and row.modified <= limit]
    newest = max(dates, default=limit)
    return newest - TICK if min(dates, default=newest) < newest else newest


def _start(unit: Unit, border: datetime | None) -> datetime | None:
    """From when on changes count: from `start_from`, at the latest from the border on."""
    given = datetime.combine(unit.start_from, time(), UTC) if unit.start_from else None
    moments = [given, border + TICK if border else None]
    return min((moment for moment in moments if moment is not None), default=None)


def _made_since(row: Row, border: datetime) -> bool:
    """Whether the poll is to take it in: it is no order of before, or what it is can't be told yet."""
    changed = row.modified is not None and row.modified > border
    return changed and (row.order is None or row.order.created > border)


async def _read_down(unit: Unit, border: datetime, start: datetime | None, left: int, total: int) -> None:
    """Remember the `left` orders of lowest id that were changed last before the border."""
    pace = Pace()

    def tell() -> None:
        now, done = unit.now(), total - left
        time_left = pace.left(done, total, now)
        unit.progress(Progress(store=unit.store.name, at=now, done=done, total=total, left=time_left))

    tell()
    while left:
        async with aclosing(_down(unit, border, -(-left // PAGE), total)) as found:
            async for number, rows, counted in found:
                total = counted
                left = min(total, (number - 1) * PAGE)
                await _remember(unit, rows, start, baseline_left=left, baseline_total=total)
                tell()
        at_last = await unit.store.page(1, border)
        if at_last.total > total:
            left = total = at_last.total


async def _down(
    unit: Unit, border: datetime, last: int, total: int
) -> AsyncGenerator[tuple[int, list[Row], int], None]:
    """Give the pages up to the border from the last one to the first, and ask ahead for those that come next.

    Twice as many are asked for as the store takes at a time, so that it is never idle while a page is committed;
    those that have come meanwhile are given together, with the number of the lowest and the count of all. Where the
    count rises beyond the last `total`, it ends as if all above it were still to be read.
    """
    under_way: deque[asyncio.Task[Page]] = deque()
    above, doubtful = Page(rows=[], total=total), 0
    rows: list[Row] = []
    try:
        for number in range(last, 0, -1):
            ahead = 2 * unit.store.concurrency if number < last else 1
            for coming in range(number - len(under_way), max(0, number - ahead), -1):
                under_way.append(asyncio.create_task(unit.store.page(coming, border)))
            page = await under_way.popleft()
            if doubtful:
                page, doubtful = await unit.store.page(number, border), doubtful - 1
            if not page.rows:  # beyond the end some stores count none
                page = replace(page, total=above.total)
            if page.total > above.total:
                yield -(-page.total // PAGE) + 1, rows, page.total
                return
            if page.total < above.total:
                doubtful = len(under_way)
            if page.rows and _ids(page) == _ids(above) and page.total == above.total:
                what = "gives one page of orders whichever is asked for: look for a plugin or cache that does so"
                raise Nonsense(f"store {unit.store.name} {what}", remote=unit.store.name)
            above = page
            rows += page.rows
            if len(rows) >= TOGETHER or doubtful or not (under_way and _has_come(under_way[0])):
                yield number, rows, above.total
                rows = []
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _has_come(page: asyncio.Task[Page]) -> bool:
    return page.done() and not page.cancelled() and page.exception() is None


def _ids(page: Page) -> list[int]:
    return [row.id for row in page.rows]


async def _remember(
    unit: Unit, rows: Sequence[Row], start: datetime | None, **progress: datetime | int | None
) -> None:
    """Commit those of the rows that are not known yet, together with how far the run has come."""
    known = await unit.listings.known_ids(row.id for row in rows)
    rows = await _with_young_refunds(unit, [row for row in rows if row.id not in known])
    now = unit.now()
    sights = {row.id: as_before(unit, row, now) for row in rows if row.id not in known}
    since = [row for row in rows if row.id in sights and start and _counts(unit, row, start)]
    try:
        async with asyncio.TaskGroup() as group:
            reads = [group.create_task(as_since(unit, row, start)) for row in since if start]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    sights |= {read.result().order_id: read.result() for read in reads}
    await commit(unit, list(sights.values()), unit.now(), **progress)


def _counts(unit: Unit, row: Row, start: datetime) -> bool:
    """Whether something about an order of ours may have happened since `start`."""
    return row.order is not None and row.order.modified >= start and claim(row.order, unit.methods) is not None


async def _with_young_refunds(unit: Unit, rows: Sequence[Row]) -> list[Row]:
    """Have the refunds read in full that a backup may take away again: by amount and id alone they look alike.

    Of all orders that would be a request more for each page, and a big store would take a quarter longer.
    """
    oldest = unit.now() - OLDEST_BACKUP
    young = [row for row in rows if row.modified is not None and row.modified >= oldest]
    full = {row.id: row for row in await in_full(unit, young, {})}
    return [full.get(row.id, row) for row in rows]
