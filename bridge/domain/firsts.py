"""The first call of a kind ever made at a provider: whether it did what it was to do, by the payment's figures."""

from bridge.domain.attempts import Attempt
from bridge.domain.decisions import Facts
from bridge.domain.payments import Payment
from bridge.domain.steps import Call


def difference(attempt: Attempt, payment: Payment) -> Facts:
    """Compare the payment after a call with what the call aimed at; empty where they agree.

    Else what was aimed at and what is there, minor units, for each of reserved, captured and returned that differs.
    """
    amount, call = attempt.step.amount, attempt.step.call
    reserved, captured, returned = attempt.reserved, attempt.captured, attempt.returned
    if call is Call.CAPTURE:
        captured += amount
        # It may close the rest, where it was told that it may.
        reserved = 0 if attempt.step.everything and payment.reserved == 0 else reserved - amount
    elif call is Call.RELEASE:
        reserved = 0 if attempt.step.everything else reserved - amount
    elif call is Call.RAISE:
        reserved += amount
    elif call is Call.REFUND:
        returned += amount
    figures = (
        ("reserved", reserved, payment.reserved),
        ("captured", captured, payment.captured),
        ("returned", returned, payment.returned),
    )
    facts: dict[str, int | str] = {}
    for name, aimed, there in figures:
        if aimed != there:
            facts |= {f"{name}_aimed_at": aimed, name: there}
    return facts
