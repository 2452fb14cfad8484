"""Calls that end badly, played: what staff do, how the call ends, who else is at the payment, and what must be so.

What must be so is judged by the providers' own books and by the requests that they got, not by what the bridge
says of itself.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import aiohttp

from bridge.db import firsts
from bridge.db.persons import look_again
from bridge.domain.steps import EFFECT
from bridge.engine import acting
from bridge.engine.looking import Ready, look
from bridge.engine.polling import poll
from bridge.engine.unit import Unit
from bridge.sandbox.ecster.orders import Refusal as EcsterRefusal
from bridge.sandbox.resurs.ledger import Refusal as ResursRefusal
from tests.flow.outcome_calls import CALLS, Call, complete
from tests.flow.outcome_rows import FAULTS, LAGS, NO_PLUGIN, Row, Theirs
from tests.flow.world import MUG, STORE, Placed, World, until


@dataclass(slots=True, kw_only=True)
class Case:
    """One call of a row, as it went."""

    call: Call
    it: Placed
    notes: int = 0
    """Notes that were there before."""
    events: int = 0
    """Events of its story, likewise."""
    theirs: Theirs = "nothing"
    """What somebody else really did: what the provider refuses is not done."""
    ours: bool = False
    """Whether our first call has taken effect when the time for that is nearly over."""
    key: str = ""
    """Of that call."""


@dataclass(slots=True, kw_only=True)
class Play:
    w: World
    row: Row
    cases: list[Case] = field(default_factory=list)
    killed: datetime | None = None
    """When the bridge was started again after its end in the middle of the calls."""

    async def begin(self) -> None:
        """Every order is where its call comes next; what happened before shows however late reads are."""
        w = self.w
        await w.cycle()
        await _calls_are_proven(await w.bridge(), w.clock.now())
        self.cases = [Case(call=call, it=call.place(w)) for call in CALLS[self.row.provider]]
        await w.cycle()
        for case in self.cases:
            if case.call.completed:
                complete(w, case.it)
        await w.cycle()
        w.clock.advance(int(max(LAGS).total_seconds()) + 60)
        w.resurs.switches = replace(w.resurs.switches, lag=self.row.lag)
        # Two Swish refunds on their way can't be told apart, so where somebody else makes one, each ends at once.
        polls = 1 if self.row.theirs == "nothing" else 0
        w.ecster.switches = replace(w.ecster.switches, read_lag=self.row.lag, swish_polls=polls)
        for case in self.cases:
            case.notes = len(w.notes(case.it.id))
            case.events = len((await w.story(case.it.id))["story"])

    async def call(self) -> None:
        """Staff act, every call is made, and ends as the row says."""
        w, fault = self.w, FAULTS.get(self.row.ending)
        for case in self.cases:
            case.call.staff(w, case.it)
            if fault:
                w.side.faults.plan(fault, method="POST", path=rf"/{case.it.payment}/\w+$")
        if self.row.ending.killed:
            await self._kill()
        elif self.row.ending.timed_out:
            with _short_of_time(await w.bridge()):
                await w.cycle(timedelta(seconds=25))
        else:
            await w.cycle(timedelta(seconds=25))

    async def meanwhile(self) -> None:
        """Somebody uses the portal, the bridge is ended and started again, what was late takes effect."""
        w = self.w
        w.clock.advance(int(NO_PLUGIN.total_seconds()))
        for case in self.cases:
            act = {"nothing": None, "the same": case.call.same, "another amount": case.call.other}[self.row.theirs]
            if act is not None:
                with suppress(ResursRefusal, EcsterRefusal):
                    act(w, case.it)
                    case.theirs = self.row.theirs
        if self.row.restart:
            await w.stop()
        await w.cycle(timedelta(seconds=35))
        w.side.faults.release.set()
        await until(lambda: not w.side.faults.under_way)
        await self._judge()

    async def _judge(self) -> None:
        """See what the first calls came to. What was put off may still be waiting: then its end tells."""
        for case in self.cases:
            calls = await self.called(case)
            case.key = calls[0][1] if calls else ""
            case.ours = self.done(case)

    async def end(self) -> None:
        """Time passes until everything is settled, and a person asks for one more look."""
        again = [timedelta(minutes=10)] * (3 if self.row.blind else 1)
        for wait in again:
            await self.w.cycle(wait)
            self.w.clock.advance(int(self.row.lag.total_seconds()))
        for case in self.cases:
            await look_again(STORE, case.it.id, self.w.clock.now())
        await self.w.cycle(timedelta(minutes=10))
        if self.row.ending.put_off:
            await self._judge()

    async def _kill(self) -> None:
        """End the bridge in the middle of every call, as a power cut would: nothing more is written."""
        unit, faults = await self.w.bridge(), self.w.side.faults
        for sent, case in enumerate(self.cases, 1):
            ready = await self._ready(case)
            assert await unit.outbox.begin_attempt(ready.action, acting.attempt(ready), self.w.clock.now())
            calling = asyncio.create_task(acting.call(unit, ready, acting.request(unit, ready)))
            await until(lambda sent=sent: faults.under_way == sent)  # type: ignore[misc]
            calling.cancel()
            await asyncio.wait([calling])
        await self.w.stop()
        self.killed = self.w.clock.now()

    async def _ready(self, case: Case) -> Ready:
        for _ in range(20):
            await poll(await self.w.bridge())
            if ready := await look(await self.w.bridge(), case.it.id):
                return ready
            self.w.clock.advance(10)
        raise AssertionError(f"{case.call.name}: no call comes")

    # ---- what the provider knows

    def keys(self, case: Case) -> list[str]:
        """Our keys in the payment's true log, as often as they stand there, since the call was to be made."""
        found = re.compile(rf"{case.it.id}[CRVX]\d+(?:-\d+)?")
        texts = [str(entry) for entry in self._log(case.it.payment)]
        keys = [match[0] for text in texts if (match := found.search(text))]
        return keys[1:] if case.call.completed and not case.call.swish else keys

    def _log(self, payment: str) -> list[object]:
        if self.row.provider == "ecster":
            return list(self.w.ecster.references(payment))
        actions = self.w.resurs.payment(payment)["order"]["actionLog"]
        return [(it["transactionId"], it["creator"], it["orderLines"][:1]) for it in actions]

    def done(self, case: Case) -> bool:
        """Whether the call that was made first has taken effect by now, as it was or repeated."""
        return self._swished(case) if case.call.swish else case.key in self.keys(case)

    def _swished(self, case: Case) -> bool:
        begun = [refund.amount for refund in self.w.ecster._book.now(case.it.payment).refunds]
        return begun.count(MUG) > (case.theirs == "the same")

    def reads(self, case: Case, after: datetime) -> list[datetime]:
        """The moments of the reads of the payment that began at `after` or later."""
        faults = self.w.side.faults
        return [
            moment
            for (method, path), moment in zip(faults.seen, faults.moments, strict=True)
            if method == "GET" and path.endswith(case.it.payment) and moment >= after
        ]

    # ---- what the bridge says

    async def called(self, case: Case) -> list[tuple[datetime, str]]:
        """Its calls, as (moment, key)."""
        return [
            (datetime.fromisoformat(event["at"]), event["text"].rpartition("key ")[2])
            for event in await self.told(case)
            if event["topic"] == "called"
        ]

    async def told(self, case: Case) -> list[dict[str, str]]:
        return list((await self.w.story(case.it.id))["story"][case.events :])

    def noted(self, case: Case) -> list[str]:
        """The keys with which notes say that something was done."""
        ends = [re.search(r"\(wc-bridge (\d+[CRVX]\d+(?:-\d+)?)\)$", it) for it in self.w.notes(case.it.id)]
        return [found[1] for found in ends[case.notes :] if found]


async def _calls_are_proven(unit: Unit, now: datetime) -> None:
    """The first calls of each kind were made long ago, so that none has to wait for another order's."""
    for method in unit.methods:
        for call in EFFECT:
            await firsts.claim(STORE, method.account, call, 0)
            await firsts.taken_so(STORE, method.account, call, now)


async def play(w: World, row: Row) -> Play:
    made = Play(w=w, row=row)
    for act in (made.begin, made.call, made.meanwhile):
        await act()
    return made


class _short_of_time:  # noqa: N801 - reads as what it does
    """Let the provider's client give up soon, which else takes 30 s; reads take milliseconds."""

    def __init__(self, unit: object) -> None:
        self._apis = [provider._api for provider in unit.providers]  # type: ignore[attr-defined]

    def __enter__(self) -> None:
        self._before = [api._timeout for api in self._apis]
        for api in self._apis:
            api._timeout = aiohttp.ClientTimeout(total=0.4)

    def __exit__(self, *_: object) -> None:
        for api, before in zip(self._apis, self._before, strict=True):
            api._timeout = before
