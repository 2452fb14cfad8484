"""`demo` and `sandbox`: the whole thing on this machine, no account anywhere.

What plays them is loaded when they run: no other command waits for it.
"""

import io
import sys
from pathlib import Path

import click

from bridge.cli.shared import Command, as_typed, console, finish, json_option, print_json, run_async, say

PORT = 9101
HIGHEST = 65532
"""Three more come after it."""


@click.command(cls=Command)
@click.option("--tamper", is_flag=True, help="Change a provider's books at the end, to see that the table notices.")
@json_option
def demo(*, tamper: bool, as_json: bool) -> None:
    """Live through a day in a shop's life, in under ten seconds.

    A store and both providers are played on this machine; no settings are needed, and no money moves. Ends with the
    shop's orders against the providers' books, and 1 if any amount differs.

    \b
    Example:
      wc-bridge demo
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    from bridge.demo.shows import live  # noqa: PLC0415 (see above)

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without arrows and ticks shows "?" for them
    lived = run_async(lambda: live(None if as_json else console(), tamper=tamper))
    if as_json:
        print_json(lived.as_json())
    finish(0 if lived.agrees else 1)


@click.command(cls=Command)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where settings.yaml and the database go (default: a temporary folder, removed at the end).",
)
@click.option(
    "--port",
    type=click.IntRange(0, HIGHEST),
    default=PORT,
    show_default=True,
    help="The shop's port; Resurs, Ecster and the portals take the three after it. 0: any four.",
)
@json_option
def sandbox(*, folder: Path | None, port: int, as_json: bool) -> None:
    """Open a sandbox store with sandbox providers until SIGTERM or SIGINT; a settings.yaml points at them.

    \b
    Example:
      wc-bridge sandbox --folder /tmp/shop --port 9301
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    from bridge.demo import guide  # noqa: PLC0415 (see above)
    from bridge.demo.playground import Playground  # noqa: PLC0415 (see above)
    from bridge.demo.shows import stay_open  # noqa: PLC0415 (see above)

    def tell(ground: Playground) -> None:
        if as_json:
            print_json(guide.as_json(ground, as_typed()))
        else:
            say(guide.guide(ground, as_typed()))

    run_async(lambda: stay_open(folder, port, tell))
