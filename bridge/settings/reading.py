"""From a file to Settings: found, read, checked, and every mistake named at once."""

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, ScalarEvent

from bridge.errors import SettingsError
from bridge.settings.checks import contradictions
from bridge.settings.document import read
from bridge.settings.kinds import Kinds
from bridge.settings.model import Alerts, Settings
from bridge.settings.problems import problems
from bridge.settings.values import database
from bridge.settings.variables import expand

PLACES = (Path("settings.yaml"), Path("/etc/wc-bridge/settings.yaml"))
"""Where settings are looked for when nobody says where, first found first."""


class _Environment(BaseSettings):
    """What the environment may say about the settings themselves: `WC_BRIDGE_SETTINGS`, a path."""

    model_config = SettingsConfigDict(env_prefix="WC_BRIDGE_", env_ignore_empty=True)

    settings: Path | None = None


def named_by_environment() -> Path | None:
    """What `$WC_BRIDGE_SETTINGS` names, which need not be there."""
    return _Environment().settings


def find(given: Path | None = None) -> Path:
    """Return the settings file: `given`, else `$WC_BRIDGE_SETTINGS`, else the first of PLACES that is there.

    Raises SettingsError where there is none.
    """
    if named := given or named_by_environment():
        return named
    found = next((place for place in PLACES if place.exists()), None)
    if found is None:
        looked = " or ".join(str(place) for place in PLACES)
        raise SettingsError(f"no settings file at {looked}: `wc-bridge init` writes one, or give --settings FILE")
    return found


def load(path: Path, kinds: Kinds, name: Path | None = None) -> Settings:
    """Read and check a settings file. `kinds` has the settings of each type of provider; errors call it `name`.

    `${VARIABLE}` is replaced, except in secrets: those are read when they are used. Raises SettingsError with
    one line for each mistake: file, line, column, key path, what is wrong and what was found; never a secret.
    """
    document = read(_text(path), str(name or path))
    found = [*document.problems, *contradictions(document, kinds)]
    try:
        settings = Settings.model_validate(document.tree, context={"kinds": kinds})
    except ValidationError as error:
        found += problems(error, document, kinds)
    if found:
        lines = [document.sentence(problem) for problem in sorted(found, key=lambda it: (it.line, it.column))]
        raise SettingsError("\n".join(dict.fromkeys(lines)))
    return settings


def database_url(path: Path) -> str:
    """Read `database` alone, whatever the rest of the file is like: for what must work on a bad day, and at once.

    Raises SettingsError.
    """
    if (told := database_of(path)) is not None:
        return told
    document = read(_text(path), str(path))
    field = Settings.model_fields["database"]
    where, value = ("database",), document.tree.get("database") if isinstance(document.tree, dict) else None
    if value is None:
        return str(field.default)
    try:
        return database(expand(str(value)))
    except ValueError as error:
        raise SettingsError(document.sentence(document.problem(where, str(error)))) from None


def alerts(path: Path) -> Alerts:
    """Read `alerts` alone, whatever the rest of the file is like, be it no YAML. Raises SettingsError."""
    text = _text(path)
    try:
        document = read(text, str(path))
    except SettingsError:
        own = _lines_of("alerts", text)
        if not own.strip():
            raise
        document = read(own, str(path))
    tree = document.tree if isinstance(document.tree, dict) else {}
    try:
        return Settings.model_validate({"alerts": tree.get("alerts") or {}}).alerts
    except ValidationError as error:
        found = problems(error, document, {})
        raise SettingsError("\n".join(document.sentence(problem) for problem in found)) from None


def _lines_of(key: str, text: str) -> str:
    """Blank out all that does not stand under the key; what does keeps its place."""
    lines, ours = [], False
    for line in text.splitlines():
        if line[:1].strip(" \t#"):  # a key of the file itself
            ours = line.startswith(f"{key}:")
        lines.append(line if ours else "")
    return "\n".join(lines)


def store_names(path: Path) -> list[str]:
    """Read the names of the stores alone, those that are there. Raises SettingsError."""
    tree = read(_text(path), str(path)).tree
    stores = tree.get("stores") if isinstance(tree, dict) else None
    named = [store.get("name") for store in stores or () if isinstance(store, dict)]
    return [str(name) for name in named if name]


def database_of(path: Path) -> str | None:
    """Return the `database` of a file in which other things are wrong; None where it can't be told.

    A file that breaks off into something that is no YAML has told it before that, or not.
    """
    depth, last = 0, ""
    try:
        for event in YAML(typ="safe", pure=True).parse(_text(path)):
            match event:
                case CollectionStartEvent():
                    depth += 1
                case CollectionEndEvent():
                    depth -= 1
                case ScalarEvent() if depth == 1 and last == "database":
                    return database(expand(event.value))
                case ScalarEvent() if depth == 1:
                    last = event.value
    except (SettingsError, YAMLError, ValueError):
        return None
    return Settings().database


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    except ValueError:  # its own text would quote the bytes, and a secret may be among them
        raise SettingsError(f"{path}: this is no UTF-8 text") from None
