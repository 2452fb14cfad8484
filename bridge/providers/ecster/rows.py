"""Charges -> Ecster rows: integers only, VAT included, and unitAmount x quantity adds up to the amount exactly."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from bridge.domain.lines import Charge
from bridge.providers.text import cut

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
    part_number = cut(charge.reference, LONGEST_PART_NUMBER)
    name = cut(charge.name, LONGEST_NAME) or part_number or charge.kind.value
    quantity, unit = 1, charge.amount
    whole = charge.quantity == charge.quantity.to_integral_value()
    if whole and charge.quantity > 0 and charge.amount % int(charge.quantity) == 0:
        quantity, unit = int(charge.quantity), charge.amount // int(charge.quantity)
    else:
        name = f"{charge.quantity.normalize():f} x {name}"
    return {
        "partNumber": part_number,
        "name": cut(name, LONGEST_NAME),
        "quantity": quantity,
        "unitAmount": unit,
        "vatRate": int((charge.rate * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)),
    }
