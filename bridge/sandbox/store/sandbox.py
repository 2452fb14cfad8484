"""The sandbox as its users see it: an application to serve, staff to command, switches to throw."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from aiohttp import web

from bridge.domain.money import decimals as iso_decimals
from bridge.sandbox.faults import Faults
from bridge.sandbox.store.api import Api
from bridge.sandbox.store.auth import Doorman, Key
from bridge.sandbox.store.deliveries import Deliverer, Delivery
from bridge.sandbox.store.mishaps import Mishaps
from bridge.sandbox.store.model import Product
from bridge.sandbox.store.shop import Shop, Storage
from bridge.sandbox.store.staff import Staff
from bridge.sandbox.store.wire import Writer

PRODUCTS = (
    Product(id=10, name="Mugg", sku="MUGG", price=Decimal(100)),
    Product(id=11, name="Lampa", sku="LAMPA", price=Decimal(400)),
    Product(id=12, name="Bok", sku="BOK", price=Decimal(250)),
)


class StoreSandbox(Staff):
    """One WooCommerce store. Serve `app`, which has the faults in front.

    `clock` is where all its time comes from. `https` is what it believes of itself, and decides which credentials
    it takes; `basic_on_http` adds Basic to those of plain HTTP. `first_number` gives orders numbers of their own,
    apart from their ids. `gateway` says whether the shop's own payment plugin can refund (`api_refund`).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        storage: Literal["hpos", "posts"] = "hpos",
        version: str = "11.0.1",
        currency: str = "SEK",
        decimals: int | None = None,
        timezone: str = "Europe/Stockholm",
        home: str = "https://store.example",
        consumer_key: str = "ck_sandbox",
        consumer_secret: str = "cs_sandbox",  # noqa: S107 - public
        read_only_key: str = "ck_readonly",
        read_only_secret: str = "cs_readonly",  # noqa: S107 - public
        https: bool = True,
        strips_authorization: bool = False,
        basic_on_http: bool = False,
        first_number: int | None = None,
        gateway: bool = False,
    ) -> None:
        super().__init__(
            Shop(
                storage=Storage(storage),
                version=version,
                currency=currency,
                decimals=iso_decimals(currency) if decimals is None else decimals,
                timezone=ZoneInfo(timezone),
                clock=clock,
                first_number=first_number,
            )
        )
        self.shop.products.update({product.id: product for product in PRODUCTS})
        self.consumer_key, self.consumer_secret = consumer_key, consumer_secret
        keys = {
            consumer_key: Key(secret=consumer_secret),
            read_only_key: Key(secret=read_only_secret, writes=False),
        }
        self.doorman = Doorman(
            keys=keys, https=https, strips_authorization=strips_authorization, basic_on_http=basic_on_http
        )
        self.mishaps = Mishaps()
        self.faults = Faults(clock)
        self._writer = Writer(self.shop, home)
        self._deliverer = Deliverer(self.shop, self._writer)
        api = Api(self.shop, self._writer, self.doorman, self.mishaps, gateway=gateway)
        self.app = web.Application(middlewares=[self.faults.middleware])
        self.app.router.add_route("*", "/{path:.*}", api.handle)

    @property
    def home(self) -> str:
        """The address it believes to have; a copied shop keeps or changes it."""
        return self._writer.home

    @home.setter
    def home(self, home: str) -> None:
        self._writer.home = home

    async def deliver(self) -> list[Delivery]:
        """Run the store's background jobs: webhook pings and deliveries."""
        return await self._deliverer.run()
