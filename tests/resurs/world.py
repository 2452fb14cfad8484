"""The adapter over a sandbox on loopback, and the requests that tests make."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

import aiohttp

from bridge.domain.lines import Charge, ChargeKind
from bridge.domain.outcomes import Outcome
from bridge.domain.payments import Payment
from bridge.domain.steps import Call
from bridge.ports import Request
from bridge.providers.resurs.adapter import Resurs
from bridge.providers.resurs.api import Api
from bridge.providers.resurs.settings import ResursSettings
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.resurs import Books, ResursSandbox, Switches
from bridge.sandbox.server import Server

CLIENT = "client-of-the-shop"
SECRET = "kept-between-us"
STORE = "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10"


def settings(url: str, *, secret: str = SECRET, store_id: str = STORE, concurrency: int = 4) -> ResursSettings:
    return ResursSettings.model_validate(
        {
            "type": "resurs",
            "environment": "test",
            "base_url": url,
            "client_id": CLIENT,
            "client_secret": secret,
            "store_id": store_id,
            "concurrency": concurrency,
        }
    )


def charge(
    amount: int,
    *,
    kind: ChargeKind = ChargeKind.PRODUCT,
    name: str = "Mugg",
    reference: str = "MUGG-01",
    quantity: str = "1",
    rate: str = "25",
) -> Charge:
    return Charge(
        kind=kind,
        name=name,
        reference=reference,
        quantity=Decimal(quantity),
        rate=Decimal(rate),
        amount=amount,
    )


def request(
    call: Call,
    payment: Payment,
    *charges: Charge,
    amount: int | None = None,
    key: str = "1042C80000",
    everything: bool = False,
    fresh: Callable[[], bool] = lambda: True,
) -> Request:
    """A request over `charges`, for what they sum to where no `amount` is given."""
    return Request(
        call=call,
        payment=payment,
        amount=sum(it.amount for it in charges) if amount is None else amount,
        charges=charges,
        key=key,
        everything=everything,
        fresh=fresh,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    clock: ManualClock
    sandbox: ResursSandbox
    resurs: Resurs
    url: str

    async def do(
        self, call: Call, payment_id: str, amount: int, *, key: str = "1042C80000", everything: bool = False
    ) -> Outcome:
        """Look at the payment, then call, as the engine does."""
        payment = await self.resurs.read(payment_id)
        wanted = request(call, payment, charge(amount), key=key, everything=everything)
        return await self.resurs.perform(wanted)

    def pay(self, amount: str = "800.00", **details: object) -> str:
        """A customer pays order 1042."""
        return self.sandbox.create_payment("1042", amount=Decimal(amount), **details)  # type: ignore[arg-type]

    def asked(self, method: str, end: str) -> int:
        """How often a request of `method` came to a path that ends so."""
        return sum(how == method and path.endswith(end) for how, path in self.sandbox.faults.seen)


@asynccontextmanager
async def world(switches: Switches | None = None, *, secret: str = SECRET) -> AsyncIterator[World]:
    """`secret` is what the adapter sends; the sandbox knows SECRET."""
    clock = ManualClock()
    sandbox = ResursSandbox(
        clock=clock.now, client_id=CLIENT, client_secret=SECRET, store_id=STORE, switches=switches
    )
    async with Server(sandbox.app) as server, aiohttp.ClientSession() as session:
        resurs = Resurs(Api(settings(server.url, secret=secret), session, now=clock.now))
        yield World(clock=clock, sandbox=sandbox, resurs=resurs, url=server.url)


def books(*, reserved: int = 0, captured: int = 0, returned: int = 0, cancelled: int = 0) -> Books:
    return Books(reserved=reserved, captured=captured, returned=returned, cancelled=cancelled)
