"""A unit: one store with its providers, journal and rules. Units know nothing of each other."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from bridge.db.agenda import Agenda
from bridge.db.journal import Journal
from bridge.db.leases import Lease
from bridge.db.listings import Listings
from bridge.db.outbox import Outbox
from bridge.db.standing import Standing
from bridge.domain.alerts import Alert, Topic
from bridge.domain.binding import Place
from bridge.domain.claims import Method, claim
from bridge.domain.orders import Order
from bridge.domain.outages import Outage
from bridge.domain.rules import Rules
from bridge.engine.pacing import Pace
from bridge.engine.progress import Listener, Logged
from bridge.errors import RemoteError
from bridge.ports import Provider, Store

KNOWN = timedelta(days=1)
"""How long something is known that was told: should it still be so after that, it is told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A database that can't be used."""

    why: str
    last: datetime
    """When it failed the last time."""
    told: bool


class Urgent:
    """Alerts that are not written down where they arise, as the database may take nothing: each once a day.

    It outlives the units, which new settings make anew, and so does what is wrong until it is over.
    """

    def __init__(self) -> None:
        self._waiting: list[Alert] = []
        self._told: dict[tuple[Topic, str, str], datetime] = {}
        self.broken: dict[str, Broken] = {}
        """By store: what is wrong with the database."""
        self.bugs: dict[str, dict[str, datetime]] = {}
        """By store and job: when it last failed by a bug."""

    def add(self, alert: Alert) -> None:
        """Have it told, unless the same was within a day."""
        what = (alert.topic, alert.store, alert.text)
        last = self._told.get(what)
        if last is None or not timedelta() <= alert.at - last < KNOWN:
            self._told[what] = alert.at
            self._waiting.append(alert)

    def take(self) -> list[Alert]:
        """All that is still to go out; whoever takes it sees to it."""
        taken, self._waiting = self._waiting, []
        return taken

    def forget(self, store: str, topics: Collection[Topic]) -> None:
        """What was told of the store is over: should it come again, that is news."""
        self._told = {what: at for what, at in self._told.items() if what[1] != store or what[0] not in topics}


@dataclass(slots=True, kw_only=True)
class Unit:
    store: Store
    providers: tuple[Provider, ...]
    methods: tuple[Method, ...]
    standing: Standing
    listings: Listings
    journal: Journal
    agenda: Agenda
    outbox: Outbox
    lease: Lease
    """The right to work on the store, for as long as it lives."""
    rules: Rules
    live: bool
    """False: look, decide and record, but write nothing to store or provider."""
    language: str
    """Of the notes, as settings.yaml has it: "en", "sv", or "auto", the shop's own."""
    url: str
    """Of the shop, as settings.yaml has it."""
    place: Place
    """Where the database lies."""
    overlap: timedelta
    start_from: date | None
    now: Callable[[], datetime]
    chance: Callable[[], float]
    """Jitter, 0 to 1."""
    pace: Pace
    busy: set[int] = field(default_factory=set)
    """Orders that are being worked on: one thing at a time for each."""
    calling: set[int] = field(default_factory=set)
    """Actions whose calls are being made, or recorded, at this moment."""
    resting: dict[int, datetime] = field(default_factory=dict)
    """Orders left alone until then although the journal says that they are due: it could not be told."""
    locale: str = ""
    """The shop's own language as it last said it ("sv_SE"); "" where that is not known."""
    progress: Listener = field(default_factory=Logged)
    """Hears how far the first run has come, where that takes more than one page."""
    still: tuple[datetime | None, datetime] | None = None
    """Where the poll's cursor stands, and since when it was found there, by our clock."""
    failing: str = ""
    """Why the last poll failed, as the log has said it since the start; "" after one that ended well."""
    urgent: Urgent = field(default_factory=Urgent)
    mute: str = ""
    """Why the key may not write notes, as the alert has said it; "" while it may."""
    restored: datetime | None = None
    """When the database was last restored from a backup; None: never."""
    went_live: datetime | None = None
    """When the store went from shadow mode to live; None: it is in shadow mode, or never was."""
    bound: bool = False
    """Whether the shop was asked since the start, and it and the machine are those that the database belongs to."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """For the short pauses within one piece of work."""
    outages: dict[str, Outage] = field(default_factory=dict)
    """Of the shop and its providers, by name; kept in the journal too."""
    confirmed: set[str] = field(default_factory=set)
    """The remotes of which an outage was noticed since the start."""
    one_writes: asyncio.Lock = field(default_factory=asyncio.Lock)
    """What many find out about an outage side by side is kept in the journal in its order."""
    asking: set[str] = field(default_factory=set)
    """The remotes in an outage that an order is asking at this moment."""

    @property
    def broken(self) -> Broken | None:
        """What is wrong with the database; None while it can be used."""
        return self.urgent.broken.get(self.store.name)

    def provider_of(self, order: Order) -> str:
        """The name of the provider whose payment method the order names; "" where that is nobody's."""
        mine = claim(order, self.methods)
        return self.providers[mine.method.provider].name if mine else ""

    @property
    def spoken(self) -> Literal["en", "sv"]:
        """The language to write in; of those that are not spoken here, English is understood by most."""
        return "sv" if (self.locale if self.language == "auto" else self.language).startswith("sv") else "en"

    async def ahead(self) -> timedelta:
        """How far the store's clock is ahead of ours, less than nothing if behind; nothing if it does not say."""
        try:
            clock = (await self.store.facts()).clock
        except RemoteError:  # what it is asked by may be broken where orders can be read
            return timedelta()
        return clock - self.now() if clock is not None else timedelta()
