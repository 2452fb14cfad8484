"""From the store's JSON to the bridge's words: pure, exact, and without personal data.

Product names, SKUs, ids, amounts and statuses come through; customers, addresses and refund reasons do not, and
of an order's meta only the keys that are asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import ValidationError

from bridge.domain.money import AmountError, to_minor
from bridge.domain.orders import Line, LineKind, Order, Refund
from bridge.woo import wire

_REFUNDED_ITEM = "_refunded_item_id"
_HUNDREDTH = Decimal("0.01")
_TOO_MUCH = 10**15
"""Minor units; what a database holds as a whole number is more, so sums of such amounts fit too."""


class Incomprehensible(ValueError):
    """One order can't be understood; the text is a clause that says why ("its total: SEK cannot express 1.005")."""


def to_order(body: Any, keep: frozenset[str], refunds: Sequence[wire.Refund] | None = None) -> Order:
    """Turn one order of the store (decoded JSON or its wire model) into an Order.

    `keep` names the meta keys to keep; where one occurs twice the first counts, as it does for WordPress.
    `refunds` are the order's refunds in full; without them the order's own list gives id and amount. Raises
    Incomprehensible when something the bridge stands on is missing or is no exact amount.
    """
    order = _checked(body)
    currency = order.currency.upper()
    rates = {line.rate_id: line.rate_percent for line in order.tax_lines}
    return Order(
        id=order.id,
        number=order.number or str(order.id),
        status=order.status,
        currency=currency,
        total=_minor(order.total, currency, "its total"),
        created=order.date_created_gmt,
        modified=order.date_modified_gmt or order.date_created_gmt,
        paid=order.date_paid_gmt,
        completed=order.date_completed_gmt,
        payment_method=order.payment_method,
        transaction_id=order.transaction_id,
        meta=_meta(order.meta_data, keep),
        lines=_lines(order, rates),
        refunds=_refunds(order, currency, rates, refunds),
    )


def _checked(body: Any) -> wire.Order:
    try:
        return wire.Order.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the order"
        raise Incomprehensible(f"its {where}: {first['msg']}") from None


def _minor(figure: Decimal, currency: str, what: str) -> int:
    try:
        amount = to_minor(figure, currency)
    except AmountError as error:
        raise Incomprehensible(f"{what}: {error}") from None
    if abs(amount) >= _TOO_MUCH:
        raise Incomprehensible(f"{what}: {figure} is more than any order is worth")
    return amount


def _meta(entries: Iterable[wire.Meta], keep: frozenset[str]) -> tuple[tuple[str, str], ...]:
    kept: dict[str, str] = {}
    for entry in entries:
        plain = isinstance(entry.value, str | int | Decimal) and not isinstance(entry.value, bool)
        if entry.key in keep and plain:
            kept.setdefault(entry.key, str(entry.value))
    return tuple(sorted(kept.items()))


def _refunds(
    order: wire.Order,
    currency: str,
    rates: Mapping[str, Decimal | None],
    full: Sequence[wire.Refund] | None,
) -> tuple[Refund, ...]:
    if full is None:
        refunds = [Refund(id=stub.id, amount=_refunded(-stub.total, currency, stub.id)) for stub in order.refunds]
    else:
        refunds = [to_refund(refund, currency, rates) for refund in full]
    return tuple(sorted(refunds, key=lambda refund: refund.id))


def to_refund(refund: wire.Refund, currency: str, rates: Mapping[str, Decimal | None] | None = None) -> Refund:
    """Turn a refund of the store into a Refund. Raises Incomprehensible where its amount is none of the currency.

    `rates` are those of its order, for tax that the refund's own tax lines do not name (recorded ones name all).
    """
    own = {line.rate_id: line.rate_percent for line in refund.tax_lines}
    return Refund(
        id=refund.id,
        amount=_refunded(refund.amount, currency, refund.id),
        created=refund.date_created_gmt,
        paid_by_shop=refund.refunded_payment,
        lines=_lines(refund, {**(rates or {}), **own}, sign=-1),
    )


def _refunded(figure: Decimal, currency: str, refund_id: int) -> int:
    amount = _minor(figure, currency, f"its refund {refund_id}")
    if amount < 0:
        raise Incomprehensible(f"its refund {refund_id}: the amount is below zero")
    return amount


def _lines(body: wire.Order | wire.Refund, rates: Mapping[str, Decimal | None], sign: int = 1) -> tuple[Line, ...]:
    """Return products, shipping and fees in the store's own order; `sign` -1 turns a refund's lines positive."""
    found: list[Line] = []
    lines: tuple[wire.Line, ...] = (*body.line_items, *body.shipping_lines, *body.fee_lines)
    for line in lines:
        origin = _origin(line)
        match line:
            case wire.LineItem():
                kind, name, quantity = LineKind.PRODUCT, line.name, line.quantity * sign
                reference = line.sku or str(line.variation_id or line.product_id or origin)
            case wire.ShippingLine():
                kind, name, quantity, reference = LineKind.SHIPPING, line.method_title, Decimal(1), str(origin)
            case wire.FeeLine():
                kind, name, quantity, reference = LineKind.FEE, line.name, Decimal(1), str(origin)
        found.append(
            Line(
                id=origin,
                kind=kind,
                name=name,
                reference=reference,
                quantity=quantity,
                net=line.total * sign,
                tax=line.total_tax * sign,
                rate=rate(line, rates),
            )
        )
    return tuple(found)


def _origin(line: wire.Line) -> int:
    """Return the id of the order's line that a refund's line takes back; an order's line is its own."""
    named = next((str(entry.value) for entry in line.meta_data if entry.key == _REFUNDED_ITEM), "")
    return int(named) if named.isdecimal() and int(named) else line.id


def rate(line: wire.Line, rates: Mapping[str, Decimal | None]) -> Decimal:
    """Return the VAT in percent that the tax stored on `line` stands for.

    That is the sum of the named `rates` which put tax on it, when the figures agree with that as far as they
    are rounded; else (a rate that changed since, one upon another, tax typed in by hand) tax in proportion to
    net, to two decimals. Without tax it is 0.
    """
    net, tax = line.total, line.total_tax
    if tax == 0:
        return Decimal(0)
    named = [rates.get(part.id) for part in line.taxes if part.total != 0]
    declared = sum((percent for percent in named if percent is not None), Decimal(0))
    if net == 0:
        return _plain(declared)
    if named and None not in named and _agree(net, tax, declared):
        return _plain(declared)
    return _plain(abs(tax / net * 100).quantize(_HUNDREDTH, ROUND_HALF_UP))


def _agree(net: Decimal, tax: Decimal, percent: Decimal) -> bool:
    """Whether `tax` is `percent` of `net`, both rounded to the decimals they are written with."""
    if net * percent == tax * 100:
        return True
    ulp = max(Decimal((0, (1,), _exponent(figure))) for figure in (net, tax))
    return abs(net * percent / 100 - tax) <= ulp * (1 + percent / 100) / 2


def _exponent(figure: Decimal) -> int:
    exponent = figure.as_tuple().exponent
    assert isinstance(exponent, int), "wire figures are finite"
    return exponent


def _plain(percent: Decimal) -> Decimal:
    """Write 25.0000 as 25, so that equal rates are written alike."""
    return Decimal(int(percent)) if percent == int(percent) else percent.normalize()
