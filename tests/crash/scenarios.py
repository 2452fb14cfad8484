"""What staff do: the ways to each kind of call, each begun by a daemon that starts and finds it done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.crash.shop import Shop
from tests.flow.world import MUG, TOTAL

Doing = Callable[[Shop], object]

CAPTURE, CANCEL, REFUND, RAISE = (
    f"POST /v2/payments/*/{call}" for call in ("capture", "cancel", "refund", "order")
)
TRANSACTION = "POST /rest/public/v1/orders/*/transactions"
RESTORE = "PUT /wp-json/wc/v3/orders/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    name: str
    before: Doing
    """What was there before the bridge came."""
    staff: Doing
    """What changes since, before the daemon starts again."""
    ends: tuple[str, ...]
    """The actions that it leads to, in order."""
    given_up: tuple[str, ...] = ()
    """What it may lead to where a call was cut off: one that mails the customer is not made twice in a day."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Of the store in settings.yaml."""
    calls: tuple[str, ...] = ()
    """The calls that move money, as their points name them."""
    fresh: bool = False
    """The daemon that is killed is the first that there is: the database is not made yet."""
    whole: bool = False
    """Every kind of its points matters, not the calls alone."""


def _reserved_at_resurs(shop: Shop) -> None:
    shop.place(shop.resurs)


def _reserved_at_ecster(shop: Shop) -> None:
    shop.place(shop.ecster)


def _captured_at_resurs(shop: Shop) -> None:
    shop.place(shop.resurs, "completed", captured=True)


def _captured_at_ecster(shop: Shop) -> None:
    shop.place(shop.ecster, "completed", captured=True)


def _to(status: str) -> Doing:
    def change(shop: Shop) -> None:
        shop.store.set_status(shop.placed[0].order, status)

    return change


def _refund_a_mug(shop: Shop) -> None:
    shop.store.refund(shop.placed[0].order, lines={"MUGG": 1})


def _refund_a_mug_and_complete(shop: Shop) -> None:
    _refund_a_mug(shop)
    _to("completed")(shop)


def _add_a_mug_and_complete(shop: Shop) -> None:
    shop.store.add_line(shop.placed[0].order, "MUGG")
    _to("completed")(shop)


def _three_orders(shop: Shop) -> None:
    shop.place(shop.resurs)
    shop.place(shop.resurs, "completed", captured=True)
    shop.place(shop.ecster, "cancelled")


def _two_more(shop: Shop) -> None:
    shop.place(shop.ecster, "completed")
    shop.place(shop.resurs, "completed")


def _nothing(shop: Shop) -> None:
    pass


SCENARIOS = (
    Scenario(
        name="capture at Resurs",
        before=_reserved_at_resurs,
        staff=_to("completed"),
        ends=(f"capture {TOTAL} done",),
        calls=(CAPTURE,),
        whole=True,
    ),
    Scenario(
        name="capture at Ecster",
        before=_reserved_at_ecster,
        staff=_to("completed"),
        ends=(f"capture {TOTAL} done",),
        calls=(TRANSACTION,),
    ),
    Scenario(
        name="cancel at Resurs",
        before=_reserved_at_resurs,
        staff=_to("cancelled"),
        ends=(f"cancel {TOTAL} done",),
        calls=(CANCEL,),
    ),
    Scenario(
        name="cancel at Ecster",
        before=_reserved_at_ecster,
        staff=_to("cancelled"),
        ends=(f"cancel {TOTAL} done",),
        calls=(TRANSACTION,),
    ),
    Scenario(
        name="refund at Resurs",
        before=_captured_at_resurs,
        staff=_refund_a_mug,
        ends=(f"refund {MUG} done",),
        calls=(REFUND,),
    ),
    Scenario(
        name="refund at Ecster",
        before=_captured_at_ecster,
        staff=_refund_a_mug,
        ends=(f"refund {MUG} done",),
        calls=(TRANSACTION,),
    ),
    Scenario(
        name="refund before capture",
        before=_reserved_at_resurs,
        staff=_refund_a_mug,
        ends=(f"modify {MUG} done",),
        calls=(CANCEL,),
    ),
    Scenario(
        name="part refund and capture",
        before=_reserved_at_resurs,
        staff=_refund_a_mug_and_complete,
        ends=(f"capture {TOTAL - MUG} done", f"cancel {MUG} done"),
        calls=(CAPTURE, CANCEL),
    ),
    Scenario(
        name="raise and capture",
        before=_reserved_at_resurs,
        staff=_add_a_mug_and_complete,
        ends=(f"modify {MUG} done", f"capture {TOTAL + MUG} done"),
        calls=(RAISE, CAPTURE),
    ),
    Scenario(
        name="status put back",
        before=_captured_at_resurs,
        staff=_to("processing"),
        ends=("restore_status 0 done",),
        given_up=("restore_status 0 dropped",),
        changes={"actions": {"status_lock": "restore"}},
        calls=(RESTORE,),
    ),
    Scenario(
        name="first run",
        before=_three_orders,
        staff=_nothing,
        ends=(),
        fresh=True,
        whole=True,
    ),
    Scenario(
        name="two new orders at once",
        before=_three_orders,
        staff=_two_more,
        ends=(f"capture {TOTAL} done", f"capture {TOTAL} done"),
        calls=(CAPTURE, TRANSACTION),
    ),
)
