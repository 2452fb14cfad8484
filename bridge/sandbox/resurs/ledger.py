"""One payment's books: what is reserved, captured, returned and cancelled, and the calls that move it.

Nothing here knows HTTP or the time. Amounts are Decimals in major units, as on the wire.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bridge.sandbox.resurs.lines import NOTHING, Line, total, without
from bridge.sandbox.resurs.switches import Switches

CURRENCIES = {"SE": "SEK", "NO": "NOK", "DK": "DKK", "FI": "EUR"}


class Refusal(Exception):
    """The API says no: HTTP status, error code, message, and field errors as (field, message)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "BAD_REQUEST",
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.fields = fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    id: str
    type: str
    created: datetime
    lines: tuple[Line, ...]
    transaction_id: str | None = None
    creator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """A payment's amounts in minor units, for tables."""

    reserved: int
    captured: int
    returned: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What happens to the payment by itself at a moment, unless something else comes first."""

    at: datetime
    status: str
    reason: str | None = None


@dataclass(slots=True, kw_only=True)
class Account:
    """One payment. `open` are the lines still reserved, `delivered` those captured and not returned."""

    id: str
    reference: str
    created: datetime
    country: str
    method: str
    external: bool
    requested_limit: Decimal
    limit: Decimal | None
    """`approvedCreditLimit`."""
    status: str
    next_action: Callable[[], str]
    """Gives the id of the next action."""
    rejected: str | None = None
    customer: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    due: Due | None = None
    total: Decimal = NOTHING
    reserved: Decimal = NOTHING
    captured: Decimal = NOTHING
    refunded: Decimal = NOTHING
    canceled: Decimal = NOTHING
    open: tuple[Line, ...] = ()
    delivered: tuple[Line, ...] = ()
    log: list[Action] = field(default_factory=list)

    def create(self, lines: tuple[Line, ...], now: datetime) -> None:
        """Put the first lines on: CREATE, always the first of the log."""
        self.open = lines
        self.total = self.reserved = total(lines)
        self._note("CREATE", lines, now)

    def possible_actions(self, switches: Switches, now: datetime) -> tuple[str, ...]:
        """Return the names that `possibleActions` lists."""
        if self.status == "FROZEN":
            return ("CANCEL",) if switches.frozen_lists_cancel and self.reserved > NOTHING else ()
        if self.status != "ACCEPTED":
            return ()
        life = switches.authorisation_lifetime
        lapsed = life is not None and now >= self.created + life
        names: list[str] = []
        if self.reserved > NOTHING and not lapsed:
            names += self._names("CAPTURE", self.captured > NOTHING, switches)
            names += self._names("CANCEL", self.canceled > NOTHING, switches)
        if self.captured > self.refunded:
            names += self._names("REFUND", self.refunded > NOTHING, switches)
        return tuple(names)

    def _names(self, action: str, begun: bool, switches: Switches) -> list[str]:
        partials = switches.external_partials if self.external else switches.internal_partials
        full = [action] if switches.full_action_names_stay or not begun else []
        return full + [f"PARTIAL_{action}"] * partials

    def capture(
        self, lines: tuple[Line, ...] | None, switches: Switches, now: datetime, **marks: str | None
    ) -> None:
        taken = self._taken("CAPTURE", lines, pool=self.open, remainder=self.reserved, switches=switches, now=now)
        self.open = without(self.open, taken)
        self.delivered += taken
        self.reserved -= total(taken)
        self.captured += total(taken)
        self._note("CAPTURE", taken, now, **marks)

    def cancel(
        self, lines: tuple[Line, ...] | None, switches: Switches, now: datetime, **marks: str | None
    ) -> None:
        taken = self._taken("CANCEL", lines, pool=self.open, remainder=self.reserved, switches=switches, now=now)
        self.open = without(self.open, taken)
        self.reserved -= total(taken)
        self.canceled += total(taken)
        self._note("CANCEL", taken, now, **marks)

    def refund(
        self, lines: tuple[Line, ...] | None, switches: Switches, now: datetime, **marks: str | None
    ) -> None:
        if lines and switches.negative_refund_lines_refused and any(line.total < NOTHING for line in lines):
            raise Refusal("Refund lines must not be negative")
        taken = self._taken(
            "REFUND",
            lines,
            pool=self.delivered,
            remainder=self.captured - self.refunded,
            switches=switches,
            now=now,
        )
        self.delivered = without(self.delivered, taken)
        self.refunded += total(taken)
        self._note("REFUND", taken, now, **marks)

    def add(self, lines: tuple[Line, ...], switches: Switches, now: datetime) -> None:
        """Add lines to the order, within the approved credit limit."""
        amount = total(lines)
        if self.status != "ACCEPTED":
            raise Refusal(f"Order lines can not be added in status {self.status}")
        if not self.limit:
            raise Refusal("The payment has no approved credit limit")
        if amount <= NOTHING:
            raise Refusal("The order lines do not sum to more than 0")
        if switches.add_lines_needs_full_cancel and self.reserved > NOTHING:
            raise Refusal("The payment must be cancelled before order lines are added")
        used = self.reserved
        used += self.captured if switches.limit_counts_captured else NOTHING
        used += NOTHING if switches.cancel_frees_credit else self.canceled
        if used + amount > self.limit:
            raise Refusal("The order lines exceed the approved credit limit")
        self.open += lines
        self.reserved += amount
        self.total = self.total + amount if switches.total_is_cumulative else self.captured + self.reserved
        self._note("MODIFY_ORDER", lines, now)

    def reject(self, reason: str) -> None:
        """End it: what was reserved is so no more. The log says nothing of it."""
        self.status, self.rejected, self.due = "REJECTED", reason, None
        self.canceled += self.reserved
        self.reserved, self.open = NOTHING, ()

    def settle(self, now: datetime) -> None:
        """Let happen what is due by itself."""
        if self.due is None or now < self.due.at:
            return
        if self.due.status == "REJECTED":
            self.reject(self.due.reason or "UNKNOWN")
        else:
            self.status, self.due = self.due.status, None

    @property
    def unsigned(self) -> bool:
        return self.status == "TASK_REDIRECTION_REQUIRED"

    @property
    def authorized(self) -> Decimal:
        """What is reserved; nothing is before the customer has signed."""
        return NOTHING if self.unsigned else self.reserved

    def books(self) -> Books:
        # All four currencies have two decimals.
        reserved, captured, returned, cancelled = (
            int(amount.scaleb(2)) for amount in (self.authorized, self.captured, self.refunded, self.canceled)
        )
        return Books(reserved=reserved, captured=captured, returned=returned, cancelled=cancelled)

    def _taken(
        self,
        action: str,
        lines: tuple[Line, ...] | None,
        *,
        pool: tuple[Line, ...],
        remainder: Decimal,
        switches: Switches,
        now: datetime,
    ) -> tuple[Line, ...]:
        """Return the lines that a call takes: those it states, or else all that is left. Raises Refusal."""
        possible = self.possible_actions(switches, now)
        if lines is None:
            if action not in possible:
                raise Refusal(f"Action {action} is not possible")
            return pool
        amount = total(lines)
        whole = amount >= remainder and not switches.lines_mean_partial
        if f"PARTIAL_{action}" not in possible and not (whole and action in possible):
            raise Refusal(f"Action {action if whole else f'PARTIAL_{action}'} is not possible")
        if amount <= NOTHING:
            raise Refusal("The order lines do not sum to more than 0")
        if switches.strict_line_match and not all(any(line.matches(own) for own in pool) for line in lines):
            raise Refusal("An order line does not match those of the payment")
        if amount > remainder:
            if switches.refuses_sum_above_remainder:
                raise Refusal(f"The order lines sum to more than can be taken by {action}")
            return pool
        return lines

    def _note(self, type_: str, lines: tuple[Line, ...], now: datetime, **marks: str | None) -> None:
        action = Action(id=self.next_action(), type=type_, created=now, lines=lines)
        self.log.append(replace(action, transaction_id=marks.get("transaction_id"), creator=marks.get("creator")))
