"""What a database belongs to: one shop and, on SQLite, one machine (design § 1, promise 8).

A staging copy of a shop has the same orders and payment ids, a cloned server the same settings: neither may move
money before a person has said so. A new key is no other shop.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from yarl import URL

from bridge.domain.orders import Order

SAMPLE = 20
"""How many known orders are looked for, to say which shop it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the database lies: a machine, or a database server."""

    name: str
    """As people know it."""
    id: str
    """What no other has; "" where nothing says."""
    cards: tuple[str, ...] = ()
    """Its network cards: a copy of a virtual machine keeps the id, but gets others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The shop and the place that a store of settings.yaml is bound to."""

    address: str
    """The shop's own, as it says itself; "" where it never said."""
    url: str
    """The one in settings.yaml."""
    place: Place


def same_shop(one: str, other: str) -> bool:
    """Whether two addresses are one shop's: https or not, with or without www. A port or a path makes another."""
    return _shop(one) == _shop(other)


def _shop(address: str) -> tuple[str, int | None, str]:
    url = _parsed(address)
    if url is None:
        return address, None, ""
    host = (url.raw_host or "").lower().rstrip(".").removeprefix("www.")
    port = None if url.is_default_port() else url.explicit_port
    return host, port, re.sub(r"/+", "/", url.raw_path).rstrip("/")


def _parsed(address: str) -> URL | None:
    try:
        url = URL(address.strip())
    except ValueError:
        return None
    return url if url.raw_host else None


def is_address(text: str) -> bool:
    """Whether it is one that says which shop it is."""
    return _parsed(text) is not None


def same_place(one: Place, other: Place) -> bool:
    """Whether it is one machine; a card may be changed or added, where another stays."""
    if one.id != other.id:
        return not one.id  # what could not be told apart before is taken as it is now
    return not (one.cards and other.cards) or not set(one.cards).isdisjoint(other.cards)


def moved(bound: Binding, now: Place) -> str:
    """Why it is not the machine that the database was on; "" where it is."""
    if same_place(bound.place, now):
        return ""
    return f"the database was begun on {bound.place.name}, and is now on {now.name}"


def another_shop(bound: Binding, address: str | None, url: str) -> str:
    """Why it is not the shop that the database belongs to; "" where it is.

    `address` is what the shop says, `url` what settings.yaml says: that counts where the shop says nothing.
    """
    if address and bound.address:
        if same_shop(bound.address, address):
            return ""
        return f"the shop says that its address is {address}; what is known here is of {bound.address}"
    if any(
        same_shop(known, said) for known in (bound.url, bound.address) for said in (url, address) if known and said
    ):
        return ""
    return f"the url in settings.yaml is {url}; what is known here is of the shop at {bound.url}"


def taken_up(bound: Binding, address: str | None, url: str, place: Place) -> Binding:
    """The binding with what is known more closely now, of the same shop on the same machine."""
    kept = replace(bound.place, id=place.id, cards=place.cards or bound.place.cards, name=place.name)
    return Binding(address=address or bound.address, url=url, place=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How many known orders the shop that answers has."""

    known: int
    same: int
    """There, made at the same second, and with the same payment."""
    others: int
    """The id is another order's."""

    @property
    def is_the_shop(self) -> bool:
        """Whether it is the same shop, or a copy of it. Where no order is known, nothing speaks against it."""
        return self.others == 0 and 2 * self.same >= self.known


def likeness(known: Iterable[tuple[Order, str]], there: Iterable[tuple[Order, str]]) -> Likeness:
    """Compare orders, each with the id of its payment, with those that the shop shows."""
    shown, ours = {order.id: (order.created, payment) for order, payment in there}, list(known)
    found = [(shown[order.id], (order.created, payment.casefold())) for order, payment in ours if order.id in shown]
    same = sum((created, payment.casefold()) == before for (created, payment), before in found)
    return Likeness(known=len(ours), same=same, others=len(found) - same)
