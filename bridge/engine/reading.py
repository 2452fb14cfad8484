"""The reads of a look: order and payment past any cache, and what becomes of the look where one fails."""

from dataclasses import replace
from datetime import timedelta

import structlog

from bridge.db.known import Known
from bridge.domain.claims import Claim
from bridge.domain.lifecycle import SOON, retry_delay
from bridge.domain.orders import GONE, Order
from bridge.domain.outages import SHOP
from bridge.domain.payments import Payment
from bridge.domain.settling import unsettled
from bridge.engine import outages
from bridge.engine.unit import Unit
from bridge.errors import NotThere, RemoteError, Unreadable
from bridge.ports import Provider

log = structlog.get_logger()

ASIDE = timedelta(hours=1)
"""Until an order with an unfinished call is looked at again that can't be understood, or names another payment."""


async def read_order(unit: Unit, order_id: int, known: Known) -> Order:
    """Read the order; one that is known and is not there any more is taken as gone. Raises RemoteError."""
    try:
        return await unit.store.order(order_id)
    except NotThere:
        if known.order is None:
            raise
        return replace(known.order, status=GONE)


async def read_payment(unit: Unit, known: Known, mine: Claim | None) -> Payment | None:
    """Read the payment that the order names; while a call is not settled, the one that it was made on.

    Where the order names none any more, the one that its money was last on.
    """
    claimed = unit.providers[mine.method.provider] if mine is not None else None
    same = [provider for provider in unit.providers if provider.name == known.provider]
    before = claimed if claimed in same else next(iter(same), None)  # of two accounts, the one of its method
    if known.payment is not None and called(known):
        if before is None:
            text = f"a call to {known.provider} is not settled, and settings.yaml does not name it any more"
            raise Unreadable(text, remote=unit.store.name, order=known.order.id if known.order else 0)
        return await _read(unit, before, known.payment.id)
    if mine is not None and mine.payment_id:
        return await _read(unit, unit.providers[mine.method.provider], mine.payment_id)
    last = known.record.payment_id if known.record else ""
    return await _read(unit, before, last) if before is not None and last else None


async def _read(unit: Unit, provider: Provider, payment_id: str) -> Payment:
    unit.lease.check()
    payment = await provider.read(payment_id)
    await outages.answered(unit, provider.name)
    return payment


def called(known: Known) -> bool:
    """Whether a call was made on the payment as last read, and is not settled."""
    open_ = known.record.open if known.record else None
    return open_ is not None and known.attempt is not None and unsettled(open_)


async def set_aside(unit: Unit, known: Known, error: Unreadable) -> None:
    """The order can't be understood. A listing may have said so before, in fewer words: that is no news."""
    now = unit.now()
    problem = known.problem if known.problem and known.problem in str(error) else str(error)
    await unit.journal.set_aside(known.row, problem, now + ASIDE if known.action else None, now)


async def failed(unit: Unit, known: Known, error: RemoteError) -> None:
    """Nothing could be read. An outage holds nothing: the order waits and is looked at again.

    Of one that was told (`remote.paused`) the single order is no news.
    """
    now = unit.now()
    delay = retry_delay(known.failures + 1, SOON * known.failures, unit.chance(), getattr(error, "after", None))
    remote = SHOP if error.remote == unit.store.name else error.remote
    say = log.debug if remote in outages.paused(unit) else log.warning
    say("look.failed", store=unit.store.name, order=known.order.id if known.order else None, problem=str(error))
    await unit.journal.look_failed(known.row, str(error), now + delay)


async def noticed(unit: Unit, error: RemoteError) -> None:
    """Whether a provider is down is seen by those who ask it; whether the shop is, by the poll, and once it is so
    by those who ask it meanwhile.
    """
    shop = error.remote == unit.store.name
    if not shop or SHOP in unit.outages:
        await outages.not_answered(unit, SHOP if shop else error.remote, error)
