"""How what the database holds is laid out on a terminal."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bridge.domain.money import to_major


def paragraph(out: Console, front: str, text: str, *, style: str = "bold red") -> None:
    out.print(Padding(Text.assemble((front, style), text), (0, 0, 0, 2), expand=False))


def lean_table(*columns: str) -> Table:
    """A table without lines, in which only the last column wraps."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns[:-1]:
        right = name in ("id", "amount", "tries")
        table.add_column(name, no_wrap=True, justify="right" if right else "left", overflow="fold")
    table.add_column(columns[-1], ratio=1, overflow="fold")
    return table


def when(moment: str) -> str:
    """A moment as people read it, still in UTC, "2026-11-22 09:45Z"; JSON has it in full."""
    return f"{moment.replace('T', ' ')[:16]}Z" if moment else ""


def amount(row: dict[str, Any]) -> str:
    return f"{to_major(row['amount'], row['currency'])} {row['currency']}"


def cell(value: object) -> str:
    return "" if value is None else str(value)
