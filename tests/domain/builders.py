"""Short words for orders, payments and what was decided about them, so that a case reads as a row of a table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.looks import Verdict, consider
from bridge.domain.orders import Line, LineKind, Order, Refund
from bridge.domain.payments import Can, Entry, EntryKind, Payment, PaymentState
from bridge.domain.records import Agreed, Closed, How, Record, Settlement
from bridge.domain.rules import Rules
from bridge.domain.steps import Call, Step

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=2)
RULES = Rules()


def order(
    status: str = "processing", total: int = 1000, refunds: Mapping[int, int] | None = None, **fields: Any
) -> Order:
    """Order 1042, paid; `refunds` by id, amount each, not paid by the shop."""
    made = tuple(
        Refund(id=refund_id, amount=amount, created=LONG_AGO, paid_by_shop=False)
        for refund_id, amount in sorted((refunds or {}).items())
    )
    plain = Order(
        id=1042,
        number="1042",
        status=status,
        currency="SEK",
        total=total,
        created=LONG_AGO,
        modified=NOW,
        paid=LONG_AGO,
        payment_method="resursbank",
        transaction_id="",
        refunds=made,
    )
    return replace(plain, **fields)


def line(
    line_id: int = 1, net: str = "8.00", tax: str = "2.00", quantity: str = "1", reference: str = "MUG"
) -> Line:
    return Line(
        id=line_id,
        kind=LineKind.PRODUCT,
        name="Mug",
        reference=reference,
        quantity=Decimal(quantity),
        net=Decimal(net),
        tax=Decimal(tax),
        rate=Decimal(25),
    )


def entry(
    kind: EntryKind, amount: int, key: str | None = None, *, entry_id: str = "", created: datetime | None = LONG_AGO
) -> Entry:
    return Entry(id=entry_id or f"{kind}-{amount}-{key}", kind=kind, amount=amount, key=key, created=created)


def captured(amount: int, key: str | None = None) -> Entry:
    return entry(EntryKind.CAPTURE, amount, key)


def released(amount: int, key: str | None = None) -> Entry:
    return entry(EntryKind.RELEASE, amount, key)


def raised(amount: int, key: str | None = None) -> Entry:
    return entry(EntryKind.RAISE, amount, key)


def returned(amount: int, key: str | None = None, *, entry_id: str = "") -> Entry:
    return entry(EntryKind.RETURN, amount, key, entry_id=entry_id)


def resurs(
    *log: Entry, reserved: int = 0, limit: int | None = 5000, state: PaymentState = PaymentState.READY
) -> Payment:
    """A payment where parts can be captured, released and raised; captured and returned are what the log says."""
    can = {Can.RAISE} if limit is not None else set()
    if reserved:
        can |= {Can.CAPTURE, Can.CAPTURE_PART, Can.RELEASE, Can.RELEASE_PART}
    return _payment(log, reserved, limit, state, can)


def whole(*log: Entry, reserved: int = 0, limit: int | None = 5000) -> Payment:
    """A payment of which everything or nothing can be captured, released or refunded; it can be raised."""
    found = resurs(*log, reserved=reserved, limit=limit)
    return replace(found, can=found.can - {Can.CAPTURE_PART, Can.RELEASE_PART, Can.REFUND_PART})


def ecster(*log: Entry, reserved: int = 0, state: PaymentState = PaymentState.READY) -> Payment:
    """A payment that can't be changed; one call captures a part and closes the rest."""
    can = {Can.CAPTURE, Can.CAPTURE_PART, Can.CAPTURE_AND_CLOSE, Can.RELEASE} if reserved else set()
    return _payment(log, reserved, None, state, can)


def _payment(
    log: tuple[Entry, ...], reserved: int, limit: int | None, state: PaymentState, can: set[Can]
) -> Payment:
    figures = {kind: sum(e.amount for e in log if e.kind is kind) for kind in EntryKind}
    taken, given = figures[EntryKind.CAPTURE], figures[EntryKind.RETURN]
    if taken > given:
        can |= {Can.REFUND, Can.REFUND_PART}
    first = entry(EntryKind.CREATE, reserved + taken + figures[EntryKind.RELEASE])
    return Payment(
        id="p-1",
        reference="1042",
        currency="SEK",
        state=state,
        detail=state.upper(),
        reserved=reserved,
        captured=taken,
        returned=given,
        limit=limit,
        can=frozenset(can) if state is PaymentState.READY else frozenset(),
        log=() if state is PaymentState.GONE else (first, *log),
    )


def record(*settlements: Settlement, agreed: tuple[int, int] | None = None, **fields: Any) -> Record:
    """What is remembered of an order that nothing happened to for two days; `agreed` on total and refunds."""
    plain = Record(first_seen=LONG_AGO, changed=LONG_AGO, status_since=LONG_AGO, settlements=settlements)
    seen = tuple((refund_id, LONG_AGO) for refund_id in range(1070, 1090))
    terms = Agreed(total=agreed[0], refunded=agreed[1]) if agreed else None
    return plain.evolve(**{"refunds_seen": seen, "agreed": terms, **fields})


def as_captured(*settlements: Settlement, total: int = 1000, refunded: int = 0, **fields: Any) -> Record:
    """An order that the bridge saw through to its capture."""
    closed = {"closed": Closed.CAPTURED, "closed_status": "completed"}
    return record(*settlements, agreed=(total, refunded), **{**closed, **fields})


def met(refund: int, how: How, amount: int, entry_id: str | None = None) -> Settlement:
    return Settlement(refund=refund, how=how, amount=amount, entry=entry_id)


def look(order: Order, payment: Payment, record: Record, rules: Rules = RULES, now: datetime = NOW) -> Verdict:
    return consider(order, payment, record, rules, now)


def told(decision: Decision) -> str:
    """What was decided, in a few words that a table can hold.

    "capture 800" · "release 200" · "release all 1000" · "replace 1000 by 800" · "raise 100" ·
    "refund 1077: 50" · "agreed captured" · "quiet: WHY" · "wait: WHY" · "hold REASON fact=1 | capture 800", the
    step that may be approved last.
    """
    match decision:
        case Act(step):
            return _step(step)
        case Wait(why=why):
            return f"wait: {why}"
        case Quiet(agreed=True, closes=closes):
            return f"agreed {closes}" if closes else "agreed"
        case Quiet(why=why):
            return f"quiet: {why}"
        case Hold(reason, facts, step):
            said = " ".join([f"hold {reason}", *(f"{name}={value}" for name, value in facts.items())])
            return f"{said} | {_step(step)}" if step else said


def _step(step: Step) -> str:
    match step.call:
        case Call.REFUND:
            return f"refund {step.refund or 'the rest'}: {step.amount}"
        case Call.RESTORE:
            return f"restore {step.status}"
        case Call.RELEASE if step.everything and step.target:
            return f"replace {step.amount} by {step.target}"
        case Call.RELEASE if step.everything:
            return f"release all {step.amount}"
        case Call.CAPTURE if step.everything:
            return f"capture {step.amount} and close"
        case _:
            return f"{step.call} {step.amount}"
