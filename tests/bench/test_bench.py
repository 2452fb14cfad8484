"""The benchmark runs, small, and says what it measured; how long anything took is no matter of the tests."""

import json

import pytest
from click.testing import CliRunner

from tests.bench.__main__ import GROUPS, main
from tests.bench.figures import Figure

FIELDS = ["name", "value", "unit", "compared_with", "to_reach", "met"]


@pytest.mark.parametrize("group", GROUPS)
def test_each_group_of_figures_is_measured(group: str) -> None:
    ended = CliRunner().invoke(main, [group, "--small", "--json"])
    assert ended.exit_code in (0, 1), ended.output  # 1: a figure that means nothing was missed
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    figures = json.loads(ended.stdout)
    assert figures
    for figure in figures:
        assert list(figure) == FIELDS
        assert figure["value"] > 0, figure


def test_the_json_of_a_figure_has_what_it_is_compared_with() -> None:
    figure = Figure(name="drain", value=1.5, unit="s", compared_with="1.0 s", to_reach="<= 1.25 x", met=False)
    assert figure.as_json() == dict(zip(FIELDS, ("drain", 1.5, "s", "1.0 s", "<= 1.25 x", False), strict=True))
