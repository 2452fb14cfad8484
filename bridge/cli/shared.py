"""What all commands share: options before or after the command, durations, asyncio, and how they print."""

import asyncio
import logging
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar

import click
import simplejson
from rich.console import Console

from bridge import logs
from bridge.errors import BridgeError, SettingsError, UsageError
from bridge.settings import Settings, exposed, find, named_by_environment, reading, resolve
from bridge.settings.values import duration

T = TypeVar("T")

_SETTINGS, _DEBUG = "bridge.settings", "bridge.debug"


class Command(click.Command):
    """A command that knows `--settings FILE` and `--debug`, and logs from `log_level` on.

    What a command does is told by its output, so it logs errors alone; the daemon has nothing but its logs.
    """

    def __init__(self, *args: Any, log_level: int = logging.ERROR, **kwargs: Any) -> None:
        super().__init__(*args, **_examples_last(kwargs))
        self._log_level = log_level
        self.params += _common_options()

    def invoke(self, ctx: click.Context) -> Any:
        logs.configure(logging.DEBUG if ctx.find_root().meta.get(_DEBUG) else self._log_level)
        return super().invoke(ctx)


class Group(click.Group):
    """The group, which takes the same options too; the ones after the command win."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **_examples_last(kwargs))
        self.params += _common_options()
        self.params.append(
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_version,
                help="Show the version and exit.",
            )
        )


def _examples_last(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Let the examples, with which a docstring ends, stand at the end of the help too, after the options."""
    text, found, examples = cleandoc(kwargs.get("help") or "").partition("\b\nExample")
    return {**kwargs, "help": text, "epilog": found + examples} if found else kwargs


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        say(f"wc-bridge {version('wc-bridge')}")
        context.exit()


def _help(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Instead of click's own, which ends 1 where its reader has left."""
    if wanted and not context.resilient_parsing:
        say(context.get_help())
        context.exit()


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--settings"],
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_keep(_SETTINGS),
            help="settings.yaml (default: $WC_BRIDGE_SETTINGS, ./settings.yaml, /etc/wc-bridge/settings.yaml).",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_keep(_DEBUG),
            help="Log everything, and show where a bug is.",
        ),
        click.Option(
            ["-h", "--help"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_help,
            help="Show this message and exit.",
        ),
    ]


def _keep(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            context.find_root().meta[key] = value

    return keep


def database_url(context: click.Context | None = None) -> str:
    """The database that settings.yaml names, whatever else that says. Raises SettingsError."""
    return reading.database_url(settings_file(context))


def settings(*, with_stores: bool = False) -> Settings:
    """The settings that the command line names, or those found in their usual places.

    Raises SettingsError, also when there must be stores (`with_stores`) and there are none.
    """
    from bridge.app import read_settings  # noqa: PLC0415 (it takes long to load, and `pause` does without)

    path = settings_file()
    return settings_with_stores(path) if with_stores else read_settings(path)


def settings_file(context: click.Context | None = None) -> Path:
    """The file that the command line names, or the one found in the usual places. Raises SettingsError."""
    return find(named_file(context))


def named_file(context: click.Context | None = None) -> Path | None:
    """The file that the command line or the environment names; it need not be there."""
    given: Path | None = (context or click.get_current_context()).find_root().meta.get(_SETTINGS)
    return given or named_by_environment()


def settings_with_stores(path: Path) -> Settings:
    """Read settings, in which there must be a store. Raises SettingsError."""
    from bridge.app import read_settings  # noqa: PLC0415 (see above)

    chosen = read_settings(path)
    if not chosen.stores:
        raise SettingsError(
            f"{path}: there is no store to watch: add one under `stores:` with name, url, consumer_key, "
            "consumer_secret and its providers"
        )
    return chosen


def settings_to_work_by() -> Settings:
    """The settings for whoever acts on orders: with all secrets of the stores at hand, those apart that only their
    webhooks need, and a warning of each that anybody may read. Raises SettingsError.
    """
    chosen = settings(with_stores=True)
    for line in exposed(settings_file(), chosen):
        click.echo(f"wc-bridge: {line}", err=True)
    resolve(tuple(store.model_copy(update={"webhook_secret": None}) for store in chosen.stores))
    return chosen


def as_typed() -> str:
    """This program as it can be typed in any folder: by its name alone where the shell finds it by that."""
    program = Path(sys.argv[0]).absolute()
    if program.name != "wc-bridge":  # python -m bridge
        return f"{shlex.quote(sys.executable)} -m bridge"
    return program.name if shutil.which(program.name) == str(program) else shlex.quote(str(program))


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


class _Screen(Console):
    """A console that goes on in silence when its reader has left (`| head`), so that the exit code stays true."""

    def on_broken_pipe(self) -> None:
        say_nothing_more()


def console() -> Console:
    """The console to print text for people on; what a shop or provider says is never taken for markup."""
    return _Screen(highlight=False, markup=False, emoji=False)


def print_json(value: Any) -> None:
    say(simplejson.dumps(value, indent=2, ensure_ascii=False, use_decimal=True))


def say(text: str, end: str = "\n") -> None:
    """Print on stdout; where its reader has left, in silence."""
    try:
        click.echo(text + end, nl=False)
    except BrokenPipeError:
        say_nothing_more()


def say_nothing_more() -> None:
    """Whoever read our stdout has left: what is still said goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Duration(click.ParamType[timedelta]):
    """`90s`, `10m`, `2h`, `1d`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> timedelta:
        try:
            return duration(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, context)


def ask(question: str, *, yes: bool) -> None:
    """Ask, unless told not to. Raises UsageError on anything but a yes: nothing is changed."""
    if yes:
        return
    click.echo(f"{question} [y/N] ", nl=False, err=True)
    answer = sys.stdin.readline() if sys.stdin else ""  # None: it is closed
    if not answer:
        click.echo(err=True)
        raise UsageError("nothing was changed: nobody is here to answer, so say --yes to do it")
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was changed: answer y, or say --yes")


def run_async(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end; an ExceptionGroup gives way to the first BridgeError in it."""
    try:
        return asyncio.run(work())
    except BaseExceptionGroup as group:
        found = group.subgroup(BridgeError)
        if found is None:
            raise
        first: BaseException = found
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


def finish(code: int) -> None:
    """End the command with this code, after everything is printed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        say_nothing_more()
    if code:
        raise SystemExit(code)
