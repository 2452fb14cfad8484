"""Where the settings are looked for."""

from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import find, reading


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The two places where settings are looked for, in a directory that is empty."""
    monkeypatch.chdir(tmp_path)
    system = tmp_path / "etc" / "settings.yaml"
    system.parent.mkdir()
    monkeypatch.setattr(reading, "PLACES", (reading.PLACES[0], system))
    return reading.PLACES[0], system


def test_places_are_here_and_then_the_system() -> None:
    assert [str(place) for place in reading.PLACES] == ["settings.yaml", "/etc/wc-bridge/settings.yaml"]


def test_file_here_comes_before_the_system(places: tuple[Path, Path]) -> None:
    here, system = places
    system.touch()
    assert find() == system
    here.touch()
    assert find() == here


def test_file_that_is_named_comes_first(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    places[0].touch()
    monkeypatch.setenv("WC_BRIDGE_SETTINGS", "/srv/of-the-environment.yaml")
    assert find() == Path("/srv/of-the-environment.yaml")
    assert find(Path("given.yaml")) == Path("given.yaml")


def test_empty_variable_names_nothing(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    places[0].touch()
    monkeypatch.setenv("WC_BRIDGE_SETTINGS", "")
    assert find() == places[0]


@pytest.mark.usefixtures("places")
def test_no_file_anywhere_says_where_it_looked() -> None:
    with pytest.raises(SettingsError, match=r"no settings file at settings.yaml or .*etc/settings.yaml"):
        find()
