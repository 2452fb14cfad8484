"""Histories: whatever staff, the portal, persons, the network and time do, the money stays right.

Each history is drawn; the world (see `world`) checks every call against the provider's books, and every end
against shop and books. `BRIDGE_HISTORIES=5000` runs more of them than the default.
"""

import os
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bridge.domain.decisions import Quiet
from bridge.domain.payments import PaymentState
from bridge.domain.rules import Rules, StatusLock
from tests.domain.world import OPEN_STATUSES, RAISED_BY_US, Fate, Refusal, World

Burst = list[Fate] | Literal["look"] | None
HISTORIES = int(os.environ.get("BRIDGE_HISTORIES", "150"))

mostly = st.sampled_from((True,) * 7 + (False,))
rarely = mostly.map(lambda often: not often)
some_rules = st.builds(
    Rules,
    capture=mostly,
    cancel=mostly,
    refund=mostly,
    modify=mostly,
    release_leftover=st.booleans(),
    release_before_capture=st.booleans(),
    status_lock=st.sampled_from(StatusLock),
    capture_on=st.sampled_from((frozenset({"completed"}), frozenset({"completed", "shipped"}))),
    refund_delay=st.sampled_from((timedelta(), timedelta(hours=1))),
    hold_older_than=st.sampled_from((timedelta(days=3), timedelta(days=3), timedelta())),
)
amounts = st.sampled_from((100, 200, 200, 300, 500, 700, 1000, 1))
"""Few and round, so that equal amounts meet."""
bursts = st.one_of(st.none(), st.just("look"), st.lists(st.sampled_from(Fate), max_size=3))
"""What follows an act: the next act at once, one look, or time passes and calls meet these fates."""
beginnings = st.sampled_from(((), ("processing",), ("processing", "completed"), ("completed",)))
"""What the bridge has seen of the order when the history begins."""
statuses = st.sampled_from(("completed", "completed", "cancelled", "refunded", "shipped", *OPEN_STATUSES))


class Histories(RuleBasedStateMachine):
    @initialize(rules=some_rules, changeable=st.booleans(), raisable=mostly, so_far=beginnings, unpaid=rarely)
    def begin(self, rules: Rules, changeable: bool, raisable: bool, so_far: tuple[str, ...], unpaid: bool) -> None:
        limit = RAISED_BY_US if changeable and raisable else None
        self.world = World(rules, changeable=changeable, total=1000, limit=limit)
        if unpaid:
            self.world.begin_unpaid()
        for status in so_far:
            self.world.set_status(status)
            self._then([])

    @precondition(lambda self: self.world.record is None)
    @rule()
    def the_bridge_is_installed(self) -> None:
        self.world.begin_as_baseline()

    @rule(status=statuses, burst=bursts)
    def staff_set_the_status(self, status: str, burst: Burst) -> None:
        self.world.set_status(status)
        self._then(burst)

    @rule(by=amounts, up=st.booleans(), burst=bursts)
    def staff_change_the_total(self, by: int, up: bool, burst: Burst) -> None:
        self.world.set_total(max(0, self.world.order.total + (by if up else -by)))
        self._then(burst)

    @rule(amount=amounts, paid_by_shop=st.sampled_from((False, False, False, True)), burst=bursts)
    def staff_refund(self, amount: int, paid_by_shop: bool, burst: Burst) -> None:
        room = self.world.order.total - self.world.order.refunded
        if room > 0:
            self.world.make_refund(min(amount, room), paid_by_shop=paid_by_shop)
        self._then(burst)

    @precondition(lambda self: self.world.order.refunds)
    @rule(data=st.data(), again=st.booleans(), burst=bursts)
    def staff_delete_a_refund(self, data: st.DataObject, again: bool, burst: Burst) -> None:
        refund = data.draw(st.sampled_from(self.world.order.refunds))
        self.world.delete_refund(refund)
        if again:
            self._then(data.draw(bursts))
            if self.world.order.total - self.world.order.refunded >= refund.amount:
                self.world.make_refund(refund.amount)
        self._then(burst)

    @rule(
        obstacle=st.sampled_from(("off", "pending", "failed", "trash", "frozen", "gone")),
        meanwhile=bursts,
        burst=bursts,
    )
    def something_is_in_the_way_for_a_while(self, obstacle: str, meanwhile: Burst, burst: Burst) -> None:
        """A switch, a status in which nothing moves, or a payment that is looked into."""
        world = self.world
        status, state = world.order.status, world.books.state
        match obstacle:
            case "off":
                world.order = replace(world.order, meta=(("wc_bridge", "off"),))
            case "frozen" | "gone" if world.attempt is None:
                world.portal_moved()
                world.books.state = PaymentState.PENDING if obstacle == "frozen" else PaymentState.GONE
            case "frozen" | "gone":
                return
            case _:
                world.order = replace(world.order, status=obstacle)
        self._then(meanwhile)
        world.order = replace(world.order, status=status, meta=())
        world.books.state = state
        world.portal_moved()
        self._then(burst)

    @rule(
        what=st.sampled_from(("capture", "release", "raise", "return", "return", "expire")),
        amount=amounts,
        everything=st.booleans(),
        named=st.booleans(),
        burst=bursts,
    )
    def the_portal_is_used(self, what: str, amount: int, everything: bool, named: bool, burst: Burst) -> None:
        """By a person, or by another plugin, which names the shop's refund."""
        world = self.world
        books, now = world.books, world.now
        if world.attempt is not None:
            return
        key = str(world.order.refunds[-1].id) if named and world.order.refunds else None
        world.portal_moved()
        with suppress(Refusal):
            match what:
                case "capture":
                    books.capture(books.reserved if everything else amount, key, now)
                case "release":
                    books.release(books.reserved if everything else amount, key, now)
                case "raise":
                    books.raise_by(amount, key, now)
                case "expire" if books.captured == 0:
                    books.reserved, books.state = 0, PaymentState.DEAD
                case "return":
                    books.give_back(books.captured - books.returned if everything else amount, key, now)
        self._then(burst)

    @precondition(lambda self: self.world.held)
    @rule(approves=st.booleans(), burst=bursts)
    def a_person_decides_what_is_held(self, approves: bool, burst: Burst) -> None:
        if approves:
            self.world.approve()
        else:
            self.world.drop()
        self._then(burst)

    @precondition(lambda self: self.world.strange)
    @rule(burst=bursts)
    def a_person_adopts_what_nothing_explains(self, burst: Burst) -> None:
        self.world.adopt()
        self._then(burst)

    @rule(fates=st.lists(st.sampled_from(Fate), max_size=4))
    def time_passes(self, fates: list[Fate]) -> None:
        self._then(fates)

    def _then(self, burst: Burst) -> None:
        ahead = iter(burst if isinstance(burst, list) else ())
        self.world.fates = lambda: next(ahead, Fate.DONE)
        if isinstance(burst, list):
            self.world.run()
        elif burst:
            self.world.now += timedelta(seconds=61)
            self.world.look()
            self.world.check_keys()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self._then([])


Histories.TestCase.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=30,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestHistories = Histories.TestCase


plain_acts = st.lists(
    st.one_of(
        st.tuples(st.just("lower"), amounts),
        st.tuples(st.just("raise"), amounts),
        st.tuples(st.just("refund"), amounts),
        st.tuples(st.just("look"), st.sampled_from((1, 30, 120))),
    ),
    max_size=6,
)


@settings(max_examples=HISTORIES, deadline=None)
@given(
    before=plain_acts,
    after=st.lists(amounts, max_size=3),
    ending=st.sampled_from(("completed", "cancelled")),
    fates=st.lists(st.sampled_from(Fate), max_size=8),
    changeable=st.booleans(),
)
def test_without_a_portal_and_persons_everything_ends_in_agreement(
    before: list[tuple[str, int]], after: list[int], ending: str, fates: list[Fate], changeable: bool
) -> None:
    """Staff change a reserved order within its limit, complete or cancel it, and refund some: nobody is called."""
    world = World(Rules(), changeable=changeable, total=1000, limit=RAISED_BY_US if changeable else None)
    ahead = iter(fates)
    world.fates = lambda: next(ahead, Fate.DONE)
    assert world.run() == Quiet("order and payment agree", agreed=True)
    for act, amount in before:
        room = world.order.total - world.order.refunded
        match act:
            case "lower" if amount < room:
                world.set_total(world.order.total - amount)
            case "raise" if changeable and world.order.total + amount <= RAISED_BY_US:
                world.set_total(world.order.total + amount)
            case "refund" if amount < room:
                world.make_refund(amount)
            case "look":
                world.now += timedelta(seconds=amount)
                world.look()
    world.set_status(ending)
    decision = world.run()
    assert isinstance(decision, Quiet)
    assert decision.agreed
    if ending == "completed":
        for amount in after:
            if amount <= world.order.total - world.order.refunded:
                world.make_refund(amount)
        decision = world.run()
        assert isinstance(decision, Quiet)
        assert decision.agreed
        assert world.order.total - world.order.refunded == world.net
    else:
        assert world.net == 0
    assert world.books.reserved == 0
