"""Figures: what was measured, beside what it is compared with; as one table for people, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure."""

    name: str
    value: float
    unit: str
    compared_with: str = ""
    """What it is held against, as it was in the same run; "" where it stands by itself."""
    to_reach: str = ""
    """In words; "" where the figure only informs."""
    met: bool = True
    notes: tuple[str, ...] = ()
    """What helps to understand it; they stand below the table, and not in the JSON."""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "compared_with": self.compared_with or None,
            "to_reach": self.to_reach or None,
            "met": self.met,
        }


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Print the table, and below it the notes of each figure that has any."""
    table = Table(box=None, pad_edge=False)
    table.add_column("figure", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("compared with", overflow="fold")
    table.add_column("to reach", overflow="fold")
    table.add_column("met")
    for figure in figures:
        met = ("yes" if figure.met else "NO") if figure.to_reach else ""
        table.add_row(
            figure.name, f"{spelt(figure.value)} {figure.unit}", figure.compared_with, figure.to_reach, met
        )
    console.print(table)
    for figure in figures:
        if figure.notes:
            console.print(f"\n{figure.name}:", highlight=False)
        for note in figure.notes:
            console.print(f"  {note}", highlight=False, markup=False, soft_wrap=True)


def spelt(value: float) -> str:
    """Write a figure with three digits that mean something, and whole thousands apart."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
