"""orders, orders/ID, orders/batch, orders/statuses."""

from datetime import datetime
from itertools import groupby
from operator import attrgetter
from random import Random
from typing import Any

from bridge.sandbox.store import editing, statuses
from bridge.sandbox.store.asking import Answer, paged
from bridge.sandbox.store.lines import Json
from bridge.sandbox.store.model import Order
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.routes import Call, at
from bridge.sandbox.store.shop import Storage

_ORDERINGS = ("date", "id", "include", "title", "slug", "modified")
_DEFAULTS = (("status[0]", "any"), ("dp", "2"), ("context", "view"))
MOST_IN_A_BATCH = 100


def _list(call: Call) -> Answer:
    ordering, rows = _ordering(call), _asked_for(call)
    rows.sort(key=ordering, reverse=call.asked.choice("order", ("asc", "desc"), "desc") == "desc")
    if call.mishaps.unstable_ties and call.asked.text("orderby", "date") in ("date", "modified"):
        rows = _shuffled_ties(rows, seed=call.asked.text("page", "1"))
    page = paged(
        call.asked,
        f"{call.write.api}/orders",
        rows,
        defaults=_DEFAULTS,
        forgets=call.shop.storage is Storage.HPOS,
    )
    loaded = [order for order in page.body if order.id not in call.mishaps.broken]
    return Answer(page.status, [call.write.order(order) for order in loaded], page.headers)


def _shuffled_ties(rows: list[Order], seed: str) -> list[Order]:
    """Give the orders of each second another order, by chance, but the same for the same page."""
    chance = Random(seed)
    ties = [list(group) for _, group in groupby(rows, key=lambda order: order.modified)]
    return [order for tie in ties for order in chance.sample(tie, len(tie))]


def _ordering(call: Call) -> Any:
    match call.asked.choice("orderby", _ORDERINGS, "date"):
        case "modified" if call.shop.storage is Storage.POSTS:
            # By `post_modified`, which is local: an hour of autumn comes twice.
            return lambda order: (call.shop.local(order.modified).replace(tzinfo=None), order.id)
        case "modified":
            return attrgetter("modified", "id")
        case "id":
            return attrgetter("id")
        case "include":
            wanted = call.asked.many("include")
            return lambda order: -wanted.index(str(order.id)) if str(order.id) in wanted else 0
        case _:
            return lambda order: (order.created, order.id)


def _asked_for(call: Call) -> list[Order]:
    """The orders that the query asks for; of all that it may ask, only what it does is looked at."""
    asked, zone, shown = call.asked, call.shop.timezone, _shown_statuses(call)
    include, exclude = set(asked.many("include")), set(asked.many("exclude"))
    created = (asked.moment("after", zone), asked.moment("before", zone))
    modified = (asked.moment("modified_after", zone), asked.moment("modified_before", zone))
    if call.mishaps.ignores_modified_after:
        modified = (None, None)
    rows = [order for order in call.shop.orders.values() if order.status in shown]
    if any(modified):
        rows = [order for order in rows if _between(order.modified, *modified)]
    if any(created):
        rows = [order for order in rows if _between(order.created, *created)]
    if include:
        rows = [order for order in rows if str(order.id) in include]
    if exclude:
        rows = [order for order in rows if str(order.id) not in exclude]
    return rows


def _between(moment: datetime, after: datetime | None, before: datetime | None) -> bool:
    """Strictly, both ways (recordings, 01)."""
    return (after is None or moment > after) and (before is None or moment < before)


def _shown_statuses(call: Call) -> set[str]:
    """Read `status`: any hides the trash even where the trash is asked for beside it."""
    wanted = call.asked.many("status") or ["any"]
    known = ["any", statuses.TRASH, "auto-draft", *call.shop.statuses]
    for i, status in enumerate(wanted):
        if status not in known:
            words = f"status[{i}] is not one of {', '.join(known[:-1])}, and {known[-1]}."
            raise Refusal.parameter(f"status[{i}]", "rest_not_in_enum", words)
    if "any" in wanted:
        drafts = ["checkout-draft"] if call.mishaps.lists_drafts else []
        return {status for status in known if status not in statuses.HIDDEN or status in drafts}
    return set(wanted)


def _create(call: Call) -> Answer:
    if call.body.get("id"):
        raise Refusal(400, "woocommerce_rest_shop_order_exists", "Cannot create existing shop_order.")
    return Answer(201, call.write.order(editing.create(call.shop, call.body)))


def _read(call: Call) -> Answer:
    return Answer(200, call.write.order(call.shop.order(call.ids[0])))


def _update(call: Call) -> Answer:
    order = call.shop.orders.get(call.ids[0])
    if order is None:
        raise Refusal.no_order(status=400)
    return Answer(200, call.write.order(editing.update(call.shop, order, call.body)))


def _delete(call: Call) -> Answer:
    """Answer with the order as it was before."""
    order = call.shop.order(call.ids[0])
    body = call.write.order(order)
    if call.asked.flag("force"):
        call.shop.delete(order)
    else:
        call.shop.trash(order)
    return Answer(200, body)


def _batch(call: Call) -> Answer:
    """Do each on its own: what can't be done is an `error` in its place, and the answer is 200 all the same.

    Where nothing is asked for, that is PHP's empty array.
    """
    if sum(len(call.body.get(kind) or ()) for kind in ("create", "update", "delete")) > MOST_IN_A_BATCH:
        message = f"Unable to accept more than {MOST_IN_A_BATCH} items for this request."
        raise Refusal(413, "woocommerce_rest_request_entity_too_large", message)
    done: Json = {}
    for kind in ("create", "update", "delete"):
        if call.body.get(kind):
            done[kind] = [_one_of_batch(call, kind, item) for item in call.body[kind]]
    return Answer(200, done or [])


def _one_of_batch(call: Call, kind: str, item: Any) -> Json:
    order_id = item if kind == "delete" else item.get("id", 0)
    try:
        if kind == "create":
            return call.write.order(editing.create(call.shop, item))
        order = call.shop.orders.get(order_id)
        if order is None:
            message = "ID is invalid." if call.shop.modern else "Invalid ID."
            raise Refusal.no_order(status=400, message=message)
        if kind == "update":
            return call.write.order(editing.update(call.shop, order, item))
        body = call.write.order(order)
        call.shop.delete(order)
    except Refusal as refusal:
        return {"id": order_id, "error": refusal.body}
    return body


def _statuses(call: Call) -> Answer:
    names = call.shop.statuses.items()
    return Answer(200, [{"slug": slug, "name": name} for slug, name in names])


ROUTES = (
    at("/orders", "GET, POST", get=_list, post=_create),
    at(
        "/orders/#",
        "GET, POST, PUT, PATCH, DELETE",
        get=_read,
        post=_update,
        put=_update,
        patch=_update,
        delete=_delete,
    ),
    at("/orders/batch", "POST, PUT, PATCH", post=_batch, put=_batch, patch=_batch),
    at("/orders/statuses", "GET", since_9=True, get=_statuses),
)
