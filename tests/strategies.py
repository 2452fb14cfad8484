"""Hypothesis strategies: orders as a real store makes them, and orders that no store should make.

`orders()` keeps a store's own rules: the total is what the lines sum to but for rounding, refunds never exceed
the total, a refund's lines belong to the order's. `strange_orders()` keeps nothing but the types, for what must
hold whatever comes in.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from hypothesis import strategies as st

from bridge.domain.money import decimals
from bridge.domain.orders import Line, LineKind, Order, Refund
from bridge.domain.refunded import gross

CURRENCIES = ("SEK", "EUR", "JPY", "KWD")
"""With two decimals, two, none and three."""
RATES = tuple(Decimal(rate) for rate in ("25", "12.5", "12", "6", "0"))
DAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ("Mugg", "Lampa", "Bok", "Frakt", "Rabatt", "Fakturaavgift", 'Låda "stor"')
QUANTITIES = tuple(Decimal(quantity) for quantity in ("1", "2", "3", "9", "0.5", "2.25", "1.333"))
"""Shops that sell by the metre or the kilogram have fractions."""

currencies = st.sampled_from(CURRENCIES)
rates = st.sampled_from(RATES)
statuses = st.sampled_from(("processing", "completed", "on-hold", "cancelled", "refunded"))


def amounts(most: int = 10_000_000) -> st.SearchStrategy[int]:
    """Amounts that a call may have: positive, minor units."""
    return st.integers(1, most)


@st.composite
def order_lines(draw: st.DrawFn, currency: str, kind: LineKind, line_id: int) -> Line:
    """A line of up to 2000 major units, priced with or without tax; rounded as the store rounds."""
    places = decimals(currency) + draw(st.sampled_from((0, 0, 0, 2)))
    price = Decimal(draw(st.integers(0, 2000 * 10**places))).scaleb(-places)
    rate = draw(rates)
    step = Decimal(1).scaleb(-places)
    with_tax = draw(st.booleans())
    net = (price / (1 + rate / 100)).quantize(step, ROUND_HALF_UP) if with_tax else price
    return Line(
        id=line_id,
        kind=kind,
        name=draw(st.sampled_from(NAMES)),
        reference=draw(st.sampled_from(("MUGG", "LAMPA", "BOK", str(line_id)))),
        quantity=draw(st.sampled_from(QUANTITIES)) if kind is LineKind.PRODUCT else Decimal(1),
        net=net,
        tax=price - net if with_tax else (net * rate / 100).quantize(step, ROUND_HALF_UP),
        rate=rate,
    )


@st.composite
def orders(draw: st.DrawFn, currency: str | None = None, *, refunded: bool = True) -> Order:
    """An order with a positive total, of one to five products, shipping, fees and at times a discount or two.

    The total is off what the lines sum to by at most one minor unit for each line that is not free.
    `refunded`: with up to three refunds.
    """
    currency = currency or draw(currencies)
    kinds = draw(st.lists(st.just(LineKind.PRODUCT), min_size=1, max_size=5))
    kinds += draw(st.lists(st.sampled_from((LineKind.SHIPPING, LineKind.FEE)), max_size=3))
    lines = [draw(order_lines(currency, kind, 40 + i)) for i, kind in enumerate(kinds)]
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        less = discount(draw(st.sampled_from(lines)), draw(st.integers(1, 99)), 40 + len(lines))
        lines.append(draw(st.sampled_from((less, replace(less, tax=Decimal(0), rate=Decimal(0))))))
    grosses = [gross(line, currency) for line in lines]
    most = sum(amount != 0 for amount in grosses)
    total = sum(grosses) + draw(st.integers(-most, most))
    if total <= 0:
        lines.append(replace(lines[0], id=70, net=Decimal(1 - total), tax=Decimal(0), rate=Decimal(0)))
        total += gross(lines[-1], currency)
    order = Order(
        id=1042,
        number=draw(st.sampled_from(("1042", "SE-1042", "2026/1042"))),
        status=draw(statuses),
        currency=currency,
        total=total,
        created=DAY,
        modified=DAY,
        paid=DAY,
        payment_method="resursbank",
        transaction_id="",
        lines=tuple(lines),
    )
    return replace(order, refunds=draw(refund_lists(order))) if refunded else order


@st.composite
def orders_of_few_units(draw: st.DrawFn) -> Order:
    """An order of two to four rates and so little money that every rounding shows; refunds by amounts alone."""
    worth = draw(st.dictionaries(rates, st.integers(1, 4), min_size=2, max_size=4))
    plain = draw(orders("JPY", refunded=False))
    lines = tuple(
        replace(plain.lines[0], id=40 + i, net=Decimal(amount), tax=Decimal(0), rate=rate)
        for i, (rate, amount) in enumerate(worth.items())
    )
    total = sum(worth.values())
    ends = sorted(draw(st.sets(st.integers(1, total), min_size=1, max_size=4)))
    made = [Refund(id=1077 + i, amount=end - start) for i, (start, end) in enumerate(pairwise((0, *ends)))]
    return replace(plain, total=total, lines=lines, refunds=tuple(made))


def discount(line: Line, percent: int, line_id: int) -> Line:
    """A negative fee of so many percent of a line, at the line's rate."""
    net = -(line.net * percent / 100).quantize(line.net, ROUND_HALF_UP)
    tax = -(line.tax * percent / 100).quantize(line.tax, ROUND_HALF_UP)
    return replace(line, id=line_id, kind=LineKind.FEE, name="Rabatt", quantity=Decimal(1), net=net, tax=tax)


@st.composite
def refund_lists(draw: st.DrawFn, order: Order) -> tuple[Refund, ...]:
    """Up to three refunds that the store would let staff make one after the other, lowest id first."""
    made: list[Refund] = []
    for i in range(draw(st.integers(0, 3))):
        room = order.total - sum(refund.amount for refund in made)
        if room <= 0:
            break
        made.append(draw(refunds(order, room=room, refund_id=1077 + i)))
    return tuple(made)


@st.composite
def refunds(draw: st.DrawFn, order: Order, *, room: int | None = None, refund_id: int = 1090) -> Refund:
    """A refund of at most `room` (the order's total): by lines, by an amount, or by lines and another amount."""
    room = order.total if room is None else room
    lines = draw(refund_lines(order, 100 + 10 * (refund_id % 10))) if draw(st.booleans()) else ()
    amount = sum(gross(line, order.currency) for line in lines)
    if not 0 < amount <= room or draw(st.integers(0, 5)) == 0:
        amount = draw(st.integers(1, room))
    return Refund(id=refund_id, amount=amount, created=DAY, paid_by_shop=False, lines=lines)


@st.composite
def refund_lines(draw: st.DrawFn, order: Order, first_id: int) -> tuple[Line, ...]:
    """Some of the order's lines, whole, some of the pieces, or money alone (quantity 0).

    Their ids are those of the lines they take back or, where the store does not say which these are, their own.
    """
    chosen = draw(st.lists(st.sampled_from(order.lines), unique=True, max_size=3))
    return tuple(draw(_part_of(line, first_id + i)) for i, line in enumerate(chosen))


@st.composite
def _part_of(draw: st.DrawFn, line: Line, line_id: int) -> Line:
    pieces = draw(st.integers(0, int(line.quantity)))
    share = Decimal(pieces) / line.quantity if pieces else Decimal(draw(st.integers(0, 100))) / 100
    return replace(
        line,
        id=draw(st.sampled_from((line.id, line_id))),
        quantity=Decimal(pieces),
        net=(line.net * share).quantize(line.net, ROUND_HALF_UP),
        tax=(line.tax * share).quantize(line.tax, ROUND_HALF_UP),
    )


figures = st.decimals(-100_000, 100_000, places=4, allow_nan=False, allow_infinity=False)

strange_lines = st.builds(
    Line,
    id=st.integers(1, 5),
    kind=st.sampled_from(LineKind),
    name=st.sampled_from(("", " ", "Mugg", "Rabatt")),
    reference=st.sampled_from(("MUGG", "7")),
    quantity=st.decimals(-3, 9, places=2),
    net=figures,
    tax=figures,
    rate=st.decimals(0, 100, places=4),
)


@st.composite
def strange_orders(draw: st.DrawFn) -> Order:
    """Any lines, any refunds, a total that has nothing to do with them."""
    some: st.SearchStrategy[Sequence[Line]] = st.lists(strange_lines, max_size=4)
    made = [Refund(id=i, amount=draw(amounts()), lines=tuple(draw(some))) for i in range(draw(st.integers(0, 3)))]
    return replace(
        draw(orders(refunded=False)), total=draw(amounts()), lines=tuple(draw(some)), refunds=tuple(made)
    )
