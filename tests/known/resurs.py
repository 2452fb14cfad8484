"""What these tests need besides `tests.flow.world`: payments of every kind, what went over, and a shop's REST."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp

from tests.flow.world import GOODS, RESURS_METHOD, Placed, World

UNSIGNED = "TASK_REDIRECTION_REQUIRED"
"""A payment whose customer has not finished yet."""


def ordered(w: World, status: str = "processing", **how: Any) -> int:
    """Let a customer order the usual goods by a Resurs method, without a payment yet."""
    return w.store.create_order(how.pop("lines", GOODS), payment_method=RESURS_METHOD, status=status, **how)


def pays(w: World, order: int, **how: Any) -> Placed:
    """Let the customer pay the order, which names the payment from now on; `how` is the sandbox's."""
    payment = w.resurs.create_payment(str(order), **{"amount": w.store.total(order), **how})
    w.store.set_meta(order, w.side.meta, payment)
    return Placed(order, payment)


def switch(w: World, **switches: Any) -> None:
    """Let Resurs behave in another of the ways that nobody knows for sure."""
    w.resurs.switches = replace(w.resurs.switches, **switches)


def total(w: World, it: Placed) -> int:
    """The order's total in minor units."""
    return minor(w.store.total(it.id))


def minor(figure: Decimal) -> int:
    """A figure in kronor as whole öre; one with a fraction of them fails."""
    [whole, one] = (figure * 100).as_integer_ratio()
    assert one == 1, figure
    return whole


def log(w: World, it: Placed) -> list[dict[str, Any]]:
    """The payment's action log, CREATE first."""
    entries: list[dict[str, Any]] = w.resurs.payment(it.payment)["order"]["actionLog"]
    return entries


def sent(w: World, it: Placed) -> list[tuple[str, Decimal, int]]:
    """The lines of the payment's newest action: reference, VAT in percent, amount in minor units."""
    return [
        (line["reference"], line["vatRate"].normalize(), minor(line["totalAmountIncludingVat"]))
        for line in log(w, it)[-1]["orderLines"]
    ]


def per_rate(lines: Sequence[tuple[str, Decimal, int]]) -> dict[Decimal, int]:
    sums: dict[Decimal, int] = {}
    for _, rate, amount in lines:
        sums[rate] = sums.get(rate, 0) + amount
    return sums


def steps(w: World) -> list[str]:
    """The calls that may have moved money, by the last part of their paths."""
    return [path.rpartition("/")[2] for path in w.calls()]


async def rest(w: World, method: str, path: str, body: dict[str, Any]) -> Any:
    """Do something in the shop as another system does it: over REST, with a key of its own."""
    w.store.doorman.basic_on_http = True
    headers = {"Authorization": aiohttp.encode_basic_auth("ck_sandbox", "cs_sandbox")}
    url = f"{w.urls[0]}/wp-json/wc/v3/{path}"
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.request(method, url, json=body, headers=headers) as response,
    ):
        return await response.json()
