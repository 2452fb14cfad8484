"""The walk through a store's orders, over a listing that is what real ones are, or worse."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import simplejson
from aioresponses import CallbackResult, aioresponses
from yarl import URL

from bridge.errors import Nonsense
from bridge.ports import Listed
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
    counts: bool = True
    """Whether it says how many pages there are; something on the way may take such headers out."""
    broken: frozenset[int] = frozenset()
    """Orders that are counted, and can't be loaded."""

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
        shown = [row for row in found[size * (page - 1) : size * page] if row["id"] not in self.broken]
        body, pages = text(shown), str(-(-len(found) // size))
        self.answered(len(self.queries))
        headers = {"Date": "Sat, 21 Nov 2026 21:00:09 GMT"} | ({"X-WP-TotalPages": pages} if self.counts else {})
        return CallbackResult(body=body, headers=headers)

    def _place(self, row: dict[str, Any]) -> tuple[str, int]:
        moment = datetime.fromisoformat(row["date_modified_gmt"]).replace(tzinfo=UTC)
        local = moment.astimezone(self.zone).replace(tzinfo=None) if self.zone else moment
        return local.isoformat(), int(row["id"])

    def answered(self, number: int) -> None:
        """What happens in the shop after its nth answer."""


def shelve(answers: aioresponses, shelf: Shelf) -> Shelf:
    answers.get(ANY, callback=shelf, repeat=True)
    return shelf


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


async def test_a_second_that_a_page_cuts_costs_one_small_request_more(
    store: WooStore, answers: aioresponses
) -> None:
    rows = [row(n, START + timedelta(seconds=min(n, 90))) for n in range(1, 160)]
    shelf = shelve(answers, Shelf(*rows))
    assert sorted(ids(*await walked(store, None))) == list(range(1, 160))
    assert len(shelf.queries) == 3


async def test_a_full_page_without_a_single_date_is_an_error(store: WooStore, answers: aioresponses) -> None:
    """There is nowhere to go on from."""
    rows = [row(n, START, date_modified_gmt="2026-99-99T00:00:00") for n in range(1, 102)]
    shelve(answers, Shelf(*rows, ignores=("orderby",)))
    with pytest.raises(Nonsense, match="`modified_after`"):
        await walked(store, None)


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


@pytest.mark.parametrize("broken", [{70}, {170, 300}, set(range(101, 200))], ids=len)
async def test_a_page_that_is_short_is_not_taken_for_the_last(
    store: WooStore, answers: aioresponses, broken: set[int]
) -> None:
    """Of 450 orders, 250 of them changed in one second, some are counted and can't be loaded."""
    shelf = Shelf(*(row(n, START + timedelta(seconds=min(n, 50) + max(n, 300))) for n in range(1, 451)))
    shelf.broken = frozenset(broken)
    shelve(answers, shelf)
    assert ids(*await walked(store, START)) == [n for n in range(1, 451) if n not in broken]


@pytest.mark.parametrize("begin", [1, 201], ids=["the first", "one within a second"])
async def test_a_page_of_which_nothing_can_be_loaded_is_an_error(
    store: WooStore, answers: aioresponses, begin: int
) -> None:
    shelf = Shelf(*(row(n, START) for n in range(1, 451)))
    shelf.broken = frozenset(range(begin, begin + 100))
    shelve(answers, shelf)
    with pytest.raises(Nonsense):
        await walked(store, None)


async def test_a_page_that_is_short_is_the_last_where_the_store_counts_no_pages(
    store: WooStore, answers: aioresponses
) -> None:
    shelf = shelve(answers, Shelf(*(row(n, START + timedelta(seconds=n)) for n in range(1, 100))))
    shelf.counts = False
    assert (await store.changed_since(START)).whole
    assert len(shelf.queries) == 1


async def test_a_full_page_is_not_taken_for_the_last_whatever_is_counted(
    store: WooStore, answers: aioresponses
) -> None:
    """A count may come out of a cache."""
    shelf = shelve(answers, Shelf(*(row(n, START + timedelta(seconds=n)) for n in range(1, 101))))
    assert not (await store.changed_since(START)).whole
    shelf.rows.pop()
    assert (await store.changed_since(START)).whole


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


async def test_more_ids_than_a_store_lists_are_refused_before_they_are_asked_for(
    store: WooStore, answers: aioresponses
) -> None:
    shelf = shelve(answers, Shelf(*(row(n, START) for n in range(1, 101))))
    assert len(await store.by_ids(list(range(1, 101)))) == 100
    with pytest.raises(ValueError, match="101 ids"):
        await store.by_ids(list(range(1, 102)))
    assert len(shelf.queries) == 1


async def test_a_store_that_ignores_include_is_an_error(store: WooStore, answers: aioresponses) -> None:
    shelve(answers, Shelf(*(row(n, START) for n in range(1, 150))))
    with pytest.raises(Nonsense, match="`include`"):
        await store.by_ids([149])


@pytest.mark.parametrize("body", ["{}", "null", '"x"', '[{"number": "1"}]', "[1]", '{"code": "x", "message": ""}'])
async def test_a_listing_of_the_wrong_shape_is_nonsense(store: WooStore, answers: aioresponses, body: str) -> None:
    answers.get(ANY, body=body)
    with pytest.raises(Nonsense, match="not a list of orders"):
        await store.changed_since(None)
