"""The files for systemd agree with the program that they run, and systemd finds nothing wrong with them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.cli.server import of_unit
from bridge.errors import OtherVersion, SettingsError
from bridge.settings import PLACES, Settings
from bridge.systemd import TURN, Patience
from bridge.ticking import GRACE, LAST
from tests.project.units import DAEMONS, PROGRAM, SERVICES, UNITS, keys

_SANDBOX = "# It needs the network"


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units with a program that is there, each template as an instance of its own."""
    units = tmp_path / "units"
    units.mkdir()
    for path in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        text = path.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")
        (units / path.name).write_text(text, encoding="utf-8")
    return units


def test_systemd_finds_nothing_wrong(installed: Path) -> None:
    names = [path.name.replace("@.", "@butiken.") for path in installed.iterdir()]
    assert len(names) == len(SERVICES) + 2
    found = analyze("verify", *(installed / name for name in names))
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize("name", SERVICES)
def test_systemd_takes_them_for_safe(name: str) -> None:
    found = analyze("security", "--offline=true", "--threshold=15", UNITS / name)
    assert found.returncode == 0, found.stdout


def test_all_that_run_the_bridge_are_confined_alike() -> None:
    ours = [name for name in SERVICES if PROGRAM in (UNITS / name).read_text(encoding="utf-8")]
    after = [(UNITS / name).read_text(encoding="utf-8").partition(_SANDBOX)[2] for name in ours]
    assert len(after) == 5
    assert len({text.partition("\n\n")[0].strip() for text in after}) == 1


@pytest.mark.parametrize("name", DAEMONS)
def test_systemd_has_more_patience_than_the_daemon_needs(name: str) -> None:
    set_to = {key: int(values[0]) for key, values in keys(name).items() if key.endswith("Sec")}
    assert set_to["TimeoutStartSec"] >= 2 * Patience().ready
    assert set_to["TimeoutStopSec"] >= 2 * (GRACE + LAST)
    assert set_to["WatchdogSec"] > max(set_to["TimeoutStopSec"], 10 * TURN)
    assert set_to["StartLimitIntervalSec"] == 0


@pytest.mark.parametrize("name", DAEMONS)
def test_what_trying_again_does_not_mend_is_given_up_and_told(name: str) -> None:
    unit = keys(name)
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == [str(SettingsError.exit_code)] == [str(OtherVersion.exit_code)]
    assert unit["OnFailure"] == ["wc-bridge-failed@%n.service"]


@pytest.mark.parametrize("name", SERVICES)
def test_whose_failure_is_told_goes_by_the_settings_that_the_alert_goes_by(name: str) -> None:
    """Of wc-bridge@NAME and its backup those of NAME; `wc-bridge-failed@` tells by the same."""
    unit = keys(name)
    if "failed" in name:
        assert unit["ExecStart"][-1] == f"{PROGRAM} alert failed %i"
        assert unit["EnvironmentFile"] == keys(DAEMONS[0])["EnvironmentFile"]
        assert unit["SuccessExitStatus"] == ["1"], "who sets no channel has no second failure of it"
        return
    [command] = [words for words in unit["ExecStart"] if PROGRAM in words]
    settings = of_unit(name.replace("@.", "@butiken.")).settings
    assert command.replace("%i", "butiken").endswith(f" --settings {settings}")


def test_the_daemon_reads_the_systems_settings_and_has_a_place_for_the_default_database() -> None:
    unit = keys(DAEMONS[0])
    assert unit["ExecStart"] == [f"{PROGRAM} run --settings {PLACES[-1]}"]
    assert Settings().database.startswith(f"sqlite:///var/lib/{unit['StateDirectory'][0]}/")


def test_the_user_is_made_and_may_not_log_in(tmp_path: Path) -> None:
    program = shutil.which("systemd-sysusers")
    assert program
    (tmp_path / "etc").mkdir()
    subprocess.run([program, f"--root={tmp_path}", UNITS / "wc-bridge.sysusers"], check=True, capture_output=True)  # noqa: S603
    [user] = (tmp_path / "etc" / "passwd").read_text(encoding="utf-8").splitlines()
    assert user.startswith("wc-bridge:x:")
    assert user.endswith(":/var/lib/wc-bridge:/usr/sbin/nologin")
    assert {name for service in SERVICES for name in keys(service).get("User", [])} == {"wc-bridge"}
