"""What the tests of both providers' switches share: what a case is, what comes of it, and a few more plays."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import Field, dataclass, fields
from enum import StrEnum
from itertools import zip_longest
from typing import Any, Generic, TypeVar

from tests.flow.ways import WAYS, Outcome, Play, cancel, complete, higher, lower, lower_and_complete, refund_lines
from tests.flow.world import MUG, TOTAL, Placed, ProviderName, World

S = TypeVar("S")
Place = Callable[[World], Placed]
Position = tuple[str, object]
"""A switch's name, and what it is set to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Generic[S]):
    """What staff do, under one setting of a provider's switches."""

    switches: S
    play: Play
    other: Outcome | None = None
    """What comes of it where that is something else than the way's own outcome; without its notes."""
    place: Place = World.place
    """How the customer ordered and paid."""

    def __str__(self) -> str:
        set_to = [f"{name}={value}" for name, value in turned(self.switches)]
        return " ".join(
            [*set_to, self.play.__name__, *([] if self.place is World.place else [self.place.__name__])]
        )

    def expected(self, provider: ProviderName) -> Outcome:
        if self.other:
            return self.other
        [way] = [way for way in WAYS if (way.play, way.place) == (self.play, self.place)]
        return way.outcome(provider)

    async def outcome(self, w: World, it: Placed) -> Outcome:
        """What has come of it; of each note as much as is expected, and of none where the outcome is other."""
        notes = [] if self.other else w.notes(it.id)
        starts = self.expected(w.side.name).notes
        return Outcome(
            books=w.books(it),
            actions=tuple(await w.states(it.id)),
            notes=tuple(note[: len(start)] for note, start in zip_longest(notes, starts, fillvalue="")),
            attention=(await w.attention()).get(it.id, ""),
        )


def same(switches: S, *plays: Play, place: Place = World.place) -> Iterator[Case[S]]:
    """These ways come to what they always come to."""
    return (Case(switches=switches, play=play, place=place) for play in plays)


def other(switches: S, outcome: Outcome, *plays: Play, place: Place = World.place) -> Iterator[Case[S]]:
    """These plays come to something else."""
    return (Case(switches=switches, play=play, place=place, other=outcome) for play in plays)


def turned(switches: Any) -> list[Position]:
    """The switches that are not at their default."""
    return [(it.name, value) for it in fields(switches) if (value := getattr(switches, it.name)) != it.default]


def untried(switches: type[Any], tried: Iterable[Any]) -> list[Position]:
    """What no setting in `tried` has: each other position of a switch that has few, or any other of the rest."""
    seen = {position for setting in tried for position in turned(setting)}
    names = {name for name, _ in seen}
    missing: list[Position] = []
    for it in fields(switches):
        others = _others(it)
        missing += [(it.name, value) for value in others if (it.name, value) not in seen]
        if not others and it.name not in names:
            missing.append((it.name, "any"))
    return missing


def _others(switch: Field[Any]) -> list[object]:
    if isinstance(switch.default, bool):
        return [not switch.default]
    if isinstance(switch.default, StrEnum):
        return [member for member in type(switch.default) if member is not switch.default]
    return []


def resurs_account(w: World, **changes: str) -> list[dict[str, str]]:
    """The store's one provider in settings.yaml: the world's Resurs, with other keys."""
    account = {
        "type": "resurs",
        "environment": "test",
        "base_url": w.urls[1],
        "client_id": "sandbox",
        "client_secret": "sandbox-secret",
        "store_id": "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10",
    }
    return [account | changes]


def later(play: Play, seconds: int = 600) -> Play:
    """`play`, and one more cycle so many seconds after it."""

    async def and_later(w: World, it: Placed) -> None:
        await play(w, it)
        w.clock.advance(seconds)
        await w.cycle()

    and_later.__name__ = f"{play.__name__}_and_{seconds}_s_later"
    return and_later


def late(play: Play, days: int) -> Play:
    """`play`, begun so many days after the order was placed."""

    async def begun_late(w: World, it: Placed) -> None:
        w.clock.advance(days * 86400)
        await play(w, it)

    begun_late.__name__ = f"{play.__name__}_after_{days}_days"
    return begun_late


async def lower_and_cancel(w: World, it: Placed) -> None:
    await lower(w, it)
    await cancel(w, it)


async def lower_and_raise_again(w: World, it: Placed) -> None:
    await lower(w, it)
    await higher(w, it)


async def lower_twice(w: World, it: Placed) -> None:
    await lower(w, it)
    w.store.remove_line(it.id, "MUGG")
    await w.cycle()


async def refund_a_part_and_the_rest(w: World, it: Placed) -> None:
    await refund_lines(w, it)
    w.store.refund(it.id)
    await w.cycle()


async def capture_elsewhere_what_is_then_asked(w: World, it: Placed) -> None:
    """The portal captures in part; the total is lowered to that, and the order completed."""
    w.side.capture(it.payment, TOTAL - MUG)
    await lower_and_complete(w, it)


async def capture_elsewhere_and_raise(w: World, it: Placed) -> None:
    w.side.capture(it.payment, 20000)
    await higher(w, it)


async def refund_by_all_lines(w: World, it: Placed) -> None:
    """Everything, line by line, so that a discount comes back as a negative line."""
    await complete(w, it)
    items = w.store.order(it.id).items
    w.store.refund(it.id, lines={of.product.sku if of.product else of.name: of.quantity for of in items})
    await w.cycle()
