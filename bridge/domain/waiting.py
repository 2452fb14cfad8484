"""What an order waits for while its provider gives no answer: judged by the payment as it was last read."""

from datetime import datetime

from bridge.domain.decisions import Act
from bridge.domain.looks import Verdict, consider
from bridge.domain.orders import Order
from bridge.domain.payments import Payment
from bridge.domain.records import Record, State
from bridge.domain.restored import since_restored
from bridge.domain.rules import Rules
from bridge.domain.steps import Call


def longed_for(
    order: Order, payment: Payment | None, record: Record, rules: Rules, now: datetime, restored: datetime | None
) -> Verdict | None:
    """Return the verdict that a call is to be made as soon as the provider answers, unless a bound holds that.

    None where none is, or it can't be told. Nobody is promised what a person has still to decide, or what may have
    been done already.
    """
    open_ = record.open
    if open_ is not None and (open_.shadow or open_.state not in (State.READY, State.WAITING)):
        return None
    if payment is None:
        return None
    verdict = since_restored(consider(order, payment, record, rules, now), order, restored)
    if not isinstance(verdict.decision, Act) or verdict.decision.step.call is Call.RESTORE:
        return None
    return verdict
