"""Calls that end badly, played: what staff do, how the call ends, who else is at the payment, and what must be so.

What must be so is judged by the providers' own books and by the requests that they got, not by what the bridge
says of itself.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import aiohttp

from bridge.db.persons import look_again
from bridge.engine import acting
from bridge.engine.looking import Ready, look
from bridge.engine.polling import poll
from bridge.sandbox.ecster.orders import Refusal as EcsterRefusal
from bridge.sandbox.faults import Fault
from bridge.sandbox.resurs.ledger import Refusal as ResursRefusal
from tests.flow.world import MUG, STORE, TOTAL, Money, Placed, ProviderName, ResursSide, Staff, World, until

UNKNOWN = timedelta(minutes=2)
SETTLE = {"unknown": "2m", "refund": "10s", "others": "30s"}
"""`settle` of settings.yaml, as these worlds have it."""
LAGS = (timedelta(), timedelta(seconds=45), timedelta(minutes=10))
"""None, one below it, and one beyond it."""
PART, OTHER = 20000, 5000
"""What somebody else captures, and returns or releases, where it is another amount."""

Theirs = Literal["nothing", "the same", "another amount"]
End = tuple[Money, str]
"""Reserved, captured and returned in the end, and why a person is called ("": nobody is)."""
Ends = tuple[End, ...]
"""Those that are well: what somebody else does may be seen before or after order and payment have agreed."""


class Ending(StrEnum):
    """How a call ends for the bridge, and what becomes of it at the provider."""

    ANSWERED = "answered"
    DROPPED_BEFORE = "dropped before"
    DROPPED_AFTER = "dropped after"
    FAILED_BEFORE = "5xx before"
    FAILED_AFTER = "5xx after"
    PAGE_BEFORE = "html before"
    PAGE_AFTER = "html after"
    PUT_OFF = "429"
    DENIED = "401"
    TIMED_OUT_NEVER = "time-out, never done"
    TIMED_OUT_DONE = "time-out, done before"
    TIMED_OUT_LATE = "time-out, done after"
    KILLED_NEVER = "killed, never done"
    KILLED_DONE = "killed, done before"
    KILLED_LATE = "killed, done after"

    @property
    def killed(self) -> bool:
        return self in (Ending.KILLED_NEVER, Ending.KILLED_DONE, Ending.KILLED_LATE)

    @property
    def timed_out(self) -> bool:
        return self in (Ending.TIMED_OUT_NEVER, Ending.TIMED_OUT_DONE, Ending.TIMED_OUT_LATE)

    @property
    def put_off(self) -> bool:
        """The provider says that nothing was done."""
        return self in (Ending.PUT_OFF, Ending.DENIED)


FAULTS = {
    Ending.DROPPED_BEFORE: Fault.DROP_BEFORE,
    Ending.DROPPED_AFTER: Fault.DROP_AFTER,
    Ending.FAILED_BEFORE: Fault.ERROR_BEFORE,
    Ending.FAILED_AFTER: Fault.ERROR_AFTER,
    Ending.PAGE_BEFORE: Fault.HTML_BEFORE,
    Ending.PAGE_AFTER: Fault.HTML_AFTER,
    Ending.PUT_OFF: Fault.BUSY,
    Ending.DENIED: Fault.DENIED,
    Ending.TIMED_OUT_NEVER: Fault.LOST,
    Ending.TIMED_OUT_DONE: Fault.SLOW,
    Ending.TIMED_OUT_LATE: Fault.HELD_BACK,
    Ending.KILLED_NEVER: Fault.LOST,
    Ending.KILLED_DONE: Fault.SLOW,
    Ending.KILLED_LATE: Fault.HELD_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One world: every call of one provider ends so, each for an order of its own."""

    provider: ProviderName
    ending: Ending
    lag: timedelta
    """Reads show a change only so long after it."""
    theirs: Theirs
    """What somebody does in the portal a little later."""
    restart: bool
    """Whether the bridge is ended and started again meanwhile."""

    def __str__(self) -> str:
        lag = f"reads {self.lag.seconds} s late" if self.lag else "reads at once"
        ends = "; restart" if self.restart else ""
        return f"{self.provider}: {self.ending}; {lag}; {self.theirs} in the portal{ends}"

    @property
    def blind(self) -> bool:
        """Whether the provider shows nothing for longer than is waited for: outside of what is promised."""
        return self.lag > UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    name: str
    staff: Staff
    same: Staff
    """The same done in the portal."""
    other: Staff
    """Another amount."""
    ends: Callable[[bool, Theirs], Ends]
    """What must be so in the end: by whether our call took effect, and what somebody else did."""
    completed: bool = False
    """Captured before, and that has ended well."""
    swish: bool = False

    def place(self, w: World) -> Placed:
        return w.place_paid_at_once() if self.swish else w.place()


def _always(books: Money) -> Callable[[bool, Theirs], Ends]:
    """Whoever did what: the bridge does the rest."""
    return lambda _, __: ((books, ""),)


def _reserved(amount: int) -> Callable[[bool, Theirs], Ends]:
    """What somebody else takes away is put back as part of the change; once that has ended, a person is called."""

    def ends(ours: bool, theirs: Theirs) -> Ends:
        less = {"nothing": 0, "the same": MUG, "another amount": OTHER}[theirs]
        called = ((amount - less, 0, 0), "less-reserved")
        return ((amount, 0, 0), ""), *([called] if less else [])

    return ends


def _cancelled(_: bool, theirs: Theirs) -> Ends:
    return (((0, PART, 0), "cancelled-captured") if theirs == "another amount" else ((0, 0, 0), ""),)


def _refunded(ours: bool, theirs: Theirs) -> Ends:
    """What somebody else paid is taken for the refund where the amount is the same, else it needs a person."""
    match theirs:
        case "nothing":
            return (((0, TOTAL, MUG), ""),)
        case "the same":
            return (((0, TOTAL, 2 * MUG), "unmatched-return") if ours else ((0, TOTAL, MUG), ""),)
        case _:
            return (((0, TOTAL, OTHER + MUG * ours), "unmatched-return"),)


def _swished(ours: bool, theirs: Theirs) -> Ends:
    """Without a key nothing but the amount tells, so what does not show is never sent again by itself."""
    if ours or theirs == "the same":
        return _refunded(ours, theirs)
    return (((0, TOTAL, OTHER if theirs == "another amount" else 0), "not-seen"),)


def _complete(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")


def _complete_and_refund(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})
    _complete(w, it)


def _lower_and_complete(w: World, it: Placed) -> None:
    w.store.set_quantity(it.id, "MUGG", 1)
    _complete(w, it)


def _refund(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})


def _captured(amount: int) -> Staff:
    return lambda w, it: w.side.capture(it.payment, amount)


def _returned(amount: int) -> Staff:
    return lambda w, it: w.side.refund(it.payment, amount)


def _released(amount: int) -> Staff:
    def act(w: World, it: Placed) -> None:
        assert isinstance(w.side, ResursSide)
        w.side.release(it.payment, amount)

    return act


def _swish(amount: int) -> Staff:
    return lambda w, it: w.ecster.dashboard_swish_refund(it.payment, amount)


CAPTURE = Call(
    name="capture", staff=_complete, same=_captured(TOTAL), other=_captured(PART), ends=_always((0, TOTAL, 0))
)
CANCEL = Call(
    name="cancel",
    staff=lambda w, it: w.store.set_status(it.id, "cancelled"),
    same=lambda w, it: w.side.cancel(it.payment),
    other=_captured(PART),
    ends=_cancelled,
)
REFUND = Call(
    name="refund", staff=_refund, same=_returned(MUG), other=_returned(OTHER), ends=_refunded, completed=True
)
CALLS: dict[ProviderName, tuple[Call, ...]] = {
    "resurs": (
        CAPTURE,
        Call(
            name="capture of a part, then release of the rest",
            staff=_complete_and_refund,
            same=_captured(TOTAL - MUG),
            other=_captured(PART),
            ends=_always((0, TOTAL - MUG, 0)),
        ),
        CANCEL,
        Call(
            name="release of a part",
            staff=lambda w, it: w.store.set_quantity(it.id, "MUGG", 1),
            same=_released(MUG),
            other=_released(OTHER),
            ends=_reserved(TOTAL - MUG),
        ),
        Call(
            name="raise",
            staff=lambda w, it: w.store.add_line(it.id, "MUGG"),
            same=_released(MUG),
            other=_released(OTHER),
            ends=_reserved(TOTAL + MUG),
        ),
        REFUND,
    ),
    "ecster": (
        CAPTURE,
        Call(
            name="capture of a part that closes the rest",
            staff=_lower_and_complete,
            same=_captured(TOTAL - MUG),
            other=_captured(PART),
            ends=_always((0, TOTAL - MUG, 0)),
        ),
        CANCEL,
        REFUND,
        Call(
            name="Swish refund",
            staff=_refund,
            same=_swish(MUG),
            other=_swish(OTHER),
            ends=_swished,
            completed=True,
            swish=True,
        ),
    ),
}


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
        self.cases = [Case(call=call, it=call.place(w)) for call in CALLS[self.row.provider]]
        await w.cycle()
        for case in self.cases:
            if case.call.completed:
                _complete(w, case.it)
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
        for case in self.cases:
            case.key = (await self.called(case))[0][1]
            case.ours = case.key in self.keys(case) or (case.call.swish and self._swished(case))

    async def end(self) -> None:
        """Time passes until everything is settled, and a person asks for one more look."""
        again = [timedelta(minutes=10)] * (3 if self.row.blind else 1)
        for wait in again:
            await self.w.cycle(wait)
            self.w.clock.advance(int(self.row.lag.total_seconds()))
        for case in self.cases:
            await look_again(STORE, case.it.id, self.w.clock.now())
        await self.w.cycle(timedelta(minutes=10))

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
