"""What is checked on this machine: the settings, and the database."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bridge.check.finding import Finding, Subject
from bridge.db import checkup
from bridge.db.checkup import Known
from bridge.db.connection import at_any_age, check
from bridge.db.place import place_of
from bridge.db.schema import Age
from bridge.db.urls import shown, sqlite_path
from bridge.domain.binding import Place
from bridge.errors import DatabaseError
from bridge.settings import Settings, exposed

SETTINGS = Subject("settings")
DATABASE = Subject("database")
_CREATE = "`wc-bridge run` makes it at its first start, `wc-bridge db create` now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What the database says, and where it lies."""

    place: Place | None = None
    """None where it can't be opened, or is not there yet."""
    stores: Mapping[str, Known] = field(default_factory=dict)


def of_settings(path: Path, settings: Settings) -> list[Finding]:
    """Return what is to be said of settings that can be read, from the file at `path`."""
    alerts = settings.alerts
    told = (sentence.partition(": ") for sentence in exposed(path, settings))
    found = [SETTINGS.warn("settings.files", text, remedy) for text, _, remedy in told]
    found = found or [SETTINGS.ok("settings.files", "no file with secrets in it is readable by everybody")]
    ways = [name for name, way in (("e-mail", alerts.email.to), ("a command", alerts.command)) if way]
    if not ways:
        text = "no alert channel is set: when something burns, nobody is told"
        return [*found, SETTINGS.warn("settings.alerts", text, "set alerts.email.to or alerts.command")]
    return [*found, SETTINGS.ok("settings.alerts", f"alerts go out by {' and '.join(ways)}")]


async def of_database(url: str, stores: Sequence[str], most: int) -> tuple[Finding, Here]:
    """Open the database, write nothing into it, and return what it knows of the stores of these names.

    Of each provider of a store `most` orders are wanted.
    """
    if (missing := _missing(url)) is not None:
        return missing, Here()
    try:
        async with at_any_age(url) as found:
            if found.age is Age.NONE:
                text = f"{shown(url)} is reached, and has no tables yet"
                return DATABASE.warn("database", text, _CREATE), Here()
            check(url, found)
            await checkup.try_to_write()
            place = await place_of(url)
            known = {store: await checkup.known(store, most) for store in stores}
    except DatabaseError as error:
        return DATABASE.failed("database", error), Here()
    text = f"{shown(url)} is reached and can be written (schema {found.version})"
    return DATABASE.ok("database", text), Here(place=place, stores=known)


def _missing(url: str) -> Finding | None:
    """What is to be said of an SQLite file that is not there; None where it is, or is none."""
    path = sqlite_path(url)
    if path is None or path.exists():
        return None
    if not path.parent.is_dir():
        text, remedy = f"the folder {path.parent} of the database does not exist", "make it, or correct `database`"
        return DATABASE.wrong("database", text, remedy)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        text = f"there is no database yet in {path.parent}, and this user can't make one there"
        return DATABASE.wrong("database", text, "type this as the daemon's user, or give that user the folder")
    return DATABASE.warn("database", f"there is no database yet at {shown(url)}", _CREATE)
