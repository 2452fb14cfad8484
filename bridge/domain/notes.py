"""Order notes: what the shop's staff read. Plain text only: no HTML, no spaces but the plain one.

Whatever comes from outside (refusals, references, states) is neutralised and cut before it stands in a note.
A note is never the reason why a look fails: what is not known reads "?", or the sentence does without it. Only
an order in a currency that ISO 4217 does not know raises `AmountError`; a store's client lets none through.
"""

import unicodedata
from typing import assert_never

from babel.numbers import format_decimal, get_currency_symbol

from bridge.domain.decisions import Facts, Hold
from bridge.domain.looks import Remark
from bridge.domain.money import AmountError, decimals, to_major
from bridge.domain.orders import Order
from bridge.domain.payments import Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.steps import EFFECT, Call, Kind, Step
from bridge.domain.wording import ECSTER, wording
from bridge.domain.wording.sentences import Wording

LONGEST_NOTE = 1000
"""Characters of a note with its mark: a screenful, far below what any store refuses."""
LONGEST_INSERT = 200
"""Characters of any text that is not ours, such as a provider's refusal."""

_SYMBOL_AT_HOME = {"SEK": "kr", "NOK": "kr", "DKK": "kr"}
"""As the shop itself shows these, in whatever language; babel says "SEK" to the English."""


def money(amount: int, currency: str, language: str) -> str:
    """Return an amount (minor units) as the shop's staff read it: "800.00 kr", in Swedish "800,00 kr".

    All of the currency's decimals, no separator between thousands (as the payment plugins wrote it, and
    because some languages put a no-break space there), then the symbol, or the code where the language has
    no symbol. `language` is a language or locale as babel knows it: "en", "sv", "sv_SE". Raises `AmountError`
    for an unknown currency and `babel.UnknownLocaleError` for an unknown language.
    """
    places = decimals(currency)
    pattern = f"0.{'0' * places}" if places else "0"
    figure = format_decimal(to_major(amount, currency), format=pattern, locale=language)
    symbol = _SYMBOL_AT_HOME.get(currency) or get_currency_symbol(currency, locale=language)
    return " ".join([figure, *symbol.split()])  # the West African franc's symbol has a no-break space


def done_note(step: Step, order: Order, payment: Payment | None, provider: str, language: str) -> str:
    """Say that a step is done, and what is reserved and captured now.

    `payment` is as it was read after the step; `provider` as people know it ("Resurs", "Ecster"). For Ecster the
    first sentence is its plugin's own, in English, with the id of the log entry that bears the step's key.
    """
    words = wording(language)
    fields = _Fields(_step_fields(step, order, words), provider=_plain(provider, words))
    if provider == "Ecster" and step.kind in ECSTER:
        entry = payment.entry(EFFECT[step.call], step.key) if payment else None
        fields["transaction"] = f", transaction {_plain(entry.id, words)}" if entry else ""
        fields["refund"] = f" for refund {step.refund}" if step.refund else ""
        told = [ECSTER[step.kind], *([] if "{amount}" in ECSTER[step.kind] else [words.amount])]
    else:
        told = [_outcome(step, words)]
    sentences = [template.format_map(fields) for template in told]
    if step.kind is not Kind.RESTORE_STATUS:
        sentences += _left(payment, words)
    return " ".join(sentences)


def hold_note(hold: Hold, order: Order, payment: Payment | None, provider: str, language: str) -> str:
    """Say in three sentences why a person is needed: what happened, what the payment shows, what to do now."""
    words = wording(language)
    fields = _Fields(_fact_fields(hold.facts, order, words), provider=_plain(provider, words))
    fields |= _differences(hold.facts, order, words)
    if hold.step is not None:
        figures = _step_fields(hold.step, order, words)
        fields = _Fields(figures | fields, step=words.steps[hold.step.call].format_map(figures))
    attention = words.attention[hold.reason]
    if hold.reason is Reason.REFUSED and hold.step is not None and hold.step.call is Call.RESTORE:
        attention = words.not_restored
    advice = (attention.with_approval if hold.step else "") or attention.advice
    told = (attention.happened.format_map(fields), _shown(hold, payment, fields, words), advice.format_map(fields))
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in told)


def remark_note(remark: Remark, order: Order, provider: str, language: str) -> str:
    """Say what staff are told once beside the outcomes of steps."""
    words = wording(language)
    fields = _Fields(_fact_fields(remark.facts, order, words), provider=_plain(provider, words))
    return words.remarks[remark.topic].format_map(fields)


def marked(text: str, mark: str) -> str:
    """Return `text`, cut if need be, with the mark by which the note is found again at its very end."""
    end = f" (wc-bridge {mark})"
    return _cut(text, LONGEST_NOTE - len(end)) + end


class _Fields(dict[str, str]):
    """What a template is filled with; a fact that nobody gave reads "?" (better than an order nobody hears of)."""

    def __missing__(self, name: str) -> str:
        return "?"


def _outcome(step: Step, words: Wording) -> str:
    match step.kind:
        case Kind.CAPTURE:
            return words.captured
        case Kind.CANCEL:
            return words.cancelled
        case Kind.REFUND:
            return words.refunded if step.refund else words.rest_refunded
        case Kind.MODIFY:
            return words.raised if step.call is Call.RAISE else words.lowered
        case Kind.RESTORE_STATUS:
            return words.restored
        case _:
            assert_never(step.kind)


def _step_fields(step: Step, order: Order, words: Wording) -> _Fields:
    return _Fields(
        amount=money(step.amount, order.currency, words.language),
        target=money(step.target, order.currency, words.language),
        refund=str(step.refund or "?"),
        status=_status(step.status or "", words),
    )


def _fact_fields(facts: Facts, order: Order, words: Wording) -> dict[str, str]:
    return {name: _fact(name, value, order, words) for name, value in facts.items()}


def _fact(name: str, value: int | str, order: Order, words: Wording) -> str:
    match name:
        case "refund":
            return str(value)
        case "detail" | "reference":
            said = _plain(str(value), words)
            return f" ({said})" if said else ""
        case "said":
            return _plain(str(value), words).rstrip(". ") or words.unsaid
        case "before" | "after":
            return _status(str(value), words)
        case _ if isinstance(value, int):
            return money(value, order.currency, words.language)
        case _:
            return _plain(str(value), words)


def _differences(facts: Facts, order: Order, words: Wording) -> dict[str, str]:
    """How far order and payment are apart, and the total with which they would agree."""
    asked, has = facts.get("asked"), facts.get("paid", facts.get("reserved"))
    if not isinstance(asked, int) or not isinstance(has, int):
        return {}
    return {
        "gap": money(abs(asked - has), order.currency, words.language),
        "right_total": money(order.total + has - asked, order.currency, words.language),
    }


def _status(status: str, words: Wording) -> str:
    """An order status as the shop shows it; one that is not WooCommerce's own by its slug."""
    return words.statuses.get(status) or _plain(status, words)


def _amounts(payment: Payment | None, words: Wording) -> _Fields | None:
    """What the payment shows, in its own currency; None where its amounts are not known."""
    if payment is None or payment.state is PaymentState.GONE:
        return None
    figures = {
        "reserved": payment.reserved,
        "captured": payment.captured,
        "returned": payment.returned,
        "net": payment.net,
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


def _left(payment: Payment | None, words: Wording) -> list[str]:
    amounts = _amounts(payment, words)
    if payment is None or amounts is None:
        return []
    return [(words.left_after_refunds if payment.returned else words.left).format_map(amounts)]


def _plain(text: str, words: Wording) -> str:
    """Text from outside in one line, without anything that a shop would render or a terminal would obey."""
    text = text.replace("<", "‹").replace(">", "›").replace("&", f" {words.ampersand} ")
    text = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
    return _cut(" ".join(text.split()), LONGEST_INSERT)


def _cut(text: str, most: int) -> str:
    """At most so many characters, never parting a letter from its accents."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > 0 and unicodedata.category(text[end]).startswith("M"):
        end -= 1
    return f"{text[:end].rstrip()}…"
