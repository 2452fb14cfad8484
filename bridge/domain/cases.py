"""A case: one order and its payment at one look, with the figures that every rule speaks of (design § 3).

T  the order's total          A  reserved and open at the provider
F  sum of its live refunds    C  captured in all
G  returns marked unrelated   R  returned in all
N = T - F - G                 what the customer should have paid in the end
net = C - R                   what the customer has paid
want = max(0, min(N - net, T - C))
"""

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.keys import stem
from bridge.domain.orders import Order, Refund
from bridge.domain.payments import Can, Entry, Payment
from bridge.domain.records import Closed, How, Record, Settlement
from bridge.domain.rules import Rules
from bridge.domain.settlement import unmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    order: Order
    payment: Payment
    record: Record
    rules: Rules
    now: datetime
    met: tuple[Settlement, ...]
    unrelated: frozenset[str]
    unmatched: tuple[Entry, ...]
    """Returns that no refund explains."""

    @property
    def stem(self) -> str:
        return stem(self.order, self.rules.tag)

    @property
    def returned_aside(self) -> int:
        """G."""
        return sum(entry.amount for entry in self.payment.log if entry.id in self.unrelated)

    @property
    def asked(self) -> int:
        """N."""
        return self.order.total - self.order.refunded - self.returned_aside

    @property
    def asked_while_open(self) -> int:
        """N in the open phase: `before_capture: hold` leaves refunds that nothing met yet out of it."""
        if self.rules.release_before_capture:
            return self.asked
        return self.asked + sum(unmet(refund, self.met) for refund in self.order.refunds)

    def want(self, asked: int) -> int:
        """How much is still to be captured when the customer should have paid `asked` in the end."""
        return max(0, min(asked - self.payment.net, self.order.total - self.payment.captured))

    @property
    def excused(self) -> int:
        """What the customer may keep although a refund says otherwise: met without a return that we know of."""
        loose = (How.WAIVED, How.BASELINE, How.ADOPTED)
        return sum(s.amount for s in self.met if s.how in loose and s.entry is None)

    @property
    def open_refunds(self) -> list[Refund]:
        """Refunds that nothing has met in full, lowest id first."""
        return [refund for refund in self.order.refunds if unmet(refund, self.met) > 0]

    @property
    def changed(self) -> bool:
        """Whether total or refunds changed since order and payment last agreed."""
        agreed = self.record.agreed
        if agreed is None:
            return self.record.counts
        return (agreed.total, agreed.refunded) != (self.order.total, self.order.refunded)

    @property
    def captured_and_closed(self) -> bool:
        return self.record.closed is Closed.CAPTURED

    @property
    def in_capture_phase(self) -> bool:
        return self.order.status in self.rules.capture_on

    @property
    def in_void_phase(self) -> bool:
        return self.order.status == "refunded" or self.order.status in self.rules.cancel_on

    @property
    def switched_off(self) -> str:
        """The action of settings.yaml that this phase would need for what is reserved, and that is off; or ""."""
        if self.in_capture_phase:
            return "" if self.rules.capture else "capture"
        if self.in_void_phase:
            name, on = (
                ("refund", self.rules.refund) if self.order.status == "refunded" else ("cancel", self.rules.cancel)
            )
            return "" if on else name
        return "" if self.rules.modify else "modify"

    def can(self, ability: Can) -> bool:
        return ability in self.payment.can
