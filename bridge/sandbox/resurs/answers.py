"""JSON as the API writes it: amounts as numbers with five decimals, errors in one of three shapes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import simplejson
from aiohttp import web

from bridge.sandbox.resurs.ledger import Account, Action, Refusal
from bridge.sandbox.resurs.lines import Line
from bridge.sandbox.resurs.switches import FieldErrors, Stamps, Switches

_FIVE = Decimal("0.00001")


def answer(body: Any, status: int = 200) -> web.Response:
    text = simplejson.dumps(body, use_decimal=True)
    return web.Response(text=text, status=status, content_type="application/json")


def payment(account: Account, store_id: str, switches: Switches, now: datetime) -> dict[str, Any]:
    """The whole payment, as GET and the management calls return it."""
    body: dict[str, Any] = {
        "id": account.id,
        "created": stamp(account.created, switches),
        "storeId": store_id,
        "status": account.status,
        "countryCode": account.country,
        "paymentMethod": {"name": account.method},
        "customer": account.customer,
        "metadata": account.metadata,
        "order": {
            "orderReference": account.reference,
            "totalOrderAmount": _five(account.total),
            "authorizedAmount": _five(account.authorized),
            "capturedAmount": _five(account.captured),
            "refundedAmount": _five(account.refunded),
            "canceledAmount": _five(account.canceled),
            "possibleActions": [{"action": name} for name in account.possible_actions(switches, now)],
            "actionLog": [action(entry, switches) for entry in account.log],
        },
    }
    if account.rejected:
        body["rejectedReason"] = {"category": account.rejected}
    if not account.external:
        body["application"] = {
            "requestedCreditLimit": _five(account.requested_limit),
            "approvedCreditLimit": None if account.limit is None else _five(account.limit),
            "reference": 123456,
        }
    if account.unsigned:
        body["taskRedirectionUrls"] = {"customerUrl": customer_url(account)}
    return body


def customer_url(account: Account) -> str:
    return f"https://customer.resurs.example/{account.id}"


def found(whole: Mapping[str, Any]) -> dict[str, Any]:
    """A payment as search shows it: without `application` and `countryCode`."""
    return {name: value for name, value in whole.items() if name not in ("application", "countryCode")}


def action(entry: Action, switches: Switches) -> dict[str, Any]:
    return {
        "actionId": entry.id,
        "type": entry.type,
        "created": stamp(entry.created, switches),
        "orderLines": [_line(line) for line in entry.lines],
        "transactionId": entry.transaction_id,
        "creator": entry.creator,
    }


def error(refusal: Refusal, trace: str, switches: Switches, now: datetime) -> web.Response:
    body: dict[str, Any] = {
        "traceId": trace,
        "code": refusal.code,
        "message": refusal.message,
        "timestamp": stamp(now, switches),
    }
    if refusal.fields:
        match switches.field_errors:
            case FieldErrors.PARAMETERS:
                body["parameters"] = dict(refusal.fields)
            case FieldErrors.MAP:
                body["validationErrors"] = dict(refusal.fields)
            case FieldErrors.LIST:
                body["validationErrors"] = [
                    {"fieldName": name, "message": message} for name, message in refusal.fields
                ]
    return answer(body, refusal.status)


def stamp(moment: datetime, switches: Switches) -> str:
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    match switches.stamps:
        case Stamps.ZONED:
            return utc.isoformat(timespec="milliseconds") + "Z"
        case Stamps.NAIVE:
            return utc.isoformat(timespec="milliseconds")
        case Stamps.NANO:
            return utc.isoformat(timespec="microseconds") + "789"
        case Stamps.WHOLE:
            return utc.isoformat(timespec="seconds") + "Z"


def _line(line: Line) -> dict[str, Any]:
    body: dict[str, Any] = {
        "description": line.description,
        "reference": line.reference,
        "type": line.type,
        "quantity": _five(line.quantity),
        "quantityUnit": line.unit,
        "vatRate": _five(line.vat_rate),
        "totalAmountIncludingVat": _five(line.total),
    }
    if line.unit_amount is not None:
        body["unitAmountIncludingVat"] = _five(line.unit_amount)
    if line.vat is not None:
        body["totalVatAmount"] = _five(line.vat)
    return body


def _five(amount: Decimal) -> Decimal:
    return Decimal(amount).quantize(_FIVE)
