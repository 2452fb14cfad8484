"""What the engine needs of the outside, in its own words. Clients, adapters and fakes implement these."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from bridge.domain.lines import Charge
from bridge.domain.orders import Order, Refund
from bridge.domain.outcomes import Outcome
from bridge.domain.payments import Payment
from bridge.domain.steps import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call to a provider: what is to be done with a payment that was read a moment ago."""

    call: Call
    payment: Payment
    amount: int
    """Minor units; the charges sum to it."""
    charges: tuple[Charge, ...]
    key: str
    everything: bool
    """Release: all that is reserved. Capture: whatever is left after it may be closed in the same call."""
    fresh: Callable[[], bool]
    """Whether the look behind it is still young enough to act on, and the store is ours for as long as a call may
    take; asked when the call's turn has come."""


CALL: Final = 15.0
"""Seconds that one call, or one write to a store, may take from its turn to the end of its answer.

A store's lease must outlive it (`bridge.db.leases`), and a store must be free soon after its daemon has died. One
that takes longer is cut off; its outcome is unknown then, and read.
"""


class Provider(Protocol):
    """A payment provider's API behind four calls and a read."""

    @property
    def name(self) -> str:
        """As people know it ("Resurs", "Ecster"); it stands in notes."""

    async def check(self) -> str:
        """Try the credentials without any effect, and say in a few words what they open.

        Raises a `RemoteError`; NotThere when they open nothing of what the settings name.
        """

    async def read(self, payment_id: str) -> Payment:
        """Read the payment, past any cache.

        A payment that the provider does not show is a Payment in state GONE, not an error. Raises a
        `RemoteError` when nothing reliable could be read.
        """

    async def perform(self, request: Request) -> Outcome:
        """Make the call once. Every ending is an Outcome: nothing is raised, nothing is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of an order listing: the order, or why it could not be understood."""

    id: int
    modified: datetime | None
    order: Order | None
    problem: str = ""


PAGE: Final = 100
"""The most orders that a store lists at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One of the numbered pages of a listing."""

    rows: list[Row]
    total: int
    """How many orders all the pages have together, as the store counts; 0 where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One answer of a walk through a store's orders by the time of their last change."""

    rows: list[Row]
    """Oldest first. Of the seconds up to `newest` they are all that there are."""
    whole: bool
    """Nothing newer is there."""
    clock: datetime | None
    """The store's own time as it began to answer; None where it does not say."""
    total: int = 0
    """How many orders there are in all, as the store counts; 0 where it does not say."""

    @property
    def newest(self) -> datetime | None:
        """The latest date among the rows; never None where more is to come."""
        return max((row.modified for row in self.rows if row.modified is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a store says about itself; None where it does not, or where the key may not ask."""

    address: str | None = None
    """The shop's own, which may differ from the one it is reached at."""
    version: str | None = None
    """Of WooCommerce."""
    storage: Literal["hpos", "posts"] | None = None
    """Where orders lie. On posts a changed total moves no `date_modified`."""
    currency: str | None = None
    decimals: int | None = None
    """With which the store writes amounts; need not be the currency's own."""
    locale: str | None = None
    """As WordPress writes it: "sv_SE"."""
    clock: datetime | None = None
    """The store's own time as it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: int
    text: str
    created: datetime | None = None


class Store(Protocol):
    """A WooCommerce store."""

    @property
    def name(self) -> str:
        """The store's name in settings.yaml."""

    @property
    def concurrency(self) -> int:
        """How many requests at a time it is asked at most; more wait for their turn."""

    async def newest(self) -> Listed:
        """Return the orders that changed last, about 100, or all there are; they say nothing of what is older."""

    async def page(self, number: int, until: datetime) -> Page:
        """Return one page, the first is 1, of the orders that were changed last up to `until`, in order of id."""

    async def changed_since(self, moment: datetime | None, *, trash: bool = False) -> Listed:
        """Return about 100 orders modified strictly after `moment` (None: from the beginning), or all there are.

        Whoever asks on from `newest` skips none, however the store sorts and whatever changes meanwhile.
        """

    async def by_ids(self, ids: list[int]) -> list[Row]:
        """Return the orders among `ids` (at most 100) that the store lists; those it does not are left out."""

    async def refunds(self, orders: Iterable[Order]) -> dict[int, Refund]:
        """Return in full, by id, the refunds of which these orders, as listed, give no more than id and amount.

        Those that can't be had are left out: what is the matter, a read of the order itself tells.
        """

    async def order(self, order_id: int) -> Order:
        """Read one order with its refunds in full. Raises NotThere when the store no longer has it."""

    async def notes(self, order_id: int) -> list[Note]:
        """Return the order's private notes."""

    async def add_note(self, order_id: int, text: str) -> int:
        """Write a private note and return its id. Not safe to repeat blindly: look for it first."""

    async def facts(self) -> Facts:
        """Return what the store says about itself; little where the key may read orders but no more."""

    async def set_status(self, order_id: int, status: str) -> None:
        """Put the order into `status`; the store mails the customer as it does for staff."""
