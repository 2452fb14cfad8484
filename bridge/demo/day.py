"""A day in a shop's life: every thing that staff do with an order, once with each provider.

The scenes are data. Each begins with an order per provider; what stands in one moment happens before the bridge
next looks, so the moments of a scene are the looks it takes.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from bridge.demo.books import Row
from bridge.demo.happenings import Happening, Who
from bridge.demo.houses import CURRENCY, lose_answer
from bridge.demo.sandboxes import BASKET, Sale
from bridge.demo.stage import Stage
from bridge.demo.watching import Watcher
from bridge.domain.money import to_minor
from bridge.domain.notes import money

BETWEEN = 300
"""Seconds from one moment of a scene to the next."""

Act = Callable[[Stage, Sale], str]
"""Does something about an order, and says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    who: Who
    act: Act
    only: str = ""
    """The provider with whose order this happens; "" for both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    name: str
    title: str
    at: time
    moments: tuple[tuple[Beat, ...], ...] = ()
    basket: Mapping[str, int] = field(default_factory=lambda: BASKET)
    digital: bool = False
    """Nothing is shipped: the shop completes the order as it is paid."""


def staff(act: Act, only: str = "") -> Beat:
    return Beat(who=Who.STAFF, act=act, only=only)


def complete(stage: Stage, sale: Sale) -> str:
    stage.store.set_status(sale.order_id, "completed")
    return "complete the order: it is shipped"


def cancel(stage: Stage, sale: Sale) -> str:
    stage.store.set_status(sale.order_id, "cancelled")
    return "cancel the order"


def refund_a_mug(stage: Stage, sale: Sale) -> str:
    refund = stage.store.refund(sale.order_id, lines={"MUGG": 1}, reason="Returned")
    return f"make a refund of 1 × Mugg (refund {refund})"


def refund_an_amount(stage: Stage, sale: Sale) -> str:
    refund = stage.store.refund(sale.order_id, "49.90", reason="A scratch")
    return f"make a refund of {_kronor('49.90')}, no lines (refund {refund})"


def take_a_mug_off(stage: Stage, sale: Sale) -> str:
    stage.store.set_quantity(sale.order_id, "MUGG", 1)
    return f"take 1 × Mugg off the order: the total is now {stage.sandboxes.shown_total(sale)}"


def add_a_book(stage: Stage, sale: Sale) -> str:
    stage.store.add_line(sale.order_id, "BOK")
    return f"add 1 × Bok to the order: the total is now {stage.sandboxes.shown_total(sale)}"


def take_the_book_out(stage: Stage, sale: Sale) -> str:
    stage.store.remove_line(sale.order_id, "BOK")
    return f"do as the note says: the book comes off, the total is {stage.sandboxes.shown_total(sale)} again"


def swap_the_lamp(stage: Stage, sale: Sale) -> str:
    stage.store.swap_line(sale.order_id, "LAMPA", "LAMPA-R")
    return f"put a red lamp in the white one's place: the total is {stage.sandboxes.shown_total(sale)} as before"


def capture_in_the_portal(_: Stage, sale: Sale) -> str:
    sale.house.capture(sale.payment_id)
    return f"captures the payment in {sale.house.name}'s portal, past the shop"


def refund_in_the_portal(_: Stage, sale: Sale) -> str:
    sale.house.refund(sale.payment_id, to_minor("100.00", CURRENCY))
    return f"refunds {_kronor('100.00')} in {sale.house.name}'s portal, past the shop"


def enter_that_refund(stage: Stage, sale: Sale) -> str:
    refund = stage.store.refund(sale.order_id, "100.00", reason="Already paid back")
    return f"enter the same {_kronor('100.00')} in the shop (refund {refund})"


def cut_the_line(_: Stage, sale: Sale) -> str:
    lose_answer(sale.house, sale.payment_id)
    return f"{sale.house.name}'s next answer will be lost, after the call took effect"


DAY = (
    Scene(name="complete", title="The first parcels leave", at=time(8, 20), moments=((), (staff(complete),))),
    Scene(name="cancel", title="Two customers change their minds", at=time(9, 5), moments=((), (staff(cancel),))),
    Scene(
        name="refund-lines",
        title="One mug comes back",
        at=time(9, 40),
        moments=((), (staff(complete),), (staff(refund_a_mug),)),
    ),
    Scene(
        name="refund-amount",
        title="A scratch on the lamp, and an amount for it",
        at=time(10, 30),
        moments=((), (staff(complete),), (staff(refund_an_amount),)),
    ),
    Scene(
        name="lower-total",
        title="A mug is sold out: the total gets lower",
        at=time(11, 15),
        moments=((), (staff(take_a_mug_off),), (staff(complete),)),
    ),
    Scene(
        name="higher-total",
        title="A book as well, please: the total gets higher",
        at=time(12, 10),
        moments=((), (staff(add_a_book),), (staff(take_the_book_out, only="Ecster"),), (staff(complete),)),
    ),
    Scene(
        name="swap",
        title="A red lamp instead: other lines, the same sum",
        at=time(13, 0),
        moments=((), (staff(swap_the_lamp),)),
    ),
    Scene(
        name="digital",
        title="An online course: completed as it is paid",
        at=time(13, 45),
        basket={"KURS": 1},
        digital=True,
        moments=((),),
    ),
    Scene(
        name="portal-capture",
        title="Captured in the portal, then completed",
        at=time(14, 20),
        moments=((), (Beat(who=Who.PORTAL, act=capture_in_the_portal), staff(complete))),
    ),
    Scene(
        name="portal-refund",
        title="Refunded in the portal, then entered in the shop",
        at=time(15, 10),
        moments=(
            (),
            (staff(complete),),
            (Beat(who=Who.PORTAL, act=refund_in_the_portal), staff(enter_that_refund)),
        ),
    ),
    Scene(
        name="lost-answer",
        title="The line breaks in the middle of a capture",
        at=time(16, 0),
        moments=((), (Beat(who=Who.NETWORK, act=cut_the_line), staff(complete))),
    ),
)


async def live_through(stage: Stage, *, tamper: bool = False) -> AsyncIterator[Happening]:
    """Let the day happen, and tell everything that does.

    `tamper`: at its end somebody changes a provider's books behind everyone's back.
    """
    await stage.cycle()
    watcher = Watcher(stage)
    for scene in DAY:
        stage.move_to(scene.at)
        sales = []
        for house in stage.sandboxes.houses:
            status = "completed" if scene.digital else "processing"
            sale = stage.sandboxes.sell(house, scene.basket, status=status, shipped=not scene.digital)
            sales.append(sale)
            yield _happening(stage, scene, sale, Who.CUSTOMER, _bought(stage, sale))
        for moment in scene.moments:
            for sale in sales:
                for beat in moment:
                    if beat.only in ("", sale.house.name):
                        yield _happening(stage, scene, sale, beat.who, beat.act(stage, sale))
            await stage.cycle()
            for sale in sales:
                for told in await watcher.news(sale, scene.name, scene.title):
                    yield told
            stage.clock.advance(BETWEEN)
    if tamper:
        yield _tamper(stage)


def balance(stage: Stage) -> list[Row]:
    """Set each order of the day against the provider's books, in the order in which they were made."""
    of = [scene for scene in DAY for _ in stage.sandboxes.houses]
    return [
        stage.sandboxes.row(sale, scene=scene.name, title=scene.title)
        for scene, sale in zip(of, stage.sandboxes.sales, strict=True)
    ]


def _tamper(stage: Stage) -> Happening:
    """Somebody changes the books of the first sale behind the bridge's back."""
    sale, one_krona = stage.sandboxes.sales[0], to_minor(1, CURRENCY)
    sale.house.refund(sale.payment_id, one_krona)
    return Happening(
        scene="tamper",
        title="Closing time, and somebody meddles",
        at=stage.clock.now(),
        who=Who.PORTAL,
        provider=sale.house.name,
        order=sale.number,
        text=f"gives {_kronor(Decimal(1))} back in {sale.house.name}'s portal, and tells nobody",
    )


def _bought(stage: Stage, sale: Sale) -> str:
    order = stage.store.order(sale.order_id)
    what = ", ".join(f"{item.quantity} × {item.name}" for item in order.items if item.product)
    return f"buys {what} for {stage.sandboxes.shown_total(sale)}, paid with {sale.house.name}"


def _happening(stage: Stage, scene: Scene, sale: Sale, who: Who, text: str) -> Happening:
    return Happening(
        scene=scene.name,
        title=scene.title,
        at=stage.clock.now(),
        who=who,
        provider=sale.house.name,
        order=sale.number,
        text=text,
    )


def _kronor(amount: str | Decimal) -> str:
    return money(to_minor(amount, CURRENCY), CURRENCY, "en")
