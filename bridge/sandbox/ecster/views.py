"""Orders as Ecster's API shows them: plain values, ready for JSON."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from bridge.sandbox.ecster.orders import Order, Transaction
from bridge.sandbox.ecster.switches import Switches

NATIONAL_ID = "SE700101-1234"
_OFFSET = timezone(timedelta(hours=1))


def moment(when: datetime) -> str:
    """Write a time as Ecster does: to the second, with the offset of Swedish winter."""
    return when.astimezone(_OFFSET).isoformat(timespec="seconds")


def order(of: Order, merchant: str, switches: Switches) -> dict[str, object]:
    """Write the whole order, ledger included, as GET order does. There is no field for what is still open."""
    listed = [t for t in of.transactions if switches.swish_listed or not t.swish]
    ledger = [transaction(t, merchant, switches, whole=False) for t in listed]
    if switches.newest_first:
        ledger.reverse()
    return summary(of, merchant, switches) | {
        "properties": _properties(of, switches),
        "transactions": ledger,
        "tags": [],
        "localizedInfo": [],
    }


def summary(of: Order, merchant: str, switches: Switches) -> dict[str, object]:
    """Write an order as search does: without its ledger."""
    uncounted = 0 if switches.swish_counted else sum(t.amount for t in of.transactions if t.swish)
    return {
        "id": of.id,
        "merchantId": merchant,
        "status": of.status,
        "properties": {"method": of.method},
        "created": moment(of.created),
        "amount": of.amount,
        "currency": of.currency,
        "debitedAmount": of.debited,
        "creditedAmount": of.credited - uncounted,
        "orderReference": of.reference,
        "consumer": {"nationalId": NATIONAL_ID, "name": {"firstName": "Kim", "lastName": "Provköpare"}},
    }


def transaction(of: Transaction, merchant: str, switches: Switches, *, whole: bool = True) -> dict[str, object]:
    """Write a transaction: `whole` in the answer to its POST, else as GET order lists it."""
    hidden = of.type == "ANNUL" and not (switches.annulled_amount_shown or switches.partial_annul)
    shown: dict[str, object] = {
        "id": of.id,
        "type": of.type,
        "created": moment(of.created),
        "amount": 0 if hidden else of.amount,
        "rows": [row | {"quantity": _plain(row["quantity"])} for row in map(dict, of.rows)],
        "merchantId": merchant,
    }
    if of.reference and (whole or switches.references_shown):
        shown["transactionReference"] = of.reference
    if of.debit and switches.credits_name_debit:
        shown["debitTransaction"] = of.debit
    if of.message:
        shown["message"] = of.message
    if of.type == "CREDIT":
        shown["billPdfUrl"] = f"https://labs.ecster.se/bill/{of.id}.pdf"
    return shown


def _plain(quantity: object) -> object:
    return int(quantity) if isinstance(quantity, Decimal) and quantity == int(quantity) else quantity


def _properties(of: Order, switches: Switches) -> dict[str, object]:
    shown: dict[str, object] = {"method": of.method, "directDebit": of.direct_debit}
    if of.method in ("INVOICE", "PARTPAYMENT"):
        shown["submethod"] = f"{of.method}_SE_1"
    if of.fee:
        shown[switches.invoice_fee_name] = of.fee
    return shown
