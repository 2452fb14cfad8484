"""The bounds at a look: counted, and committed, together with what is decided."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from msgspec import structs

from bridge.db import bounds, pauses
from bridge.db.bounds import Asked
from bridge.db.known import Known
from bridge.domain.bounds import bounded, told
from bridge.domain.claims import Claim
from bridge.domain.decisions import Act
from bridge.domain.looks import Verdict
from bridge.domain.orders import Order
from bridge.domain.records import How
from bridge.domain.remarks import Topics
from bridge.domain.steps import Call, Kind, Step
from bridge.engine.unit import Unit


@asynccontextmanager
async def within_bounds(
    unit: Unit, known: Known, order: Order, mine: Claim | None, verdict: Verdict, now: datetime
) -> AsyncIterator[Verdict]:
    """Give the verdict as the bounds leave it; what is committed within counts for all that is decided after it."""
    decision, limits = verdict.decision, unit.rules.limits
    step = decision.step if isinstance(decision, Act) else None
    promised = any(remark.topic is Topics.WILL_PAY for remark in verdict.remarks)
    if mine is None or (step is None and not promised):
        async with bounds.together():
            yield verdict
        return
    asked = Asked(
        store=unit.store.name,
        account=mine.method.account,
        kind=step.kind if step else Kind.REFUND,
        call=step.call if step else Call.REFUND,
        currency=order.currency,
        order=known.row,
        action=known.action if verdict.record.open else None,
        live=unit.live,
    )
    async with bounds.counting(asked, limits, now) as found:
        paused = bool(await pauses.of(unit.store.name, order.id))
        counted = replace(found, paused=paused, **_of_refund(order, verdict, step))
        left = bounded(decision, verdict.record.open, counted, limits, order.currency)
        remarks = told(verdict.remarks, left, counted, limits, order.currency)
        yield structs.replace(verdict, decision=left, remarks=remarks)


def _of_refund(order: Order, verdict: Verdict, step: Step | None) -> dict[str, Any]:
    """What the order says of the refund that a step pays."""
    refund = order.refund(step.refund) if step is not None and step.refund is not None else None
    if refund is None:
        return {}
    paid = any(it.refund == refund.id and it.how is How.PAID for it in verdict.record.settlements)
    return {"whole": refund.amount, "begun": paid}
