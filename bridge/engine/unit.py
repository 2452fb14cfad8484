"""A unit: one store with its providers, journal and rules. Units know nothing of each other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from bridge.db.journal import Journal
from bridge.db.outbox import Outbox
from bridge.domain.claims import Method
from bridge.domain.rules import Rules
from bridge.engine.progress import Listener, Logged
from bridge.ports import Provider, Store


@dataclass(slots=True, kw_only=True)
class Unit:
    store: Store
    providers: tuple[Provider, ...]
    methods: tuple[Method, ...]
    journal: Journal
    outbox: Outbox
    rules: Rules
    live: bool
    """False: look, decide and record, but write nothing to store or provider."""
    language: str
    """Of the notes, as settings.yaml has it: "en", "sv", or "auto", the shop's own."""
    overlap: timedelta
    start_from: date | None
    now: Callable[[], datetime]
    chance: Callable[[], float]
    """Jitter, 0 to 1."""
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
    mute: str = ""
    """Why the key may not write notes, as the alert has said it; "" while it may."""
    told: bool = False
    """Whether the store was asked since the start for what it says about itself."""
    restored: datetime | None = None
    """When the database was last restored from a backup; None: never."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """For the short pauses within one piece of work."""

    @property
    def spoken(self) -> Literal["en", "sv"]:
        """The language to write in; of those that are not spoken here, English is understood by most."""
        return "sv" if (self.locale if self.language == "auto" else self.language).startswith("sv") else "en"
