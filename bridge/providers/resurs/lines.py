"""Order lines as Resurs takes them, from charges.

The limits are the API's (vendor SDK, `OrderLine`): description 100, reference and unit 50 characters, quantity at
least 0.01, VAT 0 to 100, everything with at most two decimals, amounts with at most ten digits before them.
"""

import unicodedata
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from bridge.domain.lines import Charge, ChargeKind
from bridge.domain.money import to_major

LONGEST_DESCRIPTION: Final = 100
LONGEST_REFERENCE: Final = 50
KEY_ENDS: Final = "_"
"""Parts our key from the rest of a reference. No key has it in it, and references with it are proven to work."""

_UNIT: Final = "pcs"
_HUNDREDTH: Final = Decimal("0.01")
_HIGHEST_RATE: Final = Decimal(100)
_ZERO_WIDTH_JOINER: Final = "\u200d"
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
        "quantityUnit": _UNIT,
        "vatRate": _rate(charge.rate),
        "totalAmountIncludingVat": to_major(charge.amount, currency),
    }
    if description := cut(charge.name, LONGEST_DESCRIPTION):
        line["description"] = description
    if reference := cut(front + charge.reference, LONGEST_REFERENCE):
        line["reference"] = reference
    return line


def _quantity(quantity: Decimal) -> Decimal:
    """The quantity where two decimals can say it, else 1: the amount is the line's in any case."""
    if not quantity.is_finite() or quantity < _HUNDREDTH or quantity != round(quantity, 2):
        return Decimal(1)
    return round(quantity, 2)


def _rate(rate: Decimal) -> Decimal:
    return min(max(rate, Decimal(0)), _HIGHEST_RATE).quantize(_HUNDREDTH, ROUND_HALF_UP)


def cut(text: str, longest: int) -> str:
    """Cut `text` to `longest` characters as the API's side counts them, between whole characters as people do.

    Counted in UTF-16 units, the strictest of the usual ways; what can't be written in UTF-16 is left out.
    """
    whole = " ".join(_utf16(text, len(text) * 2).split())
    front = _utf16(whole, longest)
    while front and len(front) < len(whole) and _joined(front[-1], whole[len(front)]):
        front = front[:-1]
    return front.rstrip()


def _utf16(text: str, units: int) -> str:
    """The first `units` of the text, less what they leave torn."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")


def _joined(left: str, right: str) -> bool:
    """Whether the two are drawn as one character: an accent, a variation, a skin tone, a joined emoji."""
    return (
        unicodedata.category(right).startswith("M")
        or _ZERO_WIDTH_JOINER in (left, right)
        or "\U0001f3fb" <= right <= "\U0001f3ff"
    )
