"""What staff do with orders: each way is played in a whole world, and says what must come of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.flow.world import MUG, TOTAL, Money, Placed, ProviderName, World

Play = Callable[[World, Placed], Awaitable[None]]
"""Acts on an order in processing that the bridge has seen to agree with its payment."""


@dataclass(frozen=True, slots=True)
class Outcome:
    books: Money
    """What is reserved, captured and returned in the end."""
    actions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the bridge's notes begin with, oldest first."""
    attention: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    play: Play
    resurs: Outcome
    ecster: Outcome
    place: Callable[[World], Placed] = World.place
    """How the customer ordered and paid."""

    def outcome(self, provider: ProviderName) -> Outcome:
        return self.resurs if provider == "resurs" else self.ecster


async def complete(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")
    await w.cycle()


async def cancel(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "cancelled")
    await w.cycle()


async def complete_after_a_part(w: World, it: Placed) -> None:
    w.side.capture(it.payment, 20000)
    await complete(w, it)


async def cancel_after_a_part(w: World, it: Placed) -> None:
    w.side.capture(it.payment, 20000)
    await cancel(w, it)


async def complete_after_all(w: World, it: Placed) -> None:
    w.side.capture(it.payment, TOTAL)
    await complete(w, it)


async def raise_and_complete(w: World, it: Placed) -> None:
    w.store.add_line(it.id, "BOK")
    await complete(w, it)


async def refund_more_than_is_captured(w: World, it: Placed) -> None:
    """The portal captured less than the order asked for, and released the rest; the refund is of more than that."""
    await portal_captures_less(w, it)
    w.store.refund(it.id, "200.00")
    await complete(w, it)


async def portal_captures_less(w: World, it: Placed) -> None:
    w.side.capture(it.payment, TOTAL - 10000)
    w.side.cancel(it.payment)


async def raise_what_the_portal_released(w: World, it: Placed) -> None:
    w.side.cancel(it.payment)
    await higher(w, it)


async def refund_lines(w: World, it: Placed) -> None:
    await complete(w, it)
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()


async def refund_amount(w: World, it: Placed) -> None:
    await complete(w, it)
    w.store.refund(it.id, "100.00")
    await w.cycle()


async def refund_all(w: World, it: Placed) -> None:
    await complete(w, it)
    w.store.refund(it.id)
    await w.cycle()


async def refund_before_capture(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()
    await complete(w, it)


async def complete_and_refund_at_once(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()


async def lower(w: World, it: Placed) -> None:
    w.store.set_quantity(it.id, "MUGG", 1)
    await w.cycle()


async def lower_and_complete(w: World, it: Placed) -> None:
    await lower(w, it)
    await complete(w, it)


async def higher(w: World, it: Placed) -> None:
    w.store.add_line(it.id, "MUGG")
    await w.cycle()


async def beyond_the_limit(w: World, it: Placed) -> None:
    w.store.add_line(it.id, "LAMPA", 100)
    await w.cycle()


async def swap(w: World, it: Placed) -> None:
    w.store.swap_line(it.id, "LAMPA", "MUGG", 4)
    await w.cycle()


async def refund_elsewhere(w: World, it: Placed) -> None:
    await complete(w, it)
    w.side.refund(it.payment, 12500)
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()


async def delete_refund(w: World, it: Placed) -> None:
    await refund_lines(w, it)
    w.store.delete_refund(it.id, w.store.order(it.id).refunds[0].id)
    await w.cycle()


async def delete_and_enter_again(w: World, it: Placed) -> None:
    await delete_refund(w, it)
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()


async def lower_after_capture(w: World, it: Placed) -> None:
    await complete(w, it)
    await lower(w, it)


async def complete_and_set_back(w: World, it: Placed) -> None:
    await complete(w, it)
    w.store.set_status(it.id, "processing")
    await w.cycle()


async def cancel_and_set_back(w: World, it: Placed) -> None:
    await cancel(w, it)
    w.store.set_status(it.id, "on-hold")
    await w.cycle()


async def trash(w: World, it: Placed) -> None:
    w.store.trash(it.id)
    await w.cycle()


async def delete(w: World, it: Placed) -> None:
    w.store.delete(it.id)
    await w.cycle()


async def refund_a_part(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})
    await w.cycle()


async def refund_the_rest_of_what_was_refunded_elsewhere(w: World, it: Placed) -> None:
    await refund_elsewhere(w, it)
    w.store.refund(it.id)
    await w.cycle()


async def switched_off(w: World, it: Placed) -> None:
    w.store.set_meta(it.id, "wc_bridge", "off")
    w.store.set_quantity(it.id, "MUGG", 1)
    await complete(w, it)


async def paused_for_a_while(w: World, it: Placed) -> None:
    w.store.set_meta(it.id, "wc_bridge", "pause")
    await lower(w, it)
    w.store.add_line(it.id, "BOK")
    await w.cycle()
    w.store.set_meta(it.id, "wc_bridge", None)
    await w.cycle()


def with_less_reserved(w: World) -> Placed:
    return w.place(reserved=70000)


def with_nothing_reserved(w: World) -> Placed:
    it = w.place()
    w.side.cancel(it.payment)
    return it


CAPTURE, CANCEL = f"capture {TOTAL} done", f"cancel {TOTAL} done"

R_CAPTURED = "Resurs: successfully captured 811.25 kr."
R_PART = "Resurs: successfully captured 686.25 kr."
R_CANCELLED = "Resurs: successfully cancelled 811.25 kr."
R_LOWERED = "Resurs: successfully updated payment to 686.25 kr"
R_REFUNDED = "Resurs: successfully refunded 125.00 kr (refund 14)."
E_CAPTURED = "Ecster payment debited, transaction "
E_CANCELLED = "Ecster payment was successfully cancelled."
E_REFUNDED = "Ecster order credited with 125.00 kr for refund 14, transaction "

NOTHING_LEFT: Money = (0, 0, 0)
STILL_RESERVED: Money = (TOTAL, 0, 0)
ALL_CAPTURED: Money = (0, TOTAL, 0)
ONE_MUG_LESS: Money = (0, TOTAL - MUG, 0)
ONE_MUG_BACK: Money = (0, TOTAL, MUG)

PART_OF_IT = f"capture {TOTAL - MUG} done"
REFUND = f"refund {MUG} done"
LOWERED = f"modify {MUG} done"

WILL_PAY = "wc-bridge is going to pay refund {} of {} at {}."
R_WILL_PAY = WILL_PAY.format(14, "125.00 kr", "Resurs")
E_WILL_PAY = WILL_PAY.format(14, "125.00 kr", "Ecster")
ALL_OR_NOTHING = "Resurs takes no refund of 125.00 kr on this payment"
CANCELLED_BUT_CAPTURED = "The order is cancelled, but the customer is charged {}."
R_REST_RELEASED = "Resurs: what was left after the capture, {}, was released and is never charged."
E_REST_RELEASED = "Ecster: what was left after the capture, {}, was released and is never charged."
RECORDED = "Ecster can't lower a reservation. When the order is set to “Completed”, 686.25 kr is captured;"
MET = "Refund 14: 125.00 kr of the order is never charged, so there is nothing to pay back."
CLEARED = "What needed a person on this order is settled."
UNEXPLAINED = "{} has refunded 125.00 kr that no refund in the shop explains."
ADOPTED = "{} had already refunded 125.00 kr: refund {} is not paid again."
TOO_LITTLE = "{} of the order is still to be captured, but only 811.25 kr is reserved."
SHORT = "811.25 kr of the order is still to be captured, but only 700.00 kr is reserved."
NO_MONEY = "No money is secured for this order"
OVERPAID = "The customer is charged 811.25 kr, but the order asks for only 686.25 kr."
SET_BACK = "The order was set back from “{}” to “{}”, which moves no money at {}"
IN_TRASH = "The order is in the trash or deleted, but 811.25 kr is reserved."

WAYS = (
    Way(
        "complete a reserved order",
        complete,
        Outcome(ALL_CAPTURED, (CAPTURE,), (R_CAPTURED,)),
        Outcome(ALL_CAPTURED, (CAPTURE,), (E_CAPTURED,)),
    ),
    Way(
        "complete one that the portal captured in part",
        complete_after_a_part,
        Outcome(ALL_CAPTURED, ("capture 61125 done",), ("Resurs: successfully captured 611.25 kr.",)),
        Outcome(ALL_CAPTURED, ("capture 61125 done",), (E_CAPTURED,)),
    ),
    Way("complete one captured elsewhere", complete_after_all, Outcome(ALL_CAPTURED), Outcome(ALL_CAPTURED)),
    Way(
        "complete one that was paid at once",
        complete,
        Outcome(ALL_CAPTURED),
        Outcome(ALL_CAPTURED),
        place=World.place_paid_at_once,
    ),
    Way(
        "cancel one that was paid at once",
        cancel,
        Outcome(ALL_CAPTURED, (), (CANCELLED_BUT_CAPTURED.format("811.25 kr"),), "cancelled-captured"),
        Outcome(ALL_CAPTURED, (), (CANCELLED_BUT_CAPTURED.format("811.25 kr"),), "cancelled-captured"),
        place=World.place_paid_at_once,
    ),
    Way(
        "refund all of one that was paid at once",
        refund_all,
        Outcome(
            (0, TOTAL, TOTAL),
            (f"refund {TOTAL} done",),
            (WILL_PAY.format(14, "811.25 kr", "Resurs"), "Resurs: successfully refunded 811.25 kr (refund 14)."),
        ),
        Outcome(
            (0, TOTAL, TOTAL),
            (f"refund {TOTAL} done",),
            (WILL_PAY.format(14, "811.25 kr", "Ecster"), "Ecster order credited with 811.25 kr for refund 14"),
        ),
        place=World.place_paid_at_once,
    ),
    Way(
        "refund a part of one that was paid at once",
        refund_a_part,
        Outcome(ALL_CAPTURED, (f"refund {MUG} held",), (ALL_OR_NOTHING,), "cannot-refund"),
        Outcome(ONE_MUG_BACK, (REFUND,), (E_WILL_PAY, E_REFUNDED)),
        place=World.place_paid_at_once,
    ),
    Way(
        "cancel one that the portal captured in part",
        cancel_after_a_part,
        Outcome(
            (0, 20000, 0),
            ("cancel 61125 done",),
            (R_REST_RELEASED.format("611.25 kr"), CANCELLED_BUT_CAPTURED.format("200.00 kr")),
            "cancelled-captured",
        ),
        Outcome(
            (0, 20000, 0),
            ("cancel 61125 done",),
            (E_REST_RELEASED.format("611.25 kr"), CANCELLED_BUT_CAPTURED.format("200.00 kr")),
            "cancelled-captured",
        ),
    ),
    Way(
        "raise and complete between two looks",
        raise_and_complete,
        Outcome(
            (0, 112375, 0),
            ("modify 31250 done", "capture 112375 done"),
            ("Resurs: successfully updated payment to 1123.75 kr", "Resurs: successfully captured 1123.75 kr."),
        ),
        Outcome(STILL_RESERVED, (f"capture {TOTAL} held",), (TOO_LITTLE.format("1123.75 kr"),), "less-reserved"),
    ),
    Way(
        "complete with less reserved than the total",
        complete,
        Outcome((70000, 0, 0), ("modify 11125 dropped", "capture 70000 held"), (SHORT, SHORT), "less-reserved"),
        Outcome((70000, 0, 0), ("capture 70000 held",), (SHORT, SHORT), "less-reserved"),
        place=with_less_reserved,
    ),
    Way(
        "complete with nothing reserved",
        complete,
        Outcome(NOTHING_LEFT, (f"modify {TOTAL} held",), (NO_MONEY, NO_MONEY), "no-money"),
        Outcome(NOTHING_LEFT, (), (NO_MONEY, NO_MONEY), "no-money"),
        place=with_nothing_reserved,
    ),
    Way(
        "raise the total after the portal released everything",
        raise_what_the_portal_released,
        Outcome(
            (TOTAL + MUG, 0, 0),
            (f"modify {TOTAL + MUG} done",),
            ("Resurs: successfully updated payment to 936.25 kr",),
        ),
        Outcome(NOTHING_LEFT, (), (NO_MONEY,), "no-money"),
    ),
    Way(
        "complete with more refunded than was captured",
        refund_more_than_is_captured,
        Outcome(
            (0, TOTAL - 10000, 0),
            ("refund 10000 held",),
            ("Refund 14 asks for 200.00 kr, but only 100.00 kr is left to refund.",),
            "refund-too-large",
        ),
        Outcome(
            (0, TOTAL - 10000, 0),
            ("refund 10000 held",),
            ("Refund 14 asks for 200.00 kr, but only 100.00 kr is left to refund.",),
            "refund-too-large",
        ),
    ),
    Way(
        "cancel a reserved order",
        cancel,
        Outcome(NOTHING_LEFT, (CANCEL,), (R_CANCELLED,)),
        Outcome(NOTHING_LEFT, (CANCEL,), (E_CANCELLED,)),
    ),
    Way(
        "refund by lines",
        refund_lines,
        Outcome(ONE_MUG_BACK, (CAPTURE, REFUND), (R_CAPTURED, R_WILL_PAY, R_REFUNDED)),
        Outcome(ONE_MUG_BACK, (CAPTURE, REFUND), (E_CAPTURED, E_WILL_PAY, E_REFUNDED)),
    ),
    Way(
        "refund an amount only",
        refund_amount,
        Outcome(
            (0, TOTAL, 10000),
            (CAPTURE, "refund 10000 done"),
            (
                R_CAPTURED,
                WILL_PAY.format(14, "100.00 kr", "Resurs"),
                "Resurs: successfully refunded 100.00 kr (refund 14).",
            ),
        ),
        Outcome(
            (0, TOTAL, 10000),
            (CAPTURE, "refund 10000 done"),
            (
                E_CAPTURED,
                WILL_PAY.format(14, "100.00 kr", "Ecster"),
                "Ecster order credited with 100.00 kr for refund 14",
            ),
        ),
    ),
    Way(
        "refund everything",
        refund_all,
        Outcome(
            (0, TOTAL, TOTAL),
            (CAPTURE, f"refund {TOTAL} done"),
            (
                R_CAPTURED,
                WILL_PAY.format(14, "811.25 kr", "Resurs"),
                "Resurs: successfully refunded 811.25 kr (refund 14).",
            ),
        ),
        Outcome(
            (0, TOTAL, TOTAL),
            (CAPTURE, f"refund {TOTAL} done"),
            (
                E_CAPTURED,
                WILL_PAY.format(14, "811.25 kr", "Ecster"),
                "Ecster order credited with 811.25 kr for refund 14",
            ),
        ),
    ),
    Way(
        "refund before capture, then complete",
        refund_before_capture,
        Outcome(ONE_MUG_LESS, (LOWERED, PART_OF_IT), (R_LOWERED, MET, R_PART)),
        Outcome(ONE_MUG_LESS, (PART_OF_IT,), (RECORDED, E_CAPTURED, MET)),
    ),
    Way(
        "complete and part-refund between two looks",
        complete_and_refund_at_once,
        Outcome(
            ONE_MUG_LESS,
            (PART_OF_IT, f"cancel {MUG} done"),
            (R_PART, R_REST_RELEASED.format("125.00 kr"), MET),
        ),
        Outcome(ONE_MUG_LESS, (PART_OF_IT,), (E_CAPTURED, MET)),
    ),
    Way(
        "lower the total",
        lower,
        Outcome((TOTAL - MUG, 0, 0), (LOWERED,), (R_LOWERED,)),
        Outcome(STILL_RESERVED, (), (RECORDED,)),
    ),
    Way(
        "lower the total, then complete",
        lower_and_complete,
        Outcome(ONE_MUG_LESS, (LOWERED, PART_OF_IT), (R_LOWERED, R_PART)),
        Outcome(ONE_MUG_LESS, (PART_OF_IT,), (RECORDED, E_CAPTURED)),
    ),
    Way(
        "raise the total within the limit",
        higher,
        Outcome((TOTAL + MUG, 0, 0), (LOWERED,), ("Resurs: successfully updated payment to 936.25 kr",)),
        Outcome(STILL_RESERVED, (), (TOO_LITTLE.format("936.25 kr"),), "less-reserved"),
    ),
    Way(
        "raise the total beyond the limit",
        beyond_the_limit,
        Outcome(STILL_RESERVED, (), (TOO_LITTLE.format("50811.25 kr"),), "less-reserved"),
        Outcome(STILL_RESERVED, (), (TOO_LITTLE.format("50811.25 kr"),), "less-reserved"),
    ),
    Way("swap lines at equal sum", swap, Outcome(STILL_RESERVED), Outcome(STILL_RESERVED)),
    Way(
        "refund in the portal, then in the shop",
        refund_elsewhere,
        Outcome(ONE_MUG_BACK, (CAPTURE,), (R_CAPTURED, ADOPTED.format("Resurs", 14))),
        Outcome(ONE_MUG_BACK, (CAPTURE,), (E_CAPTURED, ADOPTED.format("Ecster", 14))),
    ),
    Way(
        "refund a part in the portal, then in the shop, then the rest in the shop",
        refund_the_rest_of_what_was_refunded_elsewhere,
        Outcome(
            (0, TOTAL, TOTAL),
            (CAPTURE, f"refund {TOTAL - MUG} done"),
            (
                R_CAPTURED,
                ADOPTED.format("Resurs", 14),
                WILL_PAY.format(15, "686.25 kr", "Resurs"),
                "Resurs: successfully refunded 686.25 kr (refund 15).",
            ),
        ),
        Outcome(
            (0, TOTAL, TOTAL),
            (CAPTURE, f"refund {TOTAL - MUG} done"),
            (
                E_CAPTURED,
                ADOPTED.format("Ecster", 14),
                WILL_PAY.format(15, "686.25 kr", "Ecster"),
                "Ecster order credited with 686.25 kr for refund 15",
            ),
        ),
    ),
    Way(
        "delete a refund that was paid",
        delete_refund,
        Outcome(
            ONE_MUG_BACK,
            (CAPTURE, REFUND),
            (R_CAPTURED, R_WILL_PAY, R_REFUNDED, UNEXPLAINED.format("Resurs")),
            "unmatched-return",
        ),
        Outcome(
            ONE_MUG_BACK,
            (CAPTURE, REFUND),
            (E_CAPTURED, E_WILL_PAY, E_REFUNDED, UNEXPLAINED.format("Ecster")),
            "unmatched-return",
        ),
    ),
    Way(
        "delete a refund that was paid, and enter it again",
        delete_and_enter_again,
        Outcome(
            ONE_MUG_BACK,
            (CAPTURE, REFUND),
            (
                R_CAPTURED,
                R_WILL_PAY,
                R_REFUNDED,
                UNEXPLAINED.format("Resurs"),
                ADOPTED.format("Resurs", 15),
                CLEARED,
            ),
        ),
        Outcome(
            ONE_MUG_BACK,
            (CAPTURE, REFUND),
            (
                E_CAPTURED,
                E_WILL_PAY,
                E_REFUNDED,
                UNEXPLAINED.format("Ecster"),
                ADOPTED.format("Ecster", 15),
                CLEARED,
            ),
        ),
    ),
    Way(
        "lower the total after capture",
        lower_after_capture,
        Outcome(ALL_CAPTURED, (CAPTURE,), (R_CAPTURED, OVERPAID), "overpaid"),
        Outcome(ALL_CAPTURED, (CAPTURE,), (E_CAPTURED, OVERPAID), "overpaid"),
    ),
    Way(
        "set a completed order back",
        complete_and_set_back,
        Outcome(ALL_CAPTURED, (CAPTURE,), (R_CAPTURED, SET_BACK.format("Completed", "Processing", "Resurs"))),
        Outcome(ALL_CAPTURED, (CAPTURE,), (E_CAPTURED, SET_BACK.format("Completed", "Processing", "Ecster"))),
    ),
    Way(
        "set a cancelled order back",
        cancel_and_set_back,
        Outcome(
            NOTHING_LEFT,
            (CANCEL,),
            (
                R_CANCELLED,
                "No money is secured for this order",
            ),
            "no-money",
        ),
        Outcome(
            NOTHING_LEFT,
            (CANCEL,),
            (E_CANCELLED, "No money is secured for this order"),
            "no-money",
        ),
    ),
    Way(
        "put to the trash",
        trash,
        Outcome(STILL_RESERVED, (), (IN_TRASH,), "trashed"),
        Outcome(STILL_RESERVED, (), (IN_TRASH,), "trashed"),
    ),
    Way(
        "delete for good",
        delete,
        Outcome(STILL_RESERVED, (), (), "trashed"),
        Outcome(STILL_RESERVED, (), (), "trashed"),
    ),
    Way("switch the bridge off for an order", switched_off, Outcome(STILL_RESERVED), Outcome(STILL_RESERVED)),
    Way(
        "pause the bridge for an order",
        paused_for_a_while,
        Outcome(
            (TOTAL + 18750, 0, 0),
            ("modify 18750 done",),
            ("Resurs: successfully updated payment to 998.75 kr",),
        ),
        Outcome(STILL_RESERVED, (), (TOO_LITTLE.format("998.75 kr"),), "less-reserved"),
    ),
)
