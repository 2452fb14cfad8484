"""The store client's promises, over canned answers."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import simplejson
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from bridge.errors import AccessDenied, Nonsense, NotThere, Unreadable
from bridge.ports import Facts, Store
from bridge.woo.client import WooStore
from tests.woo import recorded

ANY = re.compile(r"https://shop\.example/wp-json/wc/v3/")
START = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)


def text(body: Any) -> str:
    return simplejson.dumps(body, use_decimal=True)


def test_it_is_what_the_engine_calls_a_store(store: WooStore) -> None:
    port: Store = store
    assert port.name == "butiken"


async def test_an_order_is_read_with_its_refunds_past_any_cache(store: WooStore, answers: aioresponses) -> None:
    answers.get(re.compile(r".*/orders/24\?"), body=text(recorded.read("11", "read it back")))
    answers.get(re.compile(r".*/orders/24/refunds\?"), body=text(recorded.read("11", "refunds of the order")))
    order = await store.order(24)
    (refund,) = order.refunds
    assert (order.total, refund.id, refund.amount, refund.paid_by_shop) == (81125, 25, 56125, False)
    assert [line.id for line in refund.lines] == [43, 44]
    asked = [(url, call.kwargs["headers"]) for (_, url), calls in answers.requests.items() for call in calls]
    assert len({url.query["_"] for url, _ in asked}) == 2
    assert {headers["Cache-Control"] for _, headers in asked} == {"no-cache"}


async def test_an_order_without_refunds_is_one_request(store: WooStore, answers: aioresponses) -> None:
    answers.get(ANY, body=text(recorded.read("01", "create order")))
    order = await store.order(recorded.read("01", "create order")["id"])
    assert order.refunds == ()


async def test_a_refund_that_comes_between_the_two_reads_makes_it_look_again(
    store: WooStore, answers: aioresponses
) -> None:
    one, two = recorded.read("15", "refund 50"), recorded.read("15", "refund 50 again, same second")
    order = recorded.read("15", "create order")
    path = f"orders/{order['id']}"
    stubs = [{"id": refund["id"], "total": "-" + refund["amount"]} for refund in (one, two)]
    for known in (stubs[:1], stubs):
        answers.get(re.compile(rf".*/{path}\?"), body=text({**order, "refunds": known}))
    answers.get(re.compile(rf".*/{path}/refunds\?"), body=text([two, one]), repeat=True)
    found = await store.order(order["id"])
    assert [refund.id for refund in found.refunds] == sorted((one["id"], two["id"]))


async def test_an_order_and_refunds_that_never_agree_are_unreadable(store: WooStore, answers: aioresponses) -> None:
    answers.get(re.compile(r".*/orders/24\?"), body=text(recorded.read("11", "read it back")), repeat=True)
    answers.get(re.compile(r".*/orders/24/refunds\?"), body="[]", repeat=True)
    with pytest.raises(Unreadable, match="order 24 of store butiken") as raised:
        await store.order(24)
    assert raised.value.order == 24


async def test_an_order_that_makes_no_sense_is_unreadable_and_says_why(
    store: WooStore, answers: aioresponses
) -> None:
    answers.get(ANY, body=text({**recorded.read("01", "create order"), "id": 7, "total": "811.255"}))
    with pytest.raises(Unreadable, match=r"order 7 .*SEK cannot express 811\.255"):
        await store.order(7)


async def test_an_order_that_is_gone_is_not_there(store: WooStore, answers: aioresponses) -> None:
    answers.get(ANY, status=404, body=text(recorded.read("17", "gone")))
    with pytest.raises(NotThere):
        await store.order(37)


async def test_an_api_that_is_gone_is_not_an_order_that_is_gone(store: WooStore, answers: aioresponses) -> None:
    """Permalinks set to Plain, WooCommerce switched off: no order may look deleted then."""
    answers.get(ANY, status=404, body=text(recorded.read("30", "unknown route")))
    with pytest.raises(Nonsense, match="permalinks"):
        await store.order(37)


@pytest.mark.parametrize("body", ["[]", '{"id": 8}', "null"])
async def test_another_order_than_asked_for_is_nonsense(store: WooStore, answers: aioresponses, body: str) -> None:
    answers.get(ANY, body=body)
    with pytest.raises(Nonsense, match="not order 7"):
        await store.order(7)


async def test_notes_are_the_private_ones_as_plain_text(store: WooStore, answers: aioresponses) -> None:
    notes = [
        *recorded.read("02", "list private notes"),
        {"id": 90, "note": "Bergstr&ouml;m &amp; S&#246;n", "customer_note": False},
        {"id": 91, "note": "To the customer", "customer_note": True},
    ]
    answers.get(ANY, body=text(notes))
    found = {note.id: note.text for note in await store.notes(14)}
    assert found[8] == "Payment captured."
    assert found[90] == "Bergström & Sön"
    assert 91 not in found
    ((_, url),) = answers.requests
    assert url.path == "/wp-json/wc/v3/orders/14/notes"
    assert url.query["type"] == "internal"


async def test_a_note_is_private_and_gives_its_id(store: WooStore, answers: aioresponses) -> None:
    answers.post(ANY, status=201, body=text(recorded.read("02", "add private note")))
    assert await store.add_note(14, "Payment captured.") == 8
    ((call,),) = answers.requests.values()
    assert simplejson.loads(call.kwargs["data"]) == {"note": "Payment captured.", "customer_note": False}
    assert call.kwargs["headers"]["Content-Type"] == "application/json"


async def test_a_status_is_put(store: WooStore, answers: aioresponses) -> None:
    answers.put(ANY, body=text(recorded.read("17", "restore")))
    await store.set_status(37, "processing")
    (((_, url), (call,)),) = answers.requests.items()
    assert url.path == "/wp-json/wc/v3/orders/37"
    assert simplejson.loads(call.kwargs["data"]) == {"status": "processing"}


@pytest.mark.parametrize(
    ("folder", "version", "storage"),
    [("11.0.1-hpos", "11.0.1", "hpos"), ("11.0.1-posts", "11.0.1", "posts"), ("8.2.2-posts", "8.2.2", "posts")],
)
async def test_facts_are_those_of_the_store(
    store: WooStore, answers: aioresponses, folder: str, version: str, storage: str
) -> None:
    body = recorded.read("31", "version, storage, currency, time", folder)
    answers.get(ANY, body=text(body), headers={"Date": "Sat, 21 Nov 2026 21:00:00 GMT"})
    facts = await store.facts()
    assert (facts.version, facts.storage, facts.currency, facts.decimals) == (version, storage, "SEK", 2)
    assert (facts.address, facts.clock) == ("https://store.example", START)


@pytest.mark.parametrize(("environment", "locale"), [({"language": "sv_SE"}, "sv_SE"), ({}, None)])
async def test_the_language_is_the_shops_where_it_tells(
    store: WooStore, answers: aioresponses, environment: dict[str, str], locale: str | None
) -> None:
    answers.get(ANY, body=text({"environment": environment, "settings": {}}))
    assert (await store.facts()).locale == locale


async def test_a_key_that_may_not_read_the_status_still_reaches_the_store(
    store: WooStore, answers: aioresponses
) -> None:
    forbidden = {"code": "woocommerce_rest_cannot_view", "message": "Nej.", "data": {"status": 403}}
    answers.get(re.compile(".*/system_status"), status=403, body=text(forbidden))
    answers.get(re.compile(".*/orders"), body="[]")
    assert await store.facts() == Facts()


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ('<https://shop.example/wp-json/>; rel="https://api.w.org/"', "https://shop.example"),
        ('<https://shop.example/wp-json/wc/v3/orders?per_page=1&page=2>; rel="next"', "https://shop.example"),
        ('<http://shop.example:81/butik/index.php/wp-json/>; rel="x"', "http://shop.example:81/butik"),
        ('<https://shop.example/?rest_route=/>; rel="https://api.w.org/"', "https://shop.example"),
        ("<https://shop.example/elsewhere>", None),
    ],
)
async def test_any_answer_tells_the_address_where_the_status_is_not_to_be_had(
    store: WooStore, answers: aioresponses, link: str, address: str | None
) -> None:
    answers.get(re.compile(".*/system_status"), status=500, body="Error", repeat=True)
    answers.get(re.compile(".*/orders"), body="[]", headers={"Link": link})
    assert await store.facts() == Facts(address=address)


async def test_a_status_that_makes_no_sense_is_told_nothing_by(store: WooStore, answers: aioresponses) -> None:
    answers.get(re.compile(".*/system_status"), body=text({"environment": "none"}))
    answers.get(re.compile(".*/orders"), body="[]")
    assert await store.facts() == Facts()


async def test_a_wrong_secret_is_no_lack_of_facts(store: WooStore, answers: aioresponses) -> None:
    answers.get(ANY, status=401, body=text(recorded.read("30", "wrong secret")), repeat=True)
    with pytest.raises(AccessDenied, match="secret"):
        await store.facts()


async def test_no_more_requests_at_a_time_than_agreed(store: WooStore, answers: aioresponses) -> None:
    running, most = 0, 0

    async def slow(_: URL, **__: Any) -> CallbackResult:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _turn in range(20):
            await asyncio.sleep(0)
        running -= 1
        return CallbackResult(body="[]")

    answers.get(ANY, callback=slow, repeat=True)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(store.changed_since(None))
    assert most == 2


async def test_the_newest_orders_say_how_many_there_are(store: WooStore, answers: aioresponses) -> None:
    order = recorded.read("01", "create order")
    answers.get(ANY, body=text([order]), headers={"X-WP-Total": "50000", "X-WP-TotalPages": "500"})
    newest = await store.newest()
    assert (newest.total, newest.whole, [row.id for row in newest.rows]) == (50000, False, [order["id"]])
    ((_, url),) = answers.requests
    assert (url.query["orderby"], url.query["order"], url.query["status"]) == ("modified", "desc", "any")


async def test_a_page_holds_nothing_that_changed_later(store: WooStore, answers: aioresponses) -> None:
    order = {**recorded.read("01", "create order"), "date_modified_gmt": "2026-11-21T21:00:01"}
    answers.get(ANY, body=text([order]), headers={"X-WP-Total": "1"}, repeat=True)
    assert (await store.page(3, START + timedelta(seconds=1))).total == 1
    with pytest.raises(Nonsense, match="modified_before"):
        await store.page(3, START)
    (_, url), *_ = answers.requests
    assert (url.query["modified_before"], url.query["page"]) == ("2026-11-21T21:00:02", "3")
