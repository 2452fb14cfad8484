"""Two kinds of provider, and a way from a few lines of YAML to what the bridge makes of them."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import ProviderSettings, Secret, Settings, load


class Gold(ProviderSettings):
    password: Secret
    shop: str
    payment_methods: tuple[str, ...] = ("<uuid>",)


class Silver(ProviderSettings):
    api_key: Secret
    payment_methods: tuple[str, ...] = ("silver",)


KINDS: dict[str, type[ProviderSettings]] = {"gold": Gold, "silver": Silver}

STORE = """
stores:
  - name: butiken
    url: https://shop.example
    consumer_key: ck_1
    consumer_secret: cs_1
"""
"""A store with only what it must have. More keys go below it, four spaces in."""

Load = Callable[[str], Settings]
Mistakes = Callable[[str], list[str]]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WC_BRIDGE_SETTINGS", raising=False)


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load YAML from a file `settings.yaml` in an empty directory, which is the current one."""
    monkeypatch.chdir(tmp_path)

    def from_text(text: str) -> Settings:
        path = Path("settings.yaml")
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return load(path, KINDS)

    return from_text


@pytest.fixture
def mistakes(load_text: Load) -> Mistakes:
    """Load YAML that must be refused, and return the lines of what is said about it."""

    def from_text(text: str) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load_text(text)
        return str(caught.value).splitlines()

    return from_text
