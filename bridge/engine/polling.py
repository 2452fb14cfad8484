"""The poll: what changed in the store since the cursor, committed together with the cursor (design § 2)."""

from datetime import datetime, timedelta

import structlog

from bridge.db import resyncs
from bridge.db.holds import Held
from bridge.db.known import Known, Sight
from bridge.domain.looks import baseline, observe
from bridge.engine.baseline import first_run
from bridge.engine.before import baseline_sight
from bridge.engine.refunds import concerns, in_full
from bridge.engine.rewinding import suspects
from bridge.engine.telling import not_ours
from bridge.engine.unit import Unit
from bridge.engine.walking import TICK, believed, commit, pages, problem_of, reached
from bridge.ports import Listed, Row

log = structlog.get_logger()

DRAFTS = ("auto-draft", "draft", "checkout-draft")
"""What a customer or the staff have not made an order of yet; some stores list it."""


async def poll(unit: Unit, *, sweeping: bool = False) -> None:
    """Read every order that changed since the last poll. Raises RemoteError; what was read until then is kept.

    The overlap is read again until it can hold nothing new (`_walk`). Then a poll asks for what is newer than the
    cursor alone; with the sweep it reads the overlap all the same, in case a clock misled it, and the trash.
    """
    state = await unit.standing.state()
    if state.held == Held.REWOUND:  # one page says that it is there; what changed is read once a person says go
        await unit.store.changed_since(state.cursor)
        settled = False
    elif not state.baseline_done and await first_run(unit):
        settled = False
    else:
        state = await unit.standing.state()
        again = state.reread_from
        cursor = min(filter(None, (state.cursor, again)), default=None)
        settled = await _walk(unit, cursor, state.polled, settled=state.settled and not sweeping and not again)
        if again:
            await resyncs.was_read(unit.lease, again)
        if sweeping:
            await _walk_trash(unit, state.trash_cursor)
    await unit.standing.polled(unit.now(), settled=settled)


async def _walk(unit: Unit, cursor: datetime | None, polled: datetime | None, *, settled: bool) -> bool:
    """Walk from the cursor, less the overlap unless all before it is `settled`, to the newest change.

    Return whether it is settled now. A change may show later than a younger one: another in the same second, or
    one that took long to save. So all up to the cursor is settled once the overlap has passed since, by the store's
    clock and by ours, and was then read again, with nothing newer. Rows that come twice differ in nothing and cause
    nothing.
    """
    began, read = cursor, None
    begin = cursor if cursor is None or settled else cursor - _overlap(unit)
    async for page in pages(unit, begin, trash=False):
        limit = _time(unit, page)
        read = read or limit
        if began is not None and polled is not None and limit < began:
            # A clock was set back: all that was saved since the last poll may bear a date before this moment.
            limit -= max(unit.now() - polled, timedelta())
        before, cursor = cursor, reached(cursor, page.newest, limit)
        if page.rows or cursor != before:  # an idle poll is written down once, at its end
            await take_in(unit, page.rows, cursor=cursor, settled=False)
    if unit.still is None or unit.still[0] != cursor:
        unit.still = cursor, unit.now()
    if began is None or cursor != began or read is None:
        return False
    return settled or (read - began > _overlap(unit) and unit.now() - unit.still[1] >= _overlap(unit))


async def _walk_trash(unit: Unit, cursor: datetime | None) -> None:
    async for page in pages(unit, cursor and cursor - _overlap(unit), trash=True):
        cursor = reached(cursor, page.newest, _time(unit, page))
        await take_in(unit, page.rows, trash_cursor=cursor)


def _overlap(unit: Unit) -> timedelta:
    """At least the cursor's own second: a second change within it has the same date."""
    return max(unit.overlap, TICK)


def _time(unit: Unit, page: Listed) -> datetime:
    """The store's time as it answered, or ours: of two clocks the slower one is safe. It may not say its own."""
    now = unit.now()
    return min(believed(unit, page.clock) or now, now)


async def take_in(unit: Unit, rows: list[Row], **progress: datetime | bool | None) -> None:
    """Compare listed orders with their snapshots, and commit what differs together with the poll's progress."""
    known = await unit.journal.known_many(row.id for row in rows)
    state = await unit.standing.state()
    if state.held == Held.REWOUND:
        return  # what was known when the store went back is what it is compared with
    doubtful = await suspects(unit, known, rows)
    await unit.agenda.wake(doubtful, unit.now())  # a look tells for certain
    rows = await in_full(unit, [row for row in rows if row.id not in doubtful], known)
    now = unit.now()  # not before all was read: the first sight of a refund counts from then
    sights = [_sight(unit, row, known.get(row.id), state.baseline, now) for row in rows]
    news = [sight for sight in sights if sight is not None]
    await commit(unit, news, now, **progress)
    for sight in news:
        for _, text in sight.events:
            log.info("order.seen", store=unit.store.name, order=sight.order_id, change=text)


def _sight(unit: Unit, row: Row, known: Known | None, before: datetime | None, now: datetime) -> Sight | None:
    problem = known.problem if known else ""
    if row.order is None:
        return None if problem and row.problem in problem else problem_of(row, known)
    order = row.order
    if known is None and order.status in DRAFTS:
        return None
    was = known.order if known else None
    if was is None and before is not None and order.created < before:
        # It was there before the bridge, out of sight (in the trash): baseline, like its contemporaries.
        return baseline_sight(unit, order, baseline(order, unit.rules, now), now, known)
    record, changes = observe(was, order, known.record if known else None, now)
    if not changes and not problem:
        return None
    ours = concerns(unit, order, known)
    left_alone = "" if ours else not_ours(order)
    news = [("seen", change.text) for change in changes]
    if left_alone and (known is None or known.why != left_alone):
        news.append(("decided", left_alone))
    return Sight(
        order_id=row.id,
        version=known.version if known else None,
        order=order,
        record=record,
        events=tuple(news),
        due=now + unit.rules.settle_change if ours else None,
        watched=ours,
        problem=problem if ours else "",
        why=left_alone or None,
        provider=unit.provider_of(order),
    )
