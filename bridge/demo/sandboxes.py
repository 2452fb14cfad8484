"""A shop and two payment providers, played over real HTTP, and the customers who buy there."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bridge.demo.books import Row, Shop
from bridge.demo.houses import CURRENCY, EcsterHouse, House, ResursHouse, calls
from bridge.domain.money import to_minor
from bridge.domain.notes import money
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox

STORE = "shop"
"""The store's name in settings.yaml."""
BASKET = {"MUGG": 2, "LAMPA": 1}
"""Two mugs and a lamp: 811.25 kr with freight and VAT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """An order, and the payment that a customer made for it."""

    order_id: int
    number: str
    house: House
    payment_id: str


class Sandboxes:
    """`first_number` gives orders numbers of their own; `basic_on_http` lets the store take keys from curl too."""

    def __init__(
        self, clock: Callable[[], datetime], *, first_number: int | None = None, basic_on_http: bool = False
    ) -> None:
        self.store = StoreSandbox(
            clock=clock, https=False, first_number=first_number, currency=CURRENCY, basic_on_http=basic_on_http
        )
        self.store.add_product("LAMPA-R", "Lampa, röd", "400")
        self.store.add_product("KURS", "Onlinekurs", "500")
        self.houses: tuple[House, ...] = (ResursHouse(clock), EcsterHouse(clock))
        self.sales: list[Sale] = []

    @asynccontextmanager
    async def served(self, first_port: int = 0) -> AsyncIterator[list[str]]:
        """Serve store and providers, on ports from `first_port` up (0: free ones); gives their addresses.

        Raises OSError for a port that can't be had.
        """
        async with AsyncExitStack() as stack:
            urls = []
            for place, app in enumerate((self.store.app, *(house.app for house in self.houses))):
                server = Server(app, first_port + place if first_port else 0)
                urls.append((await stack.enter_async_context(server)).url)
            yield urls

    def sell(
        self, house: House, basket: Mapping[str, int], *, status: str = "processing", shipped: bool = True
    ) -> Sale:
        """A customer orders `basket` (SKU: how many) and pays at `house`."""
        order_id = self.store.create_order(
            basket,
            payment_method=house.payment_method,
            status=status,
            shipping="49.00" if shipped else None,
        )
        number = self.store.order(order_id).number
        payment_id = house.reserve(number, to_minor(self.store.total(order_id), CURRENCY))
        self.store.set_meta(order_id, house.id_key, payment_id)
        sale = Sale(order_id=order_id, number=number, house=house, payment_id=payment_id)
        self.sales.append(sale)
        return sale

    def shown_total(self, sale: Sale) -> str:
        """The order's total as people read it."""
        return money(to_minor(self.store.total(sale.order_id), CURRENCY), CURRENCY, "en")

    def row(self, sale: Sale, *, scene: str = "", title: str = "") -> Row:
        """Set what the shop has of an order beside what the provider's books say."""
        order = self.store.order(sale.order_id)
        before = [r for r in order.refunds if order.completed is None or r.created < order.completed]
        early = sum(to_minor(refund.amount, CURRENCY) for refund in before)
        return Row(
            scene=scene,
            title=title,
            provider=sale.house.name,
            order=sale.number,
            order_id=sale.order_id,
            currency=CURRENCY,
            shop=Shop(
                status=order.status,
                delivered=order.completed is not None,
                total=to_minor(order.total, CURRENCY),
                refunded_before=early,
                refunded_after=to_minor(order.refunded, CURRENCY) - early,
            ),
            books=sale.house.books(sale.payment_id),
            calls=calls(sale.house, sale.payment_id),
        )

    def write_settings(self, path: Path, urls: list[str], **changes: Any) -> None:
        """Write a settings.yaml for a live bridge over them, with its database beside it.

        `changes` are keys of the store. Raises FileExistsError rather than write over a file.
        """
        store_url, *house_urls = urls
        tree = {
            "database": f"sqlite://{path.parent.resolve() / 'bridge.sqlite3'}",
            "web": None,  # its port may be a real bridge's
            "stores": [
                {
                    "name": STORE,
                    "mode": "live",
                    "url": store_url,
                    "consumer_key": self.store.consumer_key,
                    "consumer_secret": self.store.consumer_secret,
                    "language": "en",
                    **changes,
                    "providers": [house.settings(url) for house, url in zip(self.houses, house_urls, strict=True)],
                }
            ],
        }
        path.touch(0o600, exist_ok=False)  # as a real one is kept, so that nobody is warned of it
        with path.open("w", encoding="utf-8") as file:
            file.write("# Written by wc-bridge. Everything in here is played on this machine; no money moves.\n")
            YAML().dump(tree, file)
