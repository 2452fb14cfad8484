"""One entry of a store's `providers`, read as the kind that its `type` names.

Which kinds there are is not known here: they come from outside (design § 4), with the validation's context.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import ConfigDict, PlainValidator, SerializeAsAny, ValidationInfo, WithJsonSchema

from bridge.settings.group import ProviderSettings

Kinds = Mapping[str, type[ProviderSettings]]
"""The settings of each type of provider, by its `type`."""


def _read(value: Any, info: ValidationInfo) -> ProviderSettings:
    """Read one provider as the kind that its `type` names; the kinds come with the validation's context."""
    if isinstance(value, ProviderSettings):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be a group of keys that begins with type")  # noqa: TRY004 (pydantic wants it)
    kind = _known(info).get(str(value.get("type")), Stranger)
    return kind.model_validate(value, context=info.context)


def _no_such_kind(value: Any, info: ValidationInfo) -> str:
    known = sorted(_known(info))
    near = get_close_matches(str(value), known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"must be a type of provider that is installed ({', '.join(known) or 'there is none'}){hint}")


def _known(info: ValidationInfo) -> Kinds:
    kinds: Kinds = (info.context or {}).get("kinds", {})
    return kinds


class Stranger(ProviderSettings):
    """A provider whose `type` names no kind. It is read only to say so, and what else is wrong with it."""

    model_config = ConfigDict(extra="ignore")

    type: Annotated[str, PlainValidator(_no_such_kind)]


AnyProvider = Annotated[SerializeAsAny[ProviderSettings], PlainValidator(_read), WithJsonSchema({"type": "object"})]
