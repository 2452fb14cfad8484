"""What README.md says about settings, tests and states is so."""

import re
import shlex
import subprocess
from datetime import date

import click
import pytest

from bridge.cli.commands import cli
from bridge.domain.keys import capture_key, change_key, refund_key, replace_key, restore_key
from bridge.domain.records import State
from bridge.domain.steps import Kind
from tests.project.settings_table import README, all_keys, shown, table

TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)\n```$", TEXT, re.MULTILINE | re.DOTALL)


def test_readme_has_the_table_of_the_settings_as_they_are() -> None:
    """`python -m tests.project.settings_table` writes it anew."""
    assert shown() == table()


def test_readme_names_every_key() -> None:
    assert [key.path for key in all_keys() if f"`{key.path}`" not in TEXT] == []


def test_trying_and_testing_are_one_line_each() -> None:
    trying, testing = BLOCKS
    assert "\n" not in trying + testing
    assert trying.endswith("wc-bridge demo")
    assert "[test]" in testing


def test_ci_runs_the_readme_s_own_test_line() -> None:
    run = README.parent / ".ci" / "run"
    line = subprocess.run([run, "--show"], capture_output=True, text=True, check=True).stdout  # noqa: S603 (our own)
    assert line == f"{BLOCKS[1]}\n"


def test_readme_explains_every_kind_and_state_of_an_action() -> None:
    assert [kind for kind in Kind if f"`{kind}`" not in TEXT] == []
    assert [state for state in State if f"| `{state}` |" not in TEXT] == []


def test_readme_explains_the_keys_as_they_are() -> None:
    keys = re.findall(r"^\| `(1042[^`]+)` \|", TEXT, re.MULTILINE)
    front = "1042"
    assert keys == [
        capture_key(front, 80000),
        refund_key(front, 1077),
        refund_key(front, 1077, 2),
        change_key(front, 3),
        replace_key(front, 3),
        restore_key(front, date(2026, 11, 21)),
    ]


def test_readme_names_every_command_and_no_other() -> None:
    assert set(re.findall(r"^\| `wc-bridge ([a-z]+)` \|", TEXT, re.MULTILINE)) == set(
        cli.list_commands(click.Context(cli))
    )


def test_readme_names_every_finding_of_a_check_and_no_other() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in (README.parent / "bridge/check").glob("*.py"))
    found = set(re.findall(r'"((?:settings|store|provider)\.[a-z]+)"', code)) | {"database"}
    rows = re.search(r"^\| `name` \| is tried \|\n(.*?)\n\n", TEXT, re.MULTILINE | re.DOTALL)
    assert rows is not None
    named = {name for row in rows[1].splitlines() for name in re.findall(r"`([a-z.]+)`", row.split("|")[1])}
    assert named == found


def test_readme_names_folders_that_are_there() -> None:
    named = re.findall(r"`(bridge/[a-z./]+)`", TEXT)
    assert named
    assert [name for name in named if not (README.parent / name).exists()] == []


def symptoms() -> list[str]:
    """The rows of the table of what people say is wrong."""
    table = TEXT.partition("| what people say | type | and read there |\n")[2].partition("\n\n")[0]
    return table.splitlines()[1:]


def test_what_is_to_be_read_at_a_symptom_is_what_is_printed() -> None:
    printed = "".join(path.read_text(encoding="utf-8") for path in (README.parent / "bridge").rglob("*.py"))
    said = [part for row in symptoms() for part in re.findall(r'"([^"]+)"', row)]
    assert len(said) > 8
    assert [text for text in said if text.strip("…").rstrip(": …").strip() not in printed] == []


def test_commands_that_it_says_to_type_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    context, called = click.Context(cli), list[str]()
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        monkeypatch.setattr(command, "callback", lambda called=called, name=name, /, **_: called.append(name))
    typed = [line for row in symptoms() for line in re.findall(r"`wc-bridge ([^`]+)`", row)]
    typed += re.findall(r"`wc-bridge ((?:pause|resume|resync) [^`]+)`", TEXT)
    assert len(typed) > 10
    for line in typed:
        if "STORE" not in line:
            cli.main(shlex.split(line), prog_name="wc-bridge", standalone_mode=False)
            assert called[-1] == line.split()[0]
