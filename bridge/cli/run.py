"""`run`: the daemon."""

import click

from bridge.cli.shared import Command, run_async, settings
from bridge.daemon import serve


@click.command(cls=Command)
def run() -> None:
    """Watch the stores until SIGTERM or SIGINT; running calls finish first."""
    chosen = settings()
    run_async(lambda: serve(chosen))
