"""Order lines as Resurs takes them, from charges.

The limits are the API's (vendor SDK, `OrderLine`): description 100, reference and unit 50 characters, quantity at
least 0.01, VAT 0 to 100, everything with at most two decimals, amounts with at most ten digits before them.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from bridge.domain.lines import Charge, ChargeKind
from bridge.domain.money import to_major
from bridge.providers.text import cut

LONGEST_DESCRIPTION: Final = 100
LONGEST_REFERENCE: Final = 50
KEY_ENDS: Final = "_"
"""Parts our key from the rest of a reference. No key has it in it, and references with it are proven to work."""

_HUNDREDTH: Final = Decimal("0.01")
_HIGHEST_RATE: Final = Decimal(100)
_REFERENCES: Final = {ChargeKind.SHIPPING: "shipping", ChargeKind.FEE: "fee"}
"""As the shop's plugin calls them when the customer buys (reference 4.2): lines may have to match those."""
_TYPES: Final = {
    ChargeKind.PRODUCT: "NORMAL",
    ChargeKind.SHIPPING: "SHIPPING",
    ChargeKind.FEE: "FEE",
    ChargeKind.DISCOUNT: "DISCOUNT",
    ChargeKind.ROUNDING: "NORMAL",
}


def order_lines(charges: Iterable[Charge], currency: str, key: str = "") -> list[dict[str, Any]]:
    """Spell the charges out; with `key`, every reference begins with it.

    Amounts are Decimals with exactly the currency's decimals. Raises AmountError for a currency that is none.
    """
    front = f"{key}{KEY_ENDS}" if key else ""
    return [_order_line(charge, currency, front) for charge in charges]


def _order_line(charge: Charge, currency: str, front: str) -> dict[str, Any]:
    line: dict[str, Any] = {
        # The one type that the vendor's plugin sends with a negative amount.
        "type": "DISCOUNT" if charge.amount < 0 else _TYPES[charge.kind],
        "quantity": _quantity(charge.quantity),
        "quantityUnit": charge.unit,
        "vatRate": _rate(charge.rate),
        "totalAmountIncludingVat": to_major(charge.amount, currency),
    }
    if description := cut(charge.name, LONGEST_DESCRIPTION):
        line["description"] = description
    if reference := cut(front + _REFERENCES.get(charge.kind, charge.reference), LONGEST_REFERENCE):
        line["reference"] = reference
    return line


def _quantity(quantity: Decimal) -> Decimal:
    """The quantity where two decimals can say it, else 1: the amount is the line's in any case."""
    if not quantity.is_finite() or quantity < _HUNDREDTH or quantity != round(quantity, 2):
        return Decimal(1)
    return round(quantity, 2)


def _rate(rate: Decimal) -> Decimal:
    return min(max(rate, Decimal(0)), _HIGHEST_RATE).quantize(_HUNDREDTH, ROUND_HALF_UP)
