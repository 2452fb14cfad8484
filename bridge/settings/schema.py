"""settings.yaml described by itself: as JSON Schema for editors, an example, and a list of keys for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from importlib.resources import files
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from bridge.settings.group import group_in
from bridge.settings.kinds import Kinds
from bridge.settings.model import Settings
from bridge.settings.values import spell_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key as a person reads about it."""

    path: str
    """`stores[].poll.interval`"""
    default: str | None
    """As it would be written in the file; None where the key must be given."""
    meaning: str


class _AsWritten(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """Show a default as the file has it, not as ISO 8601 does."""
        if isinstance(dft, time):
            return f"{dft:%H:%M}"
        return spell_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def example() -> str:
    """Return a complete settings.yaml, every key at its default and commented, to begin with."""
    return files("bridge.settings").joinpath("settings.yaml").read_text(encoding="utf-8")


def json_schema(kinds: Kinds) -> dict[str, Any]:
    """Return the JSON Schema of settings.yaml with these kinds of provider."""
    schema = Settings.model_json_schema(schema_generator=_AsWritten)
    definitions = schema["$defs"]
    choices = []
    for name, kind in sorted(kinds.items()):
        one = kind.model_json_schema(schema_generator=_AsWritten)
        definitions.update(one.pop("$defs", {}))
        one["properties"]["type"] = {"const": name, "title": "Type"}
        choices.append(one)
    definitions["StoreSettings"]["properties"]["providers"]["items"] = {"oneOf": choices}
    for group in (schema, *definitions.values(), *choices):
        for key, value in group.get("properties", {}).items():
            group["properties"][key] = _as_typed(value)
    definitions["Variable"] = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "wc-bridge settings"}


def _as_typed(value: dict[str, Any]) -> dict[str, Any]:
    """Allow what the reader of the file allows besides: a variable for any value, a number where a text may be."""
    if value.get("type") == "string" and not value.keys() & {"enum", "pattern", "format"}:
        return {**value, "type": ["string", "number"]}
    if value.get("type") not in ("string", "integer", "boolean"):
        return value
    said: dict[str, Any] = {name: value[name] for name in ("title", "description", "default") if name in value}
    asked = {name: content for name, content in value.items() if name not in said}
    return {**said, "anyOf": [asked, {"$ref": "#/$defs/Variable"}]}


def keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Key]:
    """Yield every key of `model` in the order of the file, groups opened up."""
    for name, field in model.model_fields.items():
        group, path = group_in(field.annotation), f"{prefix}{name}"
        if group:
            listed = "[]" if field.annotation is not group else ""
            yield from keys(group, f"{path}{listed}.")
        else:
            default = None if field.is_required() else _written(field.default)
            yield Key(path=path, default=default, meaning=_meaning(model, name))


def _meaning(model: type[BaseModel], name: str) -> str:
    """Return what a field means; a kind that only gives a field its own default inherits the words."""
    ours = [kind for kind in model.__mro__ if issubclass(kind, BaseModel) and name in kind.model_fields]
    return next((words for kind in ours if (words := kind.model_fields[name].description)), "")


def _written(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case timedelta():
            return spell_duration(value)
        case time():
            return f"{value:%H:%M}"
        case tuple():
            return f"[{', '.join(_written(item) for item in value)}]"
        case _:
            return str(value)
