"""The command that is typed on a server: as whom it runs, by which settings, and that bash completes it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.settings_table import README
from tests.project.units import PROGRAM, UNITS

WRAPPER = UNITS / "wc-bridge.sh"
COMPLETE = """\
eval "$(_WC_BRIDGE_COMPLETE=bash_source wc-bridge)"
COMP_WORDS=({line}) COMP_CWORD={place}
"$(complete -p wc-bridge | sed 's/.*-F \\([^ ]*\\).*/\\1/')" wc-bridge
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
SHOWS = '#!/bin/sh\necho "$WC_BRIDGE_SETTINGS" "$@"\n'
RUNUSER = '#!/bin/sh\n[ "$1 $2 $3" = "-u wc-bridge --" ] || exit 9\nshift 3\nAS=wc-bridge: exec "$@"\n'


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder of programs with the wrapper, around a program that shows how it was called, for root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    install(folder, script(tmp_path / "program", SHOWS.replace('"$W', '"$AS" "$W')))
    script(folder / "runuser", RUNUSER)
    script(folder / "id", "#!/bin/sh\necho 0\n")
    return folder


def install(folder: Path, program: Path) -> None:
    text = WRAPPER.read_text(encoding="utf-8")
    assert text.count(f"program={PROGRAM}\n") == 1
    script(folder / "wc-bridge", text.replace(PROGRAM, str(program)))


def bash(folder: Path, line: str, **environment: str) -> str:
    path = {"PATH": f"{folder}:/usr/bin:/bin", **environment}
    command = ["bash", "--norc", "-c", line]
    ran = subprocess.run(command, env=path, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_root_becomes_the_daemons_user_and_goes_by_the_settings_in_etc(server: Path) -> None:
    assert bash(server, "wc-bridge drop 12 --why 'paid in cash'") == (
        "wc-bridge: /etc/wc-bridge/settings.yaml drop 12 --why paid in cash\n"
    )
    assert bash(server, "wc-bridge status", WC_BRIDGE_SETTINGS="/etc/wc-bridge/b.yaml") == (
        "wc-bridge: /etc/wc-bridge/b.yaml status\n"
    )


def test_init_stays_root_and_others_stay_who_they_are(server: Path) -> None:
    assert bash(server, "wc-bridge init --force") == " /etc/wc-bridge/settings.yaml init --force\n"
    script(server / "id", "#!/bin/sh\necho 1000\n")
    assert bash(server, "wc-bridge demo") == "  demo\n"


@pytest.mark.parametrize(
    ("line", "place", "completed"),
    [
        ("wc-bridge sta", 1, ["status"]),
        ("wc-bridge pause ''", 2, ["butiken", "outlet"]),
    ],
)
def test_bash_completes_what_is_typed_of_it(
    server: Path, tmp_path: Path, line: str, place: int, completed: list[str]
) -> None:
    install(server, Path(sys.executable).with_name("wc-bridge"))
    settings = script(tmp_path / "settings.yaml", "stores: [{name: butiken}, {name: outlet}]\n")
    found = bash(server, COMPLETE.format(line=line, place=place), WC_BRIDGE_SETTINGS=str(settings)).split()
    assert found == completed


def test_readme_says_how_it_comes_and_goes() -> None:
    section = README.read_text(encoding="utf-8").partition("## On a server\n")[2].partition("\n## ")[0]
    assert f"install -m 755 {WRAPPER.name} /usr/local/bin/wc-bridge\n" in section
    assert re.search(r"^rm -rf? .*/usr/local/bin/wc-bridge ", section, re.MULTILINE)
