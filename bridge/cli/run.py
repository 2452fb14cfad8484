"""`run`: the daemon."""

import gc
import logging
from typing import Final

import click

from bridge.cli.progress import bars
from bridge.cli.shared import Command, run_async, settings_file, settings_to_work_by, settings_with_stores
from bridge.daemon import serve

_MANY: Final = 5000
"""Objects that are made and not let go until cyclic garbage is looked for: hardly any of them is garbage."""


@click.command(cls=Command, log_level=logging.INFO)
def run() -> None:
    """Watch the stores until SIGTERM or SIGINT; running calls finish first. SIGHUP loads the settings anew.

    \b
    Example:
      wc-bridge run --settings /etc/wc-bridge/settings.yaml
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    chosen = settings_to_work_by()
    path = settings_file()
    _spare_what_stays()
    with bars() as progress:
        run_async(lambda: serve(chosen, progress, read=lambda: settings_with_stores(path)))


def _spare_what_stays() -> None:
    """What is loaded by now stays until the end, so no search for garbage need go through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MANY)
