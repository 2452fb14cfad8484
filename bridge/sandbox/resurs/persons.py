"""The vendor's Swedish test persons: what becomes of a payment after its customer has signed."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """A status, and another one that follows by itself."""

    status: str
    reason: str | None = None
    after: timedelta | None = None
    then: str = ""
    then_reason: str | None = None


ACCEPTED = Fate(status="ACCEPTED")


def _denied() -> Fate:
    return Fate(status="REJECTED", reason="CREDIT_DENIED")


def _frozen(seconds: int, then: str) -> Fate:
    reason = "PAYMENT_FROZEN" if then == "REJECTED" else None
    return Fate(status="FROZEN", after=timedelta(seconds=seconds), then=then, then_reason=reason)


def _inspected(seconds: int, then: str) -> Fate:
    reason = "CREDIT_DENIED" if then == "REJECTED" else None
    return Fate(status="INSPECTION", after=timedelta(seconds=seconds), then=then, then_reason=reason)


FATES = {
    "198305147715": ACCEPTED,
    "198801082382": ACCEPTED,
    "197211072793": _denied(),
    "195004269741": _denied(),
    "198209123705": Fate(status="FROZEN"),
    "198001010001": _frozen(5, "ACCEPTED"),
    "199401012381": _frozen(600, "ACCEPTED"),
    "197801069241": _frozen(5, "REJECTED"),
    "198909194451": _frozen(600, "REJECTED"),
    "199105149612": _inspected(10, "ACCEPTED"),
    "199010242395": _inspected(300, "ACCEPTED"),
    "199010122399": _inspected(1800, "ACCEPTED"),
    "198711192396": _inspected(86400, "ACCEPTED"),
    "199111282399": _inspected(10, "REJECTED"),
    "198810112394": _inspected(300, "REJECTED"),
    "198806192392": _inspected(1800, "REJECTED"),
    "199111292398": _inspected(86400, "REJECTED"),
}
"""By `governmentId`; everybody else is accepted."""
