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
from bridge.providers.ecster.adapter import Ecster
from bridge.providers.ecster.api import TIMEOUT, Api
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.ecster import EcsterSandbox, Switches
from bridge.sandbox.server import Server

API_KEY = "kept-between-us"
MERCHANT = "10000001"


def charge(
    amount: int, *, name: str = "Mug", reference: str = "MUG-01", quantity: str = "1", rate: str = "25"
) -> Charge:
    return Charge(
        kind=ChargeKind.PRODUCT,
        name=name,
        reference=reference,
        quantity=Decimal(quantity),
        rate=Decimal(rate),
        amount=amount,
    )


def request(
    call: Call,
    payment: Payment,
    amount: int,
    *,
    key: str = "1042K1",
    everything: bool = False,
    fresh: Callable[[], bool] = lambda: True,
) -> Request:
    return Request(
        call=call,
        payment=payment,
        amount=amount,
        charges=(charge(amount),),
        key=key,
        everything=everything,
        fresh=fresh,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    clock: ManualClock
    sandbox: EcsterSandbox
    ecster: Ecster
    url: str

    async def do(
        self, call: Call, order_id: str, amount: int, *, key: str = "1042K1", everything: bool = False
    ) -> Outcome:
        """Look at the payment, then call, as the engine does."""
        payment = await self.ecster.read(order_id)
        return await self.ecster.perform(request(call, payment, amount, key=key, everything=everything))

    def posts(self) -> int:
        return sum(method == "POST" for method, _ in self.sandbox.faults.seen)


@asynccontextmanager
async def world(
    switches: Switches | None = None,
    *,
    api_key: str = API_KEY,
    timeout: aiohttp.ClientTimeout = TIMEOUT,  # noqa: ASYNC109 - handed on, not ours to watch
) -> AsyncIterator[World]:
    """`api_key` is what the adapter sends; the sandbox knows API_KEY."""
    clock = ManualClock()
    sandbox = EcsterSandbox(
        clock=clock.now, api_key=API_KEY, merchant_key=MERCHANT, switches=switches or Switches()
    )
    async with Server(sandbox.app) as server, aiohttp.ClientSession() as session:
        api = Api(session, host=server.url, api_key=api_key, merchant_key=MERCHANT, concurrency=4, timeout=timeout)
        yield World(clock=clock, sandbox=sandbox, ecster=Ecster(api), url=server.url)
        sandbox.faults.release.set()
