"""What the shop's staff read: amounts, outcomes, and what to do when a person is needed."""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from string import Formatter

import pytest
from babel import UnknownLocaleError
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.decisions import Facts, Hold
from bridge.domain.looks import Remark, Topics
from bridge.domain.money import AmountError
from bridge.domain.notes import LONGEST_NOTE, done_note, hold_note, marked, money, remark_note
from bridge.domain.orders import Order
from bridge.domain.payments import Entry, EntryKind, Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.steps import Call, Kind, Step
from bridge.domain.wording.english import ENGLISH
from bridge.domain.wording.swedish import SWEDISH
from tests.strategies import DAY, currencies


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (80000, "SEK", "en", "800.00 kr"),
        (80000, "SEK", "sv", "800,00 kr"),
        (80000, "SEK", "sv_SE", "800,00 kr"),
        (304500, "SEK", "sv", "3045,00 kr"),
        (123456789, "SEK", "en", "1234567.89 kr"),
        (5, "SEK", "en", "0.05 kr"),
        (0, "SEK", "sv", "0,00 kr"),
        (80000, "NOK", "sv", "800,00 kr"),
        (80000, "DKK", "en", "800.00 kr"),
        (80000, "EUR", "en", "800.00 €"),
        (80000, "EUR", "sv", "800,00 €"),
        (800, "JPY", "en", "800 ¥"),
        (800123, "KWD", "en", "800.123 KWD"),
        (800123, "IQD", "en", "800.123 IQD"),
        (800, "XOF", "en", "800 F CFA"),
    ],
)
def test_amounts_read_as_the_shop_writes_them(amount: int, currency: str, language: str, text: str) -> None:
    """ISO 4217 decides the decimals: babel would show the Iraqi dinar without any."""
    assert money(amount, currency, language) == text


@given(st.integers(0, 10**15), currencies, st.sampled_from(("en", "sv")))
def test_every_digit_stands_and_the_only_space_is_plain(amount: int, currency: str, language: str) -> None:
    figure, symbol = money(amount, currency, language).split(" ")
    assert int("".join(filter(str.isdigit, figure))) == amount
    assert not any(character.isspace() or character in "<>&;" for character in figure + symbol)


def test_an_unknown_currency_or_language_is_an_error() -> None:
    with pytest.raises(AmountError):
        money(1, "XXQ", "en")
    with pytest.raises(UnknownLocaleError):
        money(1, "SEK", "tlh")


ORDER = Order(
    id=1042,
    number="1042",
    status="completed",
    currency="SEK",
    total=80000,
    created=DAY,
    modified=DAY,
    paid=DAY,
    payment_method="ecster",
    transaction_id="",
)
PAYMENT = Payment(
    id="p1",
    reference="1042",
    currency="SEK",
    state=PaymentState.READY,
    detail="",
    reserved=30100,
    captured=50200,
    returned=10300,
    limit=None,
    can=frozenset(),
    log=(
        Entry(id="T-1", kind=EntryKind.CAPTURE, amount=20000, key="1042C20000", created=DAY),
        Entry(id="T-2", kind=EntryKind.CAPTURE, amount=80000, key="1042C80000", created=DAY),
        Entry(id="T-3", kind=EntryKind.RETURN, amount=12500, key="1042R1077", created=DAY),
    ),
)
ALL_CAPTURED = replace(PAYMENT, reserved=0, captured=80000, returned=0)
PART_REFUNDED = replace(PAYMENT, reserved=0, captured=80000, returned=12500)
NOTHING = replace(PAYMENT, reserved=0, captured=0, returned=0)
OPEN = replace(PAYMENT, reserved=70000, captured=0, returned=0)


def step(kind: Kind, call: Call, amount: int, target: int, key: str = "1042V1", **more: object) -> Step:
    plain = Step(kind=kind, call=call, key=key, amount=amount, target=target, why="a story")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields of Step by name


CAPTURE = step(Kind.CAPTURE, Call.CAPTURE, 80000, 80000, "1042C80000")
CANCEL = step(Kind.CANCEL, Call.RELEASE, 80000, 0)
REFUND = step(Kind.REFUND, Call.REFUND, 12500, 12500, "1042R1077", refund=1077)
REST = step(Kind.REFUND, Call.REFUND, 12500, 12500, "1042R0")
LOWER = step(Kind.MODIFY, Call.RELEASE, 10000, 70000)
RAISE = step(Kind.MODIFY, Call.RAISE, 10000, 90000)
RESTORE = step(Kind.RESTORE_STATUS, Call.RESTORE, 0, 0, "1042S20261121", status="completed")

OUTCOMES = [
    (
        CAPTURE,
        ALL_CAPTURED,
        "Resurs",
        "Resurs: successfully captured 800.00 kr. Now 0.00 kr is reserved and 800.00 kr captured.",
        "Resurs: 800,00 kr har debiterats. Nu är 0,00 kr reserverat och 800,00 kr debiterat.",
    ),
    (
        CANCEL,
        NOTHING,
        "Resurs",
        "Resurs: successfully cancelled 800.00 kr. Now 0.00 kr is reserved and 0.00 kr captured.",
        "Resurs: 800,00 kr har annullerats. Nu är 0,00 kr reserverat och 0,00 kr debiterat.",
    ),
    (
        REFUND,
        PART_REFUNDED,
        "Resurs",
        (
            "Resurs: successfully refunded 125.00 kr (refund 1077). "
            "Now 0.00 kr is reserved and 675.00 kr captured after refunds."
        ),
        (
            "Resurs: 125,00 kr har återbetalats (återbetalning 1077). "
            "Nu är 0,00 kr reserverat och 675,00 kr debiterat efter återbetalningar."
        ),
    ),
    (
        REST,
        None,
        "Resurs",
        "Resurs: successfully refunded 125.00 kr (the rest of the order).",
        "Resurs: 125,00 kr har återbetalats (resten av ordern).",
    ),
    (
        LOWER,
        OPEN,
        "Resurs",
        (
            "Resurs: successfully updated payment to 700.00 kr reserved (100.00 kr released). "
            "Now 700.00 kr is reserved and 0.00 kr captured."
        ),
        (
            "Resurs: betalningen har uppdaterats till 700,00 kr reserverat (100,00 kr annullerat). "
            "Nu är 700,00 kr reserverat och 0,00 kr debiterat."
        ),
    ),
    (
        RAISE,
        None,
        "Resurs",
        "Resurs: successfully updated payment to 900.00 kr reserved (100.00 kr added).",
        "Resurs: betalningen har uppdaterats till 900,00 kr reserverat (100,00 kr tillagt).",
    ),
    (
        CAPTURE,
        ALL_CAPTURED,
        "Ecster",
        (
            "Ecster payment debited, transaction T-2. Amount: 800.00 kr. "
            "Now 0.00 kr is reserved and 800.00 kr captured."
        ),
        (
            "Ecster payment debited, transaction T-2. Belopp: 800,00 kr. "
            "Nu är 0,00 kr reserverat och 800,00 kr debiterat."
        ),
    ),
    (
        CAPTURE,
        None,
        "Ecster",
        "Ecster payment debited. Amount: 800.00 kr.",
        "Ecster payment debited. Belopp: 800,00 kr.",
    ),
    (
        CANCEL,
        NOTHING,
        "Ecster",
        (
            "Ecster payment was successfully cancelled. Amount: 800.00 kr. "
            "Now 0.00 kr is reserved and 0.00 kr captured."
        ),
        (
            "Ecster payment was successfully cancelled. Belopp: 800,00 kr. "
            "Nu är 0,00 kr reserverat och 0,00 kr debiterat."
        ),
    ),
    (
        REFUND,
        PART_REFUNDED,
        "Ecster",
        (
            "Ecster order credited with 125.00 kr for refund 1077, transaction T-3. "
            "Now 0.00 kr is reserved and 675.00 kr captured after refunds."
        ),
        (
            "Ecster order credited with 125,00 kr for refund 1077, transaction T-3. "
            "Nu är 0,00 kr reserverat och 675,00 kr debiterat efter återbetalningar."
        ),
    ),
    (
        RESTORE,
        ALL_CAPTURED,
        "Ecster",
        (
            "The order was put back to “Completed”: it is closed, and another status moves no money at Ecster. "
            "To change it, make a refund or a new order."
        ),
        (
            "Ordern har satts tillbaka till ”Färdigbehandlad”: den är avslutad, och en annan status flyttar inga "
            "pengar hos Ecster. Gör en återbetalning eller en ny order om något ska ändras."
        ),
    ),
]


@pytest.mark.parametrize(("done", "payment", "provider", "english", "swedish"), OUTCOMES)
def test_an_outcome_reads_as_staff_know_it(
    done: Step, payment: Payment | None, provider: str, english: str, swedish: str
) -> None:
    assert done_note(done, ORDER, payment, provider, "en") == english
    assert done_note(done, ORDER, payment, provider, "sv") == swedish


@pytest.mark.parametrize(
    "payment", [replace(PAYMENT, state=PaymentState.GONE), replace(PAYMENT, currency="?"), None]
)
def test_no_amounts_are_told_of_a_payment_whose_amounts_are_not_known(payment: Payment | None) -> None:
    assert done_note(CAPTURE, ORDER, payment, "Resurs", "en") == "Resurs: successfully captured 800.00 kr."
    note = hold_note(Hold(Reason.NO_MONEY, {"asked": 80000}), ORDER, payment, "Resurs", "en")
    assert "Resurs shows no amounts for the payment." in note
    assert re.findall(r"[\d.]+ kr", note) == ["800.00 kr"]


@pytest.mark.parametrize("language", ["tlh", "", "de_DE", "en-GB", "svenska"])
def test_an_unknown_language_gets_english(language: str) -> None:
    assert done_note(CAPTURE, ORDER, None, "Resurs", language).startswith("Resurs: successfully captured")


@pytest.mark.parametrize("language", ["sv", "sv_SE", "sv-SE", "SV"])
def test_a_swedish_locale_gets_swedish(language: str) -> None:
    assert done_note(CAPTURE, ORDER, None, "Resurs", language) == "Resurs: 800,00 kr har debiterats."


HELD: Mapping[Reason, tuple[Facts, Step | None]] = {
    Reason.NO_MONEY: ({"asked": 80000, "reserved": 0, "limit": 90000}, None),
    Reason.LESS_RESERVED: (
        {"asked": 40000, "reserved": 30100, "limit": 90000},
        replace(CAPTURE, amount=30100),
    ),
    Reason.MORE_RESERVED: ({"asked": 20000, "reserved": 30100}, LOWER),
    Reason.CANNOT_CHANGE: ({"asked": 20000, "reserved": 30100}, None),
    Reason.UNDERPAID: ({"asked": 50000, "paid": 39900}, None),
    Reason.OVERPAID: ({"asked": 20000, "paid": 39900}, None),
    Reason.CANCELLED_BUT_CAPTURED: ({"paid": 39900}, None),
    Reason.REFUNDED_NOT_ALL: ({"asked": 20000, "paid": 39900, "reserved": 30100}, replace(CANCEL, amount=30100)),
    Reason.REFUND_TOO_LARGE: ({"amount": 12500, "left": 2500}, replace(REFUND, amount=2500)),
    Reason.SHOP_SAYS_PAID: ({"amount": 12500}, REFUND),
    Reason.OLD_REFUND: ({"amount": 12500}, REFUND),
    Reason.UNMATCHED_RETURN: ({"amount": 12500}, None),
    Reason.PENDING_LONG: ({"detail": "FROZEN"}, None),
    Reason.NOT_SHOWN: ({"detail": "not found"}, None),
    Reason.UNPAID_BUT_RESERVED: ({"reserved": 30100, "paid": 39900}, None),
    Reason.TRASHED: ({"reserved": 30100}, None),
    Reason.DOUBT_CURRENCY: ({"currency": "SEK", "payment_currency": "NOK"}, None),
    Reason.DOUBT_OWNER: ({"reference": "1043"}, None),
    Reason.DOUBT_ID: ({}, None),
    Reason.REFUSED: ({"said": "The order is locked"}, CAPTURE),
    Reason.NOT_SEEN: ({"amount": 80000}, CAPTURE),
    Reason.SHADOWED: ({"amount": 80000}, CAPTURE),
    Reason.BASELINE_RESERVED: ({"asked": 80000, "reserved": 30100}, None),
}
"""The facts of `Reason`'s own docstrings, with the step that such a hold has."""

UNSAID = {Reason.NO_MONEY: {"reserved"}, Reason.REFUNDED_NOT_ALL: {"paid", "reserved"}}
"""Facts that the second sentence tells instead, from the payment."""


HOLDS = [
    *(Hold(reason, facts, held) for reason, (facts, held) in HELD.items()),
    Hold(Reason.NO_MONEY, {"asked": 80000, "reserved": 0, "limit": 90000}, RAISE),
    Hold(Reason.LESS_RESERVED, {"asked": 40000, "reserved": 30100}, RAISE),
    Hold(Reason.LESS_RESERVED, {"asked": 40000, "reserved": 30100}),
    Hold(Reason.MORE_RESERVED, {"asked": 20000, "reserved": 30100}),
    Hold(Reason.REFUNDED_NOT_ALL, {"asked": 20000, "paid": 39900, "reserved": 0}, REST),
    Hold(Reason.REFUNDED_NOT_ALL, {"asked": 20000, "paid": 39900, "reserved": 30100}),
    Hold(Reason.REFUSED, {"said": "The order is locked"}, RESTORE),
]


def test_every_reason_is_tried() -> None:
    assert HELD.keys() == set(Reason)


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("hold", HOLDS)
def test_a_hold_is_three_sentences_with_its_figures(hold: Hold, language: str) -> None:
    note = hold_note(hold, ORDER, PAYMENT, "Resurs", language)
    happened, shows, advice = re.split(r"(?<=\.) ", note)
    assert all(len(sentence) < 150 for sentence in (happened, shows, advice))
    assert not re.search(r"[<>&{}?\n]", note)
    for figure in (PAYMENT.reserved, PAYMENT.captured, PAYMENT.returned):
        assert money(figure, "SEK", language) in shows
    for name, value in hold.facts.items():
        if name not in UNSAID.get(hold.reason, set()):
            assert (money(value, "SEK", language) if isinstance(value, int) else value) in note


@pytest.mark.parametrize("reason", Reason)
def test_no_sentence_of_a_hold_is_left_in_the_other_language(reason: Reason) -> None:
    hold = Hold(reason, *HELD[reason])
    pair = (hold_note(hold, ORDER, PAYMENT, "Resurs", language) for language in ("en", "sv"))
    english, swedish = (set(re.split(r"(?<=\.) ", note)) for note in pair)
    assert not english & swedish


@pytest.mark.parametrize(
    ("reason", "payment", "english", "swedish"),
    [
        (
            Reason.NO_MONEY,
            NOTHING,
            (
                "No money is secured for this order, which asks for 800.00 kr. "
                "Resurs shows 0.00 kr reserved, 0.00 kr captured and 0.00 kr refunded, with a limit of 900.00 kr. "
                "Do not ship: the customer has to pay in another way."
            ),
            (
                "Inga pengar är säkrade för ordern, som kräver 800,00 kr. "
                "Resurs visar 0,00 kr reserverat, 0,00 kr debiterat och 0,00 kr återbetalat, "
                "med en gräns på 900,00 kr. "
                "Skicka inte varorna: kunden måste betala på annat sätt."
            ),
        ),
        (
            Reason.LESS_RESERVED,
            PAYMENT,
            (
                "400.00 kr of the order is still to be captured, but only 301.00 kr is reserved. "
                "Resurs shows 301.00 kr reserved, 502.00 kr captured and 103.00 kr refunded, "
                "with a limit of 900.00 kr. Do not ship yet: lower the order's total by 99.00 kr, "
                "or ask the administrator to approve a capture of 301.00 kr."
            ),
            (
                "400,00 kr av ordern återstår att debitera, men bara 301,00 kr är reserverat. "
                "Resurs visar 301,00 kr reserverat, 502,00 kr debiterat och 103,00 kr återbetalat, "
                "med en gräns på 900,00 kr. Skicka inte varorna än: sänk orderns summa med 99,00 kr, "
                "eller be administratören godkänna en debitering av 301,00 kr."
            ),
        ),
        (
            Reason.OVERPAID,
            PAYMENT,
            (
                "The customer is charged 399.00 kr, but the order asks for only 200.00 kr. "
                "Resurs shows 301.00 kr reserved, 502.00 kr captured and 103.00 kr refunded. "
                "Set the order's total to 999.00 kr, then make a refund of 199.00 kr in the shop."
            ),
            (
                "Kunden har debiterats 399,00 kr, men ordern kräver bara 200,00 kr. "
                "Resurs visar 301,00 kr reserverat, 502,00 kr debiterat och 103,00 kr återbetalat. "
                "Sätt orderns summa till 999,00 kr och gör sedan en återbetalning på 199,00 kr i butiken."
            ),
        ),
        (
            Reason.REFUSED,
            OPEN,
            (
                "Resurs refused a capture of 800.00 kr: “The order is locked”. "
                "Resurs shows 700.00 kr reserved, 0.00 kr captured and 0.00 kr refunded. "
                "Do it in the Resurs portal, or ask the administrator to try again; ship only what is captured."
            ),
            (
                "Resurs nekade en debitering av 800,00 kr: ”The order is locked”. "
                "Resurs visar 700,00 kr reserverat, 0,00 kr debiterat och 0,00 kr återbetalat. "
                "Gör det i portalen hos Resurs, eller be administratören försöka igen; "
                "skicka inte det som inte är debiterat."
            ),
        ),
    ],
)
def test_a_hold_says_what_to_do_with_figures_that_add_up(
    reason: Reason, payment: Payment, english: str, swedish: str
) -> None:
    hold = Hold(reason, *HELD[reason])
    assert hold_note(hold, ORDER, payment, "Resurs", "en") == english
    assert hold_note(hold, ORDER, payment, "Resurs", "sv") == swedish


def test_a_status_is_refused_by_the_shop_and_not_by_the_provider() -> None:
    hold = Hold(Reason.REFUSED, {"said": "invalid status"}, RESTORE)
    note = hold_note(hold, ORDER, PAYMENT, "Resurs", "en")
    assert note.startswith("The shop refused a return to the status “Completed”: “invalid status”.")
    assert note.endswith("Set the status by hand; it moves no money at Resurs.")


def test_the_payment_is_told_in_its_own_currency() -> None:
    hold = Hold(Reason.DOUBT_CURRENCY, {"currency": "SEK", "payment_currency": "EUR"})
    note = hold_note(hold, ORDER, replace(PAYMENT, currency="EUR"), "Resurs", "en")
    assert "301.00 € reserved" in note
    assert "kr" not in note


REMARKS: Mapping[Topics, tuple[Facts, str, str]] = {
    Topics.ADOPTED: (
        {"refund": 1077, "amount": 12500},
        "Resurs had already refunded 125.00 kr: refund 1077 is not paid again.",
        "Resurs hade redan återbetalat 125,00 kr: återbetalning 1077 betalas inte igen.",
    ),
    Topics.SET_BACK: (
        {"before": "completed", "after": "on-hold"},
        (
            "The order was set back from “Completed” to “On hold”, which moves no money at Resurs. To give money "
            "back, make a refund in the shop; see that money is reserved or captured before you ship."
        ),
        (
            "Ordern sattes tillbaka från ”Färdigbehandlad” till ”Pausad”, vilket inte flyttar några pengar "
            "hos Resurs. Gör en återbetalning i butiken om pengar ska tillbaka; se till att pengar är reserverade "
            "eller debiterade innan du skickar varorna."
        ),
    ),
    Topics.PENDING: (
        {"detail": "FROZEN"},
        (
            "The payment is not final at Resurs yet (FROZEN): do not ship. "
            "There is nothing to do; wc-bridge waits for it."
        ),
        (
            "Betalningen är inte slutgiltig hos Resurs än (FROZEN): skicka inte varorna. "
            "Du behöver inte göra något; wc-bridge väntar på den."
        ),
    ),
}


@pytest.mark.parametrize("topic", Topics)
def test_a_remark_tells_what_happened_and_what_it_means(topic: Topics) -> None:
    facts, english, swedish = REMARKS[topic]
    assert remark_note(Remark(topic, facts), ORDER, "Resurs", "en") == english
    assert remark_note(Remark(topic, facts), ORDER, "Resurs", "sv") == swedish


def test_both_languages_say_the_same_things() -> None:
    """Every sentence is there in both, and is filled with the same facts."""
    templates = [dict(_templates(asdict(words))) for words in (ENGLISH, SWEDISH)]
    assert templates[0] == templates[1]
    for words in (ENGLISH, SWEDISH):
        complete = (set(words.attention), set(words.remarks), set(words.steps))
        assert complete == (set(Reason), set(Topics), set(Call))


def _templates(found: object, path: str = "") -> list[tuple[str, set[str | None]]]:
    if isinstance(found, Mapping):
        return [pair for key, value in found.items() for pair in _templates(value, f"{path}/{key}")]
    return [(path, {name for _, name, _, _ in Formatter().parse(str(found))})]


@given(st.text(max_size=3000), st.sampled_from(("en", "sv")))
def test_hostile_text_is_only_text(text: str, language: str) -> None:
    """Whatever a provider or a store says, a note stays one line of plain text that ends with its mark."""
    payment = replace(PAYMENT, log=(replace(PAYMENT.log[1], id=text),))
    notes = [
        hold_note(Hold(Reason.REFUSED, {"said": text}, CAPTURE), ORDER, payment, text, language),
        hold_note(Hold(Reason.DOUBT_OWNER, {"reference": text}), ORDER, None, "Resurs", language),
        hold_note(Hold(Reason.NOT_SHOWN, {"detail": text}), ORDER, None, "Resurs", language),
        done_note(CAPTURE, ORDER, payment, "Ecster", language),
        done_note(replace(RESTORE, status=text), ORDER, None, "Resurs", language),
        remark_note(Remark(Topics.SET_BACK, {"before": text, "after": text}), ORDER, "Resurs", language),
    ]
    for note in (marked(note, "1042C80000") for note in notes):
        assert note.endswith(" (wc-bridge 1042C80000)")
        assert len(note) <= LONGEST_NOTE
        assert note.isprintable()
        assert not set(note) & set("<>&")
        note.encode()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<b>No</b> & <script>", "“‹b›No‹/b› and ‹script›”"),
        ("line\r\none\u2028two\x00\x1b[31m\u202e", "“line one two [31m”"),
        ("{step} {0} %s", "“{step} {0} %s”"),
        ("Locked.", "“Locked”"),
        ("", "“no reason given”"),
        ("x" * 200, f"“{'x' * 200}”"),
        ("x" * 201, f"“{'x' * 199}…”"),
        ("x" * 198 + "e\u0301" + "x" * 9, f"“{'x' * 198}…”"),
    ],
)
def test_a_refusal_is_quoted_cut_and_harmless(said: str, shown: str) -> None:
    note = hold_note(Hold(Reason.REFUSED, {"said": said}, CAPTURE), ORDER, PAYMENT, "Resurs", "en")
    assert shown in note


def test_a_long_text_is_cut_and_its_mark_is_not() -> None:
    end = " (wc-bridge 1042R1077)"
    room = LONGEST_NOTE - len(end)
    assert marked("x" * room, "1042R1077") == "x" * room + end
    assert marked("x" * (room + 1), "1042R1077") == "x" * (room - 1) + "…" + end


def test_a_fact_that_nobody_gave_leaves_a_note_all_the_same() -> None:
    assert hold_note(Hold(Reason.UNDERPAID), ORDER, None, "Resurs", "en").startswith("The order asks for ?, but")
