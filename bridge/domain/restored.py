"""After a backup was put back: what was asked for before that, and is not seen to be done, waits for a person.

What the bridge did since the backup was made shows in the payment, by its key. What does not show there nobody came
to do, or a person decided on: a refund that was paid in cash, say, and dropped. The two can't be told apart.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from bridge.domain.decisions import Act, Hold
from bridge.domain.looks import Verdict
from bridge.domain.orders import Order
from bridge.domain.reasons import Reason
from bridge.domain.steps import Kind, Step

SLIP = timedelta(minutes=5)
"""By how much the store's clock, which says when something was asked for, may be ahead of ours."""


def since_restored(verdict: Verdict, order: Order, restored: datetime | None) -> Verdict:
    """Hold a step that was asked for before the database was `restored` (None: never), until it is approved."""
    decision, open_ = verdict.decision, verdict.record.open
    if restored is None or not isinstance(decision, Act):
        return verdict
    step = decision.step
    if open_ is not None and open_.approved and open_.step.same(step):
        return verdict
    held = open_ is not None and open_.reason == Reason.RESTORED and open_.step.kind is step.kind
    if not held and asked(order, step) > restored + SLIP:
        return verdict
    return replace(verdict, decision=Hold(Reason.RESTORED, {"amount": step.amount}, step))


def asked(order: Order, step: Step) -> datetime:
    """When this was asked for, by the store's clock; at the latest when the order was last saved."""
    refund = order.refund(step.refund) if step.refund is not None else None
    if refund is not None and refund.created is not None:
        return refund.created
    if step.kind is Kind.CAPTURE and order.completed is not None:
        return order.completed
    return order.modified
