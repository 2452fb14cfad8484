"""Which shop and which machine a database belongs to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.binding import (
    Binding,
    Place,
    another_shop,
    is_address,
    likeness,
    moved,
    same_place,
    same_shop,
    taken_up,
)
from bridge.domain.orders import Order
from tests.domain.builders import order

SHOP = "https://shop.example"
SAME = [
    "https://shop.example/",
    "http://shop.example",
    "http://shop.example:80/",
    "https://www.shop.example",
    "HTTPS://Shop.Example",
    "https://shop.example.",
    " https://shop.example ",
]
OTHERS = [
    "https://staging.shop.example",
    "https://shop.example/staging",
    "https://shop.example:8443",
    "https://shop.example.hosting.example",
    "https://shop2.example",
    "https://example",
    "",
]


@pytest.mark.parametrize("address", SAME)
def test_one_shop_however_it_is_written(address: str) -> None:
    assert same_shop(SHOP, address)


@pytest.mark.parametrize("address", OTHERS)
def test_another_shop_and_a_copy_beside_it(address: str) -> None:
    assert not same_shop(SHOP, address)


def test_a_name_with_letters_of_its_own_is_one_name() -> None:
    assert same_shop(
        "https://blåbär.example/butik/", f"https://{'blåbär'.encode('idna').decode().upper()}.example/butik"
    )


@pytest.mark.parametrize("text", ["", "shop.example", "nonsense", "http://", "https://[", "/wp"])
def test_what_a_shop_says_that_is_no_address_counts_as_nothing_said(text: str) -> None:
    assert not is_address(text)
    assert is_address(SHOP)


HOME = Place(name="alpha", id="a" * 32, cards=("c1", "c2"))
PLACES: dict[str, tuple[Place, Place, bool]] = {
    "the same": (HOME, HOME, True),
    "it has got another name": (HOME, replace(HOME, name="beta"), True),
    "one of its cards was changed": (HOME, replace(HOME, cards=("c2", "c9")), True),
    "no card is shown any more": (HOME, replace(HOME, cards=()), True),
    "another machine": (HOME, replace(HOME, id="b" * 32), False),
    "a copy of a virtual machine": (HOME, replace(HOME, cards=("d1", "d2")), False),
    "into a container that knows no id": (HOME, Place(name="box", id=""), False),
    "containers that know none": (Place(name="box", id=""), Place(name="xob", id=""), True),
    "a container that was given one": (Place(name="box", id=""), HOME, True),
}


@pytest.mark.parametrize("name", PLACES)
def test_machines(name: str) -> None:
    before, now, same = PLACES[name]
    assert same_place(before, now) == same
    assert (moved(Binding(address=SHOP, url=SHOP, place=before), now) == "") == same


COPY, PROXY = "https://staging.shop.example", "http://10.0.0.7:8080"
SHOPS: dict[str, tuple[tuple[str, str], tuple[str, str], bool]] = {
    "as it was": ((SHOP, SHOP), (SHOP, SHOP), True),
    "https at last": (("http://shop.example", "http://shop.example"), (SHOP, SHOP), True),
    "reached in another way": ((SHOP, SHOP), (SHOP, PROXY), True),
    "a copy at its own address": ((SHOP, SHOP), (COPY, COPY), False),
    "a copy that is reached by the name of the shop": ((SHOP, SHOP), (COPY, SHOP), False),
    "the permission to say it is lost": ((SHOP, SHOP), ("", SHOP), True),
    "the permission is lost, reached through a proxy as ever": ((SHOP, PROXY), ("", PROXY), True),
    "the permission is lost, reached by its own name now": ((SHOP, PROXY), ("", SHOP), True),
    "the permission is lost, and the url is another": ((SHOP, SHOP), ("", COPY), False),
    "it never said, nor does it now": (("", SHOP), ("", SHOP), True),
    "it never said, and the url is another": (("", SHOP), ("", COPY), False),
    "it says it for the first time": (("", PROXY), (SHOP, PROXY), True),
    "it says it for the first time, and that is the old url": (("", SHOP), (SHOP, PROXY), True),
    "it says it for the first time, and all is another": (("", SHOP), (COPY, COPY), False),
}
"""What it is bound to, and what is there now: the address that the shop says ("": none), and the settings' url."""


@pytest.mark.parametrize("name", SHOPS)
def test_shops(name: str) -> None:
    (address, url), (address_now, url_now), same = SHOPS[name]
    bound = Binding(address=address, url=url, place=HOME)
    assert (another_shop(bound, address_now, url_now) == "") == same


def test_what_is_known_more_closely_is_kept_and_nothing_is_unlearned() -> None:
    bound = Binding(address=SHOP, url=SHOP, place=HOME)
    assert taken_up(bound, "", PROXY, replace(HOME, cards=())) == replace(bound, url=PROXY)
    first = Binding(address="", url=PROXY, place=Place(name="box", id=""))
    assert taken_up(first, SHOP, PROXY, HOME) == Binding(address=SHOP, url=PROXY, place=HOME)


def orders(count: int, *, payment: str = "pay", **fields: object) -> list[tuple[Order, str]]:
    return [(replace(order(), id=number, **fields), f"{payment}-{number}") for number in range(1, count + 1)]  # type: ignore[arg-type]


LATER = order().created + timedelta(seconds=1)
LIKE: dict[str, tuple[list[tuple[Order, str]], tuple[int, int], bool]] = {
    "all of them": (orders(20), (20, 0), True),
    "a payment id in capitals": (orders(20, payment="PAY"), (20, 0), True),
    "some were deleted": (orders(11), (11, 0), True),
    "most are gone": (orders(9), (9, 0), False),
    "made at other times": (orders(20, created=LATER), (0, 20), False),
    "with other payments": (orders(20, payment="other"), (0, 20), False),
    "one id is another order's": ([*orders(19), *orders(20, payment="other")[19:]], (19, 1), False),
    "none": ([], (0, 0), False),
}


@pytest.mark.parametrize("name", LIKE)
def test_a_shop_is_recognised_by_orders_that_are_known(name: str) -> None:
    there, figures, same = LIKE[name]
    found = likeness(orders(20), there)
    assert ((found.same, found.others), found.known, found.is_the_shop) == (figures, 20, same)


def test_where_no_order_is_known_nothing_speaks_against_it() -> None:
    assert likeness([], []).is_the_shop
