"""A shop where all is well, for `check` to find so, or what was broken in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import databases
from tests.commands.shop import GOODS, Ran, Shop, open_shop

RESURS, ECSTER = "butiken: resurs", "butiken: ecster"
NOBODY = "http://127.0.0.1:1"
PAID = timedelta(hours=1)
"""So long ago the orders here were paid, so that what happened to them since is no part of the purchase."""
TRIED = "POST /wp-json/wc/v3/orders/batch"


@dataclass(slots=True)
class Time:
    """Ours, or `behind` it; the sandboxes go by it, the command never."""

    behind: timedelta = PAID

    def now(self) -> datetime:
        return datetime.now(UTC) - self.behind


@dataclass(frozen=True, slots=True)
class Open:
    shop: Shop
    time: Time
    orders: list[tuple[int, str]]
    """One paid with Resurs and one with Ecster, each with its payment."""

    @property
    def resurs(self) -> dict[str, object]:
        found: dict[str, object] = self.shop.only["providers"][0]
        return found

    @property
    def ecster(self) -> dict[str, object]:
        found: dict[str, object] = self.shop.only["providers"][1]
        return found


@asynccontextmanager
async def well(folder: Path) -> AsyncIterator[Open]:
    """A shop with two orders, an hour after the purchases."""
    time = Time()
    async with open_shop(folder, now=time.now) as shop:
        shop.settings["alerts"] = {"email": {"to": ["drift@shop.example"]}}
        order = shop.store.create_order(GOODS, payment_method="ecster", status="processing")
        payment = shop.ecster.create_order(str(order), 81125)
        shop.store.set_meta(order, "_wc_ecster_internal_reference", payment)
        await databases.make(shop.settings["database"])
        made = Open(shop, time, [shop.place(), (order, payment)])
        time.behind = timedelta()
        yield made


def told(ran: Ran, name: str, subject: str = "butiken") -> str:
    """What was found, as "state text / remedy"."""
    [found] = [it for it in ran.json if it["name"] == name and it["subject"].startswith(subject)]
    return f"{found['state']} {found['text']} / {found['remedy']}"


def states(ran: Ran) -> dict[str, str]:
    return {f"{it['subject']} {it['name']}": it["state"] for it in ran.json if it["state"] != "ok"}
