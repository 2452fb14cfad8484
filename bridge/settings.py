"""settings.yaml: read, checked, and turned into frozen values. The only reader of file and environment."""

import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bridge.errors import SettingsError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Secret:
    """A secret as settings.yaml names it: a value, `${VARIABLE}`, or `{file: PATH}`. Read when it is used."""

    def __init__(self, source: str | dict[str, str], where: str = "") -> None:
        self._source = source
        self._where = where

    def reveal(self) -> str:
        """Return the secret itself. Raises SettingsError where the variable or file is not there."""
        if isinstance(self._source, dict):
            return Path(self._source["file"]).read_text(encoding="utf-8").strip()
        variable = _VARIABLE.fullmatch(self._source)
        if not variable:
            return self._source
        value = os.environ.get(variable[1], "")
        if not value:
            raise SettingsError(f"{self._where}: the environment variable {variable[1]} is not set")
        return value

    def __repr__(self) -> str:
        return "Secret(***)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema  # noqa: PLC0415

        return core_schema.no_info_plain_validator_function(lambda v: v if isinstance(v, cls) else cls(v))


class ProviderSettings(BaseModel):
    """What every provider's settings have; each kind adds its credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    environment: Literal["production", "test"]
    base_url: str | None = None
    payment_methods: tuple[str, ...] = ()
    match_reference: bool = True
    concurrency: int = 4
