"""Request bodies: read as leniently as Ecster's clients need, and no float anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import simplejson

from bridge.sandbox.ecster.orders import Problem, Refusal
from bridge.sandbox.ecster.switches import Switches

Rows = tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRequest:
    type: str
    amount: int | None
    rows: Rows
    reference: str
    debit: str
    close: bool
    message: str


def body(text: str) -> Mapping[str, object]:
    """Decode a JSON object. Raises Refusal for anything else."""
    try:
        decoded = simplejson.loads(text, use_decimal=True)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        raise Refusal(Problem.INVALID, "The body must be a JSON object")
    return decoded


def transaction(fields: Mapping[str, object], switches: Switches) -> TransactionRequest:
    """Read the body of POST transactions: numeric strings and whole floats are numbers too."""
    word = string(fields, "type")
    kind = "ANNUL" if word == "ANNULL" and switches.annull_accepted else word
    if kind not in ("DEBIT", "CREDIT", "ANNUL"):
        raise Refusal(Problem.INVALID, "type must be DEBIT, CREDIT or ANNUL")
    read = rows(fields.get("rows"), switches)
    total = None if fields.get("amount") is None else amount(fields)
    if total is None and kind != "ANNUL":
        raise Refusal(Problem.INVALID, "amount is missing")
    if kind != "ANNUL" and switches.rows_wanted and not read:
        raise Refusal(Problem.INVALID, "rows are missing")
    if switches.row_sum_checked and read and kind != "ANNUL" and row_sum(read) != total:
        raise Refusal(Problem.INVALID, "The rows do not add up to amount")
    return TransactionRequest(
        type=kind,
        amount=total,
        rows=read,
        reference=string(fields, "transactionReference"),
        debit=string(fields, "debitTransaction"),
        close=fields.get("closeDebit") is True,
        message=string(fields, "message"),
    )


def amount(fields: Mapping[str, object]) -> int:
    """Read `amount`: whole minor units."""
    return _whole(fields.get("amount"), "amount", rounded=False)


def string(fields: Mapping[str, object], name: str) -> str:
    """Read an optional text; clients send integers for references too."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise Refusal(Problem.INVALID, f"{name} must be text")
    return "" if value is None else str(value)


def rows(value: object, switches: Switches) -> Rows:
    """Read rows into what GET order shows of them."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Refusal(Problem.INVALID, "rows must be a list")
    return tuple(_row(row, switches) for row in value)


def row_sum(of: Rows) -> Decimal:
    """Return the sum of unitAmount x quantity - discountAmount, minor units."""
    return sum(
        (
            Decimal(str(r["unitAmount"])) * Decimal(str(r["quantity"])) - Decimal(str(r["discountAmount"]))
            for r in of
        ),
        start=Decimal(0),
    )


def _row(value: object, switches: Switches) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Refusal(Problem.INVALID, "A row must be an object")
    name, part_number = string(value, "name"), string(value, "partNumber")
    if not name or len(part_number) > 32:
        raise Refusal(Problem.INVALID, "A row needs a name, and a partNumber of at most 32 characters")
    rounded = switches.fractions_rounded
    read: dict[str, object] = {
        "name": name,
        "quantity": _number(value.get("quantity"), "quantity"),
        "unitAmount": _whole(value.get("unitAmount"), "unitAmount", rounded=rounded),
        "vatRate": _whole(value.get("vatRate"), "vatRate", rounded=rounded),
        "discountAmount": _whole(value.get("discountAmount", 0), "discountAmount", rounded=rounded),
        "serials": [],
        "fee": value.get("fee") is True,
    }
    return read | ({"partNumber": part_number} if part_number else {})


def _number(value: object, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Refusal(Problem.INVALID, f"{name} must be a number")
    try:
        figure = Decimal(value)
    except InvalidOperation:
        raise Refusal(Problem.INVALID, f"{name} must be a number") from None
    if not figure.is_finite() or not -(10**15) <= figure <= 10**15:
        raise Refusal(Problem.INVALID, f"{name} is out of range")
    return figure


def _whole(value: object, name: str, *, rounded: bool) -> int:
    figure = _number(value, name)
    if rounded:
        figure = figure.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if figure != int(figure):
        raise Refusal(Problem.INVALID, f"{name} must be a whole number")
    return int(figure)
