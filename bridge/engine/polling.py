"""The poll: what changed in the store since the cursor, committed together with the cursor (design § 2)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import structlog

from bridge.db.holds import Held
from bridge.db.known import Known, Sight
from bridge.domain.claims import claim
from bridge.domain.looks import baseline, observe
from bridge.domain.orders import GONE, Order
from bridge.domain.records import Closed, How, Record, Settlement
from bridge.domain.rules import Rules
from bridge.engine.rewinding import suspects
from bridge.engine.telling import not_ours
from bridge.engine.unit import Unit
from bridge.errors import NotThere, Unreadable
from bridge.ports import Listed, Row

log = structlog.get_logger()

TICK = timedelta(seconds=1)
"""The store's dates have one-second steps."""
ASTRAY = timedelta(days=1)
"""A date in the store's answers that is further off is not believed."""
AHEAD = timedelta(hours=1)
"""How far the store's clock may be ahead of ours before its dates are taken for a slip (first run alone)."""
RECENT = timedelta(days=30)
"""Orders completed within this before the bridge came are looked at once (design § 2, First run)."""


async def poll(unit: Unit, *, sweeping: bool = False) -> None:
    """Read every order that changed since the last poll. Raises RemoteError; what was read until then is kept.

    The overlap is read again until it can hold nothing new (`_walk`). Then a poll asks for what is newer than the
    cursor alone; with the sweep it reads the overlap all the same, in case a clock misled it, and the trash.
    """
    state = await unit.journal.state()
    if not state.baseline_done:
        await _walk_baseline(unit, state.cursor)
        settled = False
    else:
        settled = await _walk(unit, state.cursor, settled=state.settled and not sweeping)
        if sweeping:
            await _walk_trash(unit, state.trash_cursor)
    await unit.journal.polled(unit.now(), settled=settled)


async def _walk(unit: Unit, cursor: datetime | None, *, settled: bool) -> bool:
    """Walk from the cursor, less the overlap unless all before it is `settled`, to the newest change.

    Return whether it is settled now. A change may show later than a younger one: another in the same second, or
    one that took long to save. So all up to the cursor is settled once the overlap has passed since and was then
    read again, with nothing newer. Rows that come twice differ in nothing and cause nothing.
    """
    began, read = cursor, None
    begin = cursor if cursor is None or settled else cursor - _overlap(unit)
    async for page in _pages(unit, begin, trash=False):
        read = read or _time(unit, page)
        cursor = _reached(cursor, page.newest, _time(unit, page))
        await take_in(unit, page.rows, cursor=cursor, settled=False)
    if began is None or cursor != began or read is None:
        return False
    return settled or read > began + _overlap(unit)


async def _walk_trash(unit: Unit, cursor: datetime | None) -> None:
    async for page in _pages(unit, cursor and cursor - _overlap(unit), trash=True):
        cursor = _reached(cursor, page.newest, _time(unit, page))
        await take_in(unit, page.rows, trash_cursor=cursor)


def _overlap(unit: Unit) -> timedelta:
    """At least the cursor's own second: a second change within it has the same date."""
    return max(unit.overlap, TICK)


async def _pages(unit: Unit, moment: datetime | None, *, trash: bool) -> AsyncIterator[Listed]:
    """Give the pages of orders modified after `moment`; each begins where the one before ended."""
    page = await unit.store.changed_since(moment, trash=trash)
    yield page
    while not page.whole:
        page = await unit.store.changed_since(page.newest, trash=trash)
        yield page


def _time(unit: Unit, page: Listed) -> datetime:
    """The store's time as it answered, or ours: of two clocks the slower one is safe. It may not say its own."""
    now = unit.now()
    return now if page.clock is None or abs(page.clock - now) > ASTRAY else min(page.clock, now)


def _reached(cursor: datetime | None, newest: datetime | None, limit: datetime) -> datetime | None:
    """Move the cursor to the newest date, which is the store's, but not beyond the present, or the `limit`.

    An order that was saved while a clock was ahead would hide all that follows; so it is read at every poll until
    the present has reached it. And where the store's clock is set back, the cursor goes back with it.
    """
    dates = [date for date in (cursor, newest) if date is not None]
    return min(max(dates), limit) if dates else None


async def take_in(unit: Unit, rows: list[Row], **progress: datetime | bool | None) -> None:
    """Compare listed orders with their snapshots, and commit what differs together with the poll's progress."""
    now = unit.now()
    known = await unit.journal.known_many(row.id for row in rows)
    state = await unit.journal.state()
    if state.held == Held.REWOUND:
        return  # what was known when the store went back is what it is compared with
    doubtful = await suspects(unit, known, rows)
    await unit.journal.wake(doubtful, now)  # a look tells for certain
    rows = [row for row in rows if row.id not in doubtful]
    sights = [_sight(unit, row, known.get(row.id), state.baseline, now) for row in rows]
    news = [sight for sight in sights if sight is not None]
    for sight in news:
        for _, text in sight.events:
            log.info("order.seen", store=unit.store.name, order=sight.order_id, change=text)
    await _commit(unit, news, now, **progress)


async def _commit(unit: Unit, sights: list[Sight], now: datetime, **progress: datetime | bool | None) -> None:
    refused = await unit.journal.commit_sights(sights, now, **progress)
    for order_id, error in refused.items():
        log.error("order.failed", store=unit.store.name, order=order_id, exc_info=error)


def _sight(unit: Unit, row: Row, known: Known | None, before: datetime | None, now: datetime) -> Sight | None:
    problem = known.problem if known else ""
    if row.order is None:
        return None if problem and row.problem in problem else _problem(row, known)
    order = _with_refunds_as_known(row.order, known)
    was = known.order if known else None
    if was is None and before is not None and order.created < before:
        # It was there before the bridge, out of sight (in the trash): baseline, like its contemporaries.
        return _baseline_sight(unit, order, baseline(order, unit.rules, now), now, known)
    record, changes = observe(was, order, known.record if known else None, now)
    if not changes and not problem:
        return None
    concerns = bool(record.payment_id) or any(seen and claim(seen, unit.methods) for seen in (was, order))
    left_alone = "" if concerns else not_ours(order)
    news = [("seen", change.text) for change in changes]
    if left_alone and (known is None or known.why != left_alone):
        news.append(("decided", left_alone))
    return Sight(
        order_id=row.id,
        version=known.version if known else None,
        order=order,
        record=record,
        events=tuple(news),
        due=now + unit.rules.settle_change if concerns else None,
        watched=concerns,
        problem=problem if concerns else "",
        why=left_alone or None,
    )


def _with_refunds_as_known(order: Order, known: Known | None) -> Order:
    """A listing gives a refund's id and amount alone: keep what is known of those that have not changed."""
    if known is None or known.order is None:
        return order
    before = {(refund.id, refund.amount): refund for refund in known.order.refunds}
    refunds = tuple(before.get((refund.id, refund.amount), refund) for refund in order.refunds)
    return replace(order, refunds=refunds)


async def _walk_baseline(unit: Unit, cursor: datetime | None) -> None:
    """Remember every order that was there before the bridge. A walk that was cut off goes on at its cursor.

    What lies in the trash is not remembered, but tells until when orders were there before.
    """
    before = cursor
    async for page in _pages(unit, cursor - TICK if cursor else None, trash=False):
        known = await unit.journal.known_many(row.id for row in page.rows)
        sights = [await _first_run(unit, row) for row in page.rows if row.id not in known]
        cursor = _reached(cursor, page.newest, _time(unit, page))
        before = _reached(before, page.newest, unit.now() + AHEAD)
        await _commit(unit, sights, unit.now(), cursor=cursor)
    async for page in _pages(unit, cursor, trash=True):
        before = _reached(before, page.newest, unit.now() + AHEAD)
    await unit.journal.baseline_done(before, cursor)


async def _first_run(unit: Unit, row: Row) -> Sight:
    now = unit.now()
    if row.order is None:
        return _problem(row)
    start = datetime.combine(unit.start_from, time(), UTC) if unit.start_from else None
    if start is None or row.order.modified < start:
        return _baseline_sight(unit, row.order, baseline(row.order, unit.rules, now), now)
    # Changed since `start_from`: what happened since then counts, only what was refunded before is settled.
    try:
        order = await unit.store.order(row.id)
    except NotThere:
        order = replace(row.order, status=GONE)
    except Unreadable as error:
        return _problem(replace(row, problem=str(error)))
    earlier = tuple(
        Settlement(refund=refund.id, how=How.BASELINE, amount=refund.amount)
        for refund in order.refunds
        if refund.created is not None and refund.created < start
    )
    record: Record = baseline(order, unit.rules, now).evolve(settlements=earlier)
    if not _ended_before(order, start, unit.rules):
        record = record.evolve(baseline=False, counts=True, closed=None, closed_status="")
    return _baseline_sight(unit, order, record, now)


def _ended_before(order: Order, start: datetime, rules: Rules) -> bool:
    """Whether an order that was modified since `start` must be taken to have ended before it.

    The store dates only `completed`: any later edit makes an order that ended long ago look like news. Where its
    dates don't show that the end came since, money stays where it is, and `status` lists what is only reserved.
    """
    if order.created >= start:
        return False
    if order.status in rules.capture_on:
        return order.completed is None or order.completed < start
    if order.status == "refunded" or order.status in rules.cancel_on:
        return not any(refund.created is None or refund.created >= start for refund in order.refunds)
    return False


def _baseline_sight(unit: Unit, order: Order, record: Record, now: datetime, known: Known | None = None) -> Sight:
    """Open orders are looked at once, so that it is known whether they agree with their payment; ended ones rest.

    So are those completed lately: one that is still only reserved at the provider is worth an administrator's eye.
    """
    ours = claim(order, unit.methods) is not None
    lately = record.closed is Closed.CAPTURED and order.modified > now - RECENT
    settled = {settlement.refund for settlement in record.settlements}
    asked = any(refund.id not in settled for refund in order.refunds)
    return Sight(
        order_id=order.id,
        version=known.version if known else None,
        order=order,
        record=record,
        events=(("seen", f"there before the bridge: {order.status}"),),
        due=now if ours and (record.closed is None or lately or asked) else None,
        watched=ours and record.closed is None,
        why=None if ours else not_ours(order),
    )


def _problem(row: Row, known: Known | None = None) -> Sight:
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
