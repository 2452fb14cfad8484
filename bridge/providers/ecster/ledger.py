"""What an Ecster order says about its money: wire.Order -> Payment, and which debit a credit can go against.

Ecster gives no remaining amount: what is open is `amount` less what was debited, as long as the order is open.
"""

from datetime import datetime

from bridge.domain.payments import Can, Entry, EntryKind, Payment, PaymentState
from bridge.providers.ecster.wire import Order, Transaction, plain

OPEN = frozenset({"READY", "PARTIALLY_DELIVERED"})
CLOSED = frozenset({"FULLY_DELIVERED"})
ENDED = frozenset({"ANNULLED", "DENIED", "FAILED", "ABORTED", "EXPIRED", "STOPPED"})
"""Any other word (PENDING_*, MANUAL_PROCESSING, AWAITING_CONTRACT, BLOCKED, or one not known) is not final."""

SWISH_RUNNING = "SWISH_REFUND_ONGOING"
SWISH_NOT_BOOKED = "SWISH_REFUND_NOT_BOOKED"

_KINDS = {
    "ORIGINAL": EntryKind.CREATE,
    "DEBIT": EntryKind.CAPTURE,
    "CREDIT": EntryKind.RETURN,
    "ANNUL": EntryKind.RELEASE,
}


def is_swish(order: Order) -> bool:
    """Swish is debited at purchase: nothing is ever reserved, and returns go by an API of their own."""
    return order.properties.method.upper() == "SWISH"


def payment(order: Order, swish_refund: str = "") -> Payment:
    """Return `order` in the domain's words.

    `swish_refund` is the status of a Swish order's latest refund ("" for none). One on its way bears no key
    and moves no amount yet, so nothing may be asked of the payment until it has ended. One that succeeded
    while nothing counts as credited makes the books unreliable, and is treated alike.
    """
    captured, returned = debited(order), credited(order)
    state, detail = _state(order.status, captured), order.status
    if swish_refund == "ONGOING":
        state, detail = PaymentState.PENDING, SWISH_RUNNING
    elif swish_refund == "SUCCESS" and returned == 0:
        state, detail = PaymentState.PENDING, SWISH_NOT_BOOKED
    # Of an order that is not final, what may yet be there counts: a release must never look done by itself.
    reserved = 0 if order.status in CLOSED | ENDED else _residual(order, captured)
    return Payment(
        id=order.id,
        reference=order.order_reference,
        currency=order.currency,
        state=state,
        detail=detail,
        reserved=reserved,
        captured=captured,
        returned=returned,
        limit=None,
        fee=max(order.properties.invoice_fee, order.properties.start_fee),
        returnable=tuple(left for left in _uncredited(order).values() if left > 0),
        can=_can(state, reserved, captured - returned, swish=is_swish(order)),
        log=tuple(_entry(transaction) for transaction in _chronological(order) if transaction.type in _KINDS),
        keyless=frozenset({EntryKind.RETURN}) if is_swish(order) else frozenset(),
        failed="" if swish_refund in ("ONGOING", "SUCCESS") else plain(swish_refund),
    )


def gone(payment_id: str) -> Payment:
    """A payment that Ecster does not show."""
    return Payment(
        id=payment_id,
        reference="",
        currency="",
        state=PaymentState.GONE,
        detail="not found",
        reserved=0,
        captured=0,
        returned=0,
        limit=None,
        can=frozenset(),
        log=(),
    )


def debited(order: Order) -> int:
    """C, minor units: the order's own figure or the ledger's, whichever is larger."""
    return max(order.debited_amount, sum(t.amount for t in order.transactions if t.type == "DEBIT"))


def credited(order: Order) -> int:
    """R, minor units. Whether a Swish refund shows in the figure, in the ledger or in both is not documented."""
    return max(abs(order.credited_amount), sum(abs(t.amount) for t in order.transactions if t.type == "CREDIT"))


def debit_for(order: Order, amount: int) -> str | None:
    """Return the id of the oldest DEBIT with at least `amount` uncredited, or None where no single one has it."""
    return _with_enough(_uncredited(order), amount)


def _uncredited(order: Order) -> dict[str, int]:
    """What is left of each DEBIT, by id, oldest first.

    A CREDIT counts against the debit it names; one that names none against the one that `debit_for` would have
    chosen for it. What was credited without an entry in the ledger is taken off the oldest debits first.
    """
    left: dict[str, int] = {}
    loose = credited(order)
    for entry in _chronological(order):
        if entry.type == "DEBIT":
            left[entry.id] = entry.amount
        elif entry.type == "CREDIT":
            credit = abs(entry.amount)
            named = entry.debit_transaction if entry.debit_transaction in left else None
            debit = named or _with_enough(left, credit)
            if debit:
                left[debit] -= credit
                loose -= credit
    for debit, rest in left.items():
        taken = max(0, min(loose, rest))
        left[debit] = rest - taken
        loose -= taken
    return left


def _with_enough(left: dict[str, int], amount: int) -> str | None:
    return next((debit for debit, rest in left.items() if rest >= amount), None)


def _state(status: str, captured: int) -> PaymentState:
    if status in ENDED and captured == 0:
        return PaymentState.DEAD
    return PaymentState.READY if status in OPEN | CLOSED | ENDED else PaymentState.PENDING


def _can(state: PaymentState, reserved: int, creditable: int, *, swish: bool) -> frozenset[Can]:
    can: set[Can] = set()
    if state is PaymentState.READY and reserved > 0 and not swish:
        can |= {Can.CAPTURE, Can.CAPTURE_PART, Can.CAPTURE_AND_CLOSE, Can.RELEASE}
    if state is PaymentState.READY and creditable > 0:
        can |= {Can.REFUND, Can.REFUND_PART}
    return frozenset(can)


def _residual(order: Order, captured: int) -> int:
    """What is open of an order that is not closed.

    The status after an ANNUL of the rest of a debited order is not documented: it may stay PARTIALLY_DELIVERED,
    with an ANNUL of amount 0 in the ledger, which means all of it. Should one state its amount, it was a part.
    """
    annulled = [abs(t.amount) for t in order.transactions if t.type == "ANNUL"]
    return 0 if 0 in annulled else max(0, order.amount - captured - sum(annulled))


def _chronological(order: Order) -> list[Transaction]:
    """That the ledger is in the order of time is only inferred, so it is put there where all times are known."""
    dated: list[tuple[datetime, Transaction]] = [(t.created, t) for t in order.transactions if t.created]
    if len(dated) < len(order.transactions):
        return list(order.transactions)
    if dated and dated[0][0] > dated[-1][0]:
        dated.reverse()  # newest first: those of one second too
    return [transaction for _, transaction in sorted(dated, key=lambda pair: pair[0])]


def _entry(transaction: Transaction) -> Entry:
    return Entry(
        id=transaction.id,
        kind=_KINDS[transaction.type],
        amount=abs(transaction.amount),
        key=transaction.transaction_reference or None,
        created=transaction.created,
    )
