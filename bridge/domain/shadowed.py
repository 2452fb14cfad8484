"""After shadow mode: what was asked for while others were to do it, and was not done, waits for a person.

In shadow mode the shop's payment plugin, or staff in the provider's portal, act. What they did shows in the payment
and asks for nothing more. What they did not do, days ago perhaps, may have been done in another way or given up.
"""

from datetime import datetime

from msgspec.structs import replace

from bridge.domain.decisions import Act, Hold
from bridge.domain.keys import is_ours, refund_of, stem
from bridge.domain.looks import Verdict
from bridge.domain.orders import Order
from bridge.domain.payments import EntryKind, Payment
from bridge.domain.reasons import Bound
from bridge.domain.restored import asked
from bridge.domain.steps import Kind, Step


def since_live(verdict: Verdict, order: Order, payment: Payment, tag: str, went_live: datetime | None) -> Verdict:
    """Hold a step that was asked for before the store `went_live` (None: it never was in shadow mode).

    Until it is approved, or no longer asked for.

    A store's clock that is behind may have a change of the first moments held too: that asks for a word too many,
    where the other error would move money.
    """
    decision, open_ = verdict.decision, verdict.record.open
    if not isinstance(decision, Act):
        return verdict
    step = decision.step
    if open_ is not None and open_.approved and open_.step.same(step):
        return verdict
    recorded = open_ is not None and (open_.shadow or open_.reason == Bound.SHADOWED) and not open_.approved
    if recorded and open_ is not None and open_.step.kind is step.kind:
        return _held(verdict, decision)
    if went_live is None or _begun(order, payment, tag, went_live, step):
        return verdict
    before = verdict.record.changed < went_live or asked(order, step) < went_live
    return _held(verdict, decision) if before else verdict


def _held(verdict: Verdict, decision: Act) -> Verdict:
    return replace(verdict, decision=Hold(Bound.SHADOWED, {"amount": decision.step.amount}, decision.step))


def _begun(order: Order, payment: Payment, tag: str, went_live: datetime, step: Step) -> bool:
    """Whether a step on this order was approved and made since, from which this one follows.

    A refund was meant only with another part of itself.
    """
    front = stem(order, tag)
    since = [it for it in payment.log if is_ours(it.key, front) and it.created and it.created >= went_live]
    if step.kind is Kind.REFUND:
        return any(refund_of(it.key, front) == (step.refund or 0) for it in since)
    return any(it.kind is not EntryKind.RETURN for it in since)
