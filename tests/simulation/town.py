"""The world around the bridge in one history: a shop, its provider, and what is true of both."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.ecster.orders import Refusal as EcsterRefusal
from bridge.sandbox.ecster.switches import Switches as EcsterSwitches
from bridge.sandbox.resurs import ResursSandbox
from bridge.sandbox.resurs.ledger import Refusal as ResursRefusal
from bridge.sandbox.resurs.switches import Switches as ResursSwitches
from bridge.sandbox.store import StoreSandbox
from bridge.sandbox.store.model import Order
from bridge.sandbox.store.refusals import Refusal as StoreRefusal
from tests.flow.world import EcsterSide, Money, ResursSide, Side

REFUSALS = (EcsterRefusal, ResursRefusal, StoreRefusal)
"""How shop and providers tell people that something can't be done."""

GOODS: tuple[dict[str, int], ...] = ({"MUGG": 2, "LAMPA": 1}, {"BOK": 1}, {"MUGG": 3}, {"LAMPA": 2, "BOK": 1})
LAGS = (0, 0, 0, 0, 5, 20, 60, 200)
"""Seconds that a provider's reads are behind: each less than `settle.unknown`, with the latest call added."""
_FLIP = 0.12
"""How likely a switch of a provider is at another position than the likeliest."""

_RESURS = (
    "total_is_cumulative",
    "refuses_sum_above_remainder",
    "negative_refund_lines_refused",
    "full_action_names_stay",
    "lines_mean_partial",
    "internal_partials",
    "frozen_lists_cancel",
    "add_lines_needs_full_cancel",
    "limit_counts_captured",
    "cancel_frees_credit",
)
_ECSTER = (
    "row_sum_checked",
    "rows_wanted",
    "fractions_rounded",
    "over_debit",
    "partial_annul",
    "ended_credited",
    "unique_references",
    "references_shown",
    "credits_name_debit",
    "annulled_amount_shown",
    "newest_first",
    "swish_one_at_a_time",
    "swish_listed",
    "swish_counted",
    "swish_takes_credit",
)
"""The switches whose truth nobody outside knows and that bear on money."""


@dataclass(frozen=True, slots=True)
class Was:
    """An order's figures from a moment on, minor units."""

    at: float
    total: int
    status: str


@dataclass(slots=True)
class Placed:
    """An order, its payment ("" while there is none), and what others than the bridge did to either."""

    id: int
    payment: str = ""
    touched: list[float] = field(default_factory=list)
    was: list[Was] = field(default_factory=list)
    told: bool = False
    """A person has said to the bridge what to do, which no figure of shop or provider shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a seed makes of the world."""

    provider: Literal["resurs", "ecster"]
    storage: Literal["hpos", "posts"]
    lag: timedelta
    """The longest that a read of the provider is behind; one read may be behind another that came before it."""
    switches: tuple[str, ...]
    """Of the provider, those at another position than the likeliest."""
    plugin: bool
    """The shop's own plugin acts on payments too."""
    keeps_leftover: bool
    holds_refunds: bool
    """`before_capture: hold`."""
    status_lock: str

    @staticmethod
    def by(chance: random.Random) -> "Plan":
        provider: Literal["resurs", "ecster"] = chance.choice(("resurs", "ecster"))
        names = _RESURS if provider == "resurs" else _ECSTER
        return Plan(
            provider=provider,
            storage=chance.choice(("hpos", "posts")),
            lag=timedelta(seconds=chance.choice(LAGS)),
            switches=tuple(name for name in names if chance.random() < _FLIP),
            plugin=chance.random() < 0.2,
            keeps_leftover=chance.random() < 0.15,
            holds_refunds=chance.random() < 0.15,
            status_lock=chance.choice(("note", "note", "restore", "off")),
        )

    def __str__(self) -> str:
        told = [self.provider, self.storage, f"reads lag {self.lag.total_seconds():.0f} s"]
        told += [f"{name} flipped" for name in self.switches]
        told += ["the shop's plugin acts too"] * self.plugin
        told += ["leftover: keep"] * self.keeps_leftover + ["before_capture: hold"] * self.holds_refunds
        return ", ".join([*told, f"status_lock: {self.status_lock}"])

    def settings(self) -> dict[str, Any]:
        """The store's keys in settings.yaml that differ from the defaults."""
        return {
            "actions": {
                "capture": {"leftover": "keep" if self.keeps_leftover else "release"},
                "refund": {"before_capture": "hold" if self.holds_refunds else "release"},
                "status_lock": self.status_lock,
            }
        }


class Town:
    """Shop and providers, and the orders in them. People act on it through `acting`."""

    def __init__(self, plan: Plan, clock: Callable[[], datetime], seconds: Callable[[], float]) -> None:
        self.plan = plan
        self._seconds = seconds
        self.store = StoreSandbox(clock=clock, https=False, storage=plan.storage)
        self.resurs = ResursSandbox(clock=clock)
        self.ecster = EcsterSandbox(clock=clock, api_key="key", merchant_key="10000001")
        self.side: Side
        if plan.provider == "resurs":
            self.side = ResursSide(self.resurs)
            self.resurs.switches = _flipped(self.resurs.switches, plan)
        else:
            self.side = EcsterSide(self.ecster)
            self.ecster.switches = _flipped(self.ecster.switches, plan)
        self.orders: dict[int, Placed] = {}

    def place(self, goods: dict[str, int], status: str) -> Placed:
        order = self.store.create_order(goods, payment_method=self.side.method, status=status)
        placed = self.orders[order] = Placed(order)
        self.touch(placed)
        return placed

    def pay(self, placed: Placed, *, at_once: bool) -> None:
        """The customer pays: the money is reserved, or moved at once; the checkout writes the id on the order."""
        pay = self.side.pay_at_once if at_once else self.side.pay
        placed.payment = pay(str(placed.id), self.total(placed))
        self.store.set_meta(placed.id, self.side.meta, placed.payment)

    def touch(self, placed: Placed) -> None:
        """Note that somebody else than the bridge acted on this order or its payment."""
        now = self._seconds()
        placed.touched.append(now)
        order = self.order(placed)
        placed.was.append(Was(now, self.total(placed), order.status if order else "gone"))

    def order(self, placed: Placed) -> Order | None:
        return self.store.shop.orders.get(placed.id)

    def total(self, placed: Placed) -> int:
        order = self.order(placed)
        return minor(order.total) if order else 0

    def books(self, placed: Placed) -> Money:
        return self.side.books(placed.payment) if placed.payment else (0, 0, 0)

    def by_payment(self, payment: str) -> Placed | None:
        return next((it for it in self.orders.values() if it.payment and it.payment == payment), None)

    def lag(self, behind: timedelta) -> None:
        """Let the provider's reads be so far behind from now on."""
        self.resurs.switches = replace(self.resurs.switches, lag=behind)
        self.ecster.switches = replace(self.ecster.switches, read_lag=behind)

    @property
    def all_books(self) -> dict[int, Money]:
        return {it.id: self.books(it) for it in self.orders.values()}


S = TypeVar("S", ResursSwitches, EcsterSwitches)


def _flipped(switches: S, plan: Plan) -> S:
    flipped: dict[str, Any] = {name: not getattr(switches, name) for name in plan.switches}
    return replace(switches, **flipped)


def minor(amount: Decimal) -> int:
    return int(amount * 100)
