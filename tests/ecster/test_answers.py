"""What each answer to a call is taken for."""

import pytest

from bridge.domain.outcomes import Done, Later, Refused, Unknown
from bridge.domain.steps import Call
from bridge.providers.ecster.outcomes import transaction_outcome
from bridge.providers.http import Answer
from tests.ecster.canned import Canned
from tests.ecster.world import API_KEY, request


def debit(body: object, status: int = 201) -> object:
    return transaction_outcome(Answer(status, body), type="DEBIT", amount=100, key="1042C100")


def created(**changes: object) -> dict[str, object]:
    transaction = {"id": "T", "type": "DEBIT", "amount": 100, "transactionReference": "1042C100"}
    return {"orderStatus": "FULLY_DELIVERED", "transaction": transaction | changes}


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_with_the_transaction_that_was_asked_for_is_done(status: int) -> None:
    """Clients of Ecster have lived with exactly 201 and with any 2xx."""
    assert debit(created(), status) == Done("T")


def test_an_answer_without_the_reference_or_with_text_for_numbers_is_done() -> None:
    assert debit(created(transactionReference=None)) == Done("T")
    assert debit(created(amount="100")) == Done("T")


@pytest.mark.parametrize(
    "body",
    [
        created(amount=99),
        created(type="CREDIT"),
        created(transactionReference="1043C100"),
        {"orderStatus": "FULLY_DELIVERED"},
        {},
        [],
        None,
    ],
)
def test_a_2xx_that_is_not_what_was_asked_for_is_unknown(body: object) -> None:
    assert isinstance(debit(body), Unknown)


@pytest.mark.parametrize("status", ["READY", "PARTIALLY_DELIVERED"])
def test_an_annul_that_leaves_the_order_open_is_unknown(status: str) -> None:
    body = created(type="ANNUL", amount=0) | {"orderStatus": status}
    assert isinstance(transaction_outcome(Answer(201, body), type="ANNUL", amount=None, key="1042C100"), Unknown)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
@pytest.mark.parametrize("code", [4424, "4424"])
def test_the_code_for_a_wrong_state_counts_whatever_the_status(status: int, code: object) -> None:
    outcome = debit({"code": code, "type": "T", "message": "M"}, status)
    assert outcome == Refused("4424", surprising=True)


def test_a_refusal_says_what_ecster_says() -> None:
    assert debit({"code": 17, "message": "amount is\ttoo large."}, 400) == Refused("amount is too large (17)")
    assert debit({"type": "VALIDATION"}, 422) == Refused("VALIDATION (422)")
    assert debit({"error": "Bad Request", "message": None}, 400) == Refused("Bad Request (400)")
    assert debit({}, 400) == Refused("(400)")


def test_a_refusal_is_cut_and_names_nobody() -> None:
    outcome = debit({"message": "Kim kim@example.se SE700101-1234 700101-1234 " + "x" * 900}, 400)
    assert isinstance(outcome, Refused)
    assert len(outcome.reason) < 250
    assert not any(part in outcome.reason for part in ("kim@", "700101", "1234"))


@pytest.mark.parametrize(
    ("status", "body"),
    [(302, {}), (400, None), (404, "text"), (408, {}), (500, {"message": "M"}), (502, None), (503, {})],
)
def test_what_may_come_from_somebody_else_than_ecster_is_unknown(status: int, body: object) -> None:
    assert isinstance(debit(body, status), Unknown)


@pytest.mark.parametrize(
    ("status", "body"), [(401, {"message": "who?"}), (403, None), (429, {"code": 1}), (429, None)]
)
def test_what_never_reached_the_order_is_tried_later(status: int, body: object) -> None:
    assert isinstance(debit(body, status), Later)


async def test_a_key_that_ecster_echoes_is_masked(canned: Canned) -> None:
    canned.get = {"id": "x", "status": "READY", "currency": "SEK", "amount": 100, "transactions": []}
    canned.post, canned.status = {"message": f"unknown key {API_KEY} for this"}, 400
    outcome = await canned.ecster.perform(request(Call.CAPTURE, await canned.ecster.read("x"), 100))
    assert outcome == Refused("unknown key *** for this (400)")
    canned.post = {"message": "x" * 190 + API_KEY}
    cut = await canned.ecster.perform(request(Call.CAPTURE, await canned.ecster.read("x"), 100))
    assert isinstance(cut, Refused)
    assert "kept" not in cut.reason
