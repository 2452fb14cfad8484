"""The store client's promises, over canned answers."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import simplejson
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from bridge.errors import AccessDenied, Nonsense, NotThere, Unreadable
from bridge.ports import Facts, Listed, Store
from bridge.woo.client import WooStore
from tests.woo import recorded

ANY = re.compile(r"https://shop\.example/wp-json/wc/v3/")
START = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)


def text(body: Any) -> str:
    return simplejson.dumps(body, use_decimal=True)


def row(order_id: int, modified: datetime, **changes: Any) -> dict[str, Any]:
    stamp = modified.strftime("%Y-%m-%dT%H:%M:%S")
    return {
        **recorded.read("01", "create order"),
        "id": order_id,
        "number": str(order_id),
        "date_modified_gmt": stamp,
        **changes,
    }


class Shelf:
    """Orders behind a listing that filters, sorts and cuts as WooCommerce does, less what it is told to ignore."""

    zone: ZoneInfo | None = None
    """Posts storage sorts by the shop's local time."""

    def __init__(self, *rows: dict[str, Any], ignores: tuple[str, ...] = ()) -> None:
        self.rows = list(rows)
        self.ignores = ignores
        self.queries: list[Mapping[str, str]] = []

    def __call__(self, url: URL, **_: Any) -> CallbackResult:
        query = {name: value for name, value in url.query.items() if name not in self.ignores}
        self.queries.append(query)
        excluded = query.get("exclude", "").split(",")
        found = [
            row
            for row in self.rows
            if query.get("modified_after", "") < row["date_modified_gmt"] < query.get("modified_before", "9")
            and str(row["id"]) not in excluded
        ]
        match query.get("orderby"):
            case "modified":
                found.sort(key=self._place)
            case "id":
                found.sort(key=lambda row: int(row["id"]))
        size, page = int(query["per_page"]), int(query.get("page", "1"))
        body = text(found[size * (page - 1) : size * page])
        self.answered(len(self.queries))
        return CallbackResult(body=body, headers={"Date": "Sat, 21 Nov 2026 21:00:09 GMT"})

    def _place(self, row: dict[str, Any]) -> tuple[str, int]:
        moment = datetime.fromisoformat(row["date_modified_gmt"]).replace(tzinfo=UTC)
        local = moment.astimezone(self.zone).replace(tzinfo=None) if self.zone else moment
        return local.isoformat(), int(row["id"])

    def answered(self, number: int) -> None:
        """What happens in the shop after its nth answer."""


def shelve(answers: aioresponses, shelf: Shelf) -> Shelf:
    answers.get(ANY, callback=shelf, repeat=True)
    return shelf


def test_it_is_what_the_engine_calls_a_store(store: WooStore) -> None:
    port: Store = store
    assert port.name == "butiken"


async def walked(store: WooStore, moment: datetime | None) -> list[Listed]:
    """Walk to the end, as the engine does."""
    pages = [await store.changed_since(moment)]
    while not pages[-1].whole:
        pages.append(await store.changed_since(pages[-1].newest))
    return pages


def ids(*pages: Listed) -> list[int]:
    return [found.id for page in pages for found in page.rows]


async def test_changes_come_oldest_first_and_strictly_after_the_moment(
    store: WooStore, answers: aioresponses
) -> None:
    shelf = shelve(answers, Shelf(*(row(n, START + timedelta(seconds=10 - n)) for n in range(1, 6))))
    page = await store.changed_since(START + timedelta(seconds=6))
    assert [(found.id, found.modified) for found in page.rows] == [
        (3, START + timedelta(seconds=7)),
        (2, START + timedelta(seconds=8)),
        (1, START + timedelta(seconds=9)),
    ]
    assert (page.whole, page.newest) == (True, START + timedelta(seconds=9))
    assert page.clock == START + timedelta(seconds=9)
    (query,) = shelf.queries
    assert query["modified_after"] == "2026-11-21T21:00:06"
    assert (query["dates_are_gmt"], query["orderby"], query["order"]) == ("true", "modified", "asc")
    assert (query["status"], query["per_page"]) == ("any", "100")
    assert {"refunds", "meta_data", "line_items", "tax_lines"} <= set(query["_fields"].split(","))
    assert not {"billing", "shipping", "customer_note"} & set(query["_fields"].split(","))


async def test_a_store_without_a_clock_tells_no_time(store: WooStore, answers: aioresponses) -> None:
    answers.get(ANY, body="[]")
    assert (await store.changed_since(None)).clock is None


async def test_the_moment_may_be_told_in_any_zone(store: WooStore, answers: aioresponses) -> None:
    shelf = shelve(answers, Shelf())
    await store.changed_since(datetime.fromisoformat("2026-11-21T22:00:06+01:00"))
    assert shelf.queries[0]["modified_after"] == "2026-11-21T21:00:06"


async def test_the_trash_is_asked_for_by_its_own_name(store: WooStore, answers: aioresponses) -> None:
    shelf = shelve(answers, Shelf())
    assert (await store.changed_since(None, trash=True)).rows == []
    assert shelf.queries[0]["status"] == "trash"
    assert "modified_after" not in shelf.queries[0]


async def test_one_bad_row_does_not_spoil_the_others(store: WooStore, answers: aioresponses) -> None:
    shelve(
        answers,
        Shelf(
            row(1, START),
            row(2, START + timedelta(seconds=1), total="811.255"),
            row(3, START + timedelta(seconds=2)),
        ),
    )
    rows = (await store.changed_since(None)).rows
    assert [(found.id, found.order is not None) for found in rows] == [(1, True), (2, False), (3, True)]
    assert rows[1].problem == "its total: SEK cannot express 811.255"
    assert rows[1].modified == START + timedelta(seconds=1)


@pytest.mark.parametrize("ignores", [(), ("exclude",)], ids=["", "and exclude is ignored"])
async def test_a_full_page_never_cuts_a_second_in_two(
    store: WooStore, answers: aioresponses, ignores: tuple[str, ...]
) -> None:
    """99 orders, then 450 changed in one second by a bulk edit, then one more."""
    rows = [row(n, START + timedelta(seconds=n)) for n in range(1, 100)]
    rows += [row(n, START + timedelta(seconds=200)) for n in range(100, 550)]
    rows += [row(550, START + timedelta(seconds=201))]
    shelve(answers, Shelf(*rows, ignores=ignores))
    first, second = await walked(store, START)
    assert ids(first) == list(range(1, 550))
    assert ids(second) == [550]


async def test_a_full_page_costs_one_small_request_more(store: WooStore, answers: aioresponses) -> None:
    shelf = shelve(answers, Shelf(*(row(n, START + timedelta(seconds=n)) for n in range(1, 240))))
    assert ids(*await walked(store, START)) == list(range(1, 240))
    assert ["exclude" in query for query in shelf.queries] == [False, True, False, True, False]


@pytest.mark.parametrize("after", range(1, 5))
async def test_rows_that_leave_while_a_big_second_is_read_hide_no_others(
    store: WooStore, answers: aioresponses, after: int
) -> None:
    """Someone changes 70 of 450 orders of one second between two pages: the following ones move up."""

    class Busy(Shelf):
        def answered(self, number: int) -> None:
            if number == after:
                for changed in self.rows[90:160]:
                    changed["date_modified_gmt"] = "2026-11-21T21:30:00"

    shelve(answers, Busy(*(row(n, START) for n in range(1, 451))))
    assert set(ids(*await walked(store, None))) == set(range(1, 451))


@pytest.mark.parametrize("sorted_by", ["nothing", "local time"])
async def test_however_the_store_sorts_no_order_is_left_out(
    store: WooStore, answers: aioresponses, sorted_by: str
) -> None:
    """Posts storage sorts by local time, in which the hour from 02:00 comes twice in autumn."""
    night = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    shelf = Shelf(*(row(n, night + timedelta(seconds=47 * (n * 7919 % 301))) for n in range(1, 302)))
    if sorted_by == "nothing":
        shelf.ignores = ("orderby",)
    shelf.zone = ZoneInfo("Europe/Stockholm")
    shelve(answers, shelf)
    pages = await walked(store, night - timedelta(seconds=1))
    assert sorted(ids(*pages)) == list(range(1, 302))
    for page in pages:
        times = [found.modified for found in page.rows if found.modified]
        assert times == sorted(times)


@pytest.mark.parametrize("parameter", ["modified_before", "page"])
async def test_what_would_lose_orders_or_never_end_is_an_error(
    store: WooStore, answers: aioresponses, parameter: str
) -> None:
    rows = [row(n, START + timedelta(seconds=n // 250)) for n in range(1, 450)]
    shelve(answers, Shelf(*rows, ignores=(parameter,)))
    with pytest.raises(Nonsense, match=f"`{parameter}`"):
        await walked(store, None)


async def test_a_small_store_that_ignores_the_filter_is_filtered_here(
    store: WooStore, answers: aioresponses
) -> None:
    shelve(answers, Shelf(row(1, START), row(2, START + timedelta(seconds=1)), ignores=("modified_after",)))
    assert ids(await store.changed_since(START)) == [2]


@pytest.mark.parametrize("seconds", [120, 50], ids=["all of the page is older", "some of it is newer"])
async def test_a_big_store_that_ignores_the_filter_is_an_error_and_not_a_quiet_shop(
    store: WooStore, answers: aioresponses, seconds: int
) -> None:
    rows = [row(n, START + timedelta(seconds=n)) for n in range(1, 150)]
    shelve(answers, Shelf(*rows, ignores=("modified_after",)))
    with pytest.raises(Nonsense, match="`modified_after`"):
        await store.changed_since(START + timedelta(seconds=seconds))


async def test_orders_by_id_leave_out_what_the_store_does_not_list(store: WooStore, answers: aioresponses) -> None:
    shelf = shelve(answers, Shelf(row(4, START), row(7, START), row(9, START)))
    assert {found.id for found in await store.by_ids([9, 4, 11])} == {4, 9}
    assert shelf.queries[0]["include"] == "9,4,11"
    assert shelf.queries[0]["status"] == "any"


async def test_no_ids_ask_nothing(store: WooStore, answers: aioresponses) -> None:
    """An empty `include` would mean every order."""
    assert await store.by_ids([]) == []
    assert not answers.requests


async def test_a_store_that_ignores_include_is_an_error(store: WooStore, answers: aioresponses) -> None:
    shelve(answers, Shelf(*(row(n, START) for n in range(1, 150))))
    with pytest.raises(Nonsense, match="`include`"):
        await store.by_ids([149])


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
    answers.get(ANY, body=text(row(7, START, total="811.255")))
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


@pytest.mark.parametrize("body", ["{}", "null", '"x"', '[{"number": "1"}]', "[1]", '{"code": "x", "message": ""}'])
async def test_a_listing_of_the_wrong_shape_is_nonsense(store: WooStore, answers: aioresponses, body: str) -> None:
    answers.get(ANY, body=body)
    with pytest.raises(Nonsense, match="not a list of orders"):
        await store.changed_since(None)


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
