"""What all commands share: `--settings` before or after the command, `--json`, durations, and asyncio."""

import asyncio
import re
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
import simplejson

from bridge.app import read_settings
from bridge.errors import BridgeError
from bridge.settings import Settings, find

T = TypeVar("T")

_DURATION = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Command(click.Command):
    """A command that knows `--settings FILE`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_settings_option())


class Group(click.Group):
    """The group, which takes `--settings FILE` too; the one after the command wins."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_settings_option())
        self.params.append(
            click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version)
        )


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    from importlib.metadata import version  # noqa: PLC0415

    if wanted:
        click.echo(f"wc-bridge {version('wc-bridge')}")
        context.exit()


def _settings_option() -> click.Option:
    return click.Option(
        ["--settings"],
        type=click.Path(path_type=Path, dir_okay=False),
        expose_value=False,
        callback=_keep,
        help="settings.yaml to use (default: ./settings.yaml, then /etc/wc-bridge/settings.yaml).",
    )


def _keep(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None:
        context.find_root().meta["bridge.settings"] = path


def settings() -> Settings:
    """The settings that the command line names, or those found in their usual places."""
    settings = read_settings(find(click.get_current_context().find_root().meta.get("bridge.settings")))
    for line in settings.not_yet():
        click.echo(f"wc-bridge: {line}", err=True)
    return settings


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


def print_json(value: Any) -> None:
    click.echo(simplejson.dumps(value, indent=2, ensure_ascii=False, use_decimal=True))


class Duration(click.ParamType[timedelta]):
    """`90s`, `10m`, `2h`, `1d`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = _DURATION.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no duration: write 90s, 10m, 2h or 1d", param, context)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


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
    sys.stdout.flush()
    if code:
        raise SystemExit(code)
