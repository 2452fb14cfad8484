"""What a store shows of itself: version, storage, clock, address. Pure; `rounds` asks."""

import re
from datetime import datetime, timedelta
from typing import Final

from bridge.check.finding import Finding, Subject
from bridge.domain.binding import Binding, Place, another_shop, moved
from bridge.engine.binding import remedy, told
from bridge.ports import Facts
from bridge.settings import StoreSettings

OFF: Final = timedelta(seconds=30)
"""So far may the clocks of store and machine be apart: an HTTP date has whole seconds, and answers take time."""
_MINUTES: Final = 2
"""From so many on, a time is told in minutes."""
_OLDEST: Final = (5, 8)
"""The first WooCommerce that knows `modified_after`."""


def version(subject: Subject, facts: Facts) -> Finding:
    if facts.version is None:
        text = "the key reads orders, but not what the shop says of itself (version, storage, payment gateways)"
        return subject.warn(
            "store.version", text, "give the REST API key to a user who is administrator or shop manager"
        )
    numbers = re.match(r"(\d+)\.(\d+)", facts.version)
    if numbers and (int(numbers[1]), int(numbers[2])) < _OLDEST:
        text = f"WooCommerce {facts.version} can't list the orders that changed since a moment"
        return subject.wrong("store.version", text, "have WooCommerce updated, to 5.8 or later")
    return subject.ok("store.version", f"WooCommerce {facts.version}")


def storage(subject: Subject, facts: Facts, store: StoreSettings) -> Finding | None:
    """Where orders lie, and what follows from it; None where the store does not say."""
    match facts.storage:
        case "hpos":
            return subject.ok("store.storage", "orders lie in HPOS tables: a changed total shows in the next poll")
        case "posts":
            sweep = _long(store.poll.sweep)
            text = (
                "orders lie in posts storage, where a changed total does not show among the changed orders: open "
                f"orders are read anew every {sweep} (poll.sweep), so it is seen by then, or at once by a webhook"
            )
            return subject.ok("store.storage", text)
        case _:
            return None


def clock(subject: Subject, facts: Facts, before: datetime, after: datetime) -> Finding | None:
    """Compare the time at which the store answered with ours before and after; None where it does not say."""
    if facts.clock is None:
        return None
    early, late = before - facts.clock, facts.clock - after
    off = max(early, late)
    if off <= OFF:
        return subject.ok("store.clock", "the clocks of shop and machine agree")
    text = (
        f"the shop's clock is {_long(off)} {'behind' if early > late else 'ahead of'} this "
        "machine's: what followed what, and how old a refund is, is told by both; from 15 minutes on, a shop on "
        "plain HTTP refuses the key"
    )
    ask = "set this machine's clock by NTP (timedatectl shows it); if it is right, have the shop's server do so"
    return subject.warn("store.clock", text, ask)


def ahead(facts: Facts, after: datetime) -> timedelta:
    """How far the store's clock is ahead of ours."""
    return timedelta() if facts.clock is None else facts.clock - after


def bound(
    subject: Subject, store: StoreSettings, binding: Binding | None, place: Place | None, facts: Facts
) -> Finding | None:
    """Whether the database is this shop's and this machine's; None where there is none to ask."""
    if place is None:
        return None
    if binding is None:
        return subject.ok("store.binding", "the database is not bound to this shop yet: the first cycle does that")
    if why := moved(binding, place) or another_shop(binding, told(facts), store.url):
        return subject.wrong("store.binding", f"nothing is done for this store: {why}", remedy(store.name))
    return subject.ok("store.binding", f"the database belongs to this shop ({binding.address or binding.url})")


def _long(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < _MINUTES * 60 else f"{round(seconds / 60)} minutes"
