"""The order meta `wc_bridge`: while it says `off` or `pause` nothing is done; later the difference is, as one."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.db.persons import approve
from tests.flow.positions import (
    BACK,
    BY_HAND,
    CANCELLED,
    CAPTURED,
    IN_FULL,
    LESS_A_MUG,
    LOWERED_BY_A_MUG,
    NO_MONEY,
    RELEASED,
    UNTOUCHED,
    WAITING,
    Act,
    Ends,
    Row,
    Settings,
    Then,
    actions,
    all_refunded,
    at_once,
    both,
    days,
    minutes,
    mug_refunded,
    mugs,
    portal_refunds_mug,
    put_back,
    refund_deleted,
    says,
    to,
)
from tests.flow.test_settings import acted, ended, play
from tests.flow.test_twice import nothing_more_happens
from tests.flow.ways import ALL_CAPTURED, CANCEL, CAPTURE, NOTHING_LEFT, ONE_MUG_BACK
from tests.flow.world import ProviderName, known_order, world

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])
SLOWLY: Settings = {"settle": {"change": "20m", "refund": "20m"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """The order says `off` or `pause` after `before` and during `meanwhile`."""

    before: tuple[Act, ...] = ()
    meanwhile: tuple[Act, ...]
    during: Ends
    after: Ends
    settings: Settings = field(default_factory=dict)

    def row(self, word: str, other: str) -> Row:
        """It says one word first, and the other one for a while, before it says nothing any more."""
        return Row(
            "",
            self.settings,
            (*self.before, says(word), *self.meanwhile),
            self.during,
            (
                Then(self.settings, self.during, (says(other),)),
                Then(self.settings, self.after, (says(None), minutes(30))),
            ),
        )


SILENCES = {
    # ---- said before
    "completed": Silence(meanwhile=(to("completed"),), during=UNTOUCHED, after=IN_FULL),
    "cancelled": Silence(meanwhile=(to("cancelled"),), during=UNTOUCHED, after=RELEASED),
    "lowered": Silence(meanwhile=(mugs(1),), during=UNTOUCHED, after=LOWERED_BY_A_MUG),
    "lowered and back": Silence(meanwhile=(mugs(1), mugs(2)), during=UNTOUCHED, after=UNTOUCHED),
    "completed, then cancelled": Silence(
        meanwhile=(to("completed"), to("cancelled")), during=UNTOUCHED, after=RELEASED
    ),
    "changed, refunded and completed": Silence(
        meanwhile=(mugs(3), mugs(2), mug_refunded, to("completed")), during=UNTOUCHED, after=LESS_A_MUG
    ),
    "all refunded": Silence(meanwhile=(all_refunded,), during=UNTOUCHED, after=RELEASED),
    # ---- said between what staff did and its call
    "a completion settles": Silence(
        before=(to("completed"),), meanwhile=(minutes(30),), during=UNTOUCHED, after=IN_FULL, settings=SLOWLY
    ),
    "a cancellation settles": Silence(
        before=(to("cancelled"),), meanwhile=(minutes(30),), during=UNTOUCHED, after=RELEASED, settings=SLOWLY
    ),
    "a refund settles": Silence(
        before=(to("completed"), minutes(30), mug_refunded),
        meanwhile=(minutes(30),),
        during=WAITING,
        after=BACK,
        settings=SLOWLY,
    ),
    "a refund is delayed": Silence(
        before=(to("completed"), mug_refunded),
        meanwhile=(minutes(180),),
        during=WAITING,
        after=BACK,
        settings=actions(refund={"delay": "2h"}),
    ),
    # ---- said after
    "refunded after the capture": Silence(
        before=(to("completed"),), meanwhile=(mug_refunded,), during=IN_FULL, after=BACK
    ),
    "refunded after the capture, and deleted": Silence(
        before=(to("completed"),), meanwhile=(mug_refunded, refund_deleted), during=IN_FULL, after=IN_FULL
    ),
    "refunded after the capture, and paid by hand": Silence(
        before=(to("completed"),),
        meanwhile=(at_once(mug_refunded, portal_refunds_mug),),
        during=both(ONE_MUG_BACK, (CAPTURE,), CAPTURED),
        after=BY_HAND,
    ),
    "set back after the capture": Silence(
        before=(to("completed"),),
        meanwhile=(to("processing"),),
        during=IN_FULL,
        after=both(ALL_CAPTURED, (CAPTURE, "restore_status 0 done"), CAPTURED, put_back("Completed")),
        settings=actions(status_lock="restore"),
    ),
    "completed after the release": Silence(
        before=(to("cancelled"),),
        meanwhile=(to("completed"),),
        during=RELEASED,
        after=both(NOTHING_LEFT, (CANCEL,), CANCELLED, NO_MONEY, attention="no-money"),
    ),
}


@pytest.mark.parametrize("name", SILENCES, ids=lambda name: re.sub(r"\W+", "-", name))
@pytest.mark.parametrize(("provider", "word", "other"), [("resurs", "off", "pause"), ("ecster", "pause", "off")])
async def test_an_order_is_left_alone_while_it_says_so(
    tmp_path: Path, name: str, provider: ProviderName, word: str, other: str
) -> None:
    await play(tmp_path, provider, SILENCES[name].row(word, other))


@PROVIDERS
@pytest.mark.parametrize("word", ["off", "pause"])
async def test_what_waits_for_a_person_waits_on(tmp_path: Path, provider: ProviderName, word: str) -> None:
    """Even approved it does not go; nor is it asked for as long as the order is to be left alone."""
    async with known_order(tmp_path, provider) as (w, it):
        await acted(w, it, to("completed"), at_once(mug_refunded, days(5)))
        [held] = [action for action in await w.actions(it.id) if action["state"] == "held"]
        await acted(w, it, says(word))
        assert await w.attention() == {}
        await approve(held["id"], w.clock.now())
        await w.cycle()
        assert w.books(it) == ALL_CAPTURED
        await acted(w, it, says(None))
        assert (w.books(it), len(w.calls())) == (ONE_MUG_BACK, 2)
        await nothing_more_happens(w, it)


@PROVIDERS
@pytest.mark.parametrize("word", ["off", "pause"])
async def test_an_order_that_says_so_when_it_is_first_seen(
    tmp_path: Path, provider: ProviderName, word: str
) -> None:
    async with world(tmp_path, provider) as w:
        await w.cycle()
        it = w.place(status="completed")
        await acted(w, it, says(word))
        await ended(w, it, UNTOUCHED)
        await acted(w, it, says(None))
        await ended(w, it, IN_FULL)
