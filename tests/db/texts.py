"""A value of each kind that the database keeps, with every field filled, and its text as pydantic once wrote it."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from bridge.db.codec import ATTEMPT, BINDING, ORDER, PAYMENT, RECORD, RULES, STEP, Codec
from bridge.domain.attempts import Attempt
from bridge.domain.binding import Binding, Place
from bridge.domain.orders import Line, LineKind, Order, Refund
from bridge.domain.payments import Can, Entry, EntryKind, Payment, PaymentState
from bridge.domain.reasons import Reason
from bridge.domain.records import Agreed, Closed, How, OpenAction, Record, Settlement, State
from bridge.domain.rules import Limits, Rules, StatusLock
from bridge.domain.steps import Call, Kind, Step

MORNING = datetime(2026, 11, 21, 8, 0, 0, 120000, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone(timedelta(hours=2)))
EARLIER = datetime(2026, 3, 1, 7, 30, 5, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
LINE = Line(
    id=1,
    kind=LineKind.SHIPPING,
    name="Frakt – 'hem' / 5 kg",
    reference="7",
    quantity=Decimal(1),
    net=Decimal("-0.00"),
    tax=Decimal("1E+2"),
    rate=Decimal("12.50"),
)
PAYOUT = Step(
    kind=Kind.REFUND, call=Call.REFUND, key="1042R1077", amount=12500, target=12500, why="refund 1077", refund=1077
)
RESTORED = Step(
    kind=Kind.RESTORE_STATUS,
    call=Call.RESTORE,
    key="1042S20261121",
    amount=0,
    target=0,
    why="a closed order was set to on-hold",
    everything=True,
    status="completed",
)
VALUES: dict[str, Any] = {
    "order": Order(
        id=1042,
        number="2026-1042",
        status="completed",
        currency="SEK",
        total=81125,
        created=MORNING,
        modified=NOON,
        paid=None,
        payment_method="ecster",
        transaction_id="t-1",
        completed=EARLIER,
        meta=(("_id", "abc"), ("wc_bridge", "off")),
        lines=(LINE,),
        refunds=(
            Refund(id=1077, amount=12500),
            Refund(id=1078, amount=1, created=NOON, paid_by_shop=True, lines=(LINE,)),
        ),
    ),
    "payment": Payment(
        id="abc",
        reference="1042",
        currency="SEK",
        state=PaymentState.PENDING,
        detail="FROZEN",
        reserved=100,
        captured=81125,
        returned=12500,
        limit=None,
        can=frozenset({Can.CAPTURE_PART}),
        log=(
            Entry(id="e1", kind=EntryKind.RETURN, amount=12500, key="1042R1077", created=EARLIER),
            Entry(id="e2", kind=EntryKind.RELEASE, amount=0, key=None, created=None),
        ),
        fee=29,
        returnable=(400, 600),
        keyless=frozenset({EntryKind.RETURN}),
        failed="DECLINED",
    ),
    "record": Record(
        first_seen=MORNING,
        changed=NOON,
        status_since=EARLIER,
        baseline=True,
        counts=True,
        refunds_seen=((1077, NOON), (1078, MORNING)),
        settlements=(
            Settlement(refund=1077, how=How.PAID, amount=12500, entry="e1"),
            Settlement(refund=-1078, how=How.WAIVED, amount=1),
        ),
        unrelated=frozenset({"e9"}),
        agreed=Agreed(total=81125, refunded=12500),
        closed=Closed.VOIDED,
        closed_status="cancelled",
        restored=date(2026, 11, 20),
        closed_by_capture=True,
        voided=True,
        waived=frozenset({(Kind.CANCEL, 0)}),
        pending_since=NOON,
        stale_since=MORNING,
        log_length=2,
        payment_id="abc",
        followed=frozenset({"e2"}),
        open=OpenAction(
            step=PAYOUT,
            state=State.HELD,
            reason=Reason.OLD_REFUND,
            facts={"amount": 12500, "detail": "Förnamn"},
            approved=True,
            refusal="no",
            shadow=True,
        ),
    ),
    "step": RESTORED,
    "attempt": Attempt(
        step=PAYOUT,
        log_length=1,
        reserved=0,
        captured=81125,
        returned=0,
        failed="EXPIRED",
        ended=NOON,
        reference="e1",
        said_done=True,
        said_no="no",
    ),
    "rules": Rules(
        capture=False,
        capture_on=frozenset({"shipped"}),
        refund_delay=timedelta(days=400, hours=1, seconds=30),
        status_lock=StatusLock.RESTORE,
        settle_change=timedelta(milliseconds=1500),
        limits=Limits(refund_per_action=Decimal("100.50"), within=timedelta(hours=1), surge={Kind.REFUND: 3}),
        tag="SHOP-",
    ),
    "binding": Binding(
        address="https://shop.example",
        url="https://shop.example/",
        place=Place(name="host", id="0f", cards=("aa", "bb")),
    ),
}
FULL: dict[str, tuple[Codec[Any], str]] = {
    "order": (
        ORDER,
        (
            '{"id":1042,"number":"2026-1042","status":"completed","currency":"SEK","total":81125,'
            '"created":"2026-11-21T08:00:00.120000Z","modified":"2026-11-21T12:00:00+02:00","paid":null,'
            '"payment_method":"ecster","transaction_id":"t-1","completed":"2026-03-01T07:30:05-03:30",'
            '"meta":[["_id","abc"],["wc_bridge","off"]],"lines":[{"id":1,"kind":"shipping",'
            '"name":"Frakt – \'hem\' / 5 kg","reference":"7","quantity":"1","net":"-0.00","tax":"1E+2",'
            '"rate":"12.50"}],"refunds":[{"id":1077,"amount":12500,"created":null,"paid_by_shop":null,'
            '"lines":[]},{"id":1078,"amount":1,"created":"2026-11-21T12:00:00+02:00","paid_by_shop":true,'
            '"lines":[{"id":1,"kind":"shipping","name":"Frakt – \'hem\' / 5 kg","reference":"7","quantity":"1",'
            '"net":"-0.00","tax":"1E+2","rate":"12.50"}]}]}'
        ),
    ),
    "payment": (
        PAYMENT,
        (
            '{"id":"abc","reference":"1042","currency":"SEK","state":"pending","detail":"FROZEN",'
            '"reserved":100,"captured":81125,"returned":12500,"limit":null,"can":["capture_part"],'
            '"log":[{"id":"e1","kind":"return","amount":12500,"key":"1042R1077",'
            '"created":"2026-03-01T07:30:05-03:30"},{"id":"e2","kind":"release","amount":0,"key":null,'
            '"created":null}],"fee":29,"returnable":[400,600],"keyless":["return"],"failed":"DECLINED"}'
        ),
    ),
    "record": (
        RECORD,
        (
            '{"first_seen":"2026-11-21T08:00:00.120000Z","changed":"2026-11-21T12:00:00+02:00",'
            '"status_since":"2026-03-01T07:30:05-03:30","baseline":true,"counts":true,"refunds_seen":[[1077,'
            '"2026-11-21T12:00:00+02:00"],[1078,"2026-11-21T08:00:00.120000Z"]],'
            '"settlements":[{"refund":1077,"how":"paid","amount":12500,"entry":"e1"},{"refund":-1078,'
            '"how":"waived","amount":1,"entry":null}],"unrelated":["e9"],"agreed":{"total":81125,'
            '"refunded":12500},"closed":"voided","closed_status":"cancelled","restored":"2026-11-20",'
            '"closed_by_capture":true,"voided":true,"waived":[["cancel",0]],'
            '"pending_since":"2026-11-21T12:00:00+02:00","stale_since":"2026-11-21T08:00:00.120000Z",'
            '"log_length":2,"payment_id":"abc","followed":["e2"],"open":{"step":{"kind":"refund",'
            '"call":"refund","key":"1042R1077","amount":12500,"target":12500,"why":"refund 1077",'
            '"refund":1077,"everything":false,"status":null},"state":"held","reason":"old-refund",'
            '"facts":{"amount":12500,"detail":"Förnamn"},"approved":true,"refusal":"no","shadow":true}}'
        ),
    ),
    "step": (
        STEP,
        (
            '{"kind":"restore_status","call":"restore","key":"1042S20261121","amount":0,"target":0,'
            '"why":"a closed order was set to on-hold","refund":null,"everything":true,"status":"completed"}'
        ),
    ),
    "attempt": (
        ATTEMPT,
        (
            '{"step":{"kind":"refund","call":"refund","key":"1042R1077","amount":12500,"target":12500,'
            '"why":"refund 1077","refund":1077,"everything":false,"status":null},"log_length":1,"reserved":0,'
            '"captured":81125,"returned":0,"failed":"EXPIRED","ended":"2026-11-21T12:00:00+02:00",'
            '"reference":"e1","said_done":true,"said_no":"no"}'
        ),
    ),
    "rules": (
        RULES,
        (
            '{"capture":false,"capture_on":["shipped"],"release_leftover":true,"cancel":true,'
            '"cancel_on":["cancelled"],"refund":true,"release_before_capture":true,'
            '"refund_delay":"P1Y35DT1H30S","hold_older_than":"P3D","modify":true,"status_lock":"restore",'
            '"settle_change":"PT1.5S","settle_refund":"PT1M","settle_unknown":"PT5M","settle_others":"PT1M",'
            '"warn_after":"P1D","limits":{"refund_per_action":"100.50","refunds_per_day":null,'
            '"within":"PT1H","surge":{"refund":3}},"tag":"SHOP-"}'
        ),
    ),
    "binding": (
        BINDING,
        (
            '{"address":"https://shop.example","url":"https://shop.example/","place":{"name":"host",'
            '"id":"0f","cards":["aa","bb"]}}'
        ),
    ),
}
"""As they stand in databases of the time before msgspec: never changed, only added to."""
