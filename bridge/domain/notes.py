"""Order notes: what the shop's staff read. Plain text only: no HTML, no spaces but the plain one.

Whatever comes from outside (refusals, references, states) is neutralised and cut before it stands in a note.
A note is never the reason why a look fails: what is not known reads "?", or the sentence does without it. Only
an order in a currency that ISO 4217 does not know raises `AmountError`; a store's client lets none through.
"""

import re
from functools import lru_cache
from typing import assert_never

from babel.numbers import get_currency_symbol, get_decimal_symbol

from bridge.domain.decisions import Facts, Hold
from bridge.domain.money import AmountError, to_major
from bridge.domain.orders import Order
from bridge.domain.payments import Can, EntryKind, Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.remarks import Remark
from bridge.domain.steps import Call, Kind, Step
from bridge.domain.wording import ECSTER, wording
from bridge.domain.wording.plain import cut, plain
from bridge.domain.wording.sentences import Attention, Wording

LONGEST_NOTE = 1000
"""Characters of a note with its mark: a screenful, far below what any store refuses."""

_SYMBOL_AT_HOME = {"SEK": "kr", "NOK": "kr", "DKK": "kr"}
"""As the shop itself shows these, in whatever language; babel says "SEK" to the English."""


def money(amount: int, currency: str, language: str) -> str:
    """Return an amount (minor units) as the shop's staff read it: "800.00 kr", in Swedish "800,00 kr".

    All of the currency's decimals, no separator between thousands (as the payment plugins wrote it, and
    because some languages put a no-break space there), then the symbol, or the code where the language has
    no symbol. `language` is a language or locale as babel knows it: "en", "sv", "sv_SE". Raises `AmountError`
    for an unknown currency and `babel.UnknownLocaleError` for an unknown language.
    """
    figure = f"{to_major(amount, currency):f}"
    point, symbol = _signs(currency, language)
    return f"{figure.replace('.', point)} {symbol}"


@lru_cache(maxsize=128)
def _signs(currency: str, language: str) -> tuple[str, str]:
    """The decimal point and the currency's symbol; a note has eight amounts, and babel takes long over each."""
    symbol = _SYMBOL_AT_HOME.get(currency) or get_currency_symbol(currency, locale=language)
    return get_decimal_symbol(language), " ".join(symbol.split())  # the West African franc's has a no-break space


def done_note(
    step: Step, order: Order, payment: Payment | None, provider: str, language: str, reference: str = ""
) -> str:
    """Say that a step is done, and what is reserved and captured now.

    `payment` is as it was read after the step; `provider` as people know it ("Resurs", "Ecster"). For Ecster the
    first sentence is its plugin's own, in English, with `reference`, what the provider calls it.
    """
    words = wording(language)
    fields = _Fields(_step_fields(step, order, words), provider=plain(provider, words))
    if step.kind is Kind.CANCEL and payment is not None and payment.captured > 0:
        told = [words.leftover_released]
    elif provider == "Ecster" and step.kind in ECSTER:
        fields |= _ecster_ends(step, order, reference, words)
        told = [ECSTER[step.kind], *([] if "{amount}" in ECSTER[step.kind] else [words.amount])]
    else:
        told = [_outcome(step, order, words)]
    amounts = _amounts(payment, words)
    if payment is not None and amounts is not None and step.kind is not Kind.RESTORE_STATUS:
        fields |= amounts
        if step.kind is Kind.CAPTURE and _closed(payment) > 0:
            told.append(words.rest_released)
        told.append(words.left_after_refunds if payment.returned else words.left)
    return " ".join(template.format_map(fields) for template in told)


def hold_note(hold: Hold, order: Order, payment: Payment | None, provider: str, language: str) -> str:
    """Say in three sentences why a person is needed: what happened, what the payment shows, what to do now."""
    words = wording(language)
    fields, attention = _hold_fields(hold, order, provider, words), _attention(hold, order, payment, words)
    advice = (attention.with_approval if hold.step else "") or attention.advice
    told = (attention.happened.format_map(fields), _shown(hold, payment, fields, words), advice.format_map(fields))
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in told)


def happened(hold: Hold, order: Order, payment: Payment | None, provider: str) -> str:
    """Say in one English sentence what happened, as the first one of the note of a hold does."""
    words = wording("en")
    told = _attention(hold, order, payment, words).happened.format_map(_hold_fields(hold, order, provider, words))
    return told[:1].upper() + told[1:]


def remark_note(remark: Remark, order: Order, provider: str, language: str) -> str:
    """Say what staff are told once beside the outcomes of steps."""
    words = wording(language)
    return words.remarks[remark.topic].format_map(_fact_fields(remark.facts, order, provider, words))


def waits_note(step: Step, order: Order, provider: str, language: str) -> str:
    """Say that a step waits for a provider which does not answer, and that nobody need do anything about it."""
    words = wording(language)
    figures = _step_fields(step, order, words)
    named = (words.replacing if _replaces(step) else words.steps[step.call]).format_map(figures)
    fields = _Fields(provider=plain(provider, words), step=f"{named[:1].upper()}{named[1:]}")
    return words.waits.format_map(fields)


def marked(text: str, mark: str) -> str:
    """Return `text`, cut if need be, with the mark by which the note is found again at its very end."""
    end = f" (wc-bridge {mark})"
    return cut(text, LONGEST_NOTE - len(end)) + end


class _Fields(dict[str, str]):
    """What a template is filled with; a fact that nobody gave reads "?" (better than an order nobody hears of)."""

    def __missing__(self, name: str) -> str:
        return "?"


def _hold_fields(hold: Hold, order: Order, provider: str, words: Wording) -> _Fields:
    fields = _fact_fields(hold.facts, order, provider, words)
    if hold.step is None:
        return fields
    figures = _step_fields(hold.step, order, words)
    named = words.replacing if _replaces(hold.step) else words.steps[hold.step.call]
    return _Fields(figures | fields, step=named.format_map(figures))


def _outcome(step: Step, order: Order, words: Wording) -> str:
    match step.kind:
        case Kind.CAPTURE:
            return words.captured
        case Kind.CANCEL:
            return words.cancelled
        case Kind.REFUND if step.refund is None:
            return words.rest_refunded
        case Kind.REFUND:
            return words.part_refunded if step.amount < _whole(step, order) else words.refunded
        case Kind.MODIFY if _replaces(step):
            return words.replaced
        case Kind.MODIFY:
            return words.raised if step.call is Call.RAISE else words.lowered
        case Kind.RESTORE_STATUS:
            return words.restored
        case _:
            assert_never(step.kind)


def _attention(hold: Hold, order: Order, payment: Payment | None, words: Wording) -> Attention:
    """The sentences for a hold's reason, or those of the case of it that asks for others."""
    match hold.reason:
        case Reason.REFUSED if hold.step is not None and hold.step.call is Call.RESTORE:
            return words.not_restored
        case Reason.REFUSED if hold.step is not None and hold.step.call is Call.REFUND:
            return words.refund_refused
        case Reason.CANCELLED_BUT_CAPTURED if hold.facts.get("paid") != order.total - order.refunded:
            return words.cancelled_in_part
        case Reason.NOT_SHOWN if payment is not None and payment.state is not PaymentState.GONE:
            return words.outdated
        case Reason.PENDING_LONG if payment is not None and payment.captured > 0 and payment.reserved == 0:
            return words.pending_captured
        case Reason.CANNOT_REFUND if payment is not None and Can.REFUND in payment.can:
            return words.only_whole
        case Reason.DOUBT_OWNER if not hold.facts.get("reference"):
            return words.no_owner
        case _:
            return words.attention[Reason(hold.reason)]  # of a Bound nothing is said on the order


def _replaces(step: Step) -> bool:
    """Whether it releases the whole reservation for a new one to follow."""
    return step.kind is Kind.MODIFY and step.call is Call.RELEASE and step.everything


def _whole(step: Step, order: Order) -> int:
    """The amount of the refund that the step pays all or a part of."""
    return next((refund.amount for refund in order.refunds if refund.id == step.refund), step.amount)


def _closed(payment: Payment) -> int:
    """What was once reserved and is neither captured, released by an entry of the log, nor reserved now."""
    signs = {EntryKind.CREATE: 1, EntryKind.RAISE: 1, EntryKind.RELEASE: -1}
    asked = sum(signs.get(entry.kind, 0) * entry.amount for entry in payment.log)
    return max(0, asked - payment.captured) if payment.reserved == 0 else 0


def _step_fields(step: Step, order: Order, words: Wording) -> _Fields:
    return _Fields(
        amount=money(step.amount, order.currency, words.language),
        target=money(step.target, order.currency, words.language),
        whole=money(_whole(step, order), order.currency, words.language),
        refund=str(step.refund or "?"),
        status=_status(step.status or "", words),
    )


def _ecster_ends(step: Step, order: Order, reference: str, words: Wording) -> _Fields:
    """The ends of the sentences in `ECSTER`, each empty where there is nothing to say."""
    whole = _whole(step, order)
    of_whole = f" of {money(whole, order.currency, words.language)}" if step.amount < whole else ""
    return _Fields(
        transaction=f", transaction {plain(reference, words)}" if reference else "",
        purpose=f" for {of_whole and 'a part of '}refund {step.refund}{of_whole}" if step.refund else "",
    )


def _fact_fields(facts: Facts, order: Order, provider: str, words: Wording) -> _Fields:
    given = {name: _fact(name, value, order, words) for name, value in facts.items()}
    return _Fields({"detail": ""} | _differences(facts, order, words) | given, provider=plain(provider, words))


def _fact(name: str, value: int | str, order: Order, words: Wording) -> str:
    match name:
        case "refund":
            return str(value)
        case "detail":
            return _state(plain(str(value), words), words)
        case "reference":
            return f" ({plain(str(value), words)})"
        case "payment_currency" if value in ("", "?"):
            return words.unknown_currency
        case "said":
            said = plain(str(value), words).rstrip(". ")
            return words.findings.get(said, said) or words.unsaid
        case "before" | "after" | "status":
            return _status(str(value), words)
        case _ if isinstance(value, int):
            return money(value, order.currency, words.language)
        case _:
            return plain(str(value), words)


def _differences(facts: Facts, order: Order, words: Wording) -> dict[str, str]:
    """How far order and payment are apart, and the total with which they would agree."""
    asked, has = facts.get("asked"), facts.get("paid", facts.get("reserved"))
    if not isinstance(asked, int) or not isinstance(has, int):
        return {}
    return {
        "gap": money(abs(asked - has), order.currency, words.language),
        "right_total": money(order.total + has - asked, order.currency, words.language),
    }


def _state(said: str, words: Wording) -> str:
    """What is said of a payment's state ("REJECTED: CREDIT_DENIED"), explained as far as we know the words."""
    parts = re.split(r"[:,] ", said)
    if states := [words.states[word] for word in parts if word in words.states]:
        return f": {states[-1]} ({said})"
    if findings := [words.findings[word] for word in parts if word in words.findings]:
        return f": {findings[-1]}"
    return f" ({said})" if said else ""


def _status(status: str, words: Wording) -> str:
    """An order status as the shop shows it; one that is not WooCommerce's own by its slug."""
    return words.statuses.get(status) or plain(status, words)


def _amounts(payment: Payment | None, words: Wording) -> _Fields | None:
    """What the payment shows, in its own currency; None where its amounts are not known."""
    if payment is None or payment.state is PaymentState.GONE:
        return None
    figures = {
        "reserved": payment.reserved,
        "captured": payment.captured,
        "returned": payment.returned,
        "net": payment.net,
        "rest": _closed(payment),
    }
    try:
        return _Fields({name: money(figure, payment.currency, words.language) for name, figure in figures.items()})
    except AmountError:
        return None


def _shown(hold: Hold, payment: Payment | None, fields: _Fields, words: Wording) -> str:
    amounts = _amounts(payment, words)
    if amounts is None:
        return words.not_shown.format_map(fields)
    limit = words.limited.format_map(fields) if "limit" in hold.facts else ""
    return words.shown.format_map(_Fields(amounts, provider=fields["provider"], limit=limit))
