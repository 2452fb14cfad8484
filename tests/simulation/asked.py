"""What the shop asks for, worked out from the design alone (§ 3): an oracle that shares no code with the bridge.

T is an order's total and F the sum of its refunds; A is reserved, C captured and R returned. N = T − F is what the
customer should have paid in the end, net = C − R what they have.
"""

from dataclasses import dataclass

from bridge.sandbox.store.model import Order
from tests.flow.world import Money
from tests.simulation.story import figure
from tests.simulation.town import Plan, minor

_UNPAID = ("pending", "failed", "draft", "auto-draft", "checkout-draft")
_GONE = ("trash", "gone")


@dataclass(frozen=True, slots=True)
class Asked:
    """One order's side of the comparison."""

    status: str
    total: int
    refunded: int
    paid: bool
    """The shop has a date on which it was paid."""

    @staticmethod
    def by(order: Order | None) -> "Asked":
        if order is None:
            return Asked("gone", 0, 0, paid=False)
        return Asked(order.status, minor(order.total), minor(order.refunded), paid=order.paid is not None)

    @property
    def in_the_end(self) -> int:
        """N: nothing where the order is cancelled, and never less than that."""
        return 0 if self.status == "cancelled" else max(0, self.total - self.refunded)

    @property
    def moves_nothing(self) -> bool:
        """Nothing may be called for such an order."""
        return self.status in (*_UNPAID, *_GONE)

    def still_reserved(self, captured: int, returned: int) -> int:
        """`want`: what must be reserved beside what is captured."""
        return max(0, min(self.in_the_end - (captured - returned), self.total - captured))

    def difference(self, books: Money, plan: Plan) -> str:
        """How the books differ from what is asked; "" where they do not."""
        reserved, captured, returned = books
        net, n = captured - returned, self.in_the_end
        shown = (
            f"{self.status}, total {figure(self.total)}, refunds {figure(self.refunded)}; reserved "
            f"{figure(reserved)}, captured {figure(captured)}, returned {figure(returned)}"
        )
        return "" if self._equal(reserved, captured, net, n, plan) else shown

    def _equal(self, reserved: int, captured: int, net: int, n: int, plan: Plan) -> bool:
        if self.status in _GONE:
            return reserved == 0
        if self.moves_nothing:
            return reserved == 0 and net == 0
        if self.status == "completed":
            return net == n and (reserved == 0 or plan.keeps_leftover)
        if self.status in ("cancelled", "refunded"):
            return reserved == 0 and net == 0
        most = self.total if plan.holds_refunds else n
        return net <= most and self._reserved_as_asked(reserved, captured, net, n, plan)

    def _reserved_as_asked(self, reserved: int, captured: int, net: int, n: int, plan: Plan) -> bool:
        """Of an open order: `want` is reserved, or more where that can't be lowered or waits for the capture."""
        want = max(0, min(n - net, self.total - captured))
        if plan.provider == "ecster" or (plan.keeps_leftover and captured):
            return reserved >= want
        if plan.holds_refunds:
            return want <= reserved <= max(0, min(self.total - net, self.total - captured))
        return reserved == want
