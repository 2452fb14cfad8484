"""Whether a provider's account is the one that the shop's orders were paid with. Pure; `rounds` asks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bridge.check.finding import Finding, Subject
from bridge.domain.claims import Method, claim, names
from bridge.domain.orders import Order
from bridge.domain.payments import Payment, PaymentState

NEWEST: Final = 5
"""Of so many orders the payments are read."""
_SHOWN: Final = 8
"""Payment methods that are named where none fits."""

Named = tuple[Order, str]
"""An order, and the payment that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The orders of one provider among those that the shop changed last."""

    looked: int
    """Orders looked at."""
    matched: int
    """Those whose payment method is the provider's."""
    named: Sequence[Named]
    """The newest ones of which the payments are to be read; beyond what was looked at, those known before."""
    methods: Counter[str]
    """The payment methods of all that were looked at."""


def sample(orders: Sequence[Order], methods: Sequence[Method], place: int, known: Sequence[Named]) -> Sample:
    """Return what concerns the provider at `place` among its store's; `known` are orders that the database has."""
    claims = [(order, found) for order in orders if (found := claim(order, methods)) is not None]
    mine = [(order, found.payment_id) for order, found in claims if found.method.provider == place]
    listed = {order.id for order in orders}
    named = [(order, payment) for order, payment in mine if payment]
    named += [it for it in known if it[0].id not in listed and _is_of(it[0], methods, place)]
    # A checkout that was not gone through names something that is no payment, or one that has come to nothing.
    named.sort(key=lambda it: (it[0].paid is not None, it[0].id), reverse=True)
    return Sample(
        looked=len(orders),
        matched=len(mine),
        named=named[:NEWEST],
        methods=Counter(_shown(order.payment_method) for order in orders),
    )


def _is_of(order: Order, methods: Sequence[Method], place: int) -> bool:
    found = claim(order, methods)
    return found is not None and found.method.provider == place


def _shown(method: str) -> str:
    """A payment method as it may stand on a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in method) or "none"


def unmatched(subject: Subject, found: Sample, patterns: Sequence[str], id_keys: Sequence[str]) -> Finding:
    """What is to be said where no payment can be read, for no order names one."""
    if not found.looked:
        return subject.ok("provider.payments", "the shop has no orders yet whose payments could be read")
    if not found.matched:
        fits = " or ".join(patterns) or "any payment method, as payment_methods is empty"
        common = ", ".join(f"{method} ({count})" for method, count in found.methods.most_common(_SHOWN))
        return subject.warn(
            "provider.payments",
            f"no order of the last {found.looked} uses {fits}",
            f"see that the pattern in payment_methods is right; the shop's methods are: {common}",
        )
    return subject.warn(
        "provider.payments",
        f"{found.matched} of the last {found.looked} orders use this provider, but none names its payment",
        f"see that the payment plugin in the shop is the one that writes {' or '.join(id_keys)} on its orders",
    )


def payments(
    subject: Subject, provider: str, read: Sequence[tuple[Order, Payment]], *, match_reference: bool
) -> Finding:
    """Judge the payments of the newest orders, as `provider` shows them."""
    there = [(order, payment) for order, payment in read if payment.state is not PaymentState.GONE]
    if not there:
        return subject.wrong(
            "provider.payments",
            f"{provider} has none of the payments of the newest {len(read)} orders: wrong environment or account?",
            "compare environment and credentials with those that the payment plugin has in the shop",
        )
    others = [order for order, payment in there if not names(payment, order)]
    if match_reference and others:
        return subject.warn(
            "provider.payments",
            f"the payment of order {others[0].id} names another order: it is left alone, as all such orders are",
            "set match_reference: false if the shop tells the provider other numbers; else look at that order",
        )
    odd = [(order, payment) for order, payment in there if payment.currency != order.currency]
    if odd:
        order, payment = odd[0]
        return subject.warn(
            "provider.payments",
            f"order {order.id} is in {order.currency}, its payment in {payment.currency or 'no known currency'}",
            "see that this account is the one of the shop's country; such orders are left alone",
        )
    missing = len(read) - len(there)
    rest = "; the others were never finished, or are too old to be shown" if missing else ""
    return subject.ok(
        "provider.payments", f"payments of the newest orders: {len(there)} of {len(read)} found{rest}"
    )
