"""The poll: what changed in the store since the cursor, committed together with the cursor (design § 2)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import structlog

from bridge.db.known import Known, Sight
from bridge.domain.claims import claim
from bridge.domain.looks import baseline, observe
from bridge.domain.orders import GONE, Order
from bridge.domain.records import Closed, How, Record, Settlement
from bridge.domain.rules import Rules
from bridge.engine.telling import not_ours
from bridge.engine.unit import Unit
from bridge.errors import NotThere, RemoteError, Unreadable
from bridge.ports import Row

log = structlog.get_logger()

PAGE = 100
"""What `changed_since` returns at most; a shorter page is the last."""
TICK = timedelta(seconds=1)
"""The store's dates have one-second steps."""
AHEAD = timedelta(hours=1)
"""How far the store's clock may be ahead of ours before its dates are taken for a slip."""
RECENT = timedelta(days=30)
"""Orders completed within this before the bridge came are looked at once (design § 2, First run)."""


async def poll(unit: Unit) -> None:
    """Read every order that changed since the last poll. Raises RemoteError; what was read until then is kept."""
    state = await unit.journal.state()
    try:
        if not state.baseline_done:
            await _walk_baseline(unit, state.cursor)
        else:
            await _walk(unit, state.cursor, "cursor", trash=False)
            await _walk(unit, state.trash_cursor or state.cursor, "trash_cursor", trash=True)
    except RemoteError as error:
        await unit.journal.store_problem(str(error))
        raise
    await unit.journal.polled(unit.now())


async def _walk(unit: Unit, cursor: datetime | None, name: str, *, trash: bool) -> None:
    """Walk from the cursor less the overlap to the newest change, page by page.

    Rows that come twice differ in nothing and cause nothing.
    """
    async for rows, newest in _pages(unit, cursor - unit.overlap if cursor else None, trash=trash):
        cursor = _reached(unit, cursor, newest)
        await take_in(unit, rows, **{name: cursor})


async def _pages(
    unit: Unit, moment: datetime | None, *, trash: bool
) -> AsyncIterator[tuple[list[Row], datetime | None]]:
    """Give the pages of orders modified after `moment`, each with the latest date on it.

    A page holds its last second whole (`Store.changed_since`), so the next one may begin right after it.
    """
    while True:
        rows = await unit.store.changed_since(moment, trash=trash)
        newest = max((row.modified for row in rows if row.modified), default=None)
        yield rows, newest
        if len(rows) < PAGE or newest is None:
            return
        moment = newest


def _reached(unit: Unit, cursor: datetime | None, newest: datetime | None) -> datetime | None:
    """Move the cursor to the newest date, which is the store's; never back.

    Nor far into the future: an order that was saved while the store's clock was wrong would hide all that follows.
    """
    sane = None if newest is None else min(newest, unit.now() + AHEAD)
    return max((date for date in (cursor, sane) if date is not None), default=None)


async def take_in(unit: Unit, rows: list[Row], **cursors: datetime | None) -> None:
    """Compare listed orders with their snapshots, and commit what differs together with the cursors."""
    now = unit.now()
    known = await unit.journal.known_many(row.id for row in rows)
    state = await unit.journal.state()
    sights = [_sight(unit, row, known.get(row.id), state.baseline, now) for row in rows]
    news = [sight for sight in sights if sight is not None]
    for sight in news:
        for _, text in sight.events:
            log.info("order.seen", store=unit.store.name, order=sight.order_id, change=text)
    await _commit(unit, news, now, **cursors)


async def _commit(unit: Unit, sights: list[Sight], now: datetime, **cursors: datetime | None) -> None:
    refused = await unit.journal.commit_sights(sights, now, **cursors)
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
    async for rows, newest in _pages(unit, cursor - TICK if cursor else None, trash=False):
        known = await unit.journal.known_many(row.id for row in rows)
        sights = [await _first_run(unit, row) for row in rows if row.id not in known]
        cursor = _reached(unit, cursor, newest)
        await _commit(unit, sights, unit.now(), cursor=cursor)
    before = cursor
    async for _, newest in _pages(unit, cursor, trash=True):
        before = _reached(unit, before, newest)
    await unit.journal.baseline_done(before)


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
