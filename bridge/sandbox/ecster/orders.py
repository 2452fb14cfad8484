"""Ecster's orders and what may be done to them: frozen values, and a function for each transition.

Every function takes an order and returns the order after it, or raises Refusal and leaves all as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bridge.sandbox.ecster.switches import Switches

OPEN = ("READY", "PARTIALLY_DELIVERED")
DEBITED = (*OPEN, "FULLY_DELIVERED")
ENDED = ("ANNULLED", "DENIED", "FAILED", "ABORTED", "EXPIRED", "STOPPED")
PENDING = (
    "PENDING_PAYMENT",
    "PENDING_DECISION",
    "PENDING_SIGNATURE",
    "PENDING_PROCESSING",
    "MANUAL_PROCESSING",
    "AWAITING_CONTRACT",
)
STATUSES = (*DEBITED, *ENDED, *PENDING, "BLOCKED")


class Problem(StrEnum):
    INVALID = "INVALID"
    WRONG_STATE = "WRONG_STATE"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    BAD_KEYS = "BAD_KEYS"


class Refusal(Exception):
    """The answer is an error, and nothing has happened."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    id: str
    type: str
    amount: int
    """Minor units, as released for an ANNUL."""
    created: datetime
    rows: tuple[Mapping[str, object], ...] = ()
    reference: str = ""
    debit: str = ""
    """Of a CREDIT: the id of its DEBIT."""
    message: str = ""
    swish: bool = False
    """A CREDIT that a Swish refund led to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwishRefund:
    id: str
    amount: int
    debit: str
    status: str = "ONGOING"
    polls_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: str
    reference: str
    currency: str
    amount: int
    """Minor units, the fee included."""
    fee: int
    method: str
    direct_debit: bool
    status: str
    created: datetime
    transactions: tuple[Transaction, ...]
    refunds: tuple[SwishRefund, ...] = ()
    closed: bool = False
    """Nothing more can be debited, whatever the status says."""

    def sum_of(self, type: str) -> int:  # noqa: A002
        return sum(t.amount for t in self.transactions if t.type == type)

    @property
    def debited(self) -> int:
        return self.sum_of("DEBIT")

    @property
    def credited(self) -> int:
        """Returned in all, whether or not the ledger shows it."""
        return self.sum_of("CREDIT")

    @property
    def open(self) -> bool:
        return self.status in OPEN and not self.closed

    @property
    def residual(self) -> int:
        """What can still be debited."""
        return max(0, self.amount - self.debited - self.sum_of("ANNUL")) if self.open else 0

    def uncredited(self, debit_id: str) -> int:
        """What can still be credited of a DEBIT; a Swish refund on its way is taken off. Unknown: Refusal."""
        debit = next((t for t in self.transactions if t.type == "DEBIT" and t.id == debit_id), None)
        if debit is None:
            raise Refusal(Problem.INVALID, "debitTransaction names no debit of this order")
        gone = sum(t.amount for t in self.transactions if t.type == "CREDIT" and t.debit == debit_id)
        going = sum(r.amount for r in self.refunds if r.debit == debit_id and r.status == "ONGOING")
        return debit.amount - gone - going


def debited(order: Order, debit: Transaction, switches: Switches, *, close: bool) -> Order:
    """Debit: the whole residual closes the order, less leaves it open unless `close`."""
    if not order.open:
        raise Refusal(Problem.WRONG_STATE, f"An order that is {order.status} can't be debited")
    _check(order, debit, switches)
    if debit.amount > order.residual and not switches.over_debit:
        raise Refusal(Problem.INVALID, "amount is more than the residual")
    full = debit.amount >= order.residual
    status = "FULLY_DELIVERED" if full else switches.after_close if close else "PARTIALLY_DELIVERED"
    return replace(_with(order, debit), status=status, closed=full or close)


def credited(order: Order, credit: Transaction, switches: Switches) -> Order:
    """Credit up to what is left of the debit that it names."""
    states = (*DEBITED, *ENDED) if switches.ended_credited else DEBITED
    if order.status not in states:
        raise Refusal(Problem.WRONG_STATE, f"An order that is {order.status} can't be credited")
    if order.method == "SWISH" and not switches.swish_takes_credit:
        raise Refusal(Problem.INVALID, "Swish orders are refunded, not credited")
    _check(order, credit, switches)
    if credit.amount > order.uncredited(credit.debit):
        raise Refusal(Problem.INVALID, "amount is more than what is left of the debit")
    return _after_credit(_with(order, credit), switches)


def annulled(order: Order, annul: Transaction, switches: Switches) -> Order:
    """Annul all that is open, or, if that is switched on and an amount is given, that much."""
    if not order.open and not (switches.pending_annulled and order.status in PENDING):
        raise Refusal(Problem.WRONG_STATE, f"An order that is {order.status} can't be annulled")
    _check_reference(order, annul.reference, switches)
    if switches.partial_annul and 0 < annul.amount < order.residual:
        return _with(order, annul)
    status = switches.after_annul_of_rest if order.debited else "ANNULLED"
    return replace(_with(order, replace(annul, amount=order.residual)), status=status, closed=True)


def swish_begun(order: Order, refund: SwishRefund, switches: Switches) -> Order:
    """Begin a Swish refund: ONGOING until its status was looked at often enough."""
    if order.method != "SWISH" or order.status not in DEBITED:
        raise Refusal(Problem.WRONG_STATE, "Only a paid Swish order can be refunded")
    if switches.swish_one_at_a_time and order.refunds and order.refunds[-1].status == "ONGOING":
        raise Refusal(Problem.WRONG_STATE, "A refund of this order is on its way")
    if not 0 < refund.amount <= order.uncredited(refund.debit):
        raise Refusal(Problem.INVALID, "amount must be positive, and no more than what is left of the debit")
    return replace(order, refunds=(*order.refunds, refund))


def swish_polled(order: Order) -> Order:
    """Count a look at the status of the latest Swish refund."""
    latest = order.refunds[-1]
    return replace(order, refunds=(*order.refunds[:-1], replace(latest, polls_left=latest.polls_left - 1)))


def swish_ended(order: Order, word: str, now: datetime, switches: Switches) -> Order:
    """End the latest Swish refund with `word`: SUCCESS, or anything else for a failure."""
    latest = order.refunds[-1]
    after = replace(order, refunds=(*order.refunds[:-1], replace(latest, status=word)))
    if word != "SUCCESS":
        return after
    credit = Transaction(
        id=latest.id, type="CREDIT", amount=latest.amount, created=now, debit=latest.debit, swish=True
    )
    return _after_credit(_with(after, credit), switches)


def _with(order: Order, transaction: Transaction) -> Order:
    return replace(order, transactions=(*order.transactions, transaction))


def _after_credit(order: Order, switches: Switches) -> Order:
    if switches.after_full_credit and order.credited == order.debited:
        return replace(order, status=switches.after_full_credit, closed=True)
    return order


def _check(order: Order, transaction: Transaction, switches: Switches) -> None:
    if transaction.amount <= 0:
        raise Refusal(Problem.INVALID, "amount must be positive")
    _check_reference(order, transaction.reference, switches)


def _check_reference(order: Order, reference: str, switches: Switches) -> None:
    if switches.unique_references and reference and any(t.reference == reference for t in order.transactions):
        raise Refusal(Problem.INVALID, "transactionReference is taken")
