"""The work on orders: one thing at a time for each, many orders side by side."""

import asyncio
from datetime import timedelta

import structlog

from bridge.db.known import failed_on
from bridge.engine.acting import act
from bridge.engine.looking import look
from bridge.engine.noting import write_notes
from bridge.engine.turns import may_call
from bridge.engine.unit import Unit

log = structlog.get_logger()

AT_ONCE = 8
"""Orders worked on side by side; the remotes' own limits on requests are in their clients."""
REST = timedelta(minutes=1)
"""Until an order is looked at again whose work did not come to an end."""
LONGEST_REST = timedelta(hours=1)
TICK = 1.0
"""Seconds after which the journal is asked again what is due, while slow remotes keep others waiting."""
STEPS = 12
"""More steps than an order can need in one go: a bound, so that a wrong answer can't make a loop."""


async def work(unit: Unit, order_id: int, stopping: asyncio.Event | None = None) -> None:
    """Look, act, look again, until nothing is to be done now; then write the notes.

    Once `stopping` is set no call begins any more; the look after the last one still settles it.
    """
    for _ in range(STEPS):
        ready = await look(unit, order_id)
        if ready is None or (stopping and stopping.is_set()) or not await may_call(unit, ready):
            break
        if not await act(unit, ready):
            break
    else:
        await unit.journal.wake([order_id], unit.now() + REST)
    await write_notes(unit, order_id)


async def work_all_due(unit: Unit, stopping: asyncio.Event | None = None) -> int:
    """Work on every order that is due now; return how many there were. Takes no new one once `stopping` is set."""
    running: set[asyncio.Task[None]] = set()
    worked = 0
    try:
        while True:
            if not (stopping and stopping.is_set()):
                for order_id in await _due(unit, AT_ONCE - len(running)):
                    unit.busy.add(order_id)
                    running.add(asyncio.create_task(_one(unit, order_id, stopping)))
                    worked += 1
            if not running:
                return worked
            _, running = await asyncio.wait(running, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _due(unit: Unit, room: int) -> list[int]:
    if room < 1:
        return []
    now = unit.now()
    unit.resting = {order: moment for order, moment in unit.resting.items() if moment > now}
    without = unit.busy | unit.resting.keys()
    orders = await unit.journal.due(now, room, without)
    if len(orders) < room and unit.live:
        orders += await unit.journal.notes_due(now)
    return [order for order in dict.fromkeys(orders) if order not in without][:room]


async def _one(unit: Unit, order_id: int, stopping: asyncio.Event | None) -> None:
    try:
        await work(unit, order_id, stopping)
    except Exception as error:
        # A bug with one order must neither stop the others nor spin: it is told, and tried again after a rest.
        log.exception("order.failed", store=unit.store.name, order=order_id)
        await _rest(unit, order_id, failed_on(error))
    finally:
        unit.busy.discard(order_id)


async def _rest(unit: Unit, order_id: int, problem: str) -> None:
    """Let an order rest, each time longer; where the journal can't be told, it rests all the same."""
    try:
        failures = await unit.journal.failures(order_id)
        rest = min(REST * 2 ** min(failures, 10), LONGEST_REST)
        await unit.journal.stumbled(order_id, problem, unit.now() + rest)
    except Exception:
        log.exception("order.failed", store=unit.store.name, order=order_id)
        unit.resting[order_id] = unit.now() + REST
