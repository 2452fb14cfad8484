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
from bridge.engine.pacing import Pace
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
    pace: Pace
    busy: set[int] = field(default_factory=set)
    """Orders that are being worked on: one thing at a time for each."""
    calling: set[int] = field(default_factory=set)
    """Actions whose calls are being made, or recorded, at this moment."""
    resting: dict[int, datetime] = field(default_factory=dict)
    """Orders left alone until then although the journal says that they are due: it could not be told."""
    locale: str = ""
    """The shop's own language as it last said it ("sv_SE"); "" where that is not known."""
    told: bool = False
    """Whether the store was asked since the start for what it says about itself."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """For the short pauses within one piece of work."""

    @property
    def spoken(self) -> Literal["en", "sv"]:
        """The language to write in; of those that are not spoken here, English is understood by most."""
        return "sv" if (self.locale if self.language == "auto" else self.language).startswith("sv") else "en"
