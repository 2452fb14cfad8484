"""Secrets: named in settings.yaml, read when they are used, shown nowhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote as percent_encoded

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bridge.errors import SettingsError
from bridge.settings.document import Text
from bridge.settings.showing import may_be_secret, quote
from bridge.settings.variables import VariableError, check, expand, variables, without_variables

_SHORT: Final = 8
"""Characters; what is shorter may be a part of any word, and guessed anyway."""
_revealed: set[str] = set()
"""What secrets have shown in this process, as it may stand in a text: as it is, in JSON, in an address."""


def masked(text: str) -> str:
    """The text with "***" for whatever a secret has revealed: the net below all care that is taken elsewhere."""
    for secret in _revealed:
        text = text.replace(secret, "***")
    return text


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A secret as settings.yaml names it: a value, `${VARIABLE}`, or `{file: PATH}`. Read when it is used.

    So a command asks for no more secrets than it needs, and a rotated file is read anew. `where` is the place
    in the settings that errors name.
    """

    _source: str | Mapping[str, str]
    _where: str = field(default="", compare=False)

    def reveal(self) -> str:
        """Return the secret itself. Raises SettingsError where the variable or file is not there or empty."""
        try:
            found = self._found()
        except VariableError as error:
            raise SettingsError(f"{self._where}: {error}" if self._where else str(error)) from None
        if len(found) >= _SHORT:
            _revealed.update((found, json.dumps(found, ensure_ascii=False)[1:-1], percent_encoded(found, safe="")))
        return found

    def _found(self) -> str:
        if isinstance(self._source, str):
            return expand(self._source)
        return _content(expand(self._source["file"]))

    @property
    def file(self) -> Path | None:
        """The file that holds it; None where it is not in one, or where that can't be told."""
        try:
            return None if isinstance(self._source, str) else Path(expand(self._source["file"]))
        except VariableError:
            return None

    @property
    def variables(self) -> list[str]:
        """The variables of the environment that it is read from."""
        return variables(self._source if isinstance(self._source, str) else self._source["file"])

    @property
    def is_written_out(self) -> bool:
        """Whether the secret itself stands in the settings, or a part of it."""
        return isinstance(self._source, str) and without_variables(self._source) != ""

    def __repr__(self) -> str:
        return "Secret(***)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _accept, serialization=core_schema.plain_serializer_function_ser_schema(lambda _: "***")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        file = {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"]}
        return {"anyOf": [{"type": "string"}, {**file, "additionalProperties": False}]}


def _accept(value: Any) -> Secret:
    match value:
        case Secret():
            return value
        case str() if value:
            return Secret(str(check(value)), value.where if isinstance(value, Text) else "")
        case {"file": str(file), **others} if file and not others:
            return Secret({"file": str(check(file))}, file.where if isinstance(file, Text) else "")
        case _:
            raise ValueError("must be a value, ${VARIABLE}, or {file: PATH}")


def _content(file: str) -> str:
    try:
        content = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise VariableError(f"the file {_name(file)} can't be read: {error.strerror}") from None
    except ValueError:  # its own text would quote the bytes
        raise VariableError(f"the file {_name(file)} is not UTF-8 text") from None
    if not content:
        raise VariableError(f"the file {_name(file)} is empty")
    return content


def _name(file: str) -> str:
    """A path as it may be shown: somebody may have written the secret itself in its place."""
    return quote(file) if may_be_secret(Path(file).name) else file
