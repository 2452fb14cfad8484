"""What refunds take of an order's own lines: which of them each line of a refund takes back, and what is left."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from bridge.domain.money import decimals
from bridge.domain.orders import Line, Order


class Left(NamedTuple):
    """What is left of a line of the order."""

    line: Line
    amount: int
    """With VAT, minor units; negative for a discount."""
    quantity: Decimal


def gross(line: Line, currency: str) -> int:
    """Return a line's net and tax together in minor units, rounded half up (away from 0).

    Nowhere else is a figure of a line rounded.
    """
    figure = (line.net + line.tax).scaleb(decimals(currency))
    return int(figure.to_integral_value(ROUND_HALF_UP))


def left_of_lines(order: Order) -> tuple[Left, ...]:
    """What the live refunds leave of each line; nothing at all if a refund's line fits none of the order."""
    amounts = [gross(line, order.currency) for line in order.lines]
    quantities = [line.quantity for line in order.lines]
    for taken in (line for refund in order.refunds for line in refund.lines):
        amount = gross(taken, order.currency)
        if not amount:
            continue
        fits = (i for i in _origins(taken, order) if _within(amount, amounts[i]))
        if (origin := next(fits, None)) is None:
            return ()
        amounts[origin] -= amount
        quantities[origin] -= taken.quantity
    return tuple(Left(*it) for it in zip(order.lines, amounts, quantities, strict=True))


def takes_back_a_discount(line: Line, order: Order) -> bool:
    """Whether a refund's line may take back a line that is negative in the order."""
    return any(gross(order.lines[i], order.currency) < 0 for i in _origins(line, order))


def _within(part: int, whole: int) -> bool:
    """Whether `part` can be taken from `whole` without going beyond 0 or the wrong way."""
    return min(0, whole) <= part <= max(0, whole)


def _origins(taken: Line, order: Order) -> list[int]:
    """The positions in the order of the lines that a refund's line may take back, likeliest first.

    A store's line ids are unique over all its orders and refunds, so an equal id can only mean that very line.
    """
    alike = [
        (taken.id != line.id, taken.reference != line.reference, i)
        for i, line in enumerate(order.lines)
        if taken.id == line.id
        or (
            (taken.kind, taken.rate) == (line.kind, line.rate)
            and (taken.reference == line.reference or taken.name == line.name)
        )
    ]
    return [i for *_, i in sorted(alike)]
