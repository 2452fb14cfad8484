"""The group of all commands, and how a mistake of the person at the keyboard or of the outside ends."""

from collections.abc import Sequence

import click

from bridge.cli import (
    check,
    database,
    once,
    persons,
    rebind,
    resume,
    rewound,
    run,
    sandboxes,
    shown,
    status,
    webhook,
)
from bridge.cli.shared import Group
from bridge.errors import BridgeError

cli = Group(
    name="wc-bridge",
    help="Carries what a WooCommerce shop's staff do with orders over to the payment provider.",
    epilog="Ends 0 done, 1 something needs attention, 2 wrong usage or settings, or a database of another "
    "version, 3 a remote or the database can't be reached.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in (
    run.run,
    once.once,
    check.check,
    status.status,
    shown.actions,
    shown.order,
    persons.approve,
    persons.adopt,
    persons.drop,
    persons.retry,
    resume.resume,
    rewound.rewound,
    rebind.rebind,
    webhook.webhook,
    database.db,
    sandboxes.demo,
    sandboxes.sandbox,
):
    cli.add_command(command)


def run_command(words: Sequence[str] | None = None) -> int:
    """Run one command line and return what the process ends with. Raises only what is a bug."""
    try:
        cli.main(words, standalone_mode=False)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 1
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "wc-bridge"
        click.echo(f"wc-bridge: {error.format_message()} See `{path} --help`.", err=True)
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except BridgeError as error:
        click.echo(f"wc-bridge: {error}", err=True)
        return error.exit_code
    return 0
