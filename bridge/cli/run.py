"""`run`: the daemon."""

import logging

import click

from bridge.cli.progress import bars
from bridge.cli.shared import Command, run_async, settings_file, settings_to_work_by, settings_with_stores
from bridge.daemon import serve


@click.command(cls=Command, log_level=logging.INFO)
def run() -> None:
    """Watch the stores until SIGTERM or SIGINT; running calls finish first. SIGHUP loads the settings anew.

    \b
    Example:
      wc-bridge run --settings /etc/wc-bridge/settings.yaml
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings_to_work_by()
    path = settings_file()
    with bars() as progress:
        run_async(lambda: serve(chosen, progress, read=lambda: settings_with_stores(path)))
