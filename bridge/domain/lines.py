"""Lines: how an amount is spelt out to a provider. Every amount goes out as lines that sum to it exactly."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ChargeKind(StrEnum):
    PRODUCT = "product"
    SHIPPING = "shipping"
    FEE = "fee"
    DISCOUNT = "discount"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One line as providers get it."""

    kind: ChargeKind
    name: str
    reference: str
    quantity: Decimal
    """Positive."""
    rate: Decimal
    """VAT in percent: 25, 12.5, 0."""
    amount: int
    """The line's total with VAT, minor units; negative for a discount."""
