"""How a WooCommerce store computes and writes amounts: Decimal throughout, half up, a fixed number of decimals."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bridge.sandbox.store.refusals import Refusal

ZERO = Decimal(0)


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Round half away from zero, as the store does with prices and taxes."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def padded(value: Decimal, decimals: int) -> str:
    """Write an amount as most of the API does: "49.00"."""
    return f"{rounded(value, decimals):f}"


def bare(value: Decimal) -> str:
    """Write an amount without trailing zeros: "62.5", "60" (older stores' taxes, a coupon's discount)."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: Decimal) -> int | Decimal:
    """Return an amount as the JSON number that PHP makes of it: 90, 62.5."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def amount(value: Any, name: str) -> Decimal:
    """Read a posted amount (JSON string or number); `name` is the parameter's, for the refusal."""
    try:
        read = Decimal(value if isinstance(value, (str, int, Decimal)) else "nothing")
    except InvalidOperation:
        raise Refusal.parameter(name, "rest_invalid_type", f"{name} is not of type number.") from None
    if not read.is_finite():
        raise Refusal.parameter(name, "rest_invalid_type", f"{name} is not of type number.")
    return read
