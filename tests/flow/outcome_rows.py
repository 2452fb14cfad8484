"""How calls end badly, and what else happens meanwhile: the columns of the table of outcomes."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from bridge.domain import alone
from bridge.sandbox.faults import Fault
from tests.flow.world import ProviderName

UNKNOWN = timedelta(minutes=4)
SETTLE = {"unknown": "4m", "refund": "10s", "others": "30s"}
"""`settle` of settings.yaml, as these worlds have it."""
NO_PLUGIN = alone.WITHIN
"""So much later what somebody does in the portal is not taken for the shop plugin's own order management."""
LAGS = (timedelta(), timedelta(seconds=45), timedelta(minutes=10))
"""None, one below it, and one beyond it."""
Theirs = Literal["nothing", "the same", "another amount"]


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
