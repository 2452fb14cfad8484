"""The sandbox itself: its books add up under any calls, and it speaks as its reference says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sandbox.clock import ManualClock
from bridge.sandbox.resurs import Line, Refusal, ResursSandbox, Switches
from bridge.sandbox.resurs.lines import total, without
from bridge.sandbox.server import Server
from tests.resurs.world import CLIENT, SECRET, STORE, books

FORM = {
    "grant_type": "client_credentials",
    "client_id": CLIENT,
    "client_secret": SECRET,
    "scope": "merchant-api",
}
LINE: dict[str, Any] = {"quantity": 1, "quantityUnit": "st", "vatRate": 25, "totalAmountIncludingVat": 100}

steps = st.lists(
    st.tuples(
        st.sampled_from(["capture", "cancel", "refund", "add"]),
        st.one_of(
            st.none(),
            st.lists(
                st.tuples(st.integers(-3000, 60000), st.sampled_from(["A", "B", "new"])), min_size=1, max_size=3
            ),
        ),
    ),
    max_size=12,
)


def line(amount: int, reference: str) -> Line:
    return Line(total=Decimal(amount).scaleb(-2), reference=reference, description=reference)


@settings(max_examples=150, deadline=None)
@given(steps=steps, frees=st.booleans(), refuses=st.booleans(), names_stay=st.booleans())
def test_the_books_add_up_after_any_calls(
    steps: list[tuple[str, list[tuple[int, str]] | None]], frees: bool, refuses: bool, names_stay: bool
) -> None:
    switches = Switches(
        cancel_frees_credit=frees, refuses_sum_above_remainder=refuses, full_action_names_stay=names_stay
    )
    clock = ManualClock()
    sandbox = ResursSandbox(clock=clock.now, switches=switches)
    payment_id = sandbox.create_payment(
        "1042", lines=(line(60000, "A"), line(50000, "B"), line(-10000, "discount")), approved_limit=Decimal(1500)
    )
    for act, amounts in steps:
        lines = None if amounts is None else tuple(line(*it) for it in amounts)
        before = sandbox.payment(payment_id)
        try:
            with sandbox._payments.changing(payment_id) as account:
                if act == "add":
                    account.add(lines or (), switches, clock.now())
                else:
                    getattr(account, act)(lines, switches, clock.now())
        except Refusal:
            assert sandbox.payment(payment_id) == before, "a refusal changes nothing"
        shown = sandbox.payment(payment_id)["order"]
        assert shown["totalOrderAmount"] == (
            shown["authorizedAmount"] + shown["capturedAmount"] + shown["canceledAmount"]
        )
        assert 0 <= shown["refundedAmount"] <= shown["capturedAmount"]
        assert min(shown["authorizedAmount"], shown["canceledAmount"]) >= 0
        moved = {
            kind: sum(
                it["totalAmountIncludingVat"]
                for action in shown["actionLog"]
                if action["type"] == kind
                for it in action["orderLines"]
            )
            for kind in ("CAPTURE", "CANCEL", "REFUND")
        }
        assert moved == {
            "CAPTURE": shown["capturedAmount"],
            "CANCEL": shown["canceledAmount"],
            "REFUND": shown["refundedAmount"],
        }


pools = st.lists(st.builds(line, st.integers(-5000, 5000), st.sampled_from(["A", "B", "C"])), max_size=5).map(tuple)


@given(pool=pools, taken=pools)
def test_what_is_left_of_lines_is_exactly_what_was_not_taken(
    pool: tuple[Line, ...], taken: tuple[Line, ...]
) -> None:
    assert total(without(pool, taken)) == total(pool) - total(taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    clock: ManualClock
    sandbox: ResursSandbox
    session: aiohttp.ClientSession
    url: str

    async def token(self) -> str:
        async with self.session.post(f"{self.url}/oauth2/token", data=FORM) as answer:
            return str((await answer.json())["access_token"])

    async def ask(self, method: str, path: str, body: Any = ...) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {await self.token()}"}
        data = None if body is ... else simplejson.dumps(body, use_decimal=True)
        async with self.session.request(method, f"{self.url}{path}", data=data, headers=headers) as answer:
            return answer.status, simplejson.loads(await answer.text(), use_decimal=True)


@asynccontextmanager
async def client(switches: Switches | None = None) -> AsyncIterator[Client]:
    clock = ManualClock()
    sandbox = ResursSandbox(
        clock=clock.now, client_id=CLIENT, client_secret=SECRET, store_id=STORE, switches=switches
    )
    async with Server(sandbox.app) as server, aiohttp.ClientSession() as session:
        yield Client(clock=clock, sandbox=sandbox, session=session, url=server.url)


async def test_a_token_is_given_for_a_form_and_for_json() -> None:
    async with client() as api:
        async with api.session.post(f"{api.url}/oauth2/token", data=FORM) as answer:
            by_form = await answer.json()
        async with api.session.post(f"{api.url}/oauth2/token", json=FORM) as answer:
            by_json = await answer.json()

    assert [(it["token_type"], it["expires_in"]) for it in (by_form, by_json)] == [("Bearer", 3599)] * 2
    assert by_form["access_token"] != by_json["access_token"]


async def test_a_token_ends_by_the_clock() -> None:
    async with client() as api:
        headers = {"Authorization": f"Bearer {await api.token()}"}
        statuses = []
        for wait in (3598, 1):
            api.clock.advance(wait)
            async with api.session.get(f"{api.url}/v2/stores", headers=headers) as answer:
                statuses.append(answer.status)

    assert statuses == [200, 401]


@pytest.mark.parametrize("body", [..., [], "{", None])
async def test_a_post_wants_a_json_object(body: Any) -> None:
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        status, error = await api.ask("POST", f"/v2/payments/{payment_id}/capture", body)

        assert (status, error["code"]) == (400, "BAD_REQUEST")
        assert api.sandbox.books(payment_id) == books(reserved=80000)


async def test_a_full_capture_repeated_finds_nothing_left() -> None:
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        first, payment = await api.ask("POST", f"/v2/payments/{payment_id}/capture", {})
        second, error = await api.ask("POST", f"/v2/payments/{payment_id}/capture", {})

    assert (first, second) == (200, 400)
    assert payment["order"]["capturedAmount"] == payment["order"]["totalOrderAmount"] == 800
    assert [it["action"] for it in payment["order"]["possibleActions"]] == ["REFUND", "PARTIAL_REFUND"]
    assert {"traceId", "code", "message", "timestamp"} <= error.keys()


async def test_figures_have_five_decimals() -> None:
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal("811.25"))
        headers = {"Authorization": f"Bearer {await api.token()}"}
        async with api.session.get(f"{api.url}/v2/payments/{payment_id}", headers=headers) as answer:
            text = await answer.text()

    assert '"authorizedAmount": 811.25000' in text
    assert '"vatRate": 25.00000' in text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"totalAmountIncludingVat": Decimal("1310.25999")}, "totalAmountIncludingVat"),
        ({"totalAmountIncludingVat": 10**10}, "totalAmountIncludingVat"),
        ({"totalAmountIncludingVat": "100"}, "totalAmountIncludingVat"),
        ({"totalAmountIncludingVat": None}, "totalAmountIncludingVat"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": Decimal("0.005")}, "quantity"),
        ({"quantityUnit": None}, "quantityUnit"),
        ({"vatRate": Decimal("100.01")}, "vatRate"),
        ({"vatRate": -1}, "vatRate"),
        ({"description": "x" * 101}, "description"),
        ({"reference": "x" * 51}, "reference"),
        ({"type": "GOODS"}, "type"),
    ],
)
async def test_a_line_beyond_its_limits_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        body = {"orderLines": [LINE, LINE | change]}
        status, error = await api.ask("POST", f"/v2/payments/{payment_id}/capture", body)

        assert status == 400
        assert {it["fieldName"] for it in error["validationErrors"]} == {f"orderLines[1].{field}"}
        assert api.sandbox.books(payment_id) == books(reserved=80000)


@pytest.mark.parametrize("lines", [[], [LINE] * 1001, {}, "all"])
async def test_lines_are_a_list_of_1_to_1000(lines: Any) -> None:
    """An empty list must not mean everything."""
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        status, _ = await api.ask("POST", f"/v2/payments/{payment_id}/capture", {"orderLines": lines})

        assert status == 400
        assert api.sandbox.books(payment_id) == books(reserved=80000)


async def test_what_a_full_call_took_is_filled_in_as_lines() -> None:
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", lines=(line(50000, "A"), line(30000, "B")))
        await api.ask("POST", f"/v2/payments/{payment_id}/capture", {"orderLines": [LINE | {"reference": "other"}]})
        _, payment = await api.ask("POST", f"/v2/payments/{payment_id}/cancel", {"creator": "K"})

    last = payment["order"]["actionLog"][-1]
    assert [(it["reference"], it["totalAmountIncludingVat"]) for it in last["orderLines"]] == [
        ("A", 400),
        ("B", 300),
    ]
    assert (last["type"], last["creator"]) == ("CANCEL", "K")


@pytest.mark.parametrize(("cumulative", "total"), [(True, 1800), (False, 800)])
async def test_cancel_all_then_add_lines(cumulative: bool, total: int) -> None:
    async with client(Switches(total_is_cumulative=cumulative)) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(1000))
        await api.ask("POST", f"/v2/payments/{payment_id}/cancel", {})
        body = {"orderLines": [LINE | {"totalAmountIncludingVat": 800}]}
        _, payment = await api.ask("POST", f"/v2/payments/{payment_id}/order", body)

    assert payment["order"]["totalOrderAmount"] == total
    assert api.sandbox.books(payment_id) == books(reserved=80000, cancelled=100000)


@pytest.mark.parametrize(
    ("switches", "accepted"),
    [
        (Switches(), False),
        (Switches(limit_counts_captured=False), True),
        (Switches(limit_counts_captured=False, add_lines_needs_full_cancel=True), False),
    ],
)
async def test_how_far_lines_may_be_added(switches: Switches, accepted: bool) -> None:
    async with client(switches) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800), approved_limit=Decimal(850))
        api.sandbox.portal_capture(payment_id, Decimal(500))
        status, _ = await api.ask("POST", f"/v2/payments/{payment_id}/order", {"orderLines": [LINE]})

    assert (status == 200) is accepted


@pytest.mark.parametrize(
    ("switches", "external", "refused"),
    [
        (Switches(), True, False),
        (Switches(lines_mean_partial=True), True, True),
        (Switches(lines_mean_partial=True, external_partials=True), True, False),
        (Switches(lines_mean_partial=True), False, False),
        (Switches(lines_mean_partial=True, internal_partials=False), False, True),
    ],
)
async def test_everything_by_lines(switches: Switches, *, external: bool, refused: bool) -> None:
    async with client(switches) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(100), external=external)
        status, _ = await api.ask("POST", f"/v2/payments/{payment_id}/capture", {"orderLines": [LINE]})

    assert (status == 400) is refused


async def test_a_refund_with_negative_lines_under_its_switch() -> None:
    async with client(Switches(negative_refund_lines_refused=True)) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800), captured=True)
        lines = [LINE, LINE | {"totalAmountIncludingVat": -10}]
        status, _ = await api.ask("POST", f"/v2/payments/{payment_id}/refund", {"orderLines": lines})

    assert status == 400


async def test_a_sum_above_what_is_left_takes_what_is_left_under_its_switch() -> None:
    async with client(Switches(refuses_sum_above_remainder=False)) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(80))
        status, _ = await api.ask("POST", f"/v2/payments/{payment_id}/capture", {"orderLines": [LINE]})

    assert status == 200
    assert api.sandbox.books(payment_id) == books(captured=8000)


async def test_an_authorisation_that_lapsed_can_not_be_captured() -> None:
    async with client(Switches(authorisation_lifetime=timedelta(days=30))) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        api.clock.advance(30 * 86400)
        _, payment = await api.ask("GET", f"/v2/payments/{payment_id}")

    assert payment["order"]["possibleActions"] == []


async def test_reads_lag_until_the_clock_has_passed() -> None:
    async with client(Switches(lag=timedelta(seconds=10))) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        api.clock.advance(60)
        api.sandbox.portal_capture(payment_id, Decimal(300))
        api.clock.advance(5)
        api.sandbox.portal_capture(payment_id, Decimal(200))
        seen = []
        for wait in (4, 1, 5):
            api.clock.advance(wait)
            _, payment = await api.ask("GET", f"/v2/payments/{payment_id}")
            seen.append(payment["order"]["capturedAmount"])

    assert seen == [0, 300, 500]


@pytest.mark.parametrize(("forbidden", "status"), [(True, 403), (False, 404)])
async def test_a_payment_rejected_30_days_ago_is_not_shown(forbidden: bool, status: int) -> None:
    async with client(Switches(forbidden_when_expired=forbidden)) as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        api.sandbox.reject(payment_id)
        api.clock.advance(30 * 86400 - 1)
        before, _ = await api.ask("GET", f"/v2/payments/{payment_id}")
        api.clock.advance(1)
        after, _ = await api.ask("GET", f"/v2/payments/{payment_id}")

    assert (before, after) == (200, status)


def creation(person: str = "198305147715", **more: Any) -> dict[str, Any]:
    return {
        "storeId": STORE,
        "paymentMethodId": "11111111-1111-4111-8111-111111111111",
        "order": {"orderReference": "1042", "orderLines": [LINE]},
        "customer": {"governmentId": person},
        **more,
    }


async def test_a_payment_is_created_unsigned_and_found_by_its_reference() -> None:
    async with client() as api:
        status, payment = await api.ask("POST", "/v2/payments", creation())
        task = await api.ask("GET", f"/v2/payments/{payment['id']}/tasks/status")
        _, hits = await api.ask("POST", "/v2/payments/search", {"storeId": STORE, "orderReference": "1042"})
        _, misses = await api.ask("POST", "/v2/payments/search", {"storeId": STORE, "orderReference": "1043"})

    assert (status, payment["status"]) == (201, "TASK_REDIRECTION_REQUIRED")
    assert (payment["order"]["authorizedAmount"], payment["order"]["possibleActions"]) == (0, [])
    assert task[1]["completed"] is False
    assert [it["id"] for it in hits["content"]] == [payment["id"]]
    assert not {"application", "countryCode"} & hits["content"][0].keys()
    assert misses == {"content": []}


@pytest.mark.parametrize(
    ("person", "signed", "later"),
    [
        ("198305147715", "ACCEPTED", "ACCEPTED"),
        ("197211072793", "REJECTED", "REJECTED"),
        ("198001010001", "FROZEN", "ACCEPTED"),
        ("197801069241", "FROZEN", "REJECTED"),
        ("199111282399", "INSPECTION", "REJECTED"),
    ],
)
async def test_test_persons_have_their_fates(person: str, signed: str, later: str) -> None:
    async with client() as api:
        _, payment = await api.ask("POST", "/v2/payments", creation(person))
        api.sandbox.sign(payment["id"])
        _, first = await api.ask("GET", f"/v2/payments/{payment['id']}")
        api.clock.advance(10)
        _, second = await api.ask("GET", f"/v2/payments/{payment['id']}")

    assert (first["status"], second["status"]) == (signed, later)


async def test_a_customer_who_never_signs_runs_out_of_time() -> None:
    async with client() as api:
        _, payment = await api.ask("POST", "/v2/payments", creation(options={"timeToLiveInMinutes": 5}))
        api.clock.advance(300)
        _, late = await api.ask("GET", f"/v2/payments/{payment['id']}")

    assert (late["status"], late["rejectedReason"]) == ("REJECTED", {"category": "TIMEOUT"})


async def test_an_action_can_be_fetched_alone() -> None:
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        _, payment = await api.ask("POST", f"/v2/payments/{payment_id}/capture", {"transactionId": "K"})
        last = payment["order"]["actionLog"][-1]
        _, alone = await api.ask("GET", f"/v2/payments/{payment_id}/actions/{last['actionId']}")
        missing, _ = await api.ask("GET", f"/v2/payments/{payment_id}/actions/{payment_id}")

    assert alone == last
    assert missing == 404


async def test_metadata_is_replaced() -> None:
    async with client() as api:
        payment_id = api.sandbox.create_payment("1042", amount=Decimal(800))
        path = f"/v2/payments/{payment_id}/metadata"
        await api.ask("PUT", path, {"creator": "a", "custom": [{"key": "k", "value": "v"}]})
        status, _ = await api.ask("PUT", path, {"custom": [{"key": "k" * 51, "value": "v"}]})
        await api.ask("PUT", path, {"custom": []})
        _, payment = await api.ask("GET", f"/v2/payments/{payment_id}")

    assert status == 400
    assert payment["metadata"] == {"custom": []}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v2/nowhere"), ("POST", "/v2/payments/x/annul"), ("GET", f"/v2/payments/{STORE}")]
)
async def test_unknown_paths_and_payments_are_not_found_in_json(method: str, path: str) -> None:
    async with client() as api:
        status, error = await api.ask(method, path, {})

    assert (status, error["code"]) == (404, "NOT_FOUND")
