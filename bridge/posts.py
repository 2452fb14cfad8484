"""A post: one store of a daemon's settings. It is worked on while its lease is ours, and waited for while another
daemon has it.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bridge.app import Workplace
from bridge.db import refusals
from bridge.db.agenda import Agenda
from bridge.db.failures import database_failed, said
from bridge.db.standing import Standing
from bridge.engine.progress import Listener
from bridge.errors import BridgeError
from bridge.ports import CALL
from bridge.settings import StoreSettings
from bridge.ticking import GRACE, Ticks
from bridge.web.hints import Hints
from bridge.web.webhooks import Shop

log = structlog.get_logger()

AGAIN = 1.0
"""Seconds after which a store that another daemon has is tried again."""
LEAVE = 5.0
"""Seconds for which a store is left to the one that has asked for it."""
Refusal = tuple[datetime, list[str]] | None
"""When new settings were refused, and why; None where none are."""
SELDOM = 5.0
"""Seconds from one hint about an order to the next that is passed on to the daemon that has the store. That one's
look begins anew with each, so they must not come faster than a shop answers."""


class Post:
    def __init__(
        self,
        place: Workplace,
        store: StoreSettings,
        scheduler: AsyncIOScheduler,
        progress: Listener | None,
    ) -> None:
        self.settings = store
        self._place, self._scheduler, self._progress = place, scheduler, progress
        self._refusal: Refusal = None
        self._leaving, self._grace = asyncio.Event(), GRACE
        self._ticks: Ticks | None = None
        self._draining: Ticks | None = None
        self._hurried: asyncio.Task[None] | None = None
        self._passed_on = Hints(self._pass_on, pause=SELDOM)
        self._problem = ""

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def works(self) -> bool:
        return self._ticks is not None

    @property
    def ticks(self) -> Ticks | None:
        """Those of the store, while it is worked on here."""
        return self._ticks

    @property
    def polled(self) -> bool:
        """Whether the store has been polled well since it was taken; nobody polls one that another daemon has."""
        return self._ticks is None or self._ticks.polled

    def hanging(self, hung: float) -> list[str]:
        """Name the jobs of the store that have given no sign of life for so many seconds."""
        return [] if self._ticks is None else self._ticks.hanging(hung)

    async def take_up(self) -> bool:
        """Take the store and begin to work on it; False while another daemon has it. Raises DatabaseError."""
        unit = await self._place.begin(self.settings)
        if unit is None:
            return False
        unit.progress = self._progress or unit.progress
        self._ticks = Ticks(unit, self.settings)
        self._ticks.wind(self._scheduler)
        if self._refusal:
            await self.refused(self._refusal)
        return True

    def leave(self, grace: float) -> None:
        """Begin nothing any more; what is under way gets so many seconds to end."""
        self._grace = grace
        self._leaving.set()
        if self._draining is not None:  # for longer, perhaps
            self._hurried = asyncio.create_task(self._draining.drain(grace))

    async def refused(self, refusal: Refusal) -> None:
        """Have `status` say of the store that new settings were refused; None: that it goes by the newest.

        What can't be said is no reason to do otherwise.
        """
        self._refusal = refusal
        if self._ticks is None:
            return
        lease = self._ticks.unit.lease
        try:
            await (refusals.refused(lease, *refusal) if refusal else refusals.in_force(lease))
        except Exception as error:
            if isinstance(error, BridgeError) or database_failed(error):
                log.warning("settings.not_told", store=self.name, problem=said(error))
            else:
                log.exception("store.failed", store=self.name)

    async def keep(self) -> None:
        """Work on the store whenever it is ours, until the end; then let it go. A bug must not end that before.

        Nor is one kept that was being taken up when the end came.
        """
        while self._ticks is not None or not self._leaving.is_set():
            try:
                await self._go_on()
            except Exception:
                log.exception("store.failed", store=self.name)
        if self._hurried is not None:
            await self._hurried
        await self._passed_on.close()

    async def _go_on(self) -> None:
        if self._ticks is None:
            if not await self._pause(AGAIN):
                await self.attempt()
        else:
            lease = self._ticks.unit.lease
            await _first(self._leaving, lease.lost, lease.wanted)
            await self._let_go(self._ticks)

    async def attempt(self) -> None:
        """Take the store up if it is to be had; why it is not is told."""
        try:
            if await self.take_up():
                log.info("store.taken", store=self.name)
        except Exception as error:
            if not isinstance(error, BridgeError) and not database_failed(error):
                log.exception("store.not_taken", store=self.name)
            elif said(error) != self._problem:
                log.warning("store.not_taken", store=self.name, problem=said(error))
            self._problem = said(error)
        else:
            self._problem = ""

    async def _pause(self, seconds: float) -> bool:
        """Whether the end has come before so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), seconds)
        return self._leaving.is_set()

    async def _let_go(self, ticks: Ticks) -> None:
        """Stop work: at once where the store may be another's already, in a while where the end has come, and when
        no call is under way where another merely wants it.
        """
        self._ticks, lease = None, ticks.unit.lease
        if lease.lost.is_set():
            await ticks.drain(0)
            return
        self._draining = ticks
        await ticks.drain(self._grace if self._leaving.is_set() else CALL)
        self._draining = None
        await self._place.leases.give_back(lease)
        if not self._leaving.is_set():
            log.info("store.handed_over", store=self.name)
            await self._pause(LEAVE)

    def shop(self) -> Shop:
        """This store for the listener. Raises SettingsError where its secret can't be read."""
        given = self.settings.webhook_secret.reveal() if self.settings.webhook_secret else ""

        async def secret() -> str:
            return given or await Standing(self.name).webhook_secret()

        return Shop(secret=secret, hint=self._hint)

    def _hint(self, order_id: int) -> None:
        if self._ticks is not None:
            self._ticks.hint(order_id)
        else:
            self._passed_on.add(order_id)

    async def _pass_on(self, order_id: int) -> bool:
        """Have whoever works on the store look at an order; one that is not known yet comes in by its poll."""
        await Agenda(self.name).wake([order_id], self._place.now())
        return True


async def _first(*events: asyncio.Event) -> None:
    """Wait for the first of these."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
