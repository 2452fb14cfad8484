"""The JSON Schema that editors complete and check settings.yaml by."""

from typing import Any

import pytest

from bridge.settings import json_schema
from tests.settings.conftest import KINDS


@pytest.fixture
def schema() -> dict[str, Any]:
    return json_schema(KINDS)


def test_each_kind_of_provider_is_one_choice(schema: dict[str, Any]) -> None:
    choices = schema["$defs"]["StoreSettings"]["properties"]["providers"]["items"]["oneOf"]
    assert [choice["properties"]["type"]["const"] for choice in choices] == ["gold", "silver"]
    assert choices[0]["required"] == ["type", "environment", "password", "shop"]
    assert choices[0]["additionalProperties"] is False


def test_durations_are_shown_as_they_are_written(schema: dict[str, Any]) -> None:
    interval = schema["$defs"]["Poll"]["properties"]["interval"]
    assert interval["default"] == "30s"
    assert interval["anyOf"][0]["pattern"] == "^[0-9]+[smhd]$"
    assert interval["description"]


def test_secret_is_a_text_or_a_file(schema: dict[str, Any]) -> None:
    text, file = schema["$defs"]["StoreSettings"]["properties"]["consumer_key"]["anyOf"]
    assert text == {"type": "string"}
    assert file["required"] == ["file"]


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        match node:
            case {"$ref": str(name)}:
                return [name.removeprefix("#/$defs/")]
            case dict():
                return [name for child in node.values() for name in references(child)]
            case list():
                return [name for child in node for name in references(child)]
            case _:
                return []

    assert set(references(schema)) <= schema["$defs"].keys()
