"""What must hold at every single call of the bridge (design § 1), held against shop and books as they truly are.

The bridge can't know what others do between its reads and its call. Where they did something then, only what
holds in any case is asked for: the bounds, the lines, what was written down before, and that nothing is done twice.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.flow.world import Money
from tests.simulation import loop
from tests.simulation.asked import Asked
from tests.simulation.road import Passing, Road
from tests.simulation.story import Story, figure
from tests.simulation.town import Placed, Town

_RESURS_CALL = re.compile(r"/v2/payments/([^/]+)/(capture|cancel|refund|order)$")
_ECSTER_CALL = re.compile(r"/rest/public/v1/orders/([^/]+)/(transactions|refunds)$")
_PAYMENT_READ = re.compile(r"/v2/payments/([^/]+)$|/rest/public/v1/orders/([^/]+)$")
_ORDER_READ = re.compile(r"/wc/v3/orders/(\d+)(/refunds)?$")
PERSONAL = ("Anna", "Berg", "Storgatan", "22222", "example.com", "sandbox-secret", "cs_sandbox")
"""What is secret, or personal, of those who live in a town."""
_UNKNOWN = 270.0
"""Seconds in which an unknown call may still show: `settle.unknown`, less what clocks are set by."""
_AGE = 10.0
"""Seconds that order and payment may be read before a call (promise 2)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one request of the bridge did to a payment."""

    order: int
    what: str
    amount: int
    key: str
    """"" where the call carries none."""


@dataclass(slots=True)
class _Call:
    """A call on its way, with what the bridge had written down of it."""

    placed: Placed
    name: str
    key: str
    amount: int | None
    since: float
    """When the older of the two reads that it was derived from was made."""


class Watcher:
    def __init__(self, town: Town, story: Story, database: Path) -> None:
        self._town, self._story, self._database = town, story, database
        self.effects: list[Effect] = []
        self.notes: dict[int, list[str]] = defaultdict(list)
        self.counted: Counter[str] = Counter()
        self._calls: dict[int, _Call] = {}
        self._called: dict[tuple[int, str], Passing] = {}
        self._before: dict[int, Money] = {}
        self._order_read: dict[int, tuple[float, float]] = {}
        self._payment_read: dict[str, tuple[float, float]] = {}
        self._read_at: dict[int, float] = {}
        self.clock_set: Callable[[], float] = lambda: -1e9
        """When the bridge's clock was last set."""

    def watch(self, road: Road) -> None:
        road.departing.append(self._departing)
        road.arriving.append(self._arriving)
        road.arrived.append(self._arrived)
        road.answered.append(self._answered)

    # ---- reads

    def _answered(self, passing: Passing) -> None:
        """A read counts from when its answer is there; what it tells is of the moment when it arrived.

        That of an order is over with that of its refunds, which is its second part.
        """
        began = self._read_at.pop(id(passing), None)
        if began is None:
            return
        if found := _ORDER_READ.search(passing.path):
            order_id, part = int(found[1]), bool(found[2])
            began = self._order_read.get(order_id, (began, 0))[0] if part else began
            self._order_read[order_id] = (began, loop.seconds())
        elif found := _PAYMENT_READ.search(passing.path):
            self._payment_read[found[1] or found[2]] = (began, loop.seconds())

    # ---- calls

    def _departing(self, passing: Passing) -> None:
        if passing.reads:
            return
        for secret in PERSONAL:
            if secret in passing.body and "/oauth2/" not in passing.path:
                self._story.breaks("promise 9", f"{secret!r} is sent in {passing.what}")
        found = _RESURS_CALL.search(passing.path) or _ECSTER_CALL.search(passing.path)
        if found is None:
            return
        self.counted["calls"] += 1
        placed = self._town.by_payment(found[1])
        if placed is None:
            self._story.breaks("promise 8", f"a call on a payment that no order has: {passing.what}")
            return
        body = json.loads(passing.body or "{}")
        name = str(body.get("type", found[2])).lower()
        row = self._written_down(placed, passing)
        since = self._looked_at(placed, passing)
        self._lines(name, body)
        key, amount = (str(row["key"]), int(row["amount"])) if row else ("", None)
        if found[2] != "refunds" and key not in passing.body:
            self._story.breaks("§ 3 Keys", f"the call does not carry its key {key}: {passing.what}")
        if key:
            self._not_again(placed, key, passing)
        self._calls[id(passing)] = _Call(placed, name, "" if found[2] == "refunds" else key, amount, since)
        told = f"order {placed.id}: {name} {figure(amount or 0)} ({key})"
        self._story.tell("bridge", f"calls {self._town.side.name}: {told}")

    def _not_again(self, placed: Placed, key: str, passing: Passing) -> None:
        """Promise 3: nothing is called again that was done, or may still be."""
        before = self._called.get((placed.id, key))
        self._called[placed.id, key] = passing
        if any(it.key == key and it.order == placed.id for it in self.effects):
            self._story.breaks("promise 3", f"order {placed.id}: {key} is called again, and was done already")
        elif before is not None and not before.told and passing.sent - before.sent < _UNKNOWN:
            ago = passing.sent - before.sent
            self._story.breaks("promise 3", f"order {placed.id}: {key} is called again, unknown since {ago:.0f} s")

    def _written_down(self, placed: Placed, passing: Passing) -> dict[str, Any] | None:
        """Promise 1: the attempt is committed before the first byte: another process can read it."""
        with sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True) as file:
            file.row_factory = sqlite3.Row
            rows = file.execute(
                "SELECT a.key, a.amount, a.attempt, a.refund FROM actions a JOIN orders o ON o.id = a.order_id "
                "WHERE o.order_id = ? AND a.state = 'running' AND a.attempt IS NOT NULL",
                (placed.id,),
            ).fetchall()
        file.close()
        if len(rows) == 1 and json.loads(rows[0]["attempt"])["ended"] is None:
            return dict(rows[0])
        self._story.breaks("promise 1", f"order {placed.id}: not written down before it is sent: {passing.what}")
        return None

    def _looked_at(self, placed: Placed, passing: Passing) -> float:
        """Promise 2: order and payment were read at most ten seconds ago. Returns the moment they were read of."""
        order = self._order_read.get(placed.id, (-1e9, -1e9))
        payment = self._payment_read.get(placed.payment, (-1e9, -1e9))
        age = loop.seconds() - min(order[1], payment[1])
        if age > _AGE and loop.seconds() - self.clock_set() > 60:
            self._story.breaks("promise 2", f"order {placed.id}: called {age:.1f} s after the look: {passing.what}")
        return min(order[0], payment[0] - self._town.plan.lag.total_seconds())

    def _lines(self, name: str, body: dict[str, Any]) -> None:
        """Promise 5: nothing of amount 0, and the lines sum to the amount that is stated."""
        if "amount" in body and body["amount"] <= 0:
            self._story.breaks("promise 5", f"{name} of {body['amount']}")
        rows = body.get("rows")
        if rows:
            total = sum(row["unitAmount"] * row["quantity"] - row.get("discountAmount", 0) for row in rows)
            if round(total) != body["amount"]:
                self._story.breaks("promise 5", f"{name}: the rows sum to {total}, not to {body['amount']}")

    # ---- effects

    def _arriving(self, passing: Passing) -> None:
        if passing.reads:
            self._read_at[id(passing)] = loop.seconds()
        self._before = self._town.all_books

    def _arrived(self, passing: Passing) -> None:
        call = self._calls.pop(id(passing), None)
        for order_id, after in self._town.all_books.items():
            before = self._before.get(order_id, (0, 0, 0))
            if before != after:
                self._effect(self._town.orders[order_id], before, after, call)

    def _effect(self, placed: Placed, before: Money, after: Money, call: _Call | None) -> None:
        (a, c, r), (a_, c_, r_) = before, after
        what = "capture" if c_ > c else "refund" if r_ > r else "raise" if a_ > a else "release"
        amount = {"capture": c_ - c, "refund": r_ - r, "raise": a_ - a, "release": a - a_}[what]
        key = call.key if call and call.placed is placed else ""
        if not key and what != "refund":
            self._story.breaks("promise 8", f"order {placed.id}: {what} of {figure(amount)} that nobody called for")
        self.counted[what] += 1
        self._story.tell(
            self._town.side.name,
            f"order {placed.id}: {what} of {figure(amount)} done ({key or 'no key'}): reserved {figure(a_)}, "
            f"captured {figure(c_)}, returned {figure(r_)}",
        )
        self._once(placed, what, amount, key)
        since = call.since if call else loop.seconds() - 600
        touched = any(moment >= since for moment in placed.touched)
        written = call.amount if call and call.amount is not None and what != "release" else amount
        # Of a provider that captures what is left, where somebody else took the rest meanwhile, `status` tells.
        if amount != written and not (touched and a_ == 0 and amount < written):
            self._story.breaks(
                "promise 5", f"order {placed.id}: {what} of {figure(amount)}, written down {figure(written)}"
            )
        self._within_bounds(placed, what, after, since)
        alone = not touched and not placed.told
        if alone and "X" not in key.removeprefix(str(placed.id)):
            self._as_asked(placed, what, before, after)

    def _once(self, placed: Placed, what: str, amount: int, key: str) -> None:
        """Promises 3 and 5: what a key stands for is done once, and a refund of the shop is paid once."""
        if key and any(it.key == key and it.order == placed.id for it in self.effects):
            self._story.breaks("promise 3", f"order {placed.id}: {what} {key} was done already")
        self.effects.append(Effect(placed.id, what, amount, key))
        found = re.fullmatch(rf"{placed.id}R(\d+)(-\d+)?", key)
        order = self._town.order(placed)
        refund = next((it for it in order.refunds if it.id == int(found[1])), None) if order and found else None
        if found and refund is not None:
            front = f"{placed.id}R{found[1]}"
            paid = sum(it.amount for it in self.effects if re.fullmatch(rf"{front}(-\d+)?", it.key))
            if paid > int(refund.amount * 100):
                self._story.breaks(
                    "promise 5", f"refund {refund.id} of {refund.amount} is paid with {figure(paid)}"
                )

    def _within_bounds(self, placed: Placed, what: str, after: Money, since: float) -> None:
        _, captured, returned = after
        earlier = [was.total for was in placed.was if was.at < since][-1:]
        totals = earlier + [was.total for was in placed.was if was.at >= since]
        if what == "capture" and captured > max(totals, default=0):
            self._story.breaks(
                "promise 5", f"order {placed.id}: captured {figure(captured)} of {figure(max(totals))}"
            )
        if returned > captured:
            self._story.breaks("promise 5", f"order {placed.id}: returned more than was captured")

    def _as_asked(self, placed: Placed, what: str, before: Money, after: Money) -> None:
        """What the order asks for, while nobody else acts on it."""
        asked, (reserved, captured, returned) = Asked.by(self._town.order(placed)), after
        net, n, broken = captured - returned, asked.in_the_end, ""
        still = asked.still_reserved(captured, returned)
        match what:
            case _ if asked.moves_nothing:
                broken = f"{what} while the order is {asked.status}"
            case "capture" if asked.status != "completed":
                broken = f"captured while the order is {asked.status}"
            case "capture" if net > n:
                broken = f"captured to {figure(net)}, but the order asks for {figure(n)}"
            case "refund" if net < n:
                broken = f"refunded to {figure(net)}, but the order asks for {figure(n)}"
            case "release" if asked.status not in ("cancelled", "refunded") and reserved < still:
                broken = f"released to {figure(reserved)}, but {figure(still)} is still to be captured"
            case "raise" if reserved > still and not self._town.plan.holds_refunds:
                broken = f"raised to {figure(reserved)}, but only {figure(still)} is still to be captured"
        if broken:
            self._story.breaks("promise 5", f"order {placed.id}: {broken}")
