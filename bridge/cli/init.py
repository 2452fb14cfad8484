"""`init` and `schema`: a settings.yaml to begin with, and what may stand in one."""

import grp
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel

from bridge.app import installed, read_settings
from bridge.cli import server
from bridge.cli.questions import Questions, Right
from bridge.cli.shared import Command, as_typed, finish, json_option, named_file, print_json, say
from bridge.errors import SettingsError, UsageError
from bridge.settings import (
    PLACES,
    Answers,
    Email,
    Limits,
    ProviderSettings,
    Settings,
    StoreSettings,
    filled_in,
    holds_secret,
    json_schema,
    proof,
    secrets_in,
)

_GROUP = "wc-bridge"
"""Of the daemon, as the unit file runs it."""
_NONE = "none"
_VARIABLES = {"consumer_key": "WC_KEY", "consumer_secret": "WC_SECRET"}


_COMMON = ("type", "environment")


def _own_keys(kind: type[ProviderSettings]) -> list[str]:
    """What every provider of this type must be given, besides type and environment."""
    return [name for name, field in kind.model_fields.items() if field.is_required() and name not in _COMMON]


@click.command(cls=Command)
@click.option("--name", help="The store's name, for commands and logs; it must not change later.")
@click.option("--url", help="The shop's address, as in WordPress under Settings, General.")
@click.option("--consumer-key", metavar="SECRET", help="REST API key of the shop [default: ${WC_KEY}, or a file].")
@click.option("--consumer-secret", metavar="SECRET", help="The key's secret [default: ${WC_SECRET}, or a file].")
@click.option("--provider", "providers", metavar="TYPE", multiple=True, help="A payment provider; may be repeated.")
@click.option("--environment", help="Of the providers: production or test.")
@click.option("--refund-per-action", metavar="AMOUNT", help="The largest refund that is made unasked, or none.")
@click.option("--refunds-per-day", metavar="AMOUNT", help="The most that is refunded unasked in a day, or none.")
@click.option("--alerts-to", metavar="ADDRESS", help="Who gets alerts by mail, or none [default: none].")
@click.option("--database", metavar="URL", help="Where the database is to be [default: as in the template].")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--yes", is_flag=True, help="Ask nothing: what no option says is at its default.")
@json_option
def init(*, providers: tuple[str, ...], force: bool, yes: bool, as_json: bool, **given: str | None) -> None:
    """Write a commented settings.yaml to begin with, in `mode: shadow`, after a few questions.

    Where --settings says, else to ./settings.yaml. Without a terminal, or with --yes, the options answer. A SECRET
    is ${VARIABLE}, file:PATH, or the value itself, which others on this machine see on a command line. In
    /etc/wc-bridge it is by default a file of its own in /etc/wc-bridge/secrets.

    \b
    Examples:
      wc-bridge init --settings /etc/wc-bridge/settings.yaml
      wc-bridge init --yes --name butiken --url https://shop.example --provider ecster \\
        --environment production --ecster-merchant-key 10000001 \\
        --refund-per-action 2000 --refunds-per-day none
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    path = named_file() or PLACES[0]
    if path.exists() and not force:
        raise UsageError(f"{path} is there already: --force replaces it, --settings FILE names another")
    questions = Questions({**given, "provider": ",".join(providers) or None}, asks=sys.stdin.isatty() and not yes)
    home = server.of_settings(path)
    answers = _answers(questions, home)
    if questions.missing:
        raise UsageError(f"there is nobody to ask: say {', '.join(questions.missing)} as well")
    _write(path, filled_in(answers), force=force)
    _tell(path, read_settings(path), home, as_json=as_json)


def _provider_options() -> Iterator[click.Option]:
    """An option for each thing that a provider of a type must be given."""
    for name, kind in sorted(installed().items()):
        for key in _own_keys(kind):
            field = kind.model_fields[key]
            words = " ".join((field.description or "").split())
            metavar = "SECRET" if holds_secret(field.annotation) else None
            yield click.Option([f"--{name}-{key.replace('_', '-')}"], metavar=metavar, help=words)


init.params[6:6] = _provider_options()


def _answers(ask: Questions, home: server.Bridge | None) -> Answers:
    """Ask for everything in turn, so that all that is missing is told at once."""
    shop = {key: _key(ask, home, StoreSettings, key) for key in ("name", "url", "consumer_key", "consumer_secret")}
    kinds = installed()
    types = ask.answer("provider", f"Payment providers: {', '.join(kinds)}, or several of them", _types)
    environment = proof(ProviderSettings, "environment")
    return Answers(
        **shop,
        providers=tuple(
            {
                "type": name,
                "environment": ask.answer("environment", f"{name}: production or test", environment),
                **{key: _key(ask, home, kinds[name], key, f"{name}-") for key in _own_keys(kinds[name])},
            }
            for name in types.split(",")
            if name
        ),
        refund_per_action=ask.answer(
            "refund-per-action",
            "The largest single refund that is made without asking you (such as 500), or none for no limit",
            _or_none(proof(Limits, "refund_per_action")),
        ),
        refunds_per_day=ask.answer(
            "refunds-per-day",
            "The most that is refunded within 24 hours without asking you, or none for no limit",
            _or_none(proof(Limits, "refunds_per_day")),
        ),
        alerts_to=ask.answer(
            "alerts-to", "Mail address for what needs you, or none", _or_none(proof(Email, "to")), _NONE
        ),
        database=ask.answer(
            "database",
            "Database",
            proof(Settings, "database"),
            home.database if home else Settings.model_fields["database"].default,
        ),
    )


def _key(ask: Questions, home: server.Bridge | None, model: type[BaseModel], key: str, prefix: str = "") -> str:
    """Ask for what stands under a key that must be given.

    A secret is by default a file of its own on a server, which commands and a reload see too, else a variable.
    """
    field = model.model_fields[key]
    option, words = f"{prefix}{key}".replace("_", "-"), " ".join((field.description or key).split()).rstrip(".")
    if not holds_secret(field.annotation):
        return ask.answer(option, words, proof(model, key))
    variable = _VARIABLES.get(key) or f"{prefix}{key}".replace("-", "_").upper()
    default = f"file:{home.secret(variable.lower())}" if home else f"${{{variable}}}"
    question = f"{words}: ${{VARIABLE}}, file:PATH, or the secret (not shown)"
    return ask.answer(option, question, proof(model, key), default, hidden=True)


def _types(text: str) -> str:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in installed():
            raise ValueError(f"{name!r} is none of the providers that are installed: {', '.join(installed())}")
    return ",".join(dict.fromkeys(names))


def _or_none(right: Right) -> Right:
    return lambda text: "" if text.strip().lower() == _NONE else right(text)


def _write(path: Path, text: str, *, force: bool) -> None:
    """Write the file whole or not at all, for nobody but its owner and the daemon's group.

    Raises SettingsError where it can't be, or where the text is not good.
    """
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8") as made:
            made.write(text)
            made.flush()
            os.fsync(made.fileno())
            read_settings(Path(made.name), path)
            if os.geteuid() == 0 and (group := _daemons_group()) is not None:
                os.fchown(made.fileno(), -1, group)
            os.fchmod(made.fileno(), 0o640)
            if force:
                os.link(made.name, f"{made.name}.new")
                os.replace(f"{made.name}.new", path)  # noqa: PTH105 (as the lines around it)
            else:
                os.link(made.name, path)
    except FileExistsError:
        raise UsageError(f"{path} is there already: --force replaces it") from None
    except PermissionError:
        raise SettingsError(f"{path} can't be written: you may not; on a server root writes it") from None
    except OSError as error:
        raise SettingsError(f"{path} can't be written: {error.strerror}") from None


def _daemons_group() -> int | None:
    try:
        return grp.getgrnam(_GROUP).gr_gid
    except KeyError:
        return None


def _tell(path: Path, made: Settings, home: server.Bridge | None, *, as_json: bool) -> None:
    variables = sorted({name for secret in secrets_in(made) for name in secret.variables})
    secret_files = [str(secret.file) for secret in secrets_in(made) if secret.file]
    commands = list(_commands(path, home))
    if as_json:
        print_json({"settings": str(path), "variables": variables, "files": secret_files, "next": commands})
        return
    say(f"{path} is written. It is in `mode: shadow`: nothing is written to shop or provider. Next:")
    if variables:
        where = "in /etc/wc-bridge/environment, which the daemon alone reads" if home else "with `export`"
        say(f"  set {', '.join(variables)} {where}")
    if secret_files and home:
        say("  put each secret into its file; type it after the line, then Enter and Ctrl-D:")
        for name in secret_files:
            say(f"    install -D -m 640 -g {_GROUP} /dev/stdin {shlex.quote(name)}")
    elif secret_files:
        say(f"  put the secrets into {', '.join(secret_files)}, which nobody else may read")
    for command in commands:
        say(f"  {command}")


def _commands(path: Path, home: server.Bridge | None) -> Iterator[str]:
    """What is to be typed next; on a server the wrapper finds the settings in /etc by itself."""
    if home is None:
        for words in ("db create", "check", "run"):
            yield f"{as_typed()} {words} --settings {shlex.quote(str(path))}"
        return
    yield f"wc-bridge check --settings {shlex.quote(str(home.settings))}" if home.name else "wc-bridge check"
    yield f"systemctl enable --now {home.units}"


@click.command(cls=Command)
@json_option
def schema(*, as_json: bool) -> None:  # noqa: ARG001 (it is JSON in any case)
    """Print the JSON Schema of settings.yaml, with all providers that are installed.

    \b
    Example:
      wc-bridge schema > settings.schema.json
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    print_json(json_schema(installed()))
    finish(0)
