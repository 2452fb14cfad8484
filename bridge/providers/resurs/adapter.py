"""Resurs behind the port: a read, and four calls of which each is made once."""

import re
from typing import Any, Final

import structlog
from pydantic import ValidationError

from bridge.domain.money import AmountError
from bridge.domain.outcomes import Done, Later, Outcome, Refused, Unknown
from bridge.domain.payments import Can, Payment, PaymentState
from bridge.domain.steps import EFFECT, Call
from bridge.errors import AccessDenied, AnswerLost, Nonsense, NotThere, RemoteError
from bridge.ports import Request
from bridge.providers.http import Answer, TooLate
from bridge.providers.resurs.api import FORBIDDEN, NAME, TOO_MANY, UNAUTHORIZED, Api
from bridge.providers.resurs.errors import is_error, reason, trace_id
from bridge.providers.resurs.lines import order_lines
from bridge.providers.resurs.wire import WirePayment, WireStores

CREATOR: Final = "wc-bridge"
_NOT_FOUND: Final = 404
_NO: Final = frozenset({400, FORBIDDEN, _NOT_FOUND, 409, 422})
"""The statuses by which the API says no to a call, if it says why."""
_PATHS: Final = {
    Call.CAPTURE: "capture",
    Call.RELEASE: "cancel",
    Call.RAISE: "order",
    Call.REFUND: "refund",
}
_WHOLE: Final = {
    Call.CAPTURE: (Can.CAPTURE, Can.CAPTURE_PART),
    Call.RELEASE: (Can.RELEASE, Can.RELEASE_PART),
    Call.REFUND: (Can.REFUND, Can.REFUND_PART),
}
"""What allows a call without lines, and what allows one with them."""
_PAYMENT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
"""A UUID; anything else that stands in an order's meta must not become a part of an address."""

log = structlog.get_logger()


class Resurs:
    """One Resurs account (see `bridge.ports.Provider`)."""

    name: Final = NAME

    def __init__(self, api: Api) -> None:
        self._api = api

    async def read(self, payment_id: str) -> Payment:
        """Read the payment. Raises a RemoteError when nothing reliable could be read.

        403 is no fault of the credentials alone: a payment that expired answers so too (rejected more than 30
        days ago). It counts as one only when the account's stores are closed to us as well.
        """
        if not _PAYMENT_ID.fullmatch(payment_id):
            return _gone(payment_id, "not a payment id")
        answer = await self._api.get(f"/v2/payments/{payment_id}")
        if answer.status == _NOT_FOUND:
            return _gone(payment_id, "404")
        if answer.status == FORBIDDEN:
            if (await self._stores()).status == FORBIDDEN:
                raise AccessDenied(
                    f"{NAME} refuses access to everything: check client_id and scope of this provider, and whether "
                    f"{NAME} lets this machine's address in",
                    remote=NAME,
                )
            return _gone(payment_id, "403")
        if not answer.ok:
            raise Nonsense(f"{NAME} answered a read with HTTP {answer.status}", remote=NAME)
        return _payment(payment_id, answer)

    async def perform(self, request: Request) -> Outcome:
        """Make the call once; every ending is an Outcome."""
        fault = _fault(request)
        if fault:
            return Refused(fault)
        path, body = _call(request)
        try:
            answer = await self._api.post(path, body, request.fresh)
        except AnswerLost as error:
            return Unknown(str(error))
        except TooLate as error:
            return Later(str(error), error.after)
        except RemoteError as error:
            return Later(str(error), getattr(error, "after", None), down=True)
        outcome = self._outcome(answer, request)
        if not isinstance(outcome, Done):
            log.warning(
                "resurs.call_not_done",
                call=request.call,
                key=request.key,
                payment=request.payment.id,
                status=answer.status,
                trace=self._api.masked(trace_id(answer.body)),
            )
        return outcome

    def _outcome(self, answer: Answer, request: Request) -> Outcome:
        status, body = answer.status, answer.body
        if answer.ok and isinstance(body, dict) and body:
            return Done(_action_id(body, request))
        if status in _NO and is_error(body):
            return Refused(self._api.masked(reason(body)))
        if status == UNAUTHORIZED:
            return Later(f"{NAME} does not accept its own new token", down=True)
        if status == TOO_MANY:
            return Later(f"{NAME} asks to wait (HTTP {TOO_MANY})", answer.retry_after, down=True)
        return Unknown(f"{NAME} answered HTTP {status} with nothing that says whether it was done")

    async def check(self) -> str:
        """Try token and store, and say in a few words which store it is.

        Raises NotThere when `store_id` is none of the account's stores, else as `read`.
        """
        answer = await self._stores()
        wanted = str(self._api.settings.store_id)
        try:
            stores = WireStores.model_validate(answer.body).content if answer.ok else None
        except ValidationError:
            stores = None
        if stores is None:
            raise Nonsense(f"{NAME} does not list its stores (HTTP {answer.status})", remote=NAME)
        for store in stores:
            if store.id.lower() == wanted:
                return f"store {store.name or wanted} ({store.country_code or 'no country'})"
        raise NotThere(
            f"{NAME} has no store {wanted} for these credentials ({len(stores)} others): check store_id",
            remote=NAME,
        )

    async def _stores(self) -> Answer:
        return await self._api.get("/v2/stores?size=100&page=0")


def _fault(request: Request) -> str:
    """What makes the request one that must never be sent; "" if nothing does."""
    if request.call not in _PATHS:
        return f"{NAME} has no call {request.call}"
    if not _PAYMENT_ID.fullmatch(request.payment.id):
        return "this is not a payment id"
    if request.amount <= 0:
        return f"an amount of {request.amount} is never sent"
    if not request.payment.currency:
        return "the payment's currency is not known"
    total = sum(charge.amount for charge in request.charges)
    if not _without_lines(request) and total != request.amount:
        return f"the lines sum to {total}, not to {request.amount}"
    return ""


def _without_lines(request: Request) -> bool:
    """Whether the call goes out without lines, which to Resurs means all that is left (reference 2.4 to 2.6).

    All that is left *when it arrives*, whatever happened since the payment was read, while lines bound the amount
    (5.4): so a capture and a refund state them wherever the payment lists the PARTIAL name (3.5). Where it lists
    only the full one, as external methods are thought to (2.10), lines might be refused though they sum to
    everything. A release of everything means just that, so it goes without lines wherever it may.
    """
    if request.call not in _WHOLE or not _takes_all(request):
        return False
    full, part = (ability in request.payment.can for ability in _WHOLE[request.call])
    return full and (request.call is Call.RELEASE or not part)


def _takes_all(request: Request) -> bool:
    """Whether the call is to take all that was left when the payment was read."""
    match request.call:
        case Call.CAPTURE:
            return request.amount == request.payment.reserved
        case Call.REFUND:
            return request.amount == request.payment.net
        case _:
            return request.everything


def _call(request: Request) -> tuple[str, dict[str, Any]]:
    """Return path and body. The key goes where the log will show it: each call has another place for it."""
    path = f"/v2/payments/{request.payment.id}/{_PATHS[request.call]}"
    body: dict[str, Any] = {}
    if not _without_lines(request):
        prefix = request.key if request.call is Call.RAISE else ""
        body["orderLines"] = order_lines(request.charges, request.payment.currency, prefix)
    if request.call is Call.RELEASE:
        body["creator"] = request.key
    elif request.call is not Call.RAISE:
        body |= {"transactionId": request.key, "creator": CREATOR}
    return path, body


def _action_id(body: dict[str, Any], request: Request) -> str:
    """The id of the action that bears our key in the returned payment, or "": it was done in any case."""
    try:
        payment = WirePayment.model_validate(body).payment()
    except (ValidationError, AmountError):
        return ""
    entry = payment.entry(EFFECT[request.call], request.key)
    return entry.id if entry else ""


def _payment(payment_id: str, answer: Answer) -> Payment:
    try:
        payment = WirePayment.model_validate(answer.body).payment()
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(str(part) for part in it["loc"]) for it in error.errors()}))
        raise Nonsense(f"{NAME} answered with something that is no payment ({fields})", remote=NAME) from None
    except AmountError as error:
        raise Nonsense(f"{NAME} shows payment {payment_id} with a figure: {error}", remote=NAME) from error
    if payment.id.lower() != payment_id.lower():
        raise Nonsense(f"{NAME} answered with another payment than {payment_id}", remote=NAME)
    return payment


def _gone(payment_id: str, detail: str) -> Payment:
    return Payment(
        id=payment_id,
        reference="",
        currency="",
        state=PaymentState.GONE,
        detail=detail,
        reserved=0,
        captured=0,
        returned=0,
        limit=None,
        can=frozenset(),
        log=(),
    )
