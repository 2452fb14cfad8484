"""The whole sandbox: the API as an application, and what people do in the Merchant Portal as methods."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from aiohttp import web

from bridge.sandbox.faults import Faults
from bridge.sandbox.resurs.ledger import CURRENCIES, Account, Books, Due
from bridge.sandbox.resurs.lines import Line, total
from bridge.sandbox.resurs.payments import Payments
from bridge.sandbox.resurs.persons import ACCEPTED, FATES
from bridge.sandbox.resurs.routes import Routes
from bridge.sandbox.resurs.switches import Switches
from bridge.sandbox.resurs.tokens import Tokens

PORTAL = "merchant-portal"
_PATIENCE = timedelta(minutes=120)
"""How long a customer has to sign, where the shop does not say."""


class ResursSandbox:
    """A Resurs with one store. Serve `app`; plan faults on `faults`; ids are the same in every run.

    The portal's methods raise `Refusal` where the portal would show an error.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        client_id: str = "sandbox",
        client_secret: str = "sandbox-secret",  # noqa: S107 - it opens nothing but the sandbox
        store_id: str = "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10",
        country: str = "SE",
        switches: Switches | None = None,
    ) -> None:
        self._clock = clock
        self._country = country
        self._ids = UUID(store_id)
        self._counted: Counter[str] = Counter()
        self.faults = Faults(clock)
        self._payments = Payments(store_id.lower(), clock, switches or Switches())
        self._tokens = Tokens(client_id, client_secret, clock, lambda: self._new_id("token").replace("-", ""))
        routes = Routes(
            self._payments,
            self._tokens,
            clock=clock,
            new_id=self._new_id,
            create=self._create,
            country=country,
        )
        self.app = web.Application(middlewares=[self.faults.middleware, routes.guard])
        routes.add_to(self.app)

    @property
    def switches(self) -> Switches:
        """How it behaves; may be replaced at any time."""
        return self._payments.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._payments.switches = switches

    def create_payment(
        self,
        order_reference: str,
        *,
        amount: Decimal | None = None,
        lines: Sequence[Line] = (),
        approved_limit: Decimal | None = Decimal(50000),
        status: str = "ACCEPTED",
        external: bool = False,
        captured: bool = False,
        country: str | None = None,
    ) -> str:
        """Let a customer have paid by `lines`, or one line of `amount`; return the payment's id.

        `external`: Swish, Trustly or a card, without credit. `captured`: paid at once, as Swish is.
        """
        country = country or self._country
        if country not in CURRENCIES:
            raise ValueError(f"Resurs has no stores in {country}")
        account = self._new_account(order_reference, country=country, status=status, external=external)
        account.limit = None if external else approved_limit
        self._open(account, tuple(lines) or (_line(amount),))
        if captured:
            account.capture(None, Switches(), self._clock())
            self._payments.put(account)
        return account.id

    def sign(self, payment_id: str) -> None:
        """The customer does what a payment in TASK_REDIRECTION_REQUIRED asks for; the rest is their fate."""
        with self._payments.changing(payment_id) as account:
            fate = FATES.get(account.customer.get("governmentId", ""), ACCEPTED)
            account.status, account.due = fate.status, None
            if fate.after is not None:
                account.due = Due(at=self._clock() + fate.after, status=fate.then, reason=fate.then_reason)
            if fate.status == "REJECTED":
                account.reject(fate.reason or "UNKNOWN")
            elif account.limit is None and not account.external:
                account.limit = account.requested_limit

    def portal_capture(
        self, payment_id: str, amount: Decimal | None = None, *, lines: Sequence[Line] = (), note: str | None = None
    ) -> None:
        """A person captures an amount, lines, or everything; `note` is what they type as transaction id."""
        with self._payments.changing(payment_id) as account:
            taken = _taken(amount, lines)
            account.capture(taken, self.switches, self._clock(), creator=PORTAL, transaction_id=note)

    def portal_cancel(self, payment_id: str, amount: Decimal | None = None, *, lines: Sequence[Line] = ()) -> None:
        with self._payments.changing(payment_id) as account:
            account.cancel(_taken(amount, lines), self.switches, self._clock(), creator=PORTAL)

    def portal_refund(
        self, payment_id: str, amount: Decimal | None = None, *, lines: Sequence[Line] = (), note: str | None = None
    ) -> None:
        with self._payments.changing(payment_id) as account:
            taken = _taken(amount, lines)
            account.refund(taken, self.switches, self._clock(), creator=PORTAL, transaction_id=note)

    def freeze(self, payment_id: str) -> None:
        """Fraud control holds the payment."""
        with self._payments.changing(payment_id) as account:
            account.status = "FROZEN"

    def unfreeze(self, payment_id: str) -> None:
        with self._payments.changing(payment_id) as account:
            account.status = "ACCEPTED"

    def reject(self, payment_id: str, category: str = "CREDIT_DENIED") -> None:
        """Resurs ends the payment; what was reserved is so no more."""
        with self._payments.changing(payment_id) as account:
            account.reject(category)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token ever given out, for tests that look for them where they must not be."""
        return tuple(self._tokens.given)

    def replace_client(self, client_id: str, client_secret: str) -> None:
        """Resurs gives the shop other credentials; what was given out before opens nothing any more."""
        self._tokens.replace_client(client_id, client_secret)
        self._tokens.end_all()

    def end_tokens(self) -> None:
        """Every token given out so far ends now."""
        self._tokens.end_all()

    def books(self, payment_id: str) -> Books:
        """Return the payment's amounts in minor units, whatever the API shows."""
        return next(account for account in self._payments.all() if account.id == payment_id).books()

    def payment(self, payment_id: str) -> dict[str, Any]:
        """Return the payment as the API's JSON has it, never stale."""
        return self._payments.view(self._payments.account(payment_id))

    def _create(self, body: dict[str, Any]) -> Account:
        """A payment as the shop's checkout creates it, unsigned unless the customer is a mocked one."""
        order, metadata, options = body["order"], body.get("metadata") or {}, body.get("options") or {}
        account = self._new_account(
            order.get("orderReference") or "",
            country=self._country,
            status="TASK_REDIRECTION_REQUIRED",
            external=False,
        )
        account.reference = account.reference or account.id
        account.customer, account.metadata = body.get("customer") or {}, metadata
        lines = tuple(Line.from_json(line) for line in order["orderLines"])
        application = body.get("application") or {}
        account.requested_limit = Decimal(application.get("requestedCreditLimit") or total(lines))
        ttl = options.get("timeToLiveInMinutes")
        account.due = Due(
            at=self._clock() + (timedelta(minutes=ttl) if ttl else _PATIENCE), status="REJECTED", reason="TIMEOUT"
        )
        self._open(account, lines)
        mocked = {pair["key"] for pair in metadata.get("custom") or () if pair.get("value") == "SUCCESS"}
        if "MOCK_SIGNING" in mocked:
            self.sign(account.id)
        return account

    def _new_account(self, reference: str, *, country: str, status: str, external: bool) -> Account:
        payment_id = self._new_id("payment")
        return Account(
            id=payment_id,
            reference=reference,
            created=self._clock(),
            country=country,
            method="Swish" if external else "Faktura",
            external=external,
            requested_limit=Decimal(0),
            limit=None,
            status=status,
            next_action=lambda: self._new_id(f"action of {payment_id}"),
        )

    def _open(self, account: Account, lines: tuple[Line, ...]) -> None:
        account.create(lines, self._clock())
        self._payments.put(account)

    def _new_id(self, of: str) -> str:
        self._counted[of] += 1
        return str(uuid5(self._ids, f"{of} {self._counted[of]}"))


def _line(amount: Decimal | None) -> Line:
    if amount is None:
        raise ValueError("an amount or lines, one of the two")
    return Line(total=Decimal(amount), description="Varor", reference="varor")


def _taken(amount: Decimal | None, lines: Sequence[Line]) -> tuple[Line, ...] | None:
    if amount is None:
        return tuple(lines) or None
    return (_line(amount),)
