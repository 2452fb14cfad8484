"""The adapter: a Provider over Ecster's API. Capture is DEBIT, release ANNUL, refund CREDIT or a Swish refund.

`transactionReference` carries our key. Ecster does not promise to refuse one that it has seen, so nothing here
is ever sent twice; whether a call went through is read from the ledger.
"""

from collections.abc import Callable

from pydantic import ValidationError

from bridge.domain.outcomes import Later, Outcome, Refused, Unknown
from bridge.domain.payments import Can, Payment, PaymentState
from bridge.domain.steps import Call
from bridge.errors import AnswerLost, Busy, Nonsense, RemoteError, Unreachable
from bridge.ports import Request
from bridge.providers.ecster import ledger
from bridge.providers.ecster.api import REMOTE, Api, is_order_id
from bridge.providers.ecster.outcomes import swish_outcome, transaction_outcome
from bridge.providers.ecster.rows import Row, rows
from bridge.providers.ecster.wire import Order
from bridge.providers.http import Answer

_NO_ORDER = "wc-bridge-check"
"""An order id that Ecster never gives."""


class Ecster:
    """See bridge.ports.Provider."""

    name = REMOTE

    def __init__(self, api: Api) -> None:
        self._api = api

    async def check(self) -> str:
        """Look for an order that is not there: keys that are refused are told apart from that (reference 12, 1).

        With which status Ecster refuses keys is only inferred; where that is another, orders that are there tell.
        """
        await self._order(_NO_ORDER)
        return "it answers, and does not refuse the keys"

    async def read(self, payment_id: str) -> Payment:
        _, payment = await self._look(payment_id)
        return payment

    async def perform(self, request: Request) -> Outcome:
        if request.amount <= 0:
            return Refused("There is nothing to move: the amount is 0")
        match request.call:
            case Call.CAPTURE | Call.REFUND:
                try:
                    lines = rows(request.charges, request.amount)
                except ValueError as error:
                    return Refused(str(error))
                return await (self._debit if request.call is Call.CAPTURE else self._return)(request, lines)
            case Call.RELEASE:
                return await self._annul(request)
            case _:
                return Refused("Ecster cannot change a reservation")

    async def _debit(self, request: Request, lines: list[Row]) -> Outcome:
        payment = request.payment
        if Can.CAPTURE not in payment.can:
            return Refused(f"Ecster cannot debit this order now ({payment.detail})")
        if request.amount > payment.reserved:
            return Refused("More was to be debited than Ecster has reserved")
        body: dict[str, object] = {
            "type": "DEBIT",
            "amount": request.amount,
            "transactionReference": request.key,
            "closeDebit": request.everything and request.amount < payment.reserved,
            "rows": lines,
        }
        return await self._transact(payment.id, body, request.fresh, amount=request.amount)

    async def _annul(self, request: Request) -> Outcome:
        payment = request.payment
        if Can.RELEASE not in payment.can:
            return Refused(f"Ecster cannot annul this order now ({payment.detail})")
        if request.amount != payment.reserved:
            return Refused("Ecster cannot change a reservation: it annuls all of it or nothing")
        body: dict[str, object] = {"type": "ANNUL", "transactionReference": request.key}
        return await self._transact(payment.id, body, request.fresh, amount=None)

    async def _return(self, request: Request, lines: list[Row]) -> Outcome:
        """Read the order again: only the live ledger says which debit has how much left to credit."""
        try:
            order, fresh = await self._look(request.payment.id)
        except RemoteError as error:
            return Later(str(error), error.after if isinstance(error, Busy) else None)
        if order is None or fresh.state is not PaymentState.READY:
            return Later(f"Ecster has the payment as {fresh.detail}")
        if _books(fresh) != _books(request.payment):
            return Later("The payment changed at Ecster while it was looked at")
        if request.amount > fresh.captured - fresh.returned:
            return Refused("More was to be refunded than Ecster has debited and not yet credited")
        debit = ledger.debit_for(order, request.amount)
        if debit is None:
            return Refused("No single debit at Ecster has this much left to credit: refund it in smaller parts")
        if ledger.is_swish(order):
            refund: dict[str, object] = {"amount": request.amount, "debitTransaction": debit, "message": ""}
            answer = await self._post(f"{order.id}/refunds", refund, request.fresh)
            return swish_outcome(answer) if isinstance(answer, Answer) else answer
        body: dict[str, object] = {
            "type": "CREDIT",
            "amount": request.amount,
            "debitTransaction": debit,
            "transactionReference": request.key,
            "rows": lines,
        }
        return await self._transact(order.id, body, request.fresh, amount=request.amount)

    async def _transact(
        self, order_id: str, body: dict[str, object], fresh: Callable[[], bool], *, amount: int | None
    ) -> Outcome:
        answer = await self._post(f"{order_id}/transactions", body, fresh)
        if not isinstance(answer, Answer):
            return answer
        return transaction_outcome(
            answer, type=str(body["type"]), amount=amount, key=str(body["transactionReference"])
        )

    async def _post(
        self, path: str, body: dict[str, object], fresh: Callable[[], bool]
    ) -> Answer | Later | Unknown:
        try:
            return await self._api.post(path, body, fresh)
        except Unreachable as error:
            return Later(str(error), down=True)
        except Busy as error:
            return Later(str(error), error.after)
        except AnswerLost as error:
            return Unknown(str(error))

    async def _look(self, payment_id: str) -> tuple[Order | None, Payment]:
        order = await self._order(payment_id)
        if order is None:
            return None, ledger.gone(payment_id)
        status = await self._swish_refund(order)
        if status == "SUCCESS":  # it may have ended after the order was read
            order = await self._order(payment_id) or order
        return order, ledger.payment(order, status)

    async def _swish_refund(self, order: Order) -> str:
        """Return the status of the latest refund, "" for none; only Swish with something left to refund has one."""
        if not ledger.is_swish(order) or ledger.debited(order) <= ledger.credited(order):
            return ""
        # How Ecster says that there was no refund yet is not documented; any 4xx is taken for that.
        answer = await self._api.get(f"{order.id}/refunds/latest/status")
        status = answer.body.get("status") if answer.ok else ""
        return status if isinstance(status, str) else ""

    async def _order(self, order_id: str) -> Order | None:
        if not is_order_id(order_id):
            return None
        answer = await self._api.get(order_id)
        if not answer.ok:
            # With which status Ecster says that there is no such order is only inferred; keys that it refuses and a
            # wait that it asks for are no answers here. One without JSON comes from something else than its API,
            # and says nothing of the order.
            if isinstance(answer.body, dict):
                return None
            raise Nonsense(f"Ecster answered {answer.status} to a read of an order", remote=REMOTE)
        try:
            order = Order.model_validate(answer.body)
        except ValidationError as error:
            fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
            raise Nonsense(f"An order of Ecster can't be read: {', '.join(fields)}", remote=REMOTE) from None
        if order.id != order_id:
            raise Nonsense("Ecster answered with another order than was asked for", remote=REMOTE)
        return order


def _books(payment: Payment) -> tuple[int, int, int]:
    return payment.captured, payment.returned, len(payment.log)
