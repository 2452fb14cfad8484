"""Ecster's JSON as far as it is used. Lenient about what is not; names and addresses are never taken in.

Amounts are integers in minor units. Clients of Ecster have sent numeric strings and whole floats, so these
are read too; a fraction of a minor unit is not.
"""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, NonNegativeInt
from pydantic.alias_generators import to_camel

_TOO_MUCH = 10**15
_LONGEST_REASON = 200
_PERSONAL = re.compile(r"\S+@\S+|\d{6,8}[-+ ]?\d{4}")
"""E-mail addresses and national ids: staff's notes are no place for them."""


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic reports ValueError, and lets TypeError through
    try:
        figure = Decimal(value)
    except InvalidOperation:
        raise ValueError("not a number") from None
    # Compared, not computed with: arithmetic on an absurd exponent would raise something else than ValueError.
    if not figure.is_finite() or not -_TOO_MUCH <= figure <= _TOO_MUCH or figure != int(figure):
        raise ValueError("not a whole number of minor units")
    return int(figure)


def _text(value: object) -> object:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else value


def _moment(value: object) -> datetime | None:
    """A time without an offset could mean any zone: better none than a wrong one."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


Whole = Annotated[int, BeforeValidator(_whole)]
Minor = Annotated[NonNegativeInt, BeforeValidator(_whole)]
Text = Annotated[str, BeforeValidator(_text)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


class Transaction(_Wire):
    id: str
    type: str
    """ORIGINAL, DEBIT, CREDIT or ANNUL."""
    amount: Whole = 0
    """Of an ANNUL it is 0, whatever was released."""
    created: Moment = None
    transaction_reference: Text = ""
    debit_transaction: Text = ""
    """On a CREDIT: the DEBIT it belongs to. No sample shows it."""


class Properties(_Wire):
    method: Text = ""
    invoice_fee: Minor = 0
    start_fee: Minor = 0
    """Either name has been seen for what Ecster adds on its own; both stand for the same fee."""


class Order(_Wire):
    """An answer of GET order. Without its ledger it would say nothing reliable, so that is required."""

    id: str
    status: str
    currency: str
    amount: Minor
    """What was asked for originally, Ecster's invoice or start fee included."""
    debited_amount: Minor = 0
    credited_amount: Whole = 0
    order_reference: Text = ""
    properties: Properties = Properties()
    transactions: tuple[Transaction, ...]


class Created(_Wire):
    """An answer of POST transactions."""

    order_status: Text = ""
    transaction: Transaction


class Problem(_Wire):
    """The flat object that comes with an error; some gateways before Ecster say `error` instead."""

    code: Text = ""
    type: Text = ""
    message: Text = ""
    error: Text = ""


def plain(text: str) -> str:
    """What Ecster says, in one line that may be shown to staff: nothing personal, and not long."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    said = _PERSONAL.sub("…", " ".join(printable.split())).rstrip(".")
    return said if len(said) <= _LONGEST_REASON else said[: _LONGEST_REASON - 1] + "…"
