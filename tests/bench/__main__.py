"""The benchmark: `python -m tests.bench`, or with the names of the groups of figures to measure."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from tests.bench import baseline, deciding, drain, idle, many, reaction, size
from tests.bench.figures import Figure, show

GROUPS: dict[str, Callable[[Path, bool], list[Figure]]] = {
    "idle": idle.measure,
    "drain": drain.measure,
    "durability": drain.durability,
    "decide": deciding.measure,
    "baseline": baseline.measure,
    "size": size.measure,
    "reaction": reaction.measure,
    "many": many.measure,
}
"""By name: each measures its figures in an empty folder, `small` or in full."""

WIDTH = 140
"""Of the table where it goes to no terminal."""


@click.command(help=__doc__)
@click.argument("groups", nargs=-1, type=click.Choice(list(GROUPS)))
@click.option(
    "--small", is_flag=True, help="So few of everything that it ends soon; the figures mean nothing then."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object a figure.")
def main(*, groups: tuple[str, ...], small: bool, as_json: bool) -> None:
    """Measure, and print the table."""
    figures = []
    for name in groups or GROUPS:
        with TemporaryDirectory(prefix="wc-bridge-bench-") as folder:
            figures += GROUPS[name](Path(folder), small)
    if as_json:
        click.echo(json.dumps([figure.as_json() for figure in figures], indent=2))
    else:
        show(Console(width=None if sys.stdout.isatty() else WIDTH), figures)
    sys.exit(0 if all(figure.met for figure in figures) else 1)


if __name__ == "__main__":
    main()
