"""Whom the store lets in, on HTTPS and on plain HTTP."""

from typing import Any

import aiohttp
import pytest
from woocommerce.oauth import OAuth
from yarl import URL

from tests.sandbox.stores import START, Answered, Open, open_store

IN_THE_QUERY = {"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox"}


def signed(store: Open, path: str, method: str = "GET", late: int = 0, **options: Any) -> str:
    oauth = OAuth(
        url=f"{store.url}/wp-json/wc/v3/{path}",
        consumer_key=options.get("key", "ck_sandbox"),
        consumer_secret=options.get("secret", "cs_sandbox"),
        version="wc/v3",
        method=method,
        oauth_timestamp=int(START.timestamp()) + late,
    )
    return str(oauth.get_oauth_url())


async def ask_signed(store: Open, method: str, url: str, json: Any = None) -> Answered:
    """Send a URL exactly as it was signed."""
    async with store.session.request(method, URL(url, encoded=True), json=json) as response:
        return Answered(response.status, await response.json(), response.headers)


async def test_woocommerces_own_signature_reads_and_writes_on_plain_http() -> None:
    async with open_store(https=False) as store:
        order = store.sandbox.create_order({"MUGG": 1})
        url = signed(store, "orders?modified_after=2026-11-21T20:00:00&dates_are_gmt=true&_fields=id,status")
        read = await ask_signed(store, "GET", url)
        note_url = signed(store, f"orders/{order}/notes", "POST")
        note = await ask_signed(store, "POST", note_url, {"note": "Hej"})
    assert read.body == [{"id": order, "status": "processing"}]
    assert note.status == 201


async def test_a_signature_serves_once() -> None:
    async with open_store(https=False) as store:
        url = signed(store, "orders")
        assert (await ask_signed(store, "GET", url)).status == 200
        again = await ask_signed(store, "GET", url)
    assert (again.status, again.body["code"]) == (401, "woocommerce_rest_authentication_error")


@pytest.mark.parametrize(("late", "status"), [(900, 200), (-900, 200), (901, 401), (-901, 401)])
async def test_a_timestamp_may_be_fifteen_minutes_off(late: int, status: int) -> None:
    async with open_store(https=False) as store:
        assert (await ask_signed(store, "GET", signed(store, "orders", late=late))).status == status


async def test_a_signature_is_bound_to_method_query_and_secret() -> None:
    async with open_store(https=False) as store:
        wrong_method = await ask_signed(store, "POST", signed(store, "orders", "GET"), {})
        other_query = await ask_signed(store, "GET", signed(store, "orders") + "&status=trash")
        wrong_secret = await ask_signed(store, "GET", signed(store, "orders", secret="cs_wrong"))
    for answered in (wrong_method, other_query, wrong_secret):
        assert answered.status == 401
        assert answered.body["message"] == "Invalid signature - provided signature does not match."


async def test_basic_is_not_looked_at_on_plain_http() -> None:
    async with open_store(https=False) as store:
        basic = await store.ask("GET", "orders")
        query = await store.ask("GET", "orders", query=IN_THE_QUERY, auth=None)
    assert [basic.body["code"], query.body["code"]] == ["woocommerce_rest_cannot_view"] * 2


async def test_where_the_header_is_stripped_the_query_may_carry_key_and_secret() -> None:
    async with open_store(strips_authorization=True) as store:
        header = await store.ask("GET", "orders")
        query = await store.ask("GET", "orders", query=IN_THE_QUERY)
        wrong = await store.ask("GET", "orders", query=IN_THE_QUERY | {"consumer_secret": "cs_wrong"})
    assert (header.status, query.status, wrong.status) == (401, 200, 401)
    assert wrong.body["message"] == "Consumer secret is invalid."


async def test_a_read_only_key_changes_nothing() -> None:
    async with open_store() as store:
        order = store.sandbox.create_order({"MUGG": 1})
        auth = ("ck_readonly", "cs_readonly")
        written = await store.ask("PUT", f"orders/{order}", json={"status": "completed"}, auth=auth)
        read = await store.ask("HEAD", "orders", auth=auth)
    assert written.status == 401
    assert (read.status, read.headers["X-WP-Total"], read.body) == (200, "1", "")
    assert store.sandbox.status(order) == "processing"


async def test_a_visitor_may_read_the_index_alone() -> None:
    async with open_store() as store, aiohttp.ClientSession() as visitor:
        for path, status in (("/wp-json/", 200), ("/wp-json/wc/v3/", 200), ("/wp-json/wc/v3/system_status", 401)):
            async with visitor.get(store.url + path) as response:
                assert (path, response.status) == (path, status)
