"""The sandbox's own word: the calls the adapter does not make, and books that balance whatever is asked."""

from contextlib import suppress

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.payments import Payment
from bridge.providers.ecster.ledger import payment
from bridge.providers.ecster.wire import Order as WireOrder
from bridge.sandbox.clock import ManualClock
from bridge.sandbox.ecster import EcsterSandbox, views
from bridge.sandbox.ecster.orders import Refusal
from bridge.sandbox.ecster.switches import AS_INFERRED
from bridge.sandbox.server import Server
from tests.ecster.world import API_KEY, MERCHANT, World

KEYS = {"x-api-key": API_KEY, "x-merchant-key": MERCHANT, "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["1042", "1043"]),
        ("?orderReference=1043", ["1043"]),
        ("?paymentMethod=SWISH&status=FULLY_DELIVERED", ["1043"]),
        ("?status=ANNULLED", []),
        ("?merchantId=1", []),
        ("?from=2026-11-21T21:00:30Z", ["1043"]),
        ("?to=2026-11-21T21:00:30Z&nationalId=SE700101-1234", ["1042"]),
    ],
)
async def test_search_finds_by_any_of_its_parameters(shop: World, query: str, found: list[str]) -> None:
    shop.sandbox.create_order("1042", 100)
    shop.clock.advance(60)
    shop.sandbox.create_order("1043", 100, method="SWISH")
    async with (
        aiohttp.ClientSession(headers=KEYS) as session,
        session.get(f"{shop.url}/rest/public/v1/orders/{query}") as answer,
    ):
        hits = await answer.json()
    assert [hit["orderReference"] for hit in hits] == found
    assert all("transactions" not in hit for hit in hits)


async def test_an_order_can_be_given_another_reference(shop: World) -> None:
    order = shop.sandbox.create_order("TempOrderRef", 100)
    async with (
        aiohttp.ClientSession(headers=KEYS) as session,
        session.put(
            f"{shop.url}/rest/public/v1/orders/{order}/orderReference", json={"orderReference": "1042"}
        ) as answer,
    ):
        assert answer.status == 200
    assert (await shop.ecster.read(order)).reference == "1042"


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"type":"DEBIT"}', '{"type":"DEBIT","amount":1.5}', '{"amount":1}']
)
async def test_a_body_that_makes_no_sense_is_refused(shop: World, body: str) -> None:
    order = shop.sandbox.create_order("1042", 100)
    async with (
        aiohttp.ClientSession(headers=KEYS) as session,
        session.post(f"{shop.url}/rest/public/v1/orders/{order}/transactions", data=body) as answer,
    ):
        assert (answer.status, (await answer.json())["type"]) == (400, "INVALID")
    assert shop.sandbox.books(order).reserved == 100


@pytest.mark.parametrize("missing", ["x-api-key", "x-merchant-key"])
async def test_both_keys_are_needed(shop: World, missing: str) -> None:
    headers = {name: value for name, value in KEYS.items() if name != missing}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{shop.url}/rest/public/v1/orders/") as answer,
    ):
        assert answer.status == 401


def test_the_same_seed_gives_the_same_ids_of_20_letters_and_digits() -> None:
    made = [
        EcsterSandbox(clock=ManualClock().now, api_key="k", merchant_key="1", seed=seed).create_order("1", 1)
        for seed in (1, 1, 2)
    ]
    assert made[0] == made[1] != made[2]
    assert all(len(order) == 20 and order.isalnum() and order.isascii() for order in made)


def test_rows_can_stand_for_the_amount() -> None:
    sandbox = EcsterSandbox(clock=ManualClock().now, api_key="k", merchant_key="1")
    rows = [
        {"name": "Mug", "quantity": 2, "unitAmount": 25000, "vatRate": 2500, "discountAmount": 1000},
        {"name": "Parcel", "quantity": 1, "unitAmount": 12000, "vatRate": 2500},
    ]
    assert sandbox.books(sandbox.create_order("1042", rows=rows)).reserved == 61000


def as_read(sandbox: EcsterSandbox, order: str) -> Payment:
    shown = views.order(sandbox._book.shown(order), MERCHANT, AS_INFERRED)
    return payment(WireOrder.model_validate(shown))


Act = tuple[str, int, bool]
acts = st.lists(
    st.tuples(st.sampled_from(["debit", "credit", "annul"]), st.integers(-5, 120), st.booleans()), max_size=12
)


@given(acts)
def test_the_books_balance_whatever_is_asked(asked: list[Act]) -> None:
    """While open, debited and residual make the amount; credits never exceed debits; a no changes nothing."""
    clock = ManualClock()
    sandbox = EcsterSandbox(clock=clock.now, api_key="k", merchant_key="1")
    order = sandbox.create_order("1042", 100)
    for kind, amount, close in asked:
        clock.advance(1)
        before, ledger = sandbox.books(order), sandbox.references(order)
        done = False
        with suppress(Refusal):
            match kind:
                case "debit":
                    sandbox.dashboard_debit(order, amount, close=close)
                case "credit":
                    sandbox.dashboard_credit(order, amount)
                case _:
                    sandbox.dashboard_annul(order)
            done = True
        after, read = sandbox.books(order), as_read(sandbox, order)
        assert 0 <= after.returned <= after.captured <= 100
        assert after.reserved in (0, 100 - after.captured)
        assert done or (before, ledger) == (after, sandbox.references(order))
        assert (read.reserved, read.captured, read.returned) == (after.reserved, after.captured, after.returned)
        assert len(read.log) == len(sandbox.references(order))


async def test_two_sandboxes_do_not_share_their_orders() -> None:
    one, other = (
        EcsterSandbox(clock=ManualClock().now, api_key="k", merchant_key="1", seed=seed) for seed in (1, 2)
    )
    order = one.create_order("1042", 100)
    async with Server(other.app) as server, aiohttp.ClientSession() as session:
        headers = {"x-api-key": "k", "x-merchant-key": "1"}
        async with session.get(f"{server.url}/rest/public/v1/orders/{order}", headers=headers) as answer:
            assert answer.status == 404
