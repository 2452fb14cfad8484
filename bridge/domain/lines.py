"""Lines: how an amount is spelt out to a provider. Every amount goes out as lines that sum to it exactly.

This is the only way from an order, a refund or a difference to what a provider gets, and the only place where
a line's figures are rounded. There are two ways to spell an amount out:

**Own lines**, when the store's lines account for the amount. A line's gross is net and tax together, rounded
half up to whole minor units; a line that is negative in the order is a discount. What these roundings, or the
store's, leave between the lines and the amount stands in one rounding charge without VAT: at most one minor unit
a line and one more. A wider gap is no rounding.

**A split over VAT rates**, one charge a rate, when own lines do not do: there are none, they sum to something
else, or a refund's line is negative without taking back a discount, or bears over 100 % VAT. The amount is
shared in proportion to what is left of each rate; with nothing left of any, to the order as it was made; and
where even that has no positive rate, it is one charge at the order's highest rate (0 without lines).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from bridge.domain.money import AmountError, decimals, split
from bridge.domain.orders import Line, Order, Refund

_HUNDREDTH = Decimal("0.01")
_MOST_VAT = 100


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
    """VAT in percent: 25, 12.5, 0; at most two decimals, the finest that providers take."""
    amount: int
    """The line's total with VAT, minor units; never 0, negative for a discount and for some roundings."""


def capture_charges(order: Order, amount: int) -> tuple[Charge, ...]:
    """Spell out a capture of `amount` (minor units): the order's lines less what its live refunds take away.

    Another amount than these lines sum to is split over what the refunds leave of each VAT rate. Raises
    `AmountError` for an amount that is not positive, or a currency without minor units.
    """
    _refuse_nothing(amount)
    return _even(_lines_after_refunds(order), amount) or _split(
        order, amount, left_per_rate(order), "Order", f"order-{order.id}"
    )


def refund_charges(order: Order, refund: Refund, amount: int) -> tuple[Charge, ...]:
    """Spell out a payout of `amount` (minor units) for `refund`: its own lines, if they sum to that.

    An amount without lines, or another amount than the refund's lines sum to (a part of it is settled
    already), is split over what the order's other refunds leave of each VAT rate. `refund` need not be one
    of the order's. Raises as `capture_charges`.
    """
    _refuse_nothing(amount)
    return _even(_refund_lines(order, refund), amount) or _split(
        order, amount, left_per_rate(order, without=refund.id), "Refund", f"refund-{refund.id}"
    )


def change_charges(order: Order, amount: int) -> tuple[Charge, ...]:
    """Spell out a release or a raise of `amount` (minor units): a split over the order's VAT rates.

    Which lines came or went is not known any more when the reservation is changed, so the order's rates as
    they are now stand for them. Raises as `capture_charges`.
    """
    _refuse_nothing(amount)
    return _split(order, amount, {}, "Order change", f"change-{order.id}")


def left_per_rate(order: Order, *, without: int | None = None) -> dict[Decimal, int]:
    """Return what the order's refunds (but the one with id `without`) leave of each VAT rate, minor units, >= 0.

    Refunds that their own lines account for take from the rates of these; the others then take their amount
    from what is left, in proportion.
    """
    whole = _per_rate(_order_lines(order))
    others = [refund for refund in order.refunds if refund.id != without]
    by_lines = {
        refund.id: lines for refund in others if _even(lines := _refund_lines(order, refund), refund.amount)
    }
    taken = _per_rate(charge for lines in by_lines.values() for charge in lines)
    # Bounded after the subtraction: a discount that was taken back cancels out against the order's own.
    left = {rate: max(0, min(amount, amount - taken.get(rate, 0))) for rate, amount in whole.items()}
    for refund in others:
        if refund.id not in by_lines and any(left.values()):
            shares = _share(refund.amount, left)
            left = {rate: max(0, amount - shares[rate]) for rate, amount in left.items()}
    return left


def gross(line: Line, currency: str) -> int:
    """Return a line's net and tax together in minor units, rounded half up (away from 0)."""
    figure = (line.net + line.tax).scaleb(decimals(currency))
    return int(figure.to_integral_value(ROUND_HALF_UP))


def _refuse_nothing(amount: int) -> None:
    if amount <= 0:
        raise AmountError(f"an amount of {amount} is never sent")


def _charge(line: Line, amount: int, quantity: Decimal) -> Charge:
    return Charge(
        kind=ChargeKind.DISCOUNT if amount < 0 else ChargeKind(line.kind.value),
        name=line.name.strip() or line.reference,
        reference=line.reference,
        quantity=quantity if quantity > 0 else Decimal(1),
        rate=line.rate.quantize(_HUNDREDTH, ROUND_HALF_UP),
        amount=amount,
    )


def _order_lines(order: Order) -> tuple[Charge, ...]:
    """The order's own lines as they are, whatever was refunded; free ones too."""
    return tuple(_charge(line, gross(line, order.currency), line.quantity) for line in order.lines)


def _refund_lines(order: Order, refund: Refund) -> tuple[Charge, ...]:
    """The refund's own lines; none if one of them is nothing that a provider could be told.

    That is one that is negative without taking back a discount of the order, or with more tax than net (staff
    gave back little but the tax).
    """
    charges = []
    for line in refund.lines:
        amount = gross(line, order.currency)
        if line.rate > _MOST_VAT or (amount < 0 and not _takes_back_a_discount(line, order)):
            return ()
        if amount:
            charges.append(_charge(line, amount, line.quantity))
    return tuple(charges)


def _takes_back_a_discount(line: Line, order: Order) -> bool:
    return any(gross(order.lines[i], order.currency) < 0 for i in _origins(line, order))


def _lines_after_refunds(order: Order) -> tuple[Charge, ...]:
    """What the live refunds leave of the order's lines; none if a refund's line fits no line of the order."""
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
    return tuple(
        _charge(line, amount, quantity)
        for line, amount, quantity in zip(order.lines, amounts, quantities, strict=True)
        if amount
    )


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


def _even(charges: tuple[Charge, ...], amount: int) -> tuple[Charge, ...]:
    """The charges and what rounding is missing to `amount`; none if that is more than rounding."""
    missing = amount - sum(charge.amount for charge in charges)
    if not charges or abs(missing) > len(charges) + 1:
        return ()
    if not missing:
        return charges
    rounding = Charge(
        kind=ChargeKind.ROUNDING,
        name="Rounding",
        reference="rounding",
        quantity=Decimal(1),
        rate=Decimal(0),
        amount=missing,
    )
    return (*charges, rounding)


def _per_rate(charges: Iterable[Charge]) -> dict[Decimal, int]:
    sums: dict[Decimal, int] = {}
    for charge in charges:
        sums[charge.rate] = sums.get(charge.rate, 0) + charge.amount
    return sums


def _share(amount: int, weights: dict[Decimal, int]) -> dict[Decimal, int]:
    """Split `amount` in proportion to the weights, highest rate first."""
    rates = sorted(weights, reverse=True)
    return dict(zip(rates, split(amount, [weights[rate] for rate in rates]), strict=True))


def _split(order: Order, amount: int, left: dict[Decimal, int], name: str, reference: str) -> tuple[Charge, ...]:
    whole = {rate: max(0, part) for rate, part in _per_rate(_order_lines(order)).items()}
    weights = (left if any(left.values()) else whole) or {Decimal(0): 0}
    return tuple(
        Charge(
            kind=ChargeKind.PRODUCT,
            name=f"{name}, VAT {_percent(rate)} %",
            reference=f"{reference}-{_percent(rate)}",
            quantity=Decimal(1),
            rate=rate,
            amount=part,
        )
        for rate, part in _share(amount, weights).items()
        if part
    )


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f}"
