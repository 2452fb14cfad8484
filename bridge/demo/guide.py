"""What a sandbox's user reads: which orders there are, and lines for another terminal that work as they stand."""

import shlex
from typing import Any

from bridge.demo.playground import Playground

_JSON = "-H 'Content-Type: application/json' -d"
_GUIDE = """\
A shop with Resurs and Ecster is open on this machine until you press Ctrl-C. No money moves.

  settings    {settings}
  the shop    {store}
  the portals {portal}

  orders      {orders}

The bridge, in another terminal:

  {once}
  {run}

As the shop's staff: complete an order, refund a part of it, cancel another, read the notes.

  {complete}
  {refund}
  {cancel}
  {notes}

In the providers' portals: capture past the shop, give back what was captured, see the books. As a customer: buy.

  {capture}
  {portal_refund}
  {books}
  {buy}
"""


def lines(ground: Playground, program: str) -> dict[str, str]:
    """Return the command lines of the guide by what they do; `program` is how wc-bridge is typed here."""
    first, (other, *_, last) = ground.sales("resurs")[0], ground.sales("ecster")
    api, curl = f"{ground.store}/wp-json/wc/v3/orders", f"curl -s -u {ground.key}"
    put, post = f"{curl} -X PUT {_JSON}", f"{curl} {_JSON}"
    settings = shlex.quote(str(ground.settings))
    return {
        "once": f"{program} once --settings {settings}",
        "run": f"{program} run --settings {settings}",
        "complete": f"{put} '{{\"status\":\"completed\"}}' '{api}/{first.order_id}?_fields=status'",
        "refund": f'{post} \'{{"amount":"100.00","api_refund":false}}\' {api}/{first.order_id}/refunds',
        "cancel": f"{put} '{{\"status\":\"cancelled\"}}' '{api}/{other.order_id}?_fields=status'",
        "notes": f"{curl} '{api}/{first.order_id}/notes?_fields=note'",
        "capture": f"curl -s -X POST {ground.portal}/ecster/{last.number}/capture",
        "portal_refund": f"curl -s -X POST '{ground.portal}/resurs/{first.number}/refund?amount=50.00'",
        "books": f"curl -s {ground.portal}/",
        "buy": f"curl -s -X POST {ground.portal}/resurs/order",
    }


def guide(ground: Playground, program: str) -> str:
    """Return the guide as people read it."""
    orders = ", ".join(f"{sale.number} ({sale.house.name})" for sale in ground.sandboxes.sales)
    return _GUIDE.format(
        settings=ground.settings,
        store=ground.store,
        portal=ground.portal,
        orders=orders,
        **lines(ground, program),
    )


def as_json(ground: Playground, program: str) -> dict[str, Any]:
    """Return what the guide says with stable fields."""
    return {
        "settings": str(ground.settings),
        "store": ground.store,
        "portal": ground.portal,
        "orders": [
            {"order": sale.order_id, "provider": sale.house.name.lower(), "payment": sale.payment_id}
            for sale in ground.sandboxes.sales
        ],
        "lines": lines(ground, program),
    }
