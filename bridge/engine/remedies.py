"""What is held by the administrator's bounds, in words, and what to type about it: for alerts and for `status`."""

from datetime import timedelta
from typing import Any

from bridge.db.bounds import Bunch
from bridge.db.firsts import First
from bridge.db.holds import Held
from bridge.db.pauses import Scope
from bridge.domain.money import to_major
from bridge.domain.outages import is_silent
from bridge.domain.reasons import Bound

_BEYOND = {
    Bound.SURGE: "beyond `surge`",
    Bound.PER_ACTION: "beyond `limits.refund_per_action`",
    Bound.PER_DAY: "beyond `limits.refunds_per_day`",
    Bound.FIRST: "since the first one did something else than it was to",
    Bound.PLUGIN: "since the store is held",
    Bound.SHADOWED: "since they were asked for before the store went live",
}


def beyond(it: Bunch) -> str:
    """What is held, with count, sum, first and last order."""
    sums = " + ".join(f"{to_major(amount, currency)} {currency}" for currency, amount in it.sums.items())
    why = " and ".join(_BEYOND[Bound(reason)] for reason in it.reasons)
    orders = f"order {it.first}" if it.first == it.last else f"the first order {it.first}, the last {it.last}"
    return f"{it.count} {it.kind} {'action' if it.count == 1 else 'actions'} held {why}: {sums}, {orders}"


def decides(store: str, kind: str, count: int) -> str:
    """What to type about so many actions of a kind."""
    them = "it" if count == 1 else "them"
    which = f"--store {store} --kind {kind}"
    return (
        "what is undone in the shop is dropped by itself; "
        f"`wc-bridge drop {which} --why ...` gives {them} up, `wc-bridge approve {which}` lets {them} go"
    )


def first_differed(it: First) -> str:
    """What the first call of a kind did instead of what it was to do."""

    def amount(name: str) -> str:
        return str(to_major(int(it.figures[name]), it.currency))

    names = [name for name in ("reserved", "captured", "returned") if name in it.figures]
    figures = ", ".join(
        f"{name} {amount(name)} instead of {amount(f'{name}_aimed_at')} {it.currency}" for name in names
    )
    return f"the first {it.call} at {it.account}, on order {it.order}, did something else than it was to: {figures}"


def first_decides(store: str, it: First) -> str:
    """What to type about it."""
    return (
        "the others wait; where it is well so, "
        f"`wc-bridge approve --store {store} --kind {it.kind}` lets those go, and all that follow"
    )


def remedy(by: Held, store: str) -> str:
    """What to type about a store that is held whole."""
    if by is Held.REWOUND:
        return f"`wc-bridge rewound {store}` lists what was done here and is missing there; `--go` continues"
    return f"switch its order management off, then `wc-bridge resume {store}` lets it go on"


def held_line(by: Held, why: str, store: str) -> tuple[str, str]:
    """What stands in `status` of a store that is held whole: what is so, and why with what to type."""
    what = "called or noted" if by is Held.REWOUND else "called"
    return f"held, nothing is {what}: ", f"{why}; {remedy(by, store)}"


def hold_told(by: Held, why: str, store: str) -> str:
    """What holds a store whole, and what to type."""
    what = "the shop seems to have gone back in time: " if by is Held.REWOUND else ""
    return f"{what}{why}. {remedy(by, store)}"


def paused_line(store: str | None, order: int | None, since: str, why: str) -> tuple[str, str]:
    """What stands in `status` of what a person has stopped: since when, why, and what to type.

    `store` is None for every store, `order` for all orders.
    """
    what = f"order {order} is paused" if order is not None else "paused" if store else "everything is paused"
    words = Scope(store=store or "", order=order).words
    reason = f" ({why})" if why else ""
    return f"{what}, nothing is called: ", f"since {since}{reason}; `wc-bridge resume {words}` lets it go on"


def not_polled(store: dict[str, Any], interval: timedelta) -> bool:
    """Whether a store, as `status` has it, is not polled any more, and nothing else that is told says why."""
    if store["lag"] is None or store["problem"] or store["held"] or store["unbound"]:
        return False
    return is_silent(timedelta(seconds=store["lag"]), interval)
