"""Notes and refunds of an order, and the refunds of the whole store."""

from decimal import Decimal

from bridge.sandbox.store import refunds
from bridge.sandbox.store.asking import Answer, paged
from bridge.sandbox.store.figures import ZERO, amount
from bridge.sandbox.store.lines import Json
from bridge.sandbox.store.model import Note, Order, Refund
from bridge.sandbox.store.refunds import Part
from bridge.sandbox.store.refusals import Refusal
from bridge.sandbox.store.routes import Call, at

# ---- notes


def _list_notes(call: Call) -> Answer:
    order = _order_of_notes(call)
    kind = call.asked.choice("type", ("any", "customer", "internal"), "any")
    notes = [note for note in order.notes if kind == "any" or note.customer_note == (kind == "customer")]
    return Answer(200, [call.write.note(order, note) for note in call.shop.newest(notes)])


def _create_note(call: Call) -> Answer:
    if "note" not in call.body:
        raise Refusal.missing("note")
    order = _order_of_notes(call)
    text, customer = str(call.body["note"]), bool(call.body.get("customer_note"))
    note = call.shop.add_note(order, text, customer_note=customer)
    return Answer(201, call.write.note(order, note))


def _read_note(call: Call) -> Answer:
    order, note = _note(call)
    return Answer(200, call.write.note(order, note))


def _delete_note(call: Call) -> Answer:
    order, note = _note(call)
    _only_for_good(call, "Notes")
    order.notes.remove(note)
    return Answer(200, call.write.note(order, note))


def _order_of_notes(call: Call) -> Order:
    order = call.shop.orders.get(call.ids[0])
    if order is None:
        raise Refusal(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
    return order


def _note(call: Call) -> tuple[Order, Note]:
    order = _order_of_notes(call)
    note = next((note for note in order.notes if note.id == call.ids[1]), None)
    if note is None:
        raise Refusal(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    return order, note


# ---- refunds


def _list_refunds(call: Call) -> Answer:
    order = _order_of_refunds(call)
    page = paged(call.asked, f"{call.write.api}/orders/{order.id}/refunds", call.shop.newest(order.refunds))
    return Answer(200, [call.write.refund(refund) for refund in page.body], page.headers)


def _create_refund(call: Call) -> Answer:
    """`api_refund` (true unless told otherwise) sends the money through the shop's own payment plugin first."""
    order = _order_of_refunds(call)
    parts = {int(line["id"]): _part(line) for line in call.body.get("line_items") or ()}
    posted = call.body.get("amount")
    asked = sum((part.amount for part in parts.values()), ZERO) if posted is None else amount(posted, "amount")
    through_gateway = bool(call.body.get("api_refund", True))
    if through_gateway and not call.gateway:
        raise refunds.no_gateway()
    reason = str(call.body.get("reason") or "")
    refund = refunds.make_refund(
        call.shop, order, amount=asked, reason=reason, parts=parts, refunded_payment=through_gateway
    )
    return Answer(201, call.write.refund(refund))


def _part(line: Json) -> Part:
    taxes: dict[int, Decimal] = {
        int(tax["id"]): amount(tax["refund_total"], "refund_tax") for tax in line.get("refund_tax") or ()
    }
    total = amount(line.get("refund_total", 0), "refund_total")
    return Part(quantity=int(line.get("quantity", 0)), total=total, taxes=taxes)


def _read_refund(call: Call) -> Answer:
    _, refund = _refund(call)
    return Answer(200, call.write.refund(refund))


def _delete_refund(call: Call) -> Answer:
    """Take the refund away; the order's `date_modified` and status stay as they are (recordings, 14)."""
    order, refund = _refund(call)
    _only_for_good(call, "Refunds")
    order.refunds.remove(refund)
    return Answer(200, call.write.refund(refund))


def _all_refunds(call: Call) -> Answer:
    """Refunds of all orders. The orders that they are of can't be asked for: WooCommerce drops `parent` here."""
    asked, zone = call.asked, call.shop.timezone
    include, exclude = set(asked.many("include")), set(asked.many("exclude"))
    if call.mishaps.ignores_include:
        include = set()
    after, before = asked.moment("after", zone), asked.moment("before", zone)
    rows = call.shop.newest(
        refund
        for order in call.shop.orders.values()
        for refund in order.refunds
        if (not include or str(refund.id) in include)
        and str(refund.id) not in exclude
        and (after is None or refund.created > after)
        and (before is None or refund.created < before)
    )
    if asked.choice("order", ("asc", "desc"), "desc") == "asc":
        rows.sort(key=lambda refund: (refund.created, refund.id))
    page = paged(asked, f"{call.write.api}/refunds", rows)
    return Answer(200, [call.write.refund(refund, whose=True) for refund in page.body], page.headers)


def _order_of_refunds(call: Call) -> Order:
    order = call.shop.orders.get(call.ids[0])
    if order is None:
        raise Refusal(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
    return order


def _refund(call: Call) -> tuple[Order, Refund]:
    order = _order_of_refunds(call)
    refund = next((refund for refund in order.refunds if refund.id == call.ids[1]), None)
    if refund is None:
        raise Refusal(404, "woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.")
    return order, refund


def _only_for_good(call: Call, what: str) -> None:
    if not call.asked.flag("force"):
        raise Refusal(501, "woocommerce_rest_trash_not_supported", f"{what} do not support trashing.")


ROUTES = (
    at("/orders/#/notes", "GET, POST", get=_list_notes, post=_create_note),
    at("/orders/#/notes/#", "GET, DELETE", get=_read_note, delete=_delete_note),
    at("/orders/#/refunds", "GET, POST", get=_list_refunds, post=_create_refund),
    at("/orders/#/refunds/#", "GET, DELETE", get=_read_refund, delete=_delete_refund),
    at("/refunds", "GET", since_9=True, get=_all_refunds),
)
