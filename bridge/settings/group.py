"""What every group of settings does: frozen, no unknown keys, `${VARIABLE}` read where a value stands."""

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from bridge.settings.methods import is_pattern
from bridge.settings.secret import Secret
from bridge.settings.showing import quote
from bridge.settings.values import Address
from bridge.settings.variables import expand


class Group(BaseModel):
    """A group of keys. The text under each field says what it means; it is the field's description."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _fill_in(cls, value: Any, info: ValidationInfo) -> Any:
        """Replace variables now, but leave secrets for the moment they are used."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        return value if holds_secret(annotation) else _expanded(value)


def holds_secret(annotation: Any) -> bool:
    """Whether a field of this type holds secrets (`Secret`, `Secret | None`, `tuple[Secret, ...]`)."""
    return annotation is Secret or any(holds_secret(part) for part in get_args(annotation))


def group_in(annotation: Any) -> type[BaseModel] | None:
    """Return the group that a field of this type holds, alone or in a list; None where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := group_in(part))), None)


def _expanded(value: Any) -> Any:
    if isinstance(value, str):
        return expand(value)
    if isinstance(value, list):
        return [_expanded(item) for item in value]
    return value  # the groups inside see to themselves


class ProviderSettings(Group):
    """What every provider's settings have; each kind adds its credentials."""

    type: str
    """Which kind of provider: resurs, ecster, or one that another package brings."""
    environment: Literal["production", "test"]
    """Whose money: the provider's real service or its test service. It has no default."""
    base_url: Address | None = None
    """Scheme and host instead of the environment's; the API's own paths follow it. null: the environment's."""
    payment_methods: tuple[str, ...] = ()
    """Patterns on the order's payment_method (`*`, `?`, `[ab]`); `<uuid>` is any UUID. Others are left alone."""
    match_reference: bool = True
    """Act only where the payment's own reference names the order."""
    concurrency: int = Field(default=4, ge=1, le=100)
    """Requests at a time to this provider."""

    @field_validator("payment_methods")  # not a type of its own: kinds state the field anew for their default
    @classmethod
    def _patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not is_pattern(pattern):
                raise ValueError(f"{quote(pattern)} is no pattern")
        return patterns
