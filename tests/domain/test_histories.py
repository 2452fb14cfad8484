"""Histories: whatever staff, the portal, persons, the network and time do, the money stays right.

Each history is drawn; the world (see `world`) checks every call against the provider's books, and every end
against shop and books. `BRIDGE_HISTORIES=5000` runs more of them than the default.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.domain.decisions import Quiet
from bridge.domain.payments import PaymentState
from bridge.domain.rules import Rules, StatusLock
from tests.domain.books import Fate, Manner, Refusal
from tests.domain.world import LIMIT, OPEN_STATUSES, World

Draw = Callable[[st.SearchStrategy[Any]], Any]
Act = Callable[[World, Draw], None]
HISTORIES = int(os.environ.get("BRIDGE_HISTORIES", "1000"))
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

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
bursts = st.one_of(
    st.none(),
    st.just("look"),
    st.lists(st.sampled_from(Fate), max_size=3),
    st.lists(st.sampled_from(Fate), max_size=3),
)
"""What follows an act: the next act at once, one look, or time passes and calls meet these fates."""
beginnings = st.sampled_from(((), ("processing",), ("processing", "completed"), ("completed",)))
"""What the bridge has seen of the order when the history begins."""
statuses = st.sampled_from(("completed", "completed", "cancelled", "refunded", "shipped", *OPEN_STATUSES))

# --- staff --------------------------------------------------------------------------------------------------------


def staff_set_the_status(world: World, draw: Draw) -> None:
    world.set_status(draw(statuses))


def staff_complete(world: World, draw: Draw) -> None:
    world.set_status("completed")


def staff_change_the_total(world: World, draw: Draw) -> None:
    by = draw(amounts)
    world.set_total(max(0, world.order.total + (by if draw(st.booleans()) else -by)))


def staff_refund(world: World, draw: Draw) -> None:
    room = world.order.total - world.order.refunded
    if room > 0:
        world.make_refund(min(draw(amounts), room), paid_by_shop=draw(rarely))


def staff_delete_a_refund(world: World, draw: Draw) -> None:
    if not world.order.refunds:
        return
    refund = draw(st.sampled_from(world.order.refunds))
    world.delete_refund(refund)
    if draw(st.booleans()):
        return
    follow(world, draw(bursts))
    if world.order.total - world.order.refunded >= refund.amount:
        world.make_refund(refund.amount)


def something_is_in_the_way_for_a_while(world: World, draw: Draw) -> None:
    """A switch, a status in which nothing moves, or a payment that is looked into or not shown."""
    status, state = world.order.status, world.books.state
    obstacle = draw(st.sampled_from(("off", "pending", "failed", "trash", "frozen", "gone")))
    match obstacle:
        case "off":
            world.order = replace(world.order, meta=(("wc_bridge", "off"),))
        case "frozen" | "gone" if world.attempt is None:
            world.books.state = PaymentState.PENDING if obstacle == "frozen" else PaymentState.GONE
        case "frozen" | "gone":
            return
        case _:
            world.order = replace(world.order, status=obstacle)
    follow(world, draw(bursts))
    if draw(st.booleans()):
        draw(st.sampled_from((staff_change_the_total, staff_refund)))(world, draw)
        follow(world, draw(bursts))
    if world.order.status == obstacle:
        world.set_status(status)
    world.order = replace(world.order, meta=())
    world.books.state = state


# --- somebody else ------------------------------------------------------------------------------------------------


def the_portal_is_used(world: World, draw: Draw) -> None:
    """By a person, or by another plugin, which names the shop's refund."""
    books, now, amount, everything = world.books, world.now, draw(amounts), draw(st.booleans())
    if world.attempt is not None:
        return
    key = str(world.order.refunds[-1].id) if world.order.refunds and draw(rarely) else None
    with suppress(Refusal):
        match draw(st.sampled_from(("capture", "capture", "release", "raise", "return", "return"))):
            case "capture":
                books.capture(books.reserved if everything else amount, key, now)
            case "release":
                books.release(books.reserved if everything else amount, key, now)
            case "raise":
                books.raise_by(amount, key, now)
            case "return":
                books.give_back(books.captured - books.returned if everything else amount, key, now)


def the_payment_expires(world: World, draw: Draw) -> None:
    if world.books.captured == 0 and world.attempt is None:
        world.books.reserved, world.books.state = 0, PaymentState.DEAD


def a_person_decides_what_is_held(world: World, draw: Draw) -> None:
    if world.held and draw(st.sampled_from((True, True, False))):
        world.approve()
    elif world.held:
        world.drop()


def a_person_adopts_what_nothing_explains(world: World, draw: Draw) -> None:
    if world.strange:
        world.adopt()


def _limit(manner: Manner) -> int | None:
    return {Manner.PARTS: LIMIT, Manner.FIXED: None, Manner.WHOLE: 3 * LIMIT}[manner]


ACTS = (
    *(staff_set_the_status, staff_complete, staff_change_the_total, staff_refund, staff_refund) * 2,
    *(staff_delete_a_refund, the_portal_is_used, the_portal_is_used, something_is_in_the_way_for_a_while),
    *(a_person_decides_what_is_held, a_person_decides_what_is_held, a_person_adopts_what_nothing_explains),
    the_payment_expires,
)


def follow(world: World, burst: list[Fate] | str | None) -> None:
    ahead = iter(burst if isinstance(burst, list) else ())
    world.fates = lambda: next(ahead, Fate.DONE)
    if isinstance(burst, list):
        world.run()
    elif burst:
        world.now += timedelta(seconds=61)
        world.look()
        world.check_keys()


@settings(max_examples=HISTORIES, deadline=None, report_multiple_bugs=False, suppress_health_check=SLOW)
@given(
    data=st.data(),
    rules=some_rules,
    manner=st.sampled_from(Manner),
    releases_free=st.booleans(),
    raisable=mostly,
    unpaid=rarely,
    so_far=beginnings,
    acts=st.lists(st.sampled_from(ACTS), min_size=2, max_size=12),
)
def test_whatever_happens_the_money_stays_right(
    data: st.DataObject,
    rules: Rules,
    manner: Manner,
    releases_free: bool,
    raisable: bool,
    unpaid: bool,
    so_far: tuple[str, ...],
    acts: list[Act],
) -> None:
    """Every call is checked against the books when it is made, every end against shop and books."""
    limit = _limit(manner) if raisable else None
    world = World(rules, manner=manner, total=1000, limit=limit, releases_free=releases_free)
    if unpaid:
        world.begin_unpaid()
    for status in so_far:
        world.set_status(status)
        follow(world, [])
    for act in acts:
        act(world, data.draw)
        follow(world, data.draw(bursts))
    follow(world, [])


@settings(max_examples=HISTORIES // 3, deadline=None, report_multiple_bugs=False, suppress_health_check=SLOW)
@given(
    data=st.data(),
    manner=st.sampled_from(Manner),
    before=st.lists(st.sampled_from(ACTS), max_size=4),
    after=st.lists(st.sampled_from(ACTS), max_size=5),
)
def test_an_order_from_before_the_bridge_is_left_as_it_is_until_somebody_touches_it(
    data: st.DataObject, manner: Manner, before: list[Act], after: list[Act]
) -> None:
    world = World(Rules(), manner=manner, total=1000, limit=_limit(manner))
    for act in before:
        if act is not something_is_in_the_way_for_a_while:
            act(world, data.draw)
    world.begin_as_baseline()
    books = len(world.books.log)
    follow(world, [])
    assert len(world.books.log) == books
    for act in after:
        act(world, data.draw)
        follow(world, data.draw(bursts))
    follow(world, [])


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
    manner=st.sampled_from((Manner.PARTS, Manner.FIXED)),
)
def test_without_a_portal_and_persons_everything_ends_in_agreement(
    before: list[tuple[str, int]], after: list[int], ending: str, fates: list[Fate], manner: Manner
) -> None:
    """Staff change a reserved order within its limit, complete or cancel it, and refund some: nobody is called."""
    world = World(Rules(), manner=manner, total=1000, limit=_limit(manner))
    ahead = iter(fates)
    world.fates = lambda: next(ahead, Fate.DONE)
    assert world.run() == Quiet("order and payment agree", agreed=True)
    for act, amount in before:
        room = world.order.total - world.order.refunded
        match act:
            case "lower" if amount < room:
                world.set_total(world.order.total - amount)
            case "raise" if manner is Manner.PARTS and world.order.total + amount <= LIMIT:
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


def test_releases_do_not_feed_on_refunds_that_wait_for_the_capture() -> None:
    """What is released for a lower total meets no refund, or the next look would release as much again."""
    world = World(Rules(release_before_capture=False), manner=Manner.PARTS, total=1000, limit=LIMIT)
    world.run()
    world.make_refund(200)
    world.set_total(900)
    world.run()
    assert world.books.reserved == 900
    world.set_status("completed")
    world.run()
    assert (world.net, world.books.reserved) == (700, 0)


def test_a_refund_deleted_and_entered_again_is_paid_once() -> None:
    world = World(Rules(), manner=Manner.PARTS, total=1000, limit=LIMIT)
    world.set_status("completed")
    world.make_refund(200)
    world.run()
    world.make_refund(100)
    world.run()
    assert world.net == 700
    world.delete_refund(world.order.refunds[-1])
    world.run()
    assert len(world.strange) == 1
    world.make_refund(100)
    assert isinstance(world.run(), Quiet)
    assert world.net == 700
