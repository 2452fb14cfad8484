"""The schema that is shipped is what the model says, and says of a file what the model says of it."""

import json
from datetime import date
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from bridge.app import installed
from bridge.settings import example, json_schema, schema_file
from tests.commands.shop import typed
from tests.settings.conftest import STORE

PROVIDERS = STORE + "    providers:\n"
ECSTER = "      - {type: ecster, environment: test, api_key: x, merchant_key: 10000001}\n"


@cache
def validator() -> Draft202012Validator:
    schema = json_schema(installed())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def wrong_at(text: str) -> list[str]:
    """Where the schema finds something wrong."""
    tree = json.loads(json.dumps(YAML(typ="safe").load(text), default=date.isoformat))
    return [error.json_path for error in validator().iter_errors(tree)]


def test_shipped_schema_is_that_of_the_model() -> None:
    """`wc-bridge schema > bridge/settings/settings.schema.json` writes it anew."""
    shipped = schema_file().read_text(encoding="utf-8")
    assert json.loads(shipped) == json_schema(installed())
    assert typed("schema").out == typed("schema", "--json").out == shipped


@pytest.mark.parametrize(
    "text",
    [
        example(),
        "",
        STORE,
        "web: null\n",
        PROVIDERS + ECSTER,
        STORE + "    start_from: 2026-11-01\n    concurrency: ${AT_ONCE}\n    mode: ${MODE}\n",
        STORE + "    limits: {refund_per_action: 499.50, refunds_per_day: '${A}'}\n    poll: {sweep: '${B}'}\n",
        STORE + "    actions: {status_lock: off, capture: {enabled: '${A}'}}\n    webhook_secret: {file: /a}\n",
    ],
)
def test_what_the_model_takes_the_schema_takes(text: str) -> None:
    assert wrong_at(text or "{}") == []


WRONG: list[tuple[str, Any]] = [
    ("databse: x\n", "$"),
    ("stores: {name: a}\n", "$.stores"),
    ('alerts: {daily_at: "25:00"}\n', "$.alerts.daily_at"),
    ("stores: [{name: a}]\n", "$.stores[0]"),
    (STORE + "    mode: on\n", "$.stores[0].mode"),
    (STORE + "    concurrency: many\n", "$.stores[0].concurrency"),
    (STORE + "    concurrency: 0\n", "$.stores[0].concurrency"),
    (STORE + "    poll: {interval: 30}\n", "$.stores[0].poll.interval"),
    (STORE + "    poll: {intervall: 30s}\n", "$.stores[0].poll"),
    (STORE + "    actions: {capture: {on: completed}}\n", "$.stores[0].actions.capture.on"),
    (STORE + "    actions: {modify: {enabled: '${A B}'}}\n", "$.stores[0].actions.modify.enabled"),
    (STORE + "    webhook_secret: {path: a}\n", "$.stores[0].webhook_secret"),
    (PROVIDERS + ECSTER.replace("ecster", "ekster"), "$.stores[0].providers[0]"),
    (PROVIDERS + ECSTER.replace("api_key: x, ", ""), "$.stores[0].providers[0]"),
]


@pytest.mark.parametrize(("text", "place"), WRONG)
def test_wrong_file_is_wrong_at_its_place(text: str, place: str) -> None:
    assert set(wrong_at(text)) == {place}
