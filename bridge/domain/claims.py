"""Which provider an order belongs to, and whether its payment is really its own (design § 1, promise 8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.domain.decisions import Decision, Hold, Quiet
from bridge.domain.orders import GONE, Order
from bridge.domain.payments import Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.records import Record
from bridge.domain.rules import Rules

LONGEST_ID = 64
"""Characters that a payment id has at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How one provider of a store recognises its orders."""

    provider: int
    """Its place in the store's settings."""
    matches: Callable[[str], bool]
    """Whether the order's `payment_method` is this provider's."""
    id_keys: tuple[str, ...]
    """Meta keys that hold the payment id, best first."""
    transaction_id: bool
    """Whether the order's own transaction id serves where no meta key does."""
    match_reference: bool
    account: str = ""
    """The provider's entry in settings.yaml, as its first calls are remembered by."""


@dataclass(frozen=True, slots=True)
class Claim:
    method: Method
    payment_id: str
    unusable: str = ""
    """Why `payment_id` is "" although the order names something."""


def claim(order: Order, methods: Sequence[Method]) -> Claim | None:
    """Return the provider whose order this is; None where no provider of the settings is meant.

    `payment_id` is "" where the order carries none, or what can be none.
    """
    method = next((method for method in methods if method.matches(order.payment_method)), None)
    if method is None:
        return None
    ids = [order.meta_value(key) for key in method.id_keys]
    if method.transaction_id:
        ids.append(order.transaction_id)
    named = next((payment_id for payment_id in ids if payment_id), "")
    if len(named) > LONGEST_ID:
        return Claim(method, "", f"too long to be a payment id ({len(named)} characters)")
    return Claim(method, named)


def without_payment_id(order: Order, mine: Claim, rules: Rules) -> Decision:
    """What follows where the payment method matches but the order names no payment."""
    facts = {"payment_id": mine.unusable} if mine.unusable else {}
    why = f"what the order names is {mine.unusable}" if mine.unusable else "the order carries no payment id"
    return _left_alone(order, rules, Hold(Reason.DOUBT_ID, facts), why)


def lost(order: Order, payment: Payment, rules: Rules, *, ours: bool) -> Decision:
    """What follows where money of the order was on `payment`, and the order names no payment any more.

    `ours`: its payment method is still a provider's. Otherwise the order is paid in another way, and only what is
    left on the payment matters.
    """
    why = "the order no longer names the payment that its money is on"
    left = payment.reserved > 0 or payment.net > 0
    if not ours and not left:
        return Quiet(f"left alone: payment method {order.payment_method!r} is not ours, and the payment is empty")
    removed = order.status in ("trash", GONE) and payment.reserved > 0
    hold = Hold(Reason.DOUBT_ID)
    return hold if removed or _undone(order, payment, rules) else _left_alone(order, rules, hold, why)


def names(payment: Payment, order: Order) -> bool:
    """Whether the payment's own reference names this order."""
    return payment.reference in (str(order.id), order.number)


def doubt(
    order: Order, payment: Payment, record: Record, rules: Rules, *, match_reference: bool, taken_by: int | None
) -> Decision | None:
    """What forbids touching this payment for this order; None when it is the order's own.

    `taken_by` is another order that the payment already belongs to.
    """
    if taken_by is not None:
        facts = {"reference": str(taken_by)}
        return _left_alone(order, rules, Hold(Reason.DOUBT_OWNER, facts), f"order {taken_by} has this payment")
    found = _contradiction(order, payment, record, match_reference=match_reference)
    if found is None:
        return None
    hold, why = found
    if _undone(order, payment, rules):
        return hold
    return _left_alone(order, rules, hold, why)


def _contradiction(
    order: Order, payment: Payment, record: Record, *, match_reference: bool
) -> tuple[Hold, str] | None:
    if record.payment_id and record.payment_id != payment.id:
        return Hold(Reason.DOUBT_ID), "the order suddenly names another payment"
    if payment.state is PaymentState.GONE:
        return None
    if payment.currency != order.currency:
        facts = {"currency": order.currency, "payment_currency": payment.currency or "?"}
        return Hold(Reason.DOUBT_CURRENCY, facts), "order and payment differ in currency"
    if match_reference and not names(payment, order):
        return Hold(Reason.DOUBT_OWNER, {"reference": payment.reference}), "the payment names another order"
    return None


def _undone(order: Order, payment: Payment, rules: Rules) -> bool:
    """Whether staff ended or refunded the order and there is money that this would have moved."""
    ended = order.status in rules.cancel_on or order.status == "refunded" or bool(order.refunds)
    return ended and (payment.reserved > 0 or payment.net > 0)


def _left_alone(order: Order, rules: Rules, hold: Hold, why: str) -> Decision:
    """Say nothing as long as nothing is asked: many orders name no payment, or share one with a later attempt."""
    return hold if order.status in rules.capture_on else Quiet(f"left alone: {why}")
