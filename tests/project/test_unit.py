"""The unit file for systemd agrees with the program that it runs."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import PLACES, Settings

UNIT = Path(__file__).parents[2] / "systemd" / "wc-bridge.service"


@pytest.fixture
def service() -> dict[str, str]:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return dict(parser["Service"])


def test_state_directory_holds_the_default_database(service: dict[str, str]) -> None:
    directory = f"sqlite:///var/lib/{service['StateDirectory']}/"
    assert Settings().database.startswith(directory)


def test_it_reads_the_system_s_settings(service: dict[str, str]) -> None:
    program, *words = service["ExecStart"].split()
    assert Path(program).name == "wc-bridge"
    assert words == ["run", "--settings", str(PLACES[-1])]


def test_wrong_settings_are_not_tried_again(service: dict[str, str]) -> None:
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == str(SettingsError.exit_code)


def test_stopping_asks_first(service: dict[str, str]) -> None:
    assert (service["KillSignal"], service["TimeoutStopSec"]) == ("SIGTERM", "30")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")
def test_systemd_finds_nothing_wrong(tmp_path: Path, service: dict[str, str]) -> None:
    program = service["ExecStart"].split()[0]
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(program, "/bin/true"), encoding="utf-8")
    found = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert (found.returncode, found.stderr) == (0, "")
