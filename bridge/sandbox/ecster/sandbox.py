"""The sandbox as tests and the demo hold it: an application, its faults, and staff at Ecster's dashboard."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.sandbox.ecster import orders, requests
from bridge.sandbox.ecster.app import application
from bridge.sandbox.ecster.book import Book
from bridge.sandbox.ecster.requests import TransactionRequest
from bridge.sandbox.ecster.switches import AS_INFERRED, Switches
from bridge.sandbox.faults import Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The truth about one order's money in minor units, whatever the API shows."""

    reserved: int
    captured: int
    returned: int


class EcsterSandbox:
    """`app` serves the API; the dashboard acts raise `orders.Refusal` where Ecster would say no."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        api_key: str,
        merchant_key: str,
        switches: Switches = AS_INFERRED,
        seed: int = 0,
    ) -> None:
        self.faults = Faults(clock)
        self._book = Book(clock, switches, seed)
        self.app = application(
            self._book, api_key=api_key, merchant_key=merchant_key, faults=self.faults.middleware
        )

    @property
    def switches(self) -> Switches:
        """How it behaves; may be replaced at any time."""
        return self._book.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._book.switches = switches

    def create_order(
        self,
        reference: str,
        amount: int | None = None,
        *,
        rows: Sequence[Mapping[str, object]] = (),
        method: str = "INVOICE",
        direct_debit: bool = False,
        fee: int = 0,
        currency: str = "SEK",
    ) -> str:
        """A customer buys: return the order's id.

        Give `amount`, or the `rows` that sum to it. `fee`, Ecster's own, comes on top. SWISH and `direct_debit`
        are debited at once.
        """
        read = requests.rows(list(rows), self._book.switches)
        order = self._book.open(
            reference=reference,
            amount=int(requests.row_sum(read)) if amount is None else amount,
            fee=fee,
            rows=read,
            method=method,
            direct_debit=direct_debit,
            currency=currency,
        )
        return order.id

    def dashboard_debit(
        self, order_id: str, amount: int | None = None, *, close: bool = False, reference: str = ""
    ) -> str:
        """Debit (None: all that is open) and return the transaction's id."""
        wanted = self._book.now(order_id).residual if amount is None else amount
        return self._transact(order_id, "DEBIT", wanted, close=close, reference=reference)

    def dashboard_credit(self, order_id: str, amount: int, *, debit: str | None = None, reference: str = "") -> str:
        """Credit `debit` (None: the first one with enough left) and return the transaction's id."""
        order = self._book.now(order_id)
        debits = [t.id for t in order.transactions if t.type == "DEBIT"]
        fitting = [id_ for id_ in debits if order.uncredited(id_) >= amount]
        chosen = debit or (fitting or debits or [""])[0]
        return self._transact(order_id, "CREDIT", amount, debit=chosen, reference=reference)

    def dashboard_swish_refund(self, order_id: str, amount: int) -> str:
        """Begin a Swish refund and return its status."""
        [debit] = [t.id for t in self._book.now(order_id).transactions if t.type == "DEBIT"]
        return self._book.swish_refund(order_id, amount, debit)

    def dashboard_annul(self, order_id: str, amount: int | None = None, *, reference: str = "") -> str:
        """Annul all that is open (`amount` of it, with Switches.partial_annul); return the transaction's id."""
        return self._transact(order_id, "ANNUL", amount, reference=reference)

    def set_status(self, order_id: str, status: str) -> None:
        """Put the order into any status, as Ecster's own processes do."""
        self._book.put(replace(self._book.now(order_id), status=status))

    def end_swish_refund(self, order_id: str, word: str = "SUCCESS") -> None:
        """End the Swish refund that is on its way, however many looks it still had to wait for."""
        self._book.end_swish(order_id, word)

    def references(self, order_id: str) -> list[tuple[str, int, str]]:
        """Return the order's true ledger as (type, amount, transactionReference), oldest first."""
        return [(t.type, t.amount, t.reference) for t in self._book.now(order_id).transactions]

    def books(self, order_id: str) -> Books:
        """Return what is truly reserved, captured and returned."""
        order: orders.Order = self._book.now(order_id)
        return Books(reserved=order.residual, captured=order.debited, returned=order.credited)

    def _transact(
        self,
        order_id: str,
        kind: str,
        amount: int | None,
        *,
        close: bool = False,
        debit: str = "",
        reference: str = "",
    ) -> str:
        request = TransactionRequest(
            type=kind, amount=amount, rows=(), reference=reference, debit=debit, close=close, message=""
        )
        return self._book.transact(order_id, request)[1].id
