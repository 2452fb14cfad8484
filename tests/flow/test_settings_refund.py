"""Refunds in each position of their settings, and switched to the other one afterwards."""

from pathlib import Path

import pytest

from bridge.db.persons import approve, drop
from tests.flow.positions import (
    ANNOUNCED,
    BACK,
    BY_DEFAULT,
    BY_HAND,
    CAPTURED,
    IN_FULL,
    LESS_A_MUG,
    LESS_A_MUG_AS_RECORDED,
    LOWERED_BY_A_MUG,
    REFUNDED,
    RELEASED,
    REST_KEPT,
    UNTOUCHED,
    WAITING,
    Ends,
    Row,
    Said,
    Then,
    actions,
    all_refunded,
    at_once,
    both,
    days,
    minutes,
    mug_refunded,
    portal_refunds_mug,
    refund_deleted,
    to,
)
from tests.flow.test_settings import acted, ended, play, switched
from tests.flow.ways import (
    ALL_CAPTURED,
    CANCEL,
    CAPTURE,
    CLEARED,
    E_CANCELLED,
    LOWERED,
    NOTHING_LEFT,
    ONE_MUG_BACK,
    ONE_MUG_LESS,
    PART_OF_IT,
    R_LOWERED,
    R_PART,
    RECORDED,
    REFUND,
    STILL_RESERVED,
    WILL_PAY,
    Outcome,
)
from tests.flow.world import MUG, TOTAL, ProviderName, known_order

PROVIDERS = pytest.mark.parametrize("provider", ["resurs", "ecster"])

REFUND_OFF, HOLD = actions(refund={"enabled": False}), actions(refund={"before_capture": "hold"})
TWO_HOURS = actions(refund={"delay": "2h"})
A_MONTH = actions(refund={"hold_older_than": "30d"})

PAID_AT_LAST = both(ONE_MUG_BACK, (CAPTURE, REFUND), CAPTURED, REFUNDED)
"""Not announced: it is paid at once."""
OLD = Said(*["Refund 14 of 125.00 kr was made long before wc-bridge first saw it."] * 2)
HELD = both(ALL_CAPTURED, (CAPTURE, f"refund {MUG} held"), CAPTURED, OLD, attention="old-refund")
AFTER_ALL = both(ONE_MUG_BACK, (CAPTURE, REFUND), CAPTURED, OLD, REFUNDED)
DROPPED = both(ALL_CAPTURED, (CAPTURE, f"refund {MUG} dropped"), CAPTURED, OLD, Said(CLEARED, CLEARED))
ANOTHER = both(
    ONE_MUG_BACK,
    (CAPTURE, REFUND),
    CAPTURED,
    ANNOUNCED,
    REFUNDED,
    Said(WILL_PAY.format(15, "125.00 kr", "Resurs"), WILL_PAY.format(15, "125.00 kr", "Ecster")),
)
AFTER_FIVE_DAYS = at_once(mug_refunded, days(5))

ROWS = (
    # ---- refund.enabled
    Row(
        "refund off, then on",
        REFUND_OFF,
        (to("completed"), mug_refunded),
        IN_FULL,
        (Then(BY_DEFAULT, PAID_AT_LAST),),
    ),
    Row(
        "refund on, then off: the next one is not paid",
        BY_DEFAULT,
        (to("completed"), mug_refunded),
        BACK,
        (Then(REFUND_OFF, BACK, (mug_refunded,)),),
    ),
    Row(
        "refund off, deleted meanwhile",
        REFUND_OFF,
        (to("completed"), mug_refunded, refund_deleted),
        IN_FULL,
        (Then(BY_DEFAULT, IN_FULL),),
    ),
    Row(
        "refund off, paid by hand",
        REFUND_OFF,
        (to("completed"), at_once(mug_refunded, portal_refunds_mug)),
        BY_HAND,
        (Then(BY_DEFAULT, BY_HAND),),
    ),
    Row(
        "refund off before the capture: it takes what is asked",
        REFUND_OFF,
        (mug_refunded, to("completed")),
        LESS_A_MUG,
        (Then(BY_DEFAULT, LESS_A_MUG),),
    ),
    Row(
        "refund off before the capture, then on",
        REFUND_OFF,
        (mug_refunded,),
        UNTOUCHED,
        (Then(BY_DEFAULT, LOWERED_BY_A_MUG),),
    ),
    Row(
        "refund off, everything before the capture",
        REFUND_OFF,
        (all_refunded,),
        UNTOUCHED,
        (Then(BY_DEFAULT, RELEASED),),
    ),
    # ---- refund.before_capture
    Row(
        "before capture held, then released",
        HOLD,
        (mug_refunded,),
        UNTOUCHED,
        (Then(BY_DEFAULT, LOWERED_BY_A_MUG),),
    ),
    Row(
        "before capture held, then captured",
        HOLD,
        (mug_refunded, to("completed")),
        LESS_A_MUG,
        (Then(BY_DEFAULT, LESS_A_MUG),),
    ),
    Row(
        "before capture held, then cancelled",
        HOLD,
        (mug_refunded, to("cancelled")),
        RELEASED,
        (Then(BY_DEFAULT, RELEASED),),
    ),
    Row("before capture held, then deleted", HOLD, (mug_refunded, refund_deleted, to("completed")), IN_FULL),
    Row("before capture held: of everything it releases", HOLD, (all_refunded,), RELEASED),
    Row(
        "before capture held: after it, paid",
        HOLD,
        (to("completed"), mug_refunded),
        BACK,
        (Then(BY_DEFAULT, BACK),),
    ),
    Row(
        "before capture held, and the leftover kept",
        actions(refund={"before_capture": "hold"}, capture={"leftover": "keep"}),
        (mug_refunded, to("completed")),
        REST_KEPT,
    ),
    Row(
        "before capture released, then held",
        BY_DEFAULT,
        (mug_refunded,),
        LOWERED_BY_A_MUG,
        (
            Then(
                HOLD,
                Ends(
                    Outcome(ONE_MUG_LESS, (LOWERED, PART_OF_IT), (R_LOWERED, R_PART)),
                    LESS_A_MUG_AS_RECORDED.ecster,
                ),
                (to("completed"),),
            ),
        ),
    ),
    Row(
        "before capture released, then cancelled",
        BY_DEFAULT,
        (mug_refunded, to("cancelled")),
        Ends(
            Outcome(
                NOTHING_LEFT,
                (LOWERED, f"cancel {TOTAL - MUG} done"),
                (R_LOWERED, "Resurs: successfully cancelled 686.25 kr."),
            ),
            Outcome(NOTHING_LEFT, (CANCEL,), (RECORDED, E_CANCELLED)),
        ),
    ),
    Row(
        "before capture released, then deleted",
        BY_DEFAULT,
        (mug_refunded, refund_deleted),
        Ends(
            Outcome(
                STILL_RESERVED, (LOWERED, LOWERED), (R_LOWERED, "Resurs: successfully updated payment to 811.25 kr")
            ),
            LOWERED_BY_A_MUG.ecster,
        ),
    ),
    # ---- refund.delay
    Row("delayed, then not", TWO_HOURS, (to("completed"), mug_refunded), WAITING, (Then(BY_DEFAULT, BACK),)),
    Row(
        "delayed, deleted meanwhile",
        TWO_HOURS,
        (to("completed"), mug_refunded, refund_deleted, minutes(180)),
        WAITING,
    ),
    Row(
        "delayed, and over",
        TWO_HOURS,
        (to("completed"), mug_refunded, minutes(180)),
        BACK,
        (Then(BY_DEFAULT, BACK),),
    ),
    Row(
        "delayed beyond what counts as old",
        actions(refund={"delay": "5d", "hold_older_than": "3d"}),
        (to("completed"), mug_refunded, days(6)),
        BACK,
    ),
    Row(
        "not delayed, then so: the next one waits",
        BY_DEFAULT,
        (to("completed"), mug_refunded),
        BACK,
        (Then(actions(refund={"delay": "90d"}), ANOTHER, (mug_refunded,)),),
    ),
    # ---- refund.hold_older_than
    Row(
        "old and held, then not too old",
        BY_DEFAULT,
        (to("completed"), AFTER_FIVE_DAYS),
        HELD,
        (Then(A_MONTH, AFTER_ALL),),
    ),
    Row("not too old, then so", A_MONTH, (to("completed"), AFTER_FIVE_DAYS), BACK, (Then(BY_DEFAULT, BACK),)),
    Row("old and held, then deleted", BY_DEFAULT, (to("completed"), AFTER_FIVE_DAYS, refund_deleted), DROPPED),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
@PROVIDERS
async def test_a_setting_of_refunds_in_each_position(tmp_path: Path, row: Row, provider: ProviderName) -> None:
    await play(tmp_path, provider, row)


@PROVIDERS
async def test_an_old_refund_is_paid_once_a_person_says_so(tmp_path: Path, provider: ProviderName) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        await acted(w, it, to("completed"), AFTER_FIVE_DAYS)
        await ended(w, it, HELD)
        await approve((await w.actions(it.id))[-1]["id"], w.clock.now())
        await w.cycle()
        await ended(w, it, AFTER_ALL)


@PROVIDERS
async def test_an_old_refund_that_a_person_dropped_is_not_paid_under_any_setting(
    tmp_path: Path, provider: ProviderName
) -> None:
    async with known_order(tmp_path, provider) as (w, it):
        await acted(w, it, to("completed"), AFTER_FIVE_DAYS)
        await drop((await w.actions(it.id))[-1]["id"], "paid in cash", w.clock.now())
        await w.cycle()
        await ended(w, it, DROPPED)
        await switched(w, A_MONTH)
        await ended(w, it, DROPPED)


@PROVIDERS
async def test_a_delay_begins_when_the_refund_is_settled_and_is_kept_to_the_second(
    tmp_path: Path, provider: ProviderName
) -> None:
    changes = actions(refund={"delay": "10m"}) | {"settle": {"refund": "5m"}}
    async with known_order(tmp_path, provider, **changes) as (w, it):
        await acted(w, it, to("completed"))
        mug_refunded(w, it)
        await w.cycle(w.instant)
        w.clock.advance(15 * 60 - 1)
        await w.cycle(w.instant)
        assert w.books(it) == ALL_CAPTURED
        w.clock.advance(1)
        await w.cycle(w.instant)
        assert w.books(it) == ONE_MUG_BACK
