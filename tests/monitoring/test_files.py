"""README.md, the alert rules and the dashboard name the metrics that are there, with the labels that they have."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest
from ruamel.yaml import YAML

from bridge.domain.reasons import Bound, Reason
from bridge.domain.records import State
from bridge.monitoring.files import shipped
from tests.commands.shop import typed
from tests.monitoring.day import Day
from tests.project.settings_table import README

PROMETHEUS_OWN = {"up": {"job", "instance"}}
"""What Prometheus adds: of the target, and to each metric the target's name."""
OUTCOMES = {"ok", "refused", "busy", "failed", "unreachable", "lost"}
TABLE = re.compile(r"<!-- metrics: begin -->\n.*?\n.*?\n(.*)\n<!-- metrics: end -->", re.DOTALL)


@pytest.fixture(scope="module")
def metrics(the_day: Day) -> dict[str, set[str]]:
    """Every metric of a real scrape, with its labels; an outage is told only while there is one."""
    return {**the_day.troubled.metrics(), "wc_bridge_outage_seconds": {"store", "remote"}}


def test_readme_explains_every_metric_and_its_labels(metrics: dict[str, set[str]]) -> None:
    table = TABLE.search(README.read_text(encoding="utf-8"))
    assert table
    rows = [re.split(r" *\| *", row)[1:4] for row in table[1].splitlines()]
    assert {name.strip("`"): set(re.findall(r"`(\w+)`", labels)) for name, labels, _ in rows} == metrics
    assert all(meaning for *_, meaning in rows)


def expressions() -> Iterator[str]:
    for group in rules()["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$store", "butiken")


def rules() -> Any:
    return YAML(typ="safe").load(shipped()["rules"])


def dashboard() -> Any:
    return json.loads(shipped()["dashboard"].read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", list(expressions()))
def test_expression_is_promql_and_asks_for_what_is_there(metrics: dict[str, set[str]], text: str) -> None:
    known = {**metrics, **PROMETHEUS_OWN}
    found = list(selectors(promql.parse(text)))
    assert found
    for selector in found:
        name = re.sub(r"(?<=_seconds)_(bucket|count|sum)$", "", selector.name or "")
        assert name in known, selector.name
        asked = {matcher.name for matcher in selector.matchers.matchers}
        assert asked <= known[name] | {"job", "instance"}, selector.name
        kept = set(re.findall(r"\w+", " ".join(re.findall(r"(?:by|on) \(([^)]*)\)", text)))) - {"le"}
        assert kept <= known[name] | {"job", "instance"}, selector.name


def selectors(part: Any) -> Iterator[Any]:
    """Every selector of a parsed expression."""
    if isinstance(part, promql.VectorSelector):
        yield part
    elif isinstance(part, promql.MatrixSelector):
        yield part.vector_selector
    elif isinstance(part, promql.BinaryExpr):
        yield from selectors(part.lhs)
        yield from selectors(part.rhs)
    elif isinstance(part, promql.Call):
        for argument in part.args:
            yield from selectors(argument)
    elif isinstance(part, promql.AggregateExpr | promql.ParenExpr):
        yield from selectors(part.expr)


def test_values_that_rules_ask_for_are_among_those_that_are_told(the_day: Day) -> None:
    """Of what an alert is about the labels have closed lists."""
    closed = {"reason": {*Reason, *Bound}, "state": set(State), "outcome": OUTCOMES, "job": {"wc-bridge"}}
    for text in expressions():
        for selector in selectors(promql.parse(text)):
            for matcher in selector.matchers.matchers:
                if matcher.name in closed:
                    assert set(matcher.value.split("|")) <= closed[matcher.name], text


def test_each_alert_says_what_is_wrong_and_how_bad_it_is() -> None:
    names = []
    for group in rules()["groups"]:
        for rule in group["rules"]:
            names.append(rule["alert"])
            assert rule["labels"]["severity"] in {"critical", "warning"}
            assert rule["annotations"].keys() == {"summary", "description"}
            used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
            kept = re.search(r"by \(([^)]*)\)", rule["expr"])
            assert used <= set(re.findall(r"\w+", kept[1] if kept else "")), rule["alert"]
    assert len(names) == len(set(names)) > 10


def test_command_says_where_they_lie() -> None:
    ran = typed("monitoring")
    assert (ran.code, ran.out.split()) == (0, [str(path) for path in shipped().values()])
    assert typed("monitoring", "--json").json == {name: str(path) for name, path in shipped().items()}
    assert all(path.is_file() for path in shipped().values())
