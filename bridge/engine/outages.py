"""Remotes that give no answer: who noticed it, whom it keeps waiting, and who is told.

The orders of a provider that is down wait together, and so do all while the shop is; see `bridge.domain.outages`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bridge.db import outages as kept
from bridge.db.known import Known
from bridge.domain.alerts import Topic
from bridge.domain.claims import claim
from bridge.domain.decisions import Act
from bridge.domain.lifecycle import SOON
from bridge.domain.orders import Order
from bridge.domain.outages import LONG, SHOP, Outage, is_over, unanswered
from bridge.domain.records import Record
from bridge.domain.shadowed import since_live
from bridge.domain.steps import Step
from bridge.domain.waiting import longed_for
from bridge.engine.alarm import alarm, pass_on
from bridge.engine.bounding import within_bounds
from bridge.engine.telling import promise
from bridge.engine.unit import Unit
from bridge.errors import Busy, RemoteError, Unreachable

log = structlog.get_logger()

_MINUTE = timedelta(minutes=1)


async def remember(unit: Unit) -> None:
    """Take up what was known before a restart; the first one that asks finds out whether it is still so."""
    now = unit.now()
    for outage in await kept.outages(unit.store.name):
        unit.outages[outage.remote] = replace(outage, next_try=min(outage.next_try, now))


async def not_answered(unit: Unit, remote: str, error: RemoteError) -> None:
    """A read of the remote ended in `error`."""
    sure = isinstance(error, Unreachable | Busy)
    await _not_answered(unit, remote, str(error), getattr(error, "after", None), sure=sure)


async def not_taken(unit: Unit, remote: str, why: str, after: timedelta | None) -> None:
    """It took no call, of anybody."""
    await _not_answered(unit, remote, why, after, sure=True, calls=True)


async def in_vain(unit: Unit, remote: str, why: str) -> None:
    """A call had no effect, for all that can be told yet; that may be the one order's own trouble."""
    await _not_answered(unit, remote, why, None, sure=False, calls=True)


async def _not_answered(
    unit: Unit, remote: str, why: str, after: timedelta | None, *, sure: bool, calls: bool = False
) -> None:
    now, before = unit.now(), unit.outages.get(remote)
    outage = unanswered(before, remote, why, now, unit.chance(), after=after, sure=sure, calls=calls)
    unit.outages[remote] = outage
    unit.confirmed.add(remote)
    async with unit.one_writes, unit.lease.guard():
        await kept.keep(unit.store.name, outage)
    if outage.paused and not (before and before.paused):
        log.warning("remote.paused", store=unit.store.name, remote=remote, problem=why)
    if outage.tries > (before.tries if before else 0) and now - outage.since >= LONG:
        await _tell_staff(unit, outage)


async def answered(unit: Unit, remote: str, *, call: bool = False) -> None:
    """The remote answered a read, or a `call`."""
    outage = unit.outages.get(remote)
    if outage is None or not is_over(outage, call=call):
        return
    now = unit.now()
    async with unit.one_writes, unit.lease.guard():
        if unit.outages.get(remote) is not outage:
            return  # another answer has ended it, or something is known that is newer than this one
        await kept.end(unit.store.name, outage, now, hurry=outage.was_felt(now))
        del unit.outages[remote]
    if outage.paused:
        event = "remote.recovered" if outage.alerted else "remote.resumed"
        seconds = (now - outage.since) // timedelta(seconds=1)
        log.info(event, store=unit.store.name, remote=remote, problem=outage.why, seconds=seconds)
    if outage.alerted:
        minutes = (now - outage.since) // _MINUTE
        text = f"{remote} answers again, after {minutes} minutes; what waited is done by itself"
        await pass_on(unit, Topic.OUTAGE_OVER, text)


async def order_was_read(unit: Unit) -> None:
    """The shop gave an order. That its orders can be listed again is for the poll to say; the next may ask now."""
    outage = unit.outages.get(SHOP)
    if outage is not None and outage.paused:
        unit.outages[SHOP] = replace(outage, next_try=unit.now())


async def asked_in_vain(unit: Unit, outage: Outage) -> None:
    """Whoever was to ask the remote heard nothing of it, good or bad: the next one asks a little later."""
    if unit.outages.get(outage.remote) is outage:
        unit.outages[outage.remote] = replace(outage, next_try=unit.now() + SOON)


def paused(unit: Unit) -> set[str]:
    """The remotes that nobody reads but the one whose turn it is; those that only take no calls are read."""
    return {outage.remote for outage in unit.outages.values() if outage.paused and not outage.calls}


def takes_calls(unit: Unit, remote: str) -> bool:
    """Whether anybody may call the remote, not only the one whose turn it is."""
    outage = unit.outages.get(remote)
    return outage is None or not (outage.paused and outage.calls)


async def who_asks(unit: Unit, without: set[int]) -> list[tuple[int, Outage]]:
    """The orders that are to ask, now, the remotes that do not answer: one for each."""
    now, found = unit.now(), []
    for remote, outage in list(unit.outages.items()):
        if remote in unit.asking or not outage.may_ask(now) or (remote != SHOP and SHOP in paused(unit)):
            continue
        if outage.calls and not outage.paused:
            continue  # whoever has a call to make makes it
        order = await kept.who_asks(unit.store.name, outage, now, without)
        if order is not None:
            found.append((order, outage))
            if outage.calls:
                async with unit.lease.guard():
                    await kept.may_call(unit.store.name, order)
        elif outage.calls and not without and not await kept.has_calls(unit.store.name, remote):
            await answered(unit, remote, call=True)  # nobody has a call to make any more
    return found


async def alert(unit: Unit) -> None:
    """Tell of each outage that lasts, once; after a restart not before somebody has found it to last still."""
    for remote in unit.confirmed & unit.outages.keys():
        async with unit.one_writes:  # so that nobody ends it meanwhile, whose word would come before this one
            await _alert(unit, remote)


async def _alert(unit: Unit, remote: str) -> None:
    outage = unit.outages.get(remote)
    if outage is None or not outage.lasts(unit.now()):
        return
    waiting = await kept.count_waiting(unit.store.name, outage, unit.now())
    # Told before it is written down: whoever ends in between tells it twice, but never not at all.
    await alarm(
        unit,
        Topic.OUTAGE,
        _lasts(outage, waiting),
        event="remote.alert",
        remote=remote,
        problem=outage.why,
        since=outage.since.isoformat(timespec="seconds"),
        waiting=waiting,
    )
    unit.outages[remote] = replace(unit.outages[remote], alerted=True)  # it may have been asked in vain meanwhile
    async with unit.lease.guard():
        await kept.keep(unit.store.name, unit.outages[remote])


def _lasts(outage: Outage, waiting: int) -> str:
    what = "takes no calls" if outage.calls else "gives no answer"
    orders = f"{waiting} {'order waits' if waiting == 1 else 'orders wait'} for it"
    return (
        f"{outage.remote} {what} since {outage.since:%Y-%m-%d %H:%M} UTC: {outage.why}. {orders}; what waits is "
        "done by itself as soon as it answers, and nothing is to be done unless it says what"
    )


async def _tell_staff(unit: Unit, outage: Outage) -> None:
    """Tell on each order that waits for the remote; where the shop is down, nobody can."""
    if unit.live and outage.remote != SHOP:
        orders = await kept.waiting(unit.store.name, outage, unit.now())
        await tell_waiting(unit, orders, outage.remote, outage.since)


async def tell_waiting(unit: Unit, orders: Sequence[int], remote: str, since: datetime) -> None:
    """Tell on each of the orders what it waits for, where it has waited long, counted from `since`, for a call."""
    now = unit.now()
    for order_id, known in (await unit.journal.known_many(orders)).items():
        if known.order is None or known.record is None:
            continue
        waited = now - max(since, known.record.changed)
        step = await _longed_for(unit, known, known.order, known.record, now) if waited >= LONG else None
        if step is not None:
            mark, text = promise(unit, known.order, step, remote, since)
            async with unit.lease.guard():
                await kept.promise(unit.store.name, order_id, remote, mark, text, now)


async def _longed_for(unit: Unit, known: Known, order: Order, record: Record, now: datetime) -> Step | None:
    """The call that is made as soon as the provider answers, without anybody's word."""
    verdict = longed_for(order, known.payment, record, unit.rules, now, unit.restored)
    if verdict is None or known.payment is None:
        return None
    verdict = since_live(verdict, order, known.payment, unit.rules.tag, unit.went_live)
    async with within_bounds(unit, known, order, claim(order, unit.methods), verdict, now) as bounded:
        return bounded.decision.step if isinstance(bounded.decision, Act) else None
