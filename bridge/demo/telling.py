"""The day on a terminal: lines as it happens, notes as staff see them, and the table at the end."""

from collections.abc import Callable
from datetime import datetime

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bridge.demo.books import Figures, Row
from bridge.demo.happenings import Happening, Who
from bridge.domain.money import to_major

INDENT = 15
"""Columns before a note, where there is room: those of the time and the order's number."""
ROOM = 1000
"""Columns in which anything fits, to measure how many it needs."""
NARROW = 60
"""Columns below which there is none."""
_STYLES = {
    Who.CUSTOMER: "magenta",
    Who.STAFF: "bold blue",
    Who.PORTAL: "bold yellow",
    Who.NETWORK: "bold red",
    Who.BRIDGE: "cyan",
    Who.NOTE: "green",
}
_FIGURES = ("reserved", "captured", "returned")


class Telling:
    """`local` gives a moment as the shop's wall shows it."""

    def __init__(self, console: Console, local: Callable[[datetime], datetime]) -> None:
        self._console = console
        self._local = local
        self._scene = ""

    def begin(self) -> None:
        self._console.print(
            Text.assemble(
                ("A day in a shop's life. ", "bold"),
                "A WooCommerce store, Resurs and Ecster are played on this machine, and talk to wc-bridge over "
                "HTTP; their clock runs ahead, so nobody waits. No account is needed, no money moves.",
            )
        )

    def tell(self, happening: Happening) -> None:
        """Show one thing that happened, under its scene's title when it is the first of it."""
        if happening.scene != self._scene:
            self._scene = happening.scene
            self._console.print()
            self._console.print(Rule(Text(happening.title, style="bold"), align="left", style="dim"))
        if happening.who is Who.NOTE:
            self._note(happening)
            return
        line = Table.grid(padding=(0, 1))
        for width in (8, 5, 8, None):
            line.add_column(width=width, no_wrap=width is not None)
        said = Text(happening.text, style="bold cyan" if happening.kind else "")
        if happening.attention and happening.who is Who.BRIDGE:
            said.stylize("yellow")
        line.add_row(
            Text(f"{self._local(happening.at):%H:%M:%S}", style="dim"),
            happening.order,
            Text(happening.who, style=_STYLES[happening.who]),
            said,
        )
        self._console.print(line)

    def _note(self, happening: Happening) -> None:
        panel = Panel(
            Text(happening.text),
            title=Text(f"note on order {happening.order}"),
            title_align="left",
            border_style="yellow" if happening.attention else "green",
            box=box.ROUNDED,
            width=min(78, max(24, self._console.width - INDENT)),
        )
        self._console.print(Padding(panel, (0, 0, 0, INDENT if self._console.width >= NARROW else 0)))

    def end(self, rows: list[Row]) -> None:
        """Show the table of store against provider, and what it comes to."""
        self._console.print()
        self._console.print(Rule(Text("The shop against the providers' books", style="bold"), align="left"))
        table = _table(rows)
        room = self._console.options.update(width=ROOM)
        fits = Measurement.get(self._console, room, table).maximum <= self._console.width
        self._console.print(table if fits else Group(*[_lines(row) for row in rows]))
        differing = [row for row in rows if not row.agrees]
        calls, number = sum(row.calls for row in rows), len(rows)
        if differing:
            for row in differing:
                self._console.print(Text(f"Order {row.order}: {_difference(row)}.", style="bold red"))
            self._console.print(f"{len(differing)} of {number} orders differ.", highlight=False)
            return
        self._console.print(
            Text.assemble(
                (f"All {number} orders agree to the öre", "bold green"),
                f", by {calls} calls to the providers. The amounts are the shop's and the providers' own; "
                "wc-bridge's database was not asked.",
            )
        )


def _table(rows: list[Row]) -> Table:
    """Two lines an order: what the shop asks for, and under it what the provider's books say."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for name in ("order", "in the shop", "", *_FIGURES, ""):
        table.add_column(name, justify="right" if name in _FIGURES else "left", no_wrap=True)
    for row in rows:
        shop = Text.assemble(row.shop.status, "\n", (_sum(row), "dim"))
        table.add_row(
            Text.assemble((row.order, "bold"), f" {row.provider}\n", (row.scene, "dim")),
            shop,
            Text("asks\nbooks", style="dim"),
            *[_pair(row, name) for name in _FIGURES],
            Text.assemble("\n", _mark(row)),
        )
    return table


def _pair(row: Row, name: str) -> Text:
    should, is_ = getattr(row.asked, name), getattr(row.books, name)
    style = "bold red" if should != is_ else "dim" if should == 0 else "green"
    return Text(f"{_amount(should, row)}\n{_amount(is_, row)}", style=style, justify="right")


def _lines(row: Row) -> RenderableType:
    text = Text.assemble(
        (f"{row.order} {row.provider}: {row.title} ", "bold"), _mark(row), f"\n  {row.shop.status}, {_sum(row)}"
    )
    for name in _FIGURES:
        should, is_ = getattr(row.asked, name), getattr(row.books, name)
        style = "bold red" if should != is_ else ""
        text.append(f"\n  {name}: should be {_amount(should, row)}, is {_amount(is_, row)}", style=style)
    return text


def _mark(row: Row) -> tuple[str, str]:
    return ("✓", "bold green") if row.agrees else ("✗", "bold red")


def _sum(row: Row) -> str:
    """The order's total, less what is refunded."""
    refunded = row.shop.refunded_before + row.shop.refunded_after
    less = f" − {_amount(refunded, row)}" if refunded else ""
    return f"{_amount(row.shop.total, row)}{less}"


def _difference(row: Row) -> str:
    """The amounts that differ, in words."""
    differing = [name for name in Figures.__slots__ if getattr(row.asked, name) != getattr(row.books, name)]
    return "; ".join(
        f"{name} should be {_amount(getattr(row.asked, name), row)}, "
        f"{row.provider} has {_amount(getattr(row.books, name), row)}"
        for name in differing
    )


def _amount(minor: int, row: Row) -> str:
    return str(to_major(minor, row.currency))
