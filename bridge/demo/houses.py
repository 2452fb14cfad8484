"""The two providers' sandboxes behind one face: what customers do with either, and people in its portal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web

from bridge.demo.books import Figures
from bridge.domain.money import to_major
from bridge.sandbox import resurs
from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.ecster.orders import Refusal as EcsterRefusal
from bridge.sandbox.faults import Fault, Faults

CURRENCY = "SEK"


class Refused(Exception):
    """The portal shows an error; nothing has happened."""


class House(Protocol):
    """A provider with its portal. Amounts are minor units; None means all there is. Acts raise Refused."""

    name: str
    """As people know it, and as it stands in notes."""
    payment_method: str
    """What the shop's orders carry when they are paid here."""
    id_key: str
    """The order meta under which the shop's payment plugin keeps the payment id."""
    app: web.Application
    faults: Faults
    """What may go wrong on the way to it, and every request that came in."""

    def settings(self, url: str) -> dict[str, Any]:
        """Its entry among a store's providers in settings.yaml."""

    def reserve(self, reference: str, amount: int) -> str:
        """A customer pays for the order that `reference` names; returns the payment's id."""

    def capture(self, payment_id: str, amount: int | None = None) -> None: ...

    def cancel(self, payment_id: str, amount: int | None = None) -> None: ...

    def refund(self, payment_id: str, amount: int | None = None) -> None: ...

    def books(self, payment_id: str) -> Figures:
        """What is truly reserved, captured and returned, whatever the API shows."""


class ResursHouse:
    name = "Resurs"
    payment_method = "6f1c2c7e-9a54-4f6b-8a53-3f4d9f0b1c11"
    id_key = "resursbank_payment_id"
    limit = to_major(200000, CURRENCY)
    """What Resurs approves each customer for."""
    client_id = "sandbox"
    client_secret = "sandbox-secret"  # noqa: S105 - it opens nothing but the sandbox
    store_id = "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._sandbox = resurs.ResursSandbox(
            clock=clock, client_id=self.client_id, client_secret=self.client_secret, store_id=self.store_id
        )
        self.app, self.faults = self._sandbox.app, self._sandbox.faults

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "type": "resurs",
            "environment": "test",
            "base_url": url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "store_id": self.store_id,
        }

    def reserve(self, reference: str, amount: int) -> str:
        return self._sandbox.create_payment(reference, amount=to_major(amount, CURRENCY), approved_limit=self.limit)

    def capture(self, payment_id: str, amount: int | None = None) -> None:
        with _refusals():
            self._sandbox.portal_capture(payment_id, None if amount is None else to_major(amount, CURRENCY))

    def cancel(self, payment_id: str, amount: int | None = None) -> None:
        with _refusals():
            self._sandbox.portal_cancel(payment_id, None if amount is None else to_major(amount, CURRENCY))

    def refund(self, payment_id: str, amount: int | None = None) -> None:
        with _refusals():
            self._sandbox.portal_refund(payment_id, None if amount is None else to_major(amount, CURRENCY))

    def books(self, payment_id: str) -> Figures:
        true = self._sandbox.books(payment_id)
        return Figures(reserved=true.reserved, captured=true.captured, returned=true.returned)


class EcsterHouse:
    name = "Ecster"
    payment_method = "ecster"
    id_key = "_wc_ecster_internal_reference"
    api_key = "sandbox-key"
    merchant_key = "10000001"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._sandbox = EcsterSandbox(clock=clock, api_key=self.api_key, merchant_key=self.merchant_key)
        self.app, self.faults = self._sandbox.app, self._sandbox.faults

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "type": "ecster",
            "environment": "test",
            "base_url": url,
            "api_key": self.api_key,
            "merchant_key": self.merchant_key,
        }

    def reserve(self, reference: str, amount: int) -> str:
        return self._sandbox.create_order(reference, amount)

    def capture(self, payment_id: str, amount: int | None = None) -> None:
        with _refusals():
            self._sandbox.dashboard_debit(payment_id, amount)

    def cancel(self, payment_id: str, amount: int | None = None) -> None:
        if amount is not None:
            raise Refused("Ecster annuls all that is open, or nothing")
        with _refusals():
            self._sandbox.dashboard_annul(payment_id)

    def refund(self, payment_id: str, amount: int | None = None) -> None:
        books = self.books(payment_id)
        with _refusals():
            self._sandbox.dashboard_credit(
                payment_id, books.captured - books.returned if amount is None else amount
            )

    def books(self, payment_id: str) -> Figures:
        true = self._sandbox.books(payment_id)
        return Figures(reserved=true.reserved, captured=true.captured, returned=true.returned)


def calls(house: House, payment_id: str) -> int:
    """Return how many requests to change this payment came in."""
    return sum(method == "POST" and payment_id in path for method, path in house.faults.seen)


def lose_answer(house: House, payment_id: str) -> None:
    """Let the next change of this payment take effect, and the line drop before the answer is out."""
    house.faults.plan(Fault.DROP_AFTER, method="POST", path=payment_id)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (resurs.Refusal, EcsterRefusal) as refusal:
        raise Refused(str(refusal)) from refusal
