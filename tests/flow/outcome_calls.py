"""The calls of each provider: what staff do, what somebody in the portal may do, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.flow.outcome_rows import Theirs
from tests.flow.world import MUG, TOTAL, Money, Placed, ProviderName, ResursSide, Staff, World

PART, OTHER = 20000, 5000
"""What somebody else captures, and returns or releases, where it is another amount."""

End = tuple[Money, str]
"""Reserved, captured and returned in the end, and why a person is called ("": nobody is)."""
Ends = tuple[End, ...]
"""Those that are well: what somebody else does may be seen before or after order and payment have agreed."""


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


def complete(w: World, it: Placed) -> None:
    w.store.set_status(it.id, "completed")


def _complete_and_refund(w: World, it: Placed) -> None:
    w.store.refund(it.id, lines={"MUGG": 1})
    complete(w, it)


def _lower_and_complete(w: World, it: Placed) -> None:
    w.store.set_quantity(it.id, "MUGG", 1)
    complete(w, it)


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
    name="capture", staff=complete, same=_captured(TOTAL), other=_captured(PART), ends=_always((0, TOTAL, 0))
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
