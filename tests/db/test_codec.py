"""What an earlier version wrote must still be read: the texts below are never changed, only added to."""

import json
from typing import Any

import pytest
from hypothesis import given
from msgspec import DecodeError

from bridge.db.codec import ATTEMPT, ORDER, PAYMENT, RECORD, STEP, Codec, dump, load
from bridge.domain.orders import Order
from tests.db.texts import FULL, VALUES
from tests.domain.builders import captured, record, resurs
from tests.strategies import orders

WRITTEN: dict[str, tuple[Codec[Any], str]] = {
    "order": (
        ORDER,
        (
            '{"id":1042,"number":"1042","status":"completed","currency":"SEK","total":81125,'
            '"created":"2026-11-21T08:00:00Z","modified":"2026-11-21T09:00:00Z","paid":"2026-11-21T08:00:00Z",'
            '"payment_method":"ecster","transaction_id":"","meta":[["_wc_ecster_internal_reference","abc"]],'
            '"lines":[{"id":1,"kind":"product","name":"Mugg","reference":"MUGG","quantity":"2","net":"200.00",'
            '"tax":"50.00","rate":"25"}],'
            '"refunds":[{"id":1077,"amount":12500,"created":"2026-11-21T09:00:00Z","paid_by_shop":false,"lines":[]}]}'
        ),
    ),
    "payment": (
        PAYMENT,
        (
            '{"id":"abc","reference":"1042","currency":"SEK","state":"ready","detail":"ACCEPTED","reserved":0,'
            '"captured":81125,"returned":0,"limit":5000000,"can":["refund"],'
            '"log":[{"id":"e1","kind":"create","amount":81125,"key":null,"created":"2026-11-21T08:00:00Z"}],'
            '"keyless":[]}'
        ),
    ),
    "record": (
        RECORD,
        (
            '{"first_seen":"2026-11-21T08:00:00Z","changed":"2026-11-21T09:00:00Z",'
            '"status_since":"2026-11-21T09:00:00Z","baseline":false,"counts":false,'
            '"refunds_seen":[[1077,"2026-11-21T09:00:00Z"]],"settlements":[],"unrelated":["e9"],'
            '"agreed":{"total":81125,"refunded":0},"closed":"captured","closed_status":"completed",'
            '"restored":"2026-11-20","voided":false,"waived":[["cancel",0]],"pending_since":null,"log_length":2,'
            '"payment_id":"abc","open":null}'
        ),
    ),
    "step": (
        STEP,
        (
            '{"kind":"refund","call":"refund","key":"1042R1077","amount":12500,"target":12500,"why":"refund 1077",'
            '"refund":1077,"everything":false,"status":null}'
        ),
    ),
    "attempt": (
        ATTEMPT,
        (
            '{"step":{"kind":"capture","call":"capture","key":"1042C81125","amount":81125,"target":81125,'
            '"why":"status completed","refund":null,"everything":true,"status":null},'
            '"log_length":1,"reserved":81125,'
            '"captured":0,"returned":0,"ended":"2026-11-21T09:00:00Z","said_done":true}'
        ),
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_was_written_once_is_still_read_as_it_was(name: str) -> None:
    codec, text = WRITTEN[name]
    written_again = json.loads(dump(codec, codec.decode(text)))
    assert {key: written_again[key] for key in json.loads(text)} == json.loads(text)


@given(orders())
def test_an_order_comes_back_as_it_was(order: Order) -> None:
    assert load(ORDER, dump(ORDER, order)) == order


def test_a_payment_and_a_record_come_back_as_they_were() -> None:
    payment = resurs(captured(800, "1042C800"), reserved=200)
    assert load(PAYMENT, dump(PAYMENT, payment)) == payment
    remembered = record(agreed=(1000, 0), unrelated=frozenset({"a"}))
    assert load(RECORD, dump(RECORD, remembered)) == remembered


def test_field_that_is_gone_does_no_harm() -> None:
    text = next(text for codec, text in WRITTEN.values() if codec is RECORD)
    assert RECORD.decode(text[:-1] + ',"paused":false}') == RECORD.decode(text)


@pytest.mark.parametrize("name", FULL)
def test_every_field_is_read_and_written_as_ever(name: str) -> None:
    codec, text = FULL[name]
    assert load(codec, text) == VALUES[name]
    assert dump(codec, VALUES[name]) == text


def test_a_text_without_the_fields_that_came_later_has_their_defaults() -> None:
    codec, text = WRITTEN["record"]
    found = codec.decode(text)
    assert (found.stale_since, found.closed_by_capture, found.followed) == (None, False, frozenset())


BROKEN = {
    "no JSON": "{",
    "nothing": "",
    "no object": "[]",
    "a field is missing": FULL["step"][1].replace('"amount":0,', ""),
    "another type": FULL["step"][1].replace('"amount":0', '"amount":"much"'),
    "no whole number": FULL["step"][1].replace('"amount":0', '"amount":0.5'),
    "an unknown word": FULL["step"][1].replace('"call":"restore"', '"call":"reverse"'),
    "null where there must be something": FULL["step"][1].replace('"amount":0', '"amount":null'),
    "more after its end": FULL["step"][1] + "x",
}


@pytest.mark.parametrize("why", BROKEN)
def test_what_is_no_such_text_is_refused(why: str) -> None:
    with pytest.raises(DecodeError):
        load(STEP, BROKEN[why])
