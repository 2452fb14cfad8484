"""The work on orders: one thing at a time for each, many orders side by side.

The orders of each provider go in a lane of their own, so that one that hangs holds up nobody else's.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog
from structlog.contextvars import bind_contextvars

from bridge.db.known import failed_on
from bridge.domain.outages import SHOP, Outage
from bridge.engine import outages, storage
from bridge.engine.acting import act
from bridge.engine.looking import look
from bridge.engine.noting import write_notes
from bridge.engine.rewinding import may_act
from bridge.engine.turns import may_call
from bridge.engine.unit import Unit
from bridge.errors import LeaseLost

log = structlog.get_logger()

AT_ONCE = 8
"""Orders of a lane worked on side by side; the remotes' own limits on requests are in their clients."""
NOTES, PERSONS = "notes", "persons"
"""The lanes of orders that have only a note to be written, and of those on which a person insists."""
REST = timedelta(minutes=1)
"""Until an order is looked at again whose work did not come to an end."""
LONGEST_REST = timedelta(hours=1)
TICK = 1.0
"""Seconds after which the journal is asked again what is due, while slow remotes keep others waiting."""
STEPS = 12
"""More steps than an order can need in one go: a bound, so that a wrong answer can't make a loop."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of work: an order, in the lane of its provider or in one of the two others."""

    order: int
    lane: str
    outage: Outage | None = None
    """It is to find out whether this is over."""


async def work(unit: Unit, order_id: int, stopping: asyncio.Event | None = None, *, asks: bool = False) -> None:
    """Look, act, look again, until nothing is to be done now; then write the notes.

    `asks`: the first call is made also where the provider is known to take none, to find out whether it does.
    Once `stopping` is set no call begins any more; the look after the last one still settles it.
    """
    for _ in range(STEPS):
        ready = await look(unit, order_id)
        if ready is None or (stopping and stopping.is_set()) or not await may_call(unit, ready, asks=asks):
            break
        asks = False
        if not await act(unit, ready):
            break
    else:
        await unit.agenda.wake([order_id], unit.now() + REST)
    await write_notes(unit, order_id)


async def work_all_due(unit: Unit, stopping: asyncio.Event | None = None) -> int:
    """Work on every order that is due now; return how many there were. Takes no new one once `stopping` is set.

    Nor any before it is known whose orders they are.
    """
    if not unit.bound:
        return 0
    running: dict[asyncio.Task[None], Piece] = {}
    worked = 0
    try:
        while True:
            while _goes_on(unit, stopping) and (pieces := await _due(unit, running.values())):
                for piece in pieces:
                    unit.busy.add(piece.order)
                    running[asyncio.create_task(_one(unit, piece, stopping))] = piece
                    worked += 1
            if not running:
                return worked
            done, _ = await asyncio.wait(running, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del running[task]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _goes_on(unit: Unit, stopping: asyncio.Event | None) -> bool:
    """Whether new work is begun: not at the end, nor where the store may be somebody else's before a call ends."""
    return not (stopping and stopping.is_set()) and unit.lease.outlives_call()


async def _due(unit: Unit, running: Collection[Piece]) -> list[Piece]:
    """What to begin now: of each lane no more than there is room for, and who asks a remote that was down."""
    now = unit.now()
    unit.resting = {order: moment for order, moment in unit.resting.items() if moment > now}
    without = unit.busy | unit.resting.keys()
    pieces = [Piece(order, outage.remote, outage) for order, outage in await outages.who_asks(unit, without)]
    paused = outages.paused(unit)
    lanes = Counter(piece.lane for piece in running)
    full = {lane for lane, pieces_of_it in lanes.items() if pieces_of_it >= AT_ONCE}
    due = await unit.agenda.due(now, AT_ONCE, without, None if SHOP in paused else paused | full)
    pieces += _roomy([Piece(order, PERSONS if insisted else lane) for order, lane, insisted in due], lanes)
    if unit.live and SHOP not in paused and NOTES not in full:
        pieces += _roomy(
            [Piece(order, NOTES) for order in await unit.agenda.notes_due(now, AT_ONCE, without)], lanes
        )
    # Who asks for a remote comes first; an order that is wanted for several things is worked on once, also where
    # somebody else has begun on it while the journal was asked.
    without = unit.busy | unit.resting.keys()
    chosen = {piece.order: piece for piece in reversed(pieces) if piece.order not in without}
    unit.asking |= {piece.outage.remote for piece in chosen.values() if piece.outage}
    return list(chosen.values())[::-1]


def _roomy(pieces: list[Piece], lanes: Counter[str]) -> list[Piece]:
    """As many of them as there is room for."""
    found = []
    for piece in pieces:
        if lanes[piece.lane] < AT_ONCE:
            lanes[piece.lane] += 1
            found.append(piece)
    return found


async def _one(unit: Unit, piece: Piece, stopping: asyncio.Event | None) -> None:
    order_id, outage = piece.order, piece.outage
    bind_contextvars(order=order_id)  # of the task that this order has
    try:
        if piece.lane != NOTES:
            await work(unit, order_id, stopping, asks=outage is not None or piece.lane == PERSONS)
        elif await may_act(unit):
            await write_notes(unit, order_id)
        if outage is not None:
            await outages.asked_in_vain(unit, outage)
    except LeaseLost:
        log.info("order.left", store=unit.store.name, order=order_id)
    except Exception as error:
        # A failure with one order must neither stop the others nor spin: it is told, and tried again after a rest.
        if storage.failed(unit, error):
            unit.resting[order_id] = unit.now() + REST
            return
        log.exception("order.failed", store=unit.store.name, order=order_id)
        await _rest(unit, order_id, failed_on(error))
    finally:
        unit.busy.discard(order_id)
        if outage is not None:
            unit.asking.discard(outage.remote)


async def _rest(unit: Unit, order_id: int, problem: str) -> None:
    """Let an order rest, each time longer; where the journal can't be told, it rests all the same."""
    try:
        failures = await unit.journal.failures(order_id)
        rest = min(REST * 2 ** min(failures, 10), LONGEST_REST)
        await unit.journal.stumbled(order_id, problem, unit.now() + rest)
    except Exception as error:
        if not storage.failed(unit, error):
            log.exception("order.failed", store=unit.store.name, order=order_id)
        unit.resting[order_id] = unit.now() + REST
