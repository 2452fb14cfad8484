"""Whatever the file says, it ends in settings or in a SettingsError, and never in a secret on the screen."""

import tempfile
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bridge.errors import SettingsError
from bridge.settings import keys, load
from tests.settings.conftest import KINDS, Gold, Silver

SESAME = "sesame-open"
GOOD = {
    "stores": [
        {
            "name": "butiken",
            "url": "https://shop.example",
            "consumer_key": SESAME,
            "consumer_secret": SESAME,
            "providers": [
                {"type": "gold", "environment": "test", "password": SESAME, "shop": "1"},
                {"type": "silver", "environment": "test", "api_key": SESAME},
            ],
        }
    ]
}
PATHS = [
    [int(step) if step.isdecimal() else step for step in path.replace("[]", ".0").split(".")]
    for path in [
        *(key.path for key in keys()),
        *(key.path for key in keys(Gold, "stores[].providers[].")),
        *(key.path.replace("[]", ".1") for key in keys(Silver, "stores.0.providers[].")),
        *(
            "stores",
            "stores[]",
            "stores[].providers",
            "stores[].providers[]",
            "stores[].poll",
            "web",
            "alerts.email",
        ),
    ]
]
ODD = st.sampled_from(
    [None, "", "x", "30", "-1", "30s", "null", "live", "wc-completed", "${", "${NOT_SET_ANYWHERE}", "https://a:b@c"]
) | st.text(max_size=5)
VALUES = st.recursive(
    ODD | st.integers() | st.booleans() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "file", "on", "sweep", "x", "name"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def _put(tree: Any, path: list[str | int], value: Any) -> None:
    """Write `value` at `path`, as far as there is something to write it into."""
    *way, last = path
    for step in way:
        tree = tree.setdefault(step, {}) if isinstance(tree, dict) else tree[step]
    tree[last] = value


@given(st.lists(st.tuples(st.sampled_from(PATHS), VALUES), min_size=1, max_size=3))
def test_any_file_is_settings_or_a_settings_error(changes: list[tuple[list[str | int], Any]]) -> None:
    tree = YAML(typ="safe").load(_written(GOOD))
    for place, value in changes:
        with suppress(KeyError, IndexError, TypeError, AttributeError):
            _put(tree, place, value)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "settings.yaml"
        path.write_text(_written(tree), encoding="utf-8")
        assert SESAME not in _told(path)


@pytest.mark.parametrize("text", ["[]", "x", "5", "- - -", "{}: {}", "\ufeffdatabase: sqlite:///a\n", "? \n"])
def test_odd_tops_are_no_accident(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    with suppress(SettingsError):
        load(path, KINDS)


def _told(path: Path) -> str:
    """Return what a person would see of the file: the settings, or what is wrong with them."""
    try:
        return repr(load(path, KINDS))
    except SettingsError as error:
        return str(error)


def _written(tree: Any) -> str:
    stream = StringIO()
    YAML(typ="safe").dump(tree, stream)
    return stream.getvalue()
