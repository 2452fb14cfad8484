"""Order lines, and what is left of them: the API keeps no current lines, only the log of what was done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One order line; `total` with VAT, in major units."""

    total: Decimal
    vat_rate: Decimal = Decimal(25)
    quantity: Decimal = Decimal(1)
    unit: str = "st"
    type: str = "NORMAL"
    description: str | None = None
    reference: str | None = None
    unit_amount: Decimal | None = None
    vat: Decimal | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Line":
        """Read a line that `rules` found no fault with."""
        return cls(
            total=Decimal(body["totalAmountIncludingVat"]),
            vat_rate=Decimal(body["vatRate"]),
            quantity=Decimal(body["quantity"]),
            unit=body["quantityUnit"],
            type=body.get("type") or "NORMAL",
            description=body.get("description"),
            reference=body.get("reference"),
            unit_amount=None if body.get("unitAmountIncludingVat") is None else body["unitAmountIncludingVat"],
            vat=None if body.get("totalVatAmount") is None else body["totalVatAmount"],
        )

    def matches(self, other: "Line") -> bool:
        mine = (self.reference, self.description, self.vat_rate)
        return mine == (other.reference, other.description, other.vat_rate)

    def left_with(self, total: Decimal) -> "Line":
        """This line with another total; what was said of unit price and VAT holds no more."""
        return self if total == self.total else replace(self, total=total, unit_amount=None, vat=None)


def total(lines: Iterable[Line]) -> Decimal:
    return sum((line.total for line in lines), NOTHING)


def without(pool: tuple[Line, ...], taken: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return what is left of `pool`; it sums to the pool's total less that of `taken`, exactly.

    A taken line reduces the one it matches; what matches none, or is more than that, comes off the rest in
    their order.
    """
    left = list(pool)
    for line in taken:
        _take(left, line)
    return tuple(line for line in left if line.total != NOTHING)


def _take(left: list[Line], line: Line) -> None:
    amount = line.total
    for match in (True, False):
        for i, candidate in enumerate(left):
            if candidate.matches(line) is match and candidate.total * amount > NOTHING:
                part = min(candidate.total, amount, key=abs)
                left[i] = candidate.left_with(candidate.total - part)
                amount -= part
    if amount != NOTHING:
        left.append(line.left_with(-amount))
