"""`db`: the database as a whole: make it, bring it up to date, back it up, put a backup back, move it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bridge.cli.shared import Command, Group, ask, finish, json_option, print_json, run_async, say, settings
from bridge.db import upkeep
from bridge.db.schema import Age
from bridge.db.urls import shown, sqlite_path
from bridge.errors import UsageError
from bridge.settings.values import database

_NEEDS = {
    Age.NONE: "it has no tables yet: `wc-bridge db create` makes them",
    Age.OLDER: "it is of an older version: `wc-bridge db upgrade` makes a backup and brings it up to date",
    Age.CURRENT: "",
    Age.NEWER: "it is of a newer version of wc-bridge: upgrade this one",
}

_file = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group, invoke_without_command=True)
@json_option
@click.pass_context
def db(context: click.Context, *, as_json: bool) -> None:  # noqa: ARG001 (it is the look's, by the context)
    """Look at the database: where it is, and of which version. Ends 1 if it needs anything.

    \b
    Examples:
      wc-bridge db
      wc-bridge db backup
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    if context.invoked_subcommand is None:
        _look.invoke(context)


@click.command(cls=Command)
@json_option
def _look(*, as_json: bool) -> None:
    url = settings().database
    found = run_async(lambda: upkeep.look(url))
    if as_json:
        print_json({"database": shown(url), "schema": found.version, "age": found.age})
    else:
        version = f", schema {found.version}" if found.version else ""
        needs = _NEEDS[found.age]
        say(f"{shown(url)}{version}{f': {needs}' if needs else ''}")
    finish(0 if found.age is Age.CURRENT else 1)


@db.command()
@json_option
def create(*, as_json: bool) -> None:
    """Make the database, on a PostgreSQL server too, and its tables; one that is there stays as it is.

    `run` and `once` make the tables of an empty database by themselves.

    \b
    Example:
      wc-bridge db create
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    url = settings().database
    run_async(lambda: upkeep.create(url))
    _tell(as_json, f"the database {shown(url)} is there", database=shown(url))


@db.command()
@click.option("--backup", "file", type=_file, help="Where the backup goes (default: a new file, see `backup`).")
@json_option
def upgrade(*, file: Path | None, as_json: bool) -> None:
    """Bring a database of an older version up to date, after a backup. The daemon must be stopped.

    \b
    Example:
      wc-bridge db upgrade --backup /var/backups/wc-bridge-before.sqlite3
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    url = settings().database
    place = file or _new_file(url, "before-upgrade")
    done = run_async(lambda: upkeep.upgrade(url, place))
    text = f"{shown(url)} is up to date; as it was before, it is in {place}" if done else "there is nothing to do"
    _tell(as_json, text, database=shown(url), upgraded=done, backup=str(place) if done else None)


@db.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--keep", type=click.IntRange(1), help="Afterwards remove all but the newest N backups beside it.")
@json_option
def backup(*, file: Path | None, keep: int | None, as_json: bool) -> None:
    """Copy the database to FILE, one SQLite file, also while the daemon runs.

    Where FILE is a folder, to a new file in it, with the time in its name; without FILE to one beside an SQLite
    database, else in this folder. Only such files does --keep count and remove.

    \b
    Examples:
      wc-bridge db backup /mnt/elsewhere/wc-bridge.sqlite3
      wc-bridge db backup /var/lib/wc-bridge/backups --keep 14
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    if keep is not None and file is not None and not file.is_dir():
        raise UsageError(f"--keep removes dated backups from a folder, and {file} is none: name a folder, or none")
    url = settings().database
    place = _new_file(url, "backup", file) if file is None or file.is_dir() else file
    run_async(lambda: upkeep.backup(url, place))
    removed = [] if keep is None else upkeep.thin_out(place, keep)
    text = f"the database is copied to {place}" + (f"; {len(removed)} older removed" if removed else "")
    _tell(as_json, text, database=shown(url), backup=str(place), removed=[str(old) for old in removed])


@db.command()
@click.argument("file", type=_file)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def restore(*, file: Path, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the database. The daemon must be stopped; what was there is kept.

    What the bridge did since the backup was made it finds again by its keys in the providers' books. What was asked
    for in the shop by then and is not found there waits for `approve` or `drop`: a person may have decided on it.

    \b
    Example:
      wc-bridge db restore /var/backups/wc-bridge.sqlite3
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    url = settings().database
    aside = _new_file(url, "before-restore")

    def agree() -> None:
        ask(f"put {file} in the place of {shown(url)}?", yes=yes)

    kept = run_async(lambda: upkeep.restore(url, file, aside, datetime.now(UTC), agree))
    text = f"{shown(url)} is as it was in {file}" + (f"; what was there is in {aside}" if kept else "")
    _tell(as_json, text, database=shown(url), restored=str(file), kept=str(aside) if kept else None)


class _Url(click.ParamType[str]):
    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> str:
        try:
            return database(value)
        except ValueError as error:
            self.fail(f"{shown(value)!r}: {error}.", param, context)


@db.command()
@click.argument("source", metavar="FROM", type=_Url())
@click.argument("target", metavar="TO", type=_Url())
@json_option
def copy(*, source: str, target: str, as_json: bool) -> None:
    """Copy the database FROM into the empty database TO, as SQLite to PostgreSQL. The daemon must be stopped.

    \b
    Example:
      wc-bridge db copy sqlite:///var/lib/wc-bridge/bridge.sqlite3 postgresql://bridge@db/bridge
    """  # noqa: D301 (\\b is click's: leave these lines as they are)
    run_async(lambda: upkeep.move(source, target))
    text = f"{shown(target)} has all of {shown(source)}: set `database` in settings.yaml to it"
    _tell(as_json, text, source=shown(source), target=shown(target))


def _new_file(url: str, what: str, folder: Path | None = None) -> Path:
    path = sqlite_path(url)
    name = f"{path.stem if path else 'wc-bridge'}-{what}-{datetime.now(UTC):{upkeep.DATED}}.sqlite3"
    return (folder or (path.parent if path else Path.cwd())) / name


def _tell(as_json: bool, text: str, **facts: str | bool | list[str] | None) -> None:
    if as_json:
        print_json(facts)
    else:
        say(text)
