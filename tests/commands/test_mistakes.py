"""What a person mistypes or a file has wrong is one message and an exit code, never a traceback."""

import errno
import json
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bridge.cli import status
from tests.commands.shop import Ran, settings_of, typed

URLS = ["http://127.0.0.1:9"] * 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A settings.yaml that has nothing wrong, at none of the usual places."""
    place = tmp_path / "of-the-shop.yaml"
    place.write_text(json.dumps(settings_of("butiken", tmp_path / "b.sqlite3", *URLS), indent=1), encoding="utf-8")
    return place


def one_line(ran: Ran, code: int) -> str:
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.count("\n") == 1, ran.err
    return ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["status", "--nonsense"], "No such option '--nonsense'"),
        (["once", "--wait", "90"], "a bare number has no unit"),
        (["once", "--wait", "soon"], "a duration is a whole number and a unit: 30s, 10m, 2h, 1d"),
        (["actions", "--state", "lost"], "'lost' is not one of 'ready', 'running'"),
        (["actions", "--order", "A-17"], "'A-17' is not a valid integer"),
        (["order", "butiken"], "Missing argument 'N'"),
        (["drop", "7"], "Missing option '--why'"),
        (["status", "--settings"], "requires an argument"),
    ],
)
def test_wrong_words_are_one_line(words: list[str], said: str) -> None:
    assert said in one_line(typed(*words), 2)


def test_no_settings_anywhere_says_where_it_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bridge.settings.reading.PLACES", (Path("settings.yaml"), tmp_path / "etc"))
    said = one_line(typed("status"), 2)
    assert "no settings file at settings.yaml or " in said
    assert "--settings FILE" in said


def test_settings_are_taken_from_here(tmp_path: Path, path: Path) -> None:
    path.rename(tmp_path / "settings.yaml")
    assert "no database yet" in one_line(typed("status"), 3)


def test_settings_may_be_named_before_and_after_the_command(tmp_path: Path, path: Path) -> None:
    wrong = str(tmp_path / "missing.yaml")
    assert "no database yet" in one_line(typed("--settings", str(path), "status"), 3)
    assert "no database yet" in one_line(typed("status", "--settings", str(path)), 3)
    assert "no database yet" in one_line(typed("--settings", wrong, "status", "--settings", str(path)), 3)
    assert "missing.yaml: can't be read" in one_line(typed("--settings", wrong, "status"), 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"mode"', '"mood"', "mood: "),
        ('"30s",\n    "others"', '"soon",\n    "others"', "a duration is a whole number and a unit"),
        ('"mode": "live"', '"mode": "alive"', "must be shadow or live"),
        ('"butiken"', '"${WC_BRIDGE_NO_SUCH}"', "the environment variable WC_BRIDGE_NO_SUCH is not set"),
        ('"consumer_key": "ck_sandbox",', "", "consumer_key"),
        ('"stores": [', '"stores": [[', "this is no YAML"),
    ],
)
def test_wrong_settings_are_named_with_their_line(path: Path, old: str, new: str, said: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = one_line(typed("status", "--settings", str(path)), 2)
    assert said in line
    assert f"wc-bridge: {path}:" in line


def test_secret_that_is_missing_stops_the_command_that_uses_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("cs_sandbox", "${WC_BRIDGE_NO_SUCH}"), encoding="utf-8")
    said = one_line(typed("once", "--settings", str(path)), 2)
    assert "stores[0].consumer_secret: the environment variable WC_BRIDGE_NO_SUCH is not set" in said


def test_bug_is_one_line_that_says_where_the_details_are(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise KeyError("what a customer is called")

    monkeypatch.setattr(status.status, "callback", broken)
    said = one_line(typed("status", "--settings", str(path)), 70)
    assert "this is a bug of wc-bridge (KeyError in " in said
    assert "--debug" in said
    assert "customer" not in said
    assert "Traceback" in typed("status", "--debug", "--settings", str(path)).err


def test_version_is_told() -> None:
    assert typed("--version").out == "wc-bridge 0.1.0\n"


def test_database_that_is_none_is_one_line(tmp_path: Path, path: Path) -> None:
    (tmp_path / "b.sqlite3").write_text("this is a letter to grandmother, and no database at all" * 9)
    for words in (["status"], ["once"], ["run"]):
        assert "can't be used: file is not a database" in one_line(typed(*words, "--settings", str(path)), 3)


def test_folder_that_is_missing_is_one_line(tmp_path: Path, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("b.sqlite3", "no/b.sqlite3"), encoding="utf-8")
    for words in (["once"], ["status"]):
        said = one_line(typed(*words, "--settings", str(path)), 3)
        assert "/no of the database does not exist: make it" in said


def test_module_is_the_command_too() -> None:
    ran = subprocess.run([sys.executable, "-m", "bridge", "order"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "Missing argument 'STORE'" in ran.stderr


def test_status_of_wrong_settings_is_their_mistakes_alone_where_there_is_no_database(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("live", "alive"), encoding="utf-8")
    assert "stores[0].mode: must be shadow or live; found 'alive'" in one_line(
        typed("status", "--settings", str(path)), 2
    )


@pytest.mark.parametrize("command", ["run", "once"])
def test_start_warns_of_secrets_that_anybody_may_read_and_names_all_that_are_missing(
    path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for name in ("WC_KEY", "WC_SECRET"):
        monkeypatch.delenv(name, raising=False)
    text = path.read_text(encoding="utf-8").replace("ck_sandbox", "${WC_KEY}").replace("cs_sandbox", "${WC_SECRET}")
    with tempfile.TemporaryDirectory() as folder:  # which everybody may enter, as no folder of pytest's is
        Path(folder).chmod(0o755)
        place = Path(folder) / "settings.yaml"
        place.write_text(text, encoding="utf-8")
        place.chmod(0o644)
        ran = typed(command, "--settings", str(place))
    said = ran.err.splitlines()
    assert (ran.code, len(said)) == (2, 3)
    assert f"{place} holds secrets, and every user of this machine may read it: ch" in said[0]
    assert [name in line for name, line in zip(("WC_KEY", "WC_SECRET"), said[1:], strict=True)] == [True, True]


def test_folder_that_the_user_may_not_enter_is_one_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of root, in whose home the daemon's own user is at work."""

    def kept_out(**_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "b.sqlite3")

    monkeypatch.setattr(status.status, "callback", kept_out)
    said = one_line(typed("status", "--settings", str(path)), 2)
    assert f"{Path.cwd() / 'b.sqlite3'}: the user {pwd.getpwuid(os.geteuid()).pw_name} may not go there" in said


def test_folder_that_a_user_without_a_name_may_not_enter_is_one_line_too(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: int) -> None:
        raise KeyError

    def kept_out(**_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/root/b.sqlite3")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(status.status, "callback", kept_out)
    said = one_line(typed("status", "--settings", str(path)), 2)
    assert f"/root/b.sqlite3: the user {os.geteuid()} may not go there" in said


def test_what_is_refused_and_is_no_file_is_a_bug(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(status.status, "callback", refused)
    assert "this is a bug of wc-bridge (PermissionError" in one_line(typed("status", "--settings", str(path)), 70)
