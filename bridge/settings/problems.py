"""What pydantic found wrong, said to an administrator: where, what was found, and what would be right."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bridge.settings.document import Document, Problem
from bridge.settings.group import ProviderSettings, group_in, holds_secret
from bridge.settings.kinds import Kinds
from bridge.settings.model import Settings
from bridge.settings.showing import Path, quote, spell_key
from bridge.settings.variables import check

_GROUP = "must be a group of keys"
_LIST = "must be a list, like [one, two]"
_TRUTH = "must be true or false"
_WHOLE = "must be a whole number"
_AMOUNT = "must be an amount like 500 or 499.50"
_SENTENCES = {
    "bool_parsing": _TRUTH,
    "bool_type": _TRUTH,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_type": _WHOLE,
    "decimal_parsing": _AMOUNT,
    "decimal_type": _AMOUNT,
    "finite_number": _AMOUNT,
    "string_type": "must be a text",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _GROUP,
    "model_type": _GROUP,
    "model_attributes_type": _GROUP,
}


def problems(error: ValidationError, document: Document, kinds: Kinds) -> Iterator[Problem]:
    """Turn each of pydantic's findings into a Problem. No secret's value is in any of them."""
    for detail in error.errors(include_url=False):
        path = detail["loc"]
        match detail["type"]:
            case "missing":
                yield document.problem(path, "this key is missing, and it has no default")
            case "extra_forbidden":
                yield document.problem(path, _unknown_key(path, document, kinds), at_key=True)
            case _:
                yield document.problem(path, _wrong_value(path, detail, document, kinds))


def _unknown_key(path: Path, document: Document, kinds: Kinds) -> str:
    model = _model_at(path[:-1], document, kinds)
    known = list(model.model_fields) if model else []
    name, colon, _ = str(path[-1]).partition(":")
    if colon and name in known:
        return f"after {name}: there must be a space"
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"
    return f"there is no key {spell_key(str(path[-1]))!r}; {hint}"


def proof(model: type[BaseModel], key: str) -> Callable[[str], str]:
    """Return what says of a text whether it may stand under a key: it gives it back, or raises ValueError.

    What a `${VARIABLE}` stands for is not known yet. A secret may be typed as `file:PATH` too, of a list an item.
    """
    field = model.model_fields[key]
    annotation: Any = field.annotation
    for mark in field.metadata:
        annotation = Annotated[annotation, mark]
    adapter, secret = TypeAdapter(annotation), holds_secret(field.annotation)
    listed = get_origin(field.annotation) is tuple

    def right(text: str) -> str:
        if not secret and "${" in text:
            return check(text)
        try:
            adapter.validate_python([text] if listed else text.removeprefix("file:") if secret else text)
        except ValidationError as error:
            raise ValueError(_sentence(error.errors(include_url=False)[0])) from None
        return text

    return right


def _wrong_value(path: Path, detail: ErrorDetails, document: Document, kinds: Kinds) -> str:
    sentence = _sentence(detail)
    found = "" if _is_secret(path, document, kinds) else _found(path, document)
    return f"{sentence}; found {found}" if found else sentence


def _sentence(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            return "must be " + str(context["expected"]).replace("'", "")
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "greater_than":
            return f"must be more than {context['gt']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "value_error":
            return str(context["error"])
        case other:
            return _SENTENCES.get(other, detail["msg"])


def _found(path: Path, document: Document) -> str:
    try:
        return quote(document.raw(path))
    except KeyError:
        return ""


def _is_secret(path: Path, document: Document, kinds: Kinds) -> bool:
    field = _field_at(path, document, kinds)
    return bool(path) and (field is None or not field.repr or holds_secret(field.annotation))


def _field_at(path: Path, document: Document, kinds: Kinds) -> FieldInfo | None:
    names = [i for i, step in enumerate(path) if isinstance(step, str)]
    model = _model_at(path[: names[-1]], document, kinds) if names else None
    return model.model_fields.get(str(path[names[-1]])) if model else None


def _model_at(path: Path, document: Document, kinds: Kinds) -> type[BaseModel] | None:
    """Return the model whose keys stand at `path`."""
    model: type[BaseModel] | None = Settings
    for i, step in enumerate(path):
        if isinstance(step, str):
            field = model.model_fields.get(step) if model else None
            model = group_in(field.annotation) if field else None
        elif model is ProviderSettings:
            model = kinds.get(_type_at(path[: i + 1], document), model)
    return model


def _type_at(path: Path, document: Document) -> str:
    try:
        return str(document.raw((*path, "type")))
    except KeyError:
        return ""
