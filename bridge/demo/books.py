"""The shop's orders against the providers' own books, amount by amount. Pure; the bridge is not asked."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is reserved and still open, captured in all, and returned in all. Minor units."""

    reserved: int
    captured: int
    returned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What the shop knows of an order: its status, and amounts in minor units."""

    status: str
    delivered: bool
    """Whether it was ever completed."""
    total: int
    refunded_before: int
    """By refunds made before it was completed: they lower what is to be captured."""
    refunded_after: int
    """By refunds made since: they are to be paid out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order of the table."""

    scene: str
    title: str
    provider: str
    order: str
    """Its number, as people know it."""
    order_id: int
    currency: str
    shop: Shop
    books: Figures
    """The provider's, past its API."""
    calls: int
    """Requests to change the payment that reached the provider."""

    @property
    def asked(self) -> Figures:
        return asked(self.shop)

    @property
    def agrees(self) -> bool:
        return self.asked == self.books

    def as_json(self) -> dict[str, Any]:
        """The row with stable fields, amounts in minor units."""
        return {
            "scene": self.scene,
            "provider": self.provider,
            "order": self.order,
            "order_id": self.order_id,
            "status": self.shop.status,
            "currency": self.currency,
            "total": self.shop.total,
            "refunded": self.shop.refunded_before + self.shop.refunded_after,
            "asked": asdict(self.asked),
            "books": asdict(self.books),
            "calls": self.calls,
            "agrees": self.agrees,
        }


def asked(shop: Shop) -> Figures:
    """What a provider's books should show for an order as the shop has it."""
    due = shop.total - shop.refunded_before
    if shop.delivered:
        return Figures(reserved=0, captured=due, returned=shop.refunded_after)
    if shop.status in ("cancelled", "refunded"):
        return Figures(reserved=0, captured=0, returned=0)
    return Figures(reserved=due, captured=0, returned=0)
