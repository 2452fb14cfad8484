"""The group of all commands, and how a mistake of the person at the keyboard or of the outside ends.

A command is loaded when it is typed: the daemon's parts and the sandboxes take long, and `pause` must not wait.
"""

import os
import pwd
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import click

from bridge.cli.shared import Group, print_json, say_nothing_more
from bridge.errors import BridgeError, UsageError

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Look": {
        "status": "status.status",
        "report": "report.report",
        "actions": "shown.actions",
        "order": "shown.order",
    },
    "Decide on actions": {word: f"persons.{word}" for word in ("approve", "drop", "adopt", "retry")},
    "Stop, go on, look again": {
        "pause": "pausing.pause",
        "resume": "pausing.resume",
        "resync": "resync.resync",
        "rewound": "rewound.rewound",
        "rebind": "rebind.rebind",
    },
    "Work": {"run": "run.run", "once": "once.once"},
    "Set up": {
        "init": "init.init",
        "schema": "init.schema",
        "check": "check.check",
        "alert": "alert.alert",
        "monitoring": "monitoring.monitoring",
        "webhook": "webhook.webhook",
        "db": "database.db",
    },
    "Try it": {"demo": "sandboxes.demo", "sandbox": "sandboxes.sandbox"},
}
"""The commands, by what an administrator is about, in the order of the help: module and function of each."""
_COMMANDS = {name: place for section in SECTIONS.values() for name, place in section.items()}


class _Commands(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (see above)
        if cmd_name not in _COMMANDS:
            return None
        module, _, function = _COMMANDS[cmd_name].partition(".")
        found: click.Command = getattr(import_module(f"bridge.cli.{module}"), function)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, _COMMANDS))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                found = [(name.ljust(widest), self.get_command(ctx, name)) for name in names]
                room = formatter.width - widest - 6
                formatter.write_dl([(name, it.get_short_help_str(room)) for name, it in found if it])


cli = _Commands(
    name="wc-bridge",
    help="Carries what a WooCommerce shop's staff do with orders over to the payment provider.",
    epilog="Ends 0 done, 1 something needs attention, 2 wrong usage or settings, or a database of another "
    "version, 3 a remote or the database can't be reached.",
    context_settings={"max_content_width": 100},
)


def run_command(words: Sequence[str] | None = None) -> int:
    """Run one command line and return what the process ends with. Raises only what is a bug."""
    try:
        cli.main(words, prog_name="wc-bridge", standalone_mode=False)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 1
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "wc-bridge"
        return _complain(f"{error.format_message()} See `{path} --help`.", error.exit_code, words)
    except click.Abort:
        raise KeyboardInterrupt from None
    except BridgeError as error:
        return _complain(str(error), error.exit_code, words)
    except BrokenPipeError:  # from what completes a shell, which click prints by itself before all else
        say_nothing_more()
    except PermissionError as error:
        if error.filename is None:
            raise
        return _complain(_kept_out(str(error.filename)), UsageError.exit_code, words)
    return 0


def _kept_out(path: str) -> str:
    """What a person reads whose command meets a folder that its user may not enter, be it the one they are in."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a process of a user without a name
        user = str(os.geteuid())
    return f"{Path(path).absolute()}: the user {user} may not go there: name another place, or be another user"


def _complain(text: str, code: int, words: Sequence[str] | None) -> int:
    """Say what is wrong on stderr; to a program that wants JSON on stdout too."""
    click.echo(f"wc-bridge: {text}", err=True)
    if "--json" in (sys.argv[1:] if words is None else words):
        print_json({"error": text, "exit_code": code})
    return code
