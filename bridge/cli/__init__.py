"""The command `wc-bridge`: it parses and prints; what it does is elsewhere.

Data goes to stdout, logs and complaints to stderr. Every command ends 0 done, 1 something needs attention,
2 wrong usage or settings, 3 a remote or the database can't be reached (design § 6).
"""

import sys

import click
import structlog

from bridge.cli import once, persons, run, sandboxes, shown
from bridge.cli.shared import Group
from bridge.errors import BridgeError

cli = Group(
    name="wc-bridge",
    help="Carries what a WooCommerce shop's staff do with orders over to the payment provider.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in (
    run.run,
    once.once,
    shown.status,
    shown.actions,
    shown.order,
    persons.approve,
    persons.adopt,
    persons.drop,
    persons.retry,
    sandboxes.demo,
    sandboxes.sandbox,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; every ending that is not a bug is one line and an exit code."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BridgeError as error:
        click.echo(f"wc-bridge: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("wc-bridge: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
