"""The book of all orders: gives ids and times, and remembers every version for reads that lag behind."""

import random
import string
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bridge.sandbox.ecster import orders, views
from bridge.sandbox.ecster.orders import Order, Problem, Refusal, SwishRefund, Transaction
from bridge.sandbox.ecster.requests import Rows, TransactionRequest
from bridge.sandbox.ecster.switches import Switches

_ALPHABET = string.ascii_letters + string.digits


class Book:
    def __init__(self, clock: Callable[[], datetime], switches: Switches, seed: int) -> None:
        self.switches = switches
        self._clock = clock
        self._random = random.Random(seed)
        self._versions: dict[str, list[tuple[datetime, Order]]] = {}

    def open(
        self, *, reference: str, amount: int, fee: int, rows: Rows, method: str, direct_debit: bool, currency: str
    ) -> Order:
        """Create an order: READY, or FULLY_DELIVERED where it is debited at purchase."""
        now = self._clock()
        types = ["ORIGINAL", "DEBIT"] if direct_debit or method == "SWISH" else ["ORIGINAL"]
        order = Order(
            id=self._id(),
            reference=reference,
            currency=currency,
            amount=amount + fee,
            fee=fee,
            method=method,
            direct_debit=direct_debit,
            status="READY" if len(types) == 1 else "FULLY_DELIVERED",
            created=now,
            closed=len(types) > 1,
            transactions=tuple(
                Transaction(id=self._id(), type=type_, amount=amount + fee, created=now, rows=rows)
                for type_ in types
            ),
        )
        self._versions[order.id] = []
        return self.put(order)

    def put(self, order: Order) -> Order:
        """Keep a new version."""
        self._versions[order.id].append((self._clock(), order))
        return order

    def now(self, order_id: str) -> Order:
        """Return the order as it is. Raises Refusal for an unknown id."""
        return self._history(order_id)[-1][1]

    def shown(self, order_id: str) -> Order:
        """Return the order as reads show it: as it was `read_lag` ago, at the earliest as it was created."""
        latest = self._clock() - self.switches.read_lag
        history = self._history(order_id)
        return next((order for when, order in reversed(history) if when <= latest), history[0][1])

    def all_shown(self) -> Iterable[Order]:
        return (self.shown(order_id) for order_id in self._versions)

    def transact(self, order_id: str, request: TransactionRequest) -> tuple[Order, Transaction]:
        """Book a DEBIT, CREDIT or ANNUL; return the order after it, and the transaction."""
        entry = Transaction(
            id=self._id(),
            type=request.type,
            amount=request.amount or 0,
            created=self._clock(),
            rows=request.rows,
            reference=request.reference,
            debit=request.debit if request.type == "CREDIT" else "",
            message=request.message,
        )
        order = self.now(order_id)
        match request.type:
            case "DEBIT":
                after = orders.debited(order, entry, self.switches, close=request.close)
            case "CREDIT":
                after = orders.credited(order, entry, self.switches)
            case _:
                after = orders.annulled(order, entry, self.switches)
        return self.put(after), after.transactions[-1]

    def rename(self, order_id: str, reference: str) -> Order:
        """Give the order another orderReference."""
        return self.put(replace(self.now(order_id), reference=reference))

    def swish_refund(self, order_id: str, amount: int, debit: str) -> str:
        """Begin a Swish refund and return its status."""
        refund = SwishRefund(id=self._id(), amount=amount, debit=debit, polls_left=self.switches.swish_polls)
        order = self.put(orders.swish_begun(self.now(order_id), refund, self.switches))
        return self._settled(order)

    def swish_status(self, order_id: str) -> str | None:
        """Return the latest Swish refund's status, None without one. Each look brings its end nearer."""
        order = self.now(order_id)
        if not order.refunds:
            return None
        return self._settled(order, looked=True)

    def end_swish(self, order_id: str, word: str) -> Order:
        """End the Swish refund that is on its way."""
        order = self.now(order_id)
        if not order.refunds or order.refunds[-1].status != "ONGOING":
            raise Refusal(Problem.WRONG_STATE, "No refund is on its way")
        return self.put(orders.swish_ended(order, word, self._clock(), self.switches))

    def _settled(self, order: Order, *, looked: bool = False) -> str:
        if order.refunds[-1].status != "ONGOING":
            return order.refunds[-1].status
        if order.refunds[-1].polls_left <= 0:
            return self.end_swish(order.id, self.switches.swish_ending).refunds[-1].status
        if looked:
            self.put(orders.swish_polled(order))
        return "ONGOING"

    def _history(self, order_id: str) -> list[tuple[datetime, Order]]:
        try:
            return self._versions[order_id]
        except KeyError:
            raise Refusal(Problem.UNKNOWN_ORDER, "There is no such order") from None

    def _id(self) -> str:
        return "".join(self._random.choices(_ALPHABET, k=20))


def found(shown: Iterable[Order], merchant: str, wanted: dict[str, str]) -> list[Order]:
    """Return the orders that a search by `wanted` (query parameters of GET orders) finds."""
    start, end = (datetime.fromisoformat(wanted[name]) if name in wanted else None for name in ("from", "to"))

    def fits(order: Order) -> bool:
        has = {
            "orderReference": order.reference,
            "merchantId": merchant,
            "nationalId": views.NATIONAL_ID,
            "paymentMethod": order.method,
            "status": order.status,
        }
        in_time = (start is None or start <= order.created) and (end is None or order.created <= end)
        return in_time and all(wanted.get(name, value) == value for name, value in has.items())

    return [order for order in shown if fits(order)]
