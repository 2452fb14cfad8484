"""Lines: how an amount is spelt out to a provider. Every amount goes out as lines that sum to it exactly.

This is the only way from an order, a refund or a difference to what a provider gets. There are two ways to spell
an amount out:

**Own lines**, when the store's lines account for the amount. A line's gross is net and tax together, rounded
half up to whole minor units; a line that is negative in the order is a discount. Where these roundings, or the
store's, leave the lines short of the amount, the rest stands in one rounding charge without VAT; where they are
beyond it, that comes off the largest line. It is at most one minor unit a line and one more: a wider gap is no
rounding.

**A split over VAT rates**, one charge a rate, when own lines do not do: there are none, they sum to something
else, or a refund's line is negative or bears over 100 % VAT. The amount is shared in proportion to the refund's
own lines where these say what is given back; else to what is left of each rate; with nothing left of any, to the
order as it was made; and where even that has no positive rate, it is one charge at the order's highest rate (0
without lines).

Only a capture can have a negative charge, and only for a discount: whether every provider takes one in a refund
is not known, so none is sent there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import takewhile

from bridge.domain.money import AmountError, split
from bridge.domain.orders import Line, Order, Refund
from bridge.domain.refunded import gross, left_of_lines, takes_back_a_discount

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
    unit: str = "pcs"
    rate: Decimal
    """VAT in percent: 25, 12.5, 0; at most two decimals, the finest that providers take."""
    amount: int
    """The line's total with VAT, minor units; never 0, negative for a discount."""


@dataclass(frozen=True, slots=True)
class Names:
    """What our own lines are called: customers may read them on an invoice."""

    order: str
    refund: str
    change: str
    vat: str
    rounding: str
    unit: str


ENGLISH = Names("Order", "Refund", "Order change", "VAT", "Rounding", "pcs")
SWEDISH = Names("Order", "Återbetalning", "Orderändring", "moms", "Öresavrundning", "st")


def capture_charges(order: Order, amount: int, names: Names = ENGLISH) -> tuple[Charge, ...]:
    """Spell out a capture of `amount` (minor units): the order's lines less what its live refunds take away.

    Another amount than these lines sum to is split over what the refunds leave of each VAT rate. Raises
    `AmountError` for an amount that is not positive, or a currency without minor units.
    """
    _refuse_nothing(amount)
    own = tuple(_charge(line, left, quantity, names) for line, left, quantity in left_of_lines(order) if left)
    if even := _even(own, amount, names):
        return even
    return _split(order, amount, left_per_rate(order), names.order, f"order-{order.id}", names)


def refund_charges(order: Order, refund: Refund, amount: int, names: Names = ENGLISH) -> tuple[Charge, ...]:
    """Spell out a payout of `amount` (minor units) for `refund`: its own lines, if they sum to that.

    A part of a refund by lines is split over the rates of its lines, so that all its parts together give back
    what the lines do, to a unit a part. Any other amount is split over what the order's other refunds leave of
    each VAT rate. Every charge is positive. `refund` need not be one of the order's. Raises as
    `capture_charges`.
    """
    _refuse_nothing(amount)
    lines = _refund_lines(order, refund, names)
    own = _even(lines, amount, names)
    if own and all(charge.amount > 0 for charge in own):
        return own
    rates = _positive(_per_rate(lines)) if _even(lines, refund.amount) else {}
    rates = rates if any(rates.values()) else left_per_rate(order, without=refund.id)
    return _split(order, amount, rates, names.refund, f"refund-{refund.id}", names)


def change_charges(order: Order, amount: int, names: Names = ENGLISH) -> tuple[Charge, ...]:
    """Spell out a release or a raise of `amount` (minor units): a split over the order's VAT rates.

    Which lines came or went is not known any more when the reservation is changed, so the order's rates as
    they are now stand for them. Raises as `capture_charges`.
    """
    _refuse_nothing(amount)
    return _split(order, amount, {}, names.change, f"change-{order.id}", names)


def left_per_rate(order: Order, *, without: int | None = None) -> dict[Decimal, int]:
    """Return what refunds leave of each VAT rate, minor units, >= 0; with `without`, to the refund of that id.

    Refunds that their own lines account for take from the rates of these; the others then take their amount
    from what is left, in proportion, each after those before it and so untouched by those that follow.
    """
    whole = _per_rate(_order_lines(order))
    others = [refund for refund in order.refunds if refund.id != without]
    by_lines = {
        refund.id: lines for refund in others if _even(lines := _refund_lines(order, refund), refund.amount)
    }
    taken = _per_rate(charge for lines in by_lines.values() for charge in lines)
    # Bounded after the subtraction: a discount that was taken back cancels out against the order's own.
    left = {rate: max(0, min(amount, amount - taken.get(rate, 0))) for rate, amount in whole.items()}
    for refund in takewhile(lambda refund: refund.id != without, order.refunds):
        if refund.id not in by_lines and any(left.values()):
            shares = _share(refund.amount, left)
            left = {rate: max(0, amount - shares[rate]) for rate, amount in left.items()}
    return left


def _refuse_nothing(amount: int) -> None:
    if amount <= 0:
        raise AmountError(f"an amount of {amount} is never sent")


def _charge(line: Line, amount: int, quantity: Decimal, names: Names = ENGLISH) -> Charge:
    return Charge(
        kind=ChargeKind.DISCOUNT if amount < 0 else ChargeKind(line.kind.value),
        name=line.name.strip() or line.reference,
        reference=line.reference,
        quantity=quantity if quantity > 0 else Decimal(1),
        unit=names.unit,
        rate=line.rate.quantize(_HUNDREDTH, ROUND_HALF_UP),
        amount=amount,
    )


def _order_lines(order: Order) -> tuple[Charge, ...]:
    """The order's own lines as they are, whatever was refunded; free ones too."""
    return tuple(_charge(line, gross(line, order.currency), line.quantity) for line in order.lines)


def _refund_lines(order: Order, refund: Refund, names: Names = ENGLISH) -> tuple[Charge, ...]:
    """The refund's own lines; none if one of them is nothing that a provider could be told.

    That is one that is negative without taking back a discount of the order, or with more tax than net (staff
    gave back little but the tax).
    """
    charges = []
    for line in refund.lines:
        amount = gross(line, order.currency)
        if line.rate > _MOST_VAT or (amount < 0 and not takes_back_a_discount(line, order)):
            return ()
        if amount:
            charges.append(_charge(line, amount, line.quantity, names))
    return tuple(charges)


def _even(charges: tuple[Charge, ...], amount: int, names: Names = ENGLISH) -> tuple[Charge, ...]:
    """The charges, evened out to `amount`; none if that takes more than rounding."""
    missing = amount - sum(charge.amount for charge in charges)
    if not charges or abs(missing) > len(charges) + 1:
        return ()
    if missing < 0:
        return _lowered(charges, -missing)
    if not missing:
        return charges
    rounding = Charge(
        kind=ChargeKind.ROUNDING,
        name=names.rounding,
        reference="rounding",
        quantity=Decimal(1),
        unit=names.unit,
        rate=Decimal(0),
        amount=missing,
    )
    return (*charges, rounding)


def _lowered(charges: tuple[Charge, ...], excess: int) -> tuple[Charge, ...]:
    """Take `excess` off the largest charge, so that no negative one is needed; none if nothing remained of it."""
    largest = max(charges, key=lambda charge: charge.amount)
    if largest.amount <= excess:
        return ()
    return tuple(replace(it, amount=it.amount - excess) if it is largest else it for it in charges)


def _per_rate(charges: Iterable[Charge]) -> dict[Decimal, int]:
    sums: dict[Decimal, int] = {}
    for charge in charges:
        sums[charge.rate] = sums.get(charge.rate, 0) + charge.amount
    return sums


def _positive(sums: dict[Decimal, int]) -> dict[Decimal, int]:
    return {rate: max(0, part) for rate, part in sums.items()}


def _share(amount: int, weights: dict[Decimal, int]) -> dict[Decimal, int]:
    """Split `amount` in proportion to the weights, highest rate first."""
    rates = sorted(weights, reverse=True)
    return dict(zip(rates, split(amount, [weights[rate] for rate in rates]), strict=True))


def _split(
    order: Order, amount: int, left: dict[Decimal, int], name: str, reference: str, names: Names
) -> tuple[Charge, ...]:
    whole = _positive(_per_rate(_order_lines(order)))
    weights = (left if any(left.values()) else whole) or {Decimal(0): 0}
    return tuple(
        Charge(
            kind=ChargeKind.PRODUCT,
            name=f"{name}, {names.vat} {_percent(rate)} %",
            reference=f"{reference}-{_percent(rate)}",
            quantity=Decimal(1),
            unit=names.unit,
            rate=rate,
            amount=part,
        )
        for rate, part in _share(amount, weights).items()
        if part
    )


def _percent(rate: Decimal) -> str:
    return f"{rate.normalize():f}"
