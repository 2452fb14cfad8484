"""A small world for histories: a shop, a provider's books with a portal, and the bridge's side of the conversation.

The bridge's side is the pure part of a look, whole (`settle`, `consider`, `follow`), and a call of its own. What
must hold at every call is checked here, against the books themselves and in words of its own.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from msgspec import structs

from bridge.domain.attempts import Attempt, NotYet
from bridge.domain.decisions import Act, Decision, Hold, Quiet, Wait
from bridge.domain.lifecycle import follow
from bridge.domain.looks import baseline, consider, observe
from bridge.domain.orders import Order, Refund
from bridge.domain.payments import EntryKind, Payment
from bridge.domain.reasons import Reason
from bridge.domain.records import Closed, How, OpenAction, Record, State
from bridge.domain.rules import Rules
from bridge.domain.settlement import match, settle_rest, unmet
from bridge.domain.settling import settle, unsettled
from bridge.domain.steps import Call, Kind, Step
from tests.domain.books import Books, Fate, Manner, Refusal
from tests.domain.builders import NOW, told

OPEN_STATUSES = ("processing", "on-hold", "delivered")
LIMIT = 1500
"""Of payments of 1000 that can be raised."""


class World:
    """One order, one payment, one bridge, one clock."""

    def __init__(
        self, rules: Rules, *, manner: Manner, total: int, limit: int | None, releases_free: bool = True
    ) -> None:
        self.rules = rules
        self.now = NOW
        self.books = Books(manner=manner, reserved=total, limit=limit, releases_free=releases_free)
        self.books.enter(EntryKind.CREATE, total, None, NOW)
        self.order = Order(
            id=1042,
            number="1042",
            status="processing",
            currency="SEK",
            total=total,
            created=NOW,
            modified=NOW,
            paid=NOW,
            payment_method="resursbank",
            transaction_id="",
        )
        self.next_refund = 1070
        self.record: Record | None = None
        self.previous: Order | None = None
        self.attempt: Attempt | None = None
        self.before: Payment | None = None
        """What reads still show instead of the books, until `shown`."""
        self.shown = NOW
        self.captured_in = ""
        """The status in which the order was captured and agreed, until staff change it."""
        self.restored: set[date] = set()
        self.forgiven: dict[int, int] = {}
        """What a person said the bridge shall not pay, by refund."""
        self.fates: Callable[[], Fate] = lambda: Fate.DONE

    def begin_unpaid(self) -> None:
        """The customer is still at it."""
        self.order = replace(self.order, status="pending", paid=None)

    def begin_as_baseline(self) -> None:
        """The order as it is was there before the bridge."""
        self.record = baseline(self.order, self.rules, self.now)
        self.previous = self.order
        self.forgiven = {refund.id: refund.amount for refund in self.order.refunds}

    # --- what staff do ------------------------------------------------------------------------------------------

    def set_status(self, status: str) -> None:
        """Put the order into a status; `refunded` makes a refund of what is left, as the store does."""
        left = self.order.total - self.order.refunded
        if status == "refunded" and left > 0:
            self.make_refund(left)
        paid = self.now if status in ("processing", "completed") else None
        self.order = replace(self.order, status=status, paid=self.order.paid or paid)
        self.captured_in = ""

    def set_total(self, total: int) -> None:
        self.order = replace(self.order, total=total)

    def make_refund(self, amount: int, *, paid_by_shop: bool = False) -> None:
        made = Refund(id=self.next_refund, amount=amount, created=self.now, paid_by_shop=paid_by_shop)
        self.next_refund += 1
        self.order = replace(self.order, refunds=(*self.order.refunds, made))
        if self.order.refunded >= self.order.total:
            self.order = replace(self.order, status="refunded")

    def delete_refund(self, refund: Refund) -> None:
        self.order = replace(self.order, refunds=tuple(r for r in self.order.refunds if r.id != refund.id))
        self.forgiven.pop(refund.id, None)

    # --- what persons say to the bridge --------------------------------------------------------------------------

    @property
    def held(self) -> OpenAction | None:
        open_ = self.record.open if self.record else None
        return open_ if open_ and open_.state is State.HELD else None

    def approve(self) -> None:
        assert self.record
        assert self.held
        self.record = self.record.evolve(open=structs.replace(self.held, approved=True))

    def drop(self) -> None:
        assert self.record
        assert self.held
        step = self.held.step
        refund = self.order.refund(step.refund) if step.refund else None
        record = self.record.evolve(open=None)
        if refund:
            self.forgiven[refund.id] = self.forgiven.get(refund.id, 0) + unmet(refund, record.settlements)
            met = settle_rest(refund, record.settlements, How.WAIVED)
            self.record = record.evolve(settlements=met)
        elif not step.refund:
            self.record = record.evolve(waived=record.waived | {(step.kind, step.target)})

    @property
    def strange(self) -> frozenset[str]:
        """Returns that nothing explains, of those that the bridge has seen."""
        if self.record is None or (self.record.open and unsettled(self.record.open)):
            return frozenset()
        return frozenset(entry.id for entry in match(self.order, self.read(), self.record, "1042").unmatched)

    def adopt(self) -> None:
        """Say that returns which nothing explains are no business of the shop."""
        self.record = self._record.evolve(unrelated=self._record.unrelated | self.strange)

    # --- the bridge's side ---------------------------------------------------------------------------------------

    def read(self) -> Payment:
        """What the provider shows now; late only as long as nobody else has changed the payment since."""
        if self.before and self.now < self.shown and len(self.books.log) == len(self.before.log) + 1:
            return self.before
        self.before = None
        return self.books.payment()

    def look(self) -> Decision:
        """One look, and what it leads to, up to and with one call."""
        payment = self.read()
        record, _ = observe(self.previous, self.order, self.record, self.now)
        self.previous = self.order
        unknown, patience = self.rules.settle_unknown, self.rules.warn_after
        settled = settle(self.attempt, self.order, payment, record, self.now, unknown, patience)
        if isinstance(settled, NotYet):
            self.record = record
            return Wait(settled.until, "the last call has still to show")
        assert not (settled.record.open and settled.record.open.reason == Reason.NOT_SEEN), "said to be done"
        verdict = consider(self.order, payment, settled.record, self.rules, self.now)
        decision = verdict.decision
        if isinstance(decision, Quiet) and decision.closes is Closed.CAPTURED:
            self.captured_in = self.order.status
        followed = follow(verdict.record.open, decision, shadow=False).open
        self.record = verdict.record.evolve(open=followed)
        if isinstance(decision, Act):
            assert followed
            self._check(decision.step, payment, approved=followed.approved)
            self._call(decision.step, payment)
        return decision

    def _call(self, step: Step, payment: Payment) -> None:
        assert self.record
        if step.call is Call.RESTORE:
            assert step.status
            self.order = replace(self.order, status=step.status)
            self.record = self.record.evolve(open=None, restored=self.now.date())
            return
        attempt = Attempt(
            step=step,
            log_length=len(payment.log),
            reserved=payment.reserved,
            captured=payment.captured,
            returned=payment.returned,
        )
        fate, before = self.fates(), self.books.payment()
        if fate is not Fate.LOST_ON_THE_WAY:
            try:
                self.books.perform(step, self.now)
            except Refusal as refusal:
                refused = OpenAction(step=step, state=State.HELD, reason=Reason.REFUSED, refusal=str(refusal))
                self.record = self.record.evolve(open=refused)
                self.attempt = replace(attempt, ended=self.now)
                return
        if fate in (Fate.SHOWN_LATE, Fate.ANSWER_LOST_AND_SHOWN_LATE):
            self.before, self.shown = before, self.now + self.rules.settle_unknown - timedelta(seconds=1)
        said_done = fate in (Fate.DONE, Fate.SHOWN_LATE)
        self.attempt = replace(attempt, ended=self.now, said_done=said_done)
        self.record = self.record.evolve(open=OpenAction(step=step, state=State.UNKNOWN))

    # --- what must hold ------------------------------------------------------------------------------------------

    @property
    def aside(self) -> int:
        """Returns that are no business of the shop."""
        assert self.record
        return sum(entry.amount for entry in self.books.log if entry.id in self.record.unrelated)

    @property
    def asked(self) -> int:
        """What the customer should have paid in the end."""
        return max(0, self.order.total - self.order.refunded - self.aside)

    @property
    def net(self) -> int:
        return self.books.captured - self.books.returned

    def _check(self, step: Step, payment: Payment, *, approved: bool) -> None:
        books, order, rules = self.books, self.order, self.rules
        if step.call is Call.RESTORE:
            assert rules.status_lock == "restore"
            assert order.status in ("pending", "processing", "on-hold")
            assert step.status in ("completed", "cancelled")
            assert self.now.date() not in self.restored, "twice a day"
            self.restored.add(self.now.date())
            return
        assert step.amount > 0, "nothing of amount 0"
        assert re.fullmatch(r"[A-Z0-9-]{1,24}", step.key)
        assert order.status not in ("trash", "pending", "failed"), "inert"
        assert self._switched_on(step), f"{step.kind} is off"
        stale = payment != books.payment()
        match step.call:
            case Call.CAPTURE:
                assert order.status in rules.capture_on
                assert order.status != self.captured_in, "captured and closed"
                assert books.captured + step.amount <= order.total, "more than the order's total"
                assert self.net + step.amount <= self.asked, "more than the order asks"
                assert step.amount <= books.reserved, "more than was authorised"
            case Call.RELEASE:
                # One that is bounded by the provider may follow a read that did not show the last one.
                assert step.amount <= books.reserved or (stale and step.everything)
                if "X" in step.key:
                    self._check_replacement(step)
                else:
                    assert self._spare(approved=approved) >= step.amount or stale, "less than will be captured"
            case Call.RAISE:
                after = books.captured + books.reserved + step.amount
                assert after <= order.total
                assert books.limit is not None
                assert after <= books.limit
                ours = any(e.kind is EntryKind.RELEASE and (e.key or "").startswith("1042V") for e in books.log)
                assert books.reserved + books.captured > 0 or not ours, "released by us, and reserved again"
            case Call.REFUND:
                assert step.amount <= self.net, "more than was captured"
                rest = step.refund is None and approved and order.status == "refunded"
                floor = 0 if order.status in rules.cancel_on or rest else self.asked
                assert self.net - step.amount >= floor, "less than the order asks"
                self._check_refund(step)

    def _check_replacement(self, step: Step) -> None:
        """Everything is released, and as much as the order asks must be reservable after it."""
        books = self.books
        released = sum(e.amount for e in books.log if e.kind is EntryKind.RELEASE)
        assert books.manner is Manner.WHOLE, "there was another way"
        assert books.captured == 0
        assert books.limit is not None
        assert 0 < step.target < step.amount
        assert self.asked <= step.target <= self.order.total
        assert released + step.amount + step.target <= books.limit, "the payment may end without money"

    def _switched_on(self, step: Step) -> bool:
        """Whether settings.yaml lets the bridge do this."""
        rules, status = self.rules, self.order.status
        if step.call is Call.REFUND:
            return rules.refund
        if step.call is Call.CAPTURE:
            return rules.capture
        if step.call is Call.RELEASE and status in rules.capture_on:
            return rules.capture
        if step.call is Call.RELEASE and status in ("cancelled", "refunded"):
            return rules.cancel if status == "cancelled" else rules.refund
        return rules.modify

    def _spare(self, *, approved: bool) -> int:
        """What is reserved beyond what the order as it is will be captured for."""
        status = self.order.status
        if status in self.rules.cancel_on or (status == "refunded" and (approved or self.asked == 0)):
            return self.books.reserved
        still = min(self.asked - self.net, self.order.total - self.books.captured)
        return self.books.reserved - max(0, still)

    def _check_refund(self, step: Step) -> None:
        if step.refund is None:
            return
        refund = self.order.refund(step.refund)
        assert refund, "a refund that is not there"
        parts = re.compile(rf"1042R{refund.id}(-\d)?")
        returns = (e for e in self.books.log if e.kind is EntryKind.RETURN)
        ours = sum(e.amount for e in returns if parts.fullmatch(e.key or ""))
        assert ours + step.amount + self.forgiven.get(refund.id, 0) <= refund.amount, "paid twice"

    def check_keys(self) -> None:
        """Nothing of ours is there twice."""
        keys = Counter((e.kind, e.key) for e in self.books.log if re.fullmatch(r"1042[CVXR]\d+(-\d)?", e.key or ""))
        assert all(count == 1 for count in keys.values()), keys

    def run(self, bound: int = 200) -> Decision:
        """Let time pass and look until there is nothing to do but wait for a person; the end must be stable."""
        for _ in range(bound):
            decision = self.look()
            self.check_keys()
            if isinstance(decision, Wait) and decision.until is not None:
                self.now = max(decision.until, self.now + timedelta(seconds=1))
            elif not isinstance(decision, Act):
                self.check_end(decision)
                return decision
        raise AssertionError(f"no end: {told(decision)}")

    def check_end(self, decision: Decision) -> None:
        for later in (timedelta(minutes=1), timedelta(days=3)):
            self.now += later
            assert told(self.look()) == told(decision), "what is decided does not last"
        match decision:
            case Hold():
                pass
            case Quiet(agreed=True):
                self.check_agreement()
            case Quiet(why=why) if "switched off" in why or "dropped" in why:
                changes = [e for e in self.books.log if e.kind in (EntryKind.RELEASE, EntryKind.RAISE)]
                assert not changes or "X" not in (changes[-1].key or ""), "released, and not reserved anew"
            case Quiet(why=why):
                assert re.search(r"nothing is paid yet|the order is trash|no longer shows", why), why
            case Wait(why=why):
                assert why in ("paused", "wc_bridge is off")

    def check_agreement(self) -> None:
        """Whether shop and provider really agree, figured anew from the books and the shop."""
        order, books, rules = self.order, self.books, self.rules
        excused = sum(self.forgiven.values())
        kept = not rules.release_leftover or (Kind.CANCEL, 0) in self._record.waived
        if order.status in rules.capture_on:
            assert self.asked <= self.net <= self.asked + excused
            assert books.reserved == 0 or kept or not rules.capture
        elif order.status in ("cancelled", "refunded"):
            assert self.net <= excused
            assert books.reserved == 0
        else:
            least = max(0, min(self.asked - self.net, order.total - books.captured))
            most = max(0, min(order.total - self.aside - self.net, order.total - books.captured))
            refunds_wait = not (rules.release_before_capture and rules.refund)
            leftover = kept and least == 0 and books.captured > 0
            assert books.reserved >= least
            if books.manner is not Manner.FIXED and not leftover:
                assert books.reserved <= (most if refunds_wait else least)
            assert self.net <= (max(0, order.total - self.aside) if refunds_wait else self.asked) + excused

    @property
    def _record(self) -> Record:
        assert self.record
        return self.record
