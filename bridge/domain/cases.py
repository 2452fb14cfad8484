"""A case: one order and its payment at one look, with the figures that every rule speaks of (design § 3).

T  the order's total          A  reserved and open at the provider
F  sum of its live refunds    C  captured in all
G  returns marked unrelated   R  returned in all
N = T - F - G, at least 0     what the customer should have paid in the end
net = C - R                   what the customer has paid
want = max(0, min(N - net, T - C))
"""

from datetime import datetime

from msgspec import Struct

from bridge.domain.keys import is_replacing
from bridge.domain.orders import Order, Refund
from bridge.domain.payments import Can, Entry, EntryKind, Payment
from bridge.domain.records import Agreed, Closed, How, Record, Settlement
from bridge.domain.rules import Rules
from bridge.domain.settlement import unmet
from bridge.domain.steps import Kind

_PART = {Can.CAPTURE: Can.CAPTURE_PART, Can.RELEASE: Can.RELEASE_PART, Can.REFUND: Can.REFUND_PART}


class Case(Struct, frozen=True, kw_only=True):
    order: Order
    payment: Payment
    record: Record
    rules: Rules
    now: datetime
    stem: str
    """The front of all keys of the order."""
    unmatched: tuple[Entry, ...]
    """Returns that no refund explains."""
    aside: str = ""
    """Why nothing is done about the reservation although it is not as it should be; or ""."""

    @property
    def met(self) -> tuple[Settlement, ...]:
        return self.record.settlements

    @property
    def returned_aside(self) -> int:
        """G."""
        unrelated = self.record.unrelated
        return sum(entry.amount for entry in self.payment.log if entry.id in unrelated) if unrelated else 0

    @property
    def asked(self) -> int:
        """N. Refunds may exceed a total that was lowered after them; nobody is asked for less than nothing."""
        return max(0, self._balance)

    @property
    def _balance(self) -> int:
        return self.order.total - self.order.refunded - self.returned_aside

    @property
    def refunds_wait(self) -> bool:
        """Whether refunds leave a reservation alone until the capture (`before_capture: hold`, or refund off)."""
        return not (self.rules.release_before_capture and self.rules.refund)

    @property
    def _waiting(self) -> int:
        return sum(unmet(refund, self.met) for refund in self.order.refunds) if self.refunds_wait else 0

    @property
    def asked_while_open(self) -> int:
        """N in the open phase: without the refunds that wait for the capture."""
        return max(0, self._balance + self._waiting)

    @property
    def terms(self) -> Agreed:
        """What order and payment agree on, when they do; refunds that wait for the capture are no part of it."""
        return Agreed(total=self.order.total, refunded=self.order.refunded - self._waiting)

    @property
    def excess(self) -> int:
        """What payouts may return: net - N. A cancelled order asks for nothing, however little was captured."""
        return self.payment.net - (0 if self.order.status in self.rules.cancel_on else self.asked)

    def want(self, asked: int) -> int:
        """How much is still to be captured when the customer should have paid `asked` in the end."""
        return max(0, min(asked - self.payment.net, self.order.total - self.payment.captured))

    @property
    def excused(self) -> int:
        """What may be paid beyond what is asked: the provider's fee, and refunds met without a known return."""
        loose = (How.WAIVED, How.BASELINE, How.ADOPTED)
        fee = self.payment.fee if self.payment.captured == self.order.total + self.payment.fee else 0
        return fee + sum(s.amount for s in self.met if s.how in loose and s.entry is None)

    @property
    def open_refunds(self) -> list[Refund]:
        """Refunds that nothing has met in full, lowest id first."""
        return [refund for refund in self.order.refunds if unmet(refund, self.met) > 0]

    @property
    def being_replaced(self) -> bool:
        """Whether we released everything so that a new reservation follows, and it has not followed yet."""
        if self.payment.reserved or self.record.voided:
            return False
        changes = [e for e in self.payment.log if e.kind in (EntryKind.RELEASE, EntryKind.RAISE)]
        return bool(changes) and is_replacing(changes[-1].key, self.stem)

    @property
    def changed(self) -> bool:
        """Whether total or refunds changed since order and payment last agreed, or we changed the reservation."""
        agreed = self.record.agreed
        if self.record.counts or self.being_replaced:
            return True
        if agreed is None:
            return False
        return agreed != self.terms

    @property
    def captured_and_closed(self) -> bool:
        return self.record.closed is Closed.CAPTURED

    @property
    def ended_before(self) -> bool:
        """Whether the order had ended before the bridge was there, and nobody touched it since."""
        record = self.record
        untouched = record.agreed is None and record.closed_status == self.order.status
        return record.baseline and record.closed is not None and untouched

    @property
    def release_leftover(self) -> bool:
        """Whether what a capture leaves is to be released: so the settings say, no person dropped it, it can be."""
        wanted = self.rules.release_leftover and not self.waived(Kind.CANCEL, 0)
        return wanted and not self.record.closed_by_capture

    def waived(self, kind: Kind, target: int) -> bool:
        """Whether a person dropped this step; a dropped refund is settled instead."""
        return (kind, target) in self.record.waived

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

    def can_all(self, ability: Can) -> bool:
        """Whether the provider would capture, release or refund all that is left."""
        return self.can(ability) or self.can(_PART[ability])
