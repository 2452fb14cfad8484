"""Charges -> Ecster rows: integers only, VAT included, and unitAmount x quantity adds up to the amount exactly."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from bridge.domain.lines import Charge

LONGEST_PART_NUMBER = 32
LONGEST_NAME = 100
"""No limit of `name` is documented; `description` is said to take 128."""


Row = dict[str, object]


def rows(charges: Sequence[Charge], amount: int) -> list[Row]:
    """Return one row a charge. Raises ValueError when the charges do not sum to `amount` (minor units)."""
    if not charges or sum(charge.amount for charge in charges) != amount:
        raise ValueError("the lines do not add up to the amount")
    return [_row(charge) for charge in charges]


def _row(charge: Charge) -> Row:
    name = _clean(charge.name) or _clean(charge.reference) or charge.kind.value
    quantity, unit = 1, charge.amount
    whole = charge.quantity == charge.quantity.to_integral_value()
    if whole and charge.quantity > 0 and charge.amount % int(charge.quantity) == 0:
        quantity, unit = int(charge.quantity), charge.amount // int(charge.quantity)
    else:
        name = f"{charge.quantity.normalize():f} x {name}"
    return {
        "partNumber": _clean(charge.reference)[:LONGEST_PART_NUMBER],
        "name": _cut(name),
        "quantity": quantity,
        "unitAmount": unit,
        "vatRate": int((charge.rate * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)),
    }


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"
