"""What the API refuses in a request body, field by field (constraints as in the vendor's SDK)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeGuard
from uuid import UUID

from bridge.sandbox.resurs.ledger import Refusal

OUT_OF_BOUNDS = "numeric value out of bounds (<10 digits>.<2 digits> expected)"
LINE_TYPES = (
    "NORMAL",
    "PHYSICAL_GOODS",
    "DIGITAL_GOODS",
    "DISCOUNT",
    "SHIPPING",
    "FEE",
    "GIFT_CARD",
    "OTHER_PAYMENT",
)
_REFERENCE = re.compile(r"[\w\-_/]{1,32}", re.ASCII)

FieldError = tuple[str, str]


def refuse(errors: Iterator[FieldError]) -> None:
    """Raise the one answer that tells of all the field errors, if there are any."""
    if fields := tuple(errors):
        raise Refusal("Validation failed", fields=fields)


def management(
    body: Mapping[str, Any], *, longest: int | None, lines_required: bool = False
) -> Iterator[FieldError]:
    """The faults of a capture, cancel, refund or add-lines body."""
    if lines_required or body.get("orderLines") is not None:
        yield from order_lines(body.get("orderLines"), "orderLines")
    for name in ("transactionId", "creator"):
        yield from _text(body.get(name), name, longest)


def creation(body: Mapping[str, Any]) -> Iterator[FieldError]:
    """The faults of a create body."""
    for name in ("storeId", "paymentMethodId"):
        yield from uuid(body.get(name), name)
    order = body.get("order")
    if not isinstance(order, Mapping):
        yield "order", "must not be null"
        return
    reference = order.get("orderReference")
    if reference is not None and not (isinstance(reference, str) and _REFERENCE.fullmatch(reference)):
        yield "order.orderReference", r'must match "^[\w\-_/]{1,32}$"'
    yield from order_lines(order.get("orderLines"), "order.orderLines")
    if (given := body.get("metadata")) is not None:
        yield from metadata(given, "metadata.")
    options = body.get("options") or {}
    ttl = options.get("timeToLiveInMinutes")
    if ttl is not None and not (isinstance(ttl, int) and 1 <= ttl <= 43200):
        yield "options.timeToLiveInMinutes", "must be between 1 and 43200"
    if options.get("automaticCapture") and options.get("handleFrozenPayments"):
        yield "options.automaticCapture", "must be false when handleFrozenPayments is true"


def metadata(body: Any, path: str = "") -> Iterator[FieldError]:
    """The faults of a metadata object."""
    if not isinstance(body, Mapping):
        yield path.rstrip("."), "must be an object"
        return
    for i, pair in enumerate(body.get("custom") or ()):
        at = f"{path}custom[{i}]"
        if not isinstance(pair, Mapping) or not pair.get("key"):
            yield f"{at}.key", "must not be blank"
            continue
        yield from _text(pair["key"], f"{at}.key", 50)
        yield from _text(pair.get("value"), f"{at}.value", 1000)


def uuid(value: Any, path: str) -> Iterator[FieldError]:
    try:
        UUID(value)
    except (TypeError, ValueError, AttributeError):
        yield path, "must be a UUID"


def order_lines(lines: Any, path: str) -> Iterator[FieldError]:
    """The faults of a list of order lines."""
    if not isinstance(lines, list) or not 1 <= len(lines) <= 1000:
        yield path, "size must be between 1 and 1000"
        return
    for i, line in enumerate(lines):
        if isinstance(line, Mapping):
            yield from _order_line(line, f"{path}[{i}]")
        else:
            yield f"{path}[{i}]", "must be an object"


def _order_line(line: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    for name in ("quantity", "vatRate", "totalAmountIncludingVat", "unitAmountIncludingVat", "totalVatAmount"):
        required = name in ("quantity", "vatRate", "totalAmountIncludingVat")
        yield from _number(line.get(name), f"{path}.{name}", required=required)
    if _is_number(quantity := line.get("quantity")) and quantity < Decimal("0.01"):
        yield f"{path}.quantity", "must be greater than or equal to 0.01"
    if _is_number(rate := line.get("vatRate")) and (rate < 0 or rate > 100):
        bound = "less than or equal to 100" if rate > 100 else "greater than or equal to 0"
        yield f"{path}.vatRate", f"must be {bound}"
    if line.get("quantityUnit") is None:
        yield f"{path}.quantityUnit", "must not be null"
    for name, longest in (("quantityUnit", 50), ("description", 100), ("reference", 50)):
        yield from _text(line.get(name), f"{path}.{name}", longest)
    if line.get("type") is not None and line["type"] not in LINE_TYPES:
        yield f"{path}.type", f"must be one of {', '.join(LINE_TYPES)}"


def _number(value: Any, path: str, *, required: bool) -> Iterator[FieldError]:
    if value is None:
        if required:
            yield path, "must not be null"
    elif not _is_number(value):
        yield path, "must be a number"
    else:
        # Trailing zeros count for nothing: 625.00000 is a fine amount.
        figure = Decimal(value)
        exponent = figure.normalize().as_tuple().exponent
        if abs(figure) >= 10**10 or (isinstance(exponent, int) and exponent < -2):
            yield path, OUT_OF_BOUNDS


def _is_number(value: Any) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _text(value: Any, path: str, longest: int | None) -> Iterator[FieldError]:
    if value is None:
        return
    if not isinstance(value, str):
        yield path, "must be a string"
    elif longest is not None and len(value.encode("utf-16-le", "surrogatepass")) // 2 > longest:
        yield path, f"size must be between 0 and {longest}"
