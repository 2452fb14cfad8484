"""Amounts: whole minor units of a currency, and the only ways in and out of them.

The number of decimals comes from ISO 4217 (SEK 2, JPY 0, KWD 3). A figure the currency cannot express is an
error, never rounded: design § 1, promise 7.
"""

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from iso4217 import Currency

_EXPONENTS = {currency.value: currency.exponent for currency in Currency}
"""None: it has no minor unit. (Looking a member of an enum up by its value is slow.)"""
_EXACT = Context(prec=28, traps=[Inexact, InvalidOperation, Overflow])
"""Moving the point in the default context would round a figure of more than 28 digits without a word."""


class AmountError(ValueError):
    """A figure that is no amount of its currency; the text says which and why."""


def decimals(currency: str) -> int:
    """Return how many decimals ISO 4217 gives `currency` (an upper-case code such as "SEK")."""
    try:
        exponent = _EXPONENTS[currency]
    except KeyError as error:
        raise AmountError(f"{currency!r} is not an ISO 4217 currency code") from error
    if exponent is None:
        raise AmountError(f"{currency} has no minor unit")
    return int(exponent)


def to_minor(figure: str | int | Decimal, currency: str) -> int:
    """Turn a figure in major units ("811.25") into minor units (81125); exact, or `AmountError`."""
    try:
        value = Decimal(figure)
    except InvalidOperation as error:
        raise AmountError(f"{figure!r} is not a number") from error
    if not value.is_finite():
        raise AmountError(f"{figure!r} is not a finite number")
    try:
        minor = value.scaleb(decimals(currency), _EXACT)
    except ArithmeticError as error:
        raise AmountError(f"{figure} has more digits than an amount") from error
    if minor != minor.to_integral_value():
        raise AmountError(f"{currency} cannot express {figure}")
    return int(minor)


def to_major(minor: int, currency: str) -> Decimal:
    """Turn minor units into a Decimal in major units with exactly the currency's decimals."""
    return Decimal(minor).scaleb(-decimals(currency))


def split(amount: int, weights: Sequence[int | Decimal]) -> list[int]:
    """Split `amount` in proportion to non-negative `weights`; the parts always sum to `amount`.

    What whole units leave over goes to the largest remainders, first of equals first. All weights zero: the
    first part takes everything.
    """
    if not weights:
        raise AmountError("nothing to split over")
    total = sum(Decimal(weight) for weight in weights)
    if total == 0:
        return [amount, *([0] * (len(weights) - 1))]
    shares = [Decimal(amount) * Decimal(weight) / total for weight in weights]
    parts = [int(share) for share in shares]
    missing = amount - sum(parts)
    sign = 1 if missing > 0 else -1
    by_remainder = sorted(range(len(parts)), key=lambda i: (-abs(shares[i] - parts[i]), i))
    for i in by_remainder[: abs(missing)]:
        parts[i] += sign
    return parts
