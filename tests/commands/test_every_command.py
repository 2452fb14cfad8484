"""What holds for every command: help with examples that work, JSON, exit codes, pipes, Ctrl-C and completion."""

import asyncio
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from bridge.cli import main
from bridge.cli.commands import SECTIONS, cli
from bridge.settings import reading
from tests.commands.shop import Shop, settings_of, typed
from tests.commands.test_persons import held_capture

URLS = ["http://127.0.0.1:9"] * 3


def leaves(
    group: click.Group = cli, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, and every one within a group of commands, by what is typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*words, name), command
        if isinstance(command, click.Group):
            yield from leaves(command, (*words, name))


COMMANDS = dict(leaves())
EVERY = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
NO_DATABASE = [
    "status",
    "actions",
    "order butiken 1",
    "approve 1",
    "drop 1 --why x",
    "adopt 1",
    "retry --order butiken 1",
    "pause --all",
    "resume butiken",
    "resync",
    "rewound butiken",
    "rebind",
    "webhook",
    "webhook install butiken",
    "db backup",
    "db upgrade",
]
"""Each needs a database that is there; the others make one, need none, or only say whether it is there."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A settings.yaml with nothing wrong, whose database is not there."""
    place = tmp_path / "of-the-shop.yaml"
    settings = settings_of("butiken", tmp_path / "b.sqlite3", *URLS)
    settings["web"] = {"public_url": "https://shop.example"}
    place.write_text(json.dumps(settings), encoding="utf-8")
    return place


def test_help_groups_every_command_by_what_it_is_for() -> None:
    ran = typed("--help")
    assert ran.code == 0
    listed = ran.out.partition("--help ")[2].partition("\n\n  Ends 0")[0]
    found = re.findall(r"^(?:(\S.*):|  ([a-z]+) .*)$", listed, re.MULTILINE)
    assert [title or name for title, name in found] == [
        word for title, names in SECTIONS.items() for word in (title, *names)
    ]
    assert (typed().code, typed().err) == (2, ran.out)


def note(called: list[tuple[str, ...]], words: tuple[str, ...], /, **_: object) -> None:
    called.append(words)


@EVERY
def test_help_ends_with_examples_that_can_be_typed(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    ran = typed(*words, "--help")
    assert (ran.code, max(map(len, ran.out.splitlines())) <= 100) == (0, True)
    called: list[tuple[str, ...]] = []
    for name, command in COMMANDS.items():
        monkeypatch.setattr(command, "callback", partial(note, called, name))
    _, examples = re.split(r"\n  Examples?:\n", re.sub(r" \\\n +", " ", ran.out))
    for example in examples.strip().splitlines():
        program, *typed_words = shlex.split(re.split(r" {3,}| > ", example.strip())[0])
        called.clear()
        assert (program, typed(*typed_words).err) == ("wc-bridge", "")
        assert called[-1][: len(words)] == words


@EVERY
def test_wrong_word_is_one_line_and_ends_2(words: tuple[str, ...]) -> None:
    ran = typed(*words, "--nonsense", "--json")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.json == {"error": ran.err.removeprefix("wc-bridge: ").rstrip("\n"), "exit_code": 2}


@EVERY
def test_options_that_all_have(words: tuple[str, ...]) -> None:
    """The daemon has nothing to print but its log, and `alert` nothing but its help."""
    options = {option for it in COMMANDS[words].params for option in it.opts}
    assert {"--settings", "--debug"} <= options
    assert ("--json" in options) is (words not in {("run",), ("alert",)})


@pytest.mark.parametrize("line", NO_DATABASE)
def test_database_that_is_missing_ends_3(path: Path, line: str) -> None:
    ran = typed(*line.split(), "--json", "--settings", str(path))
    assert (ran.code, ran.json["exit_code"], ran.err.count("\n")) == (3, 3, 1)
    assert "no database yet at sqlite://" in ran.json["error"]


def test_settings_that_are_missing_end_2(tmp_path: Path) -> None:
    for words in COMMANDS:
        line = next((line for line in NO_DATABASE if tuple(line.split()[: len(words)]) == words), " ".join(words))
        if words[0] not in ("demo", "sandbox", "init", "schema", "monitoring", "alert") and words not in (
            ("db", "copy"),
            ("db", "restore"),
        ):
            ran = typed(*line.split(), "--settings", str(tmp_path / "missing.yaml"))
            assert (ran.code, ran.out, "missing.yaml: can't be read" in ran.err) == (2, "", True), line


async def test_reader_that_has_left_changes_no_exit_code_and_is_no_bug(shop: Shop) -> None:
    """As in `wc-bridge actions | head -1`."""
    order = await held_capture(shop)
    settings = ("--settings", str(shop.path))
    for line, code in {
        "actions": 0,
        "actions --json": 0,
        "status": 1,
        f"order butiken {order}": 0,
        "db": 0,
        "pause butiken": 0,
        "resume butiken --yes": 0,
        "resync": 0,
        "retry 1 --yes": 0,
    }.items():
        assert (line, *await asyncio.to_thread(unread, *line.split(), *settings)) == (line, code, "")


def unread(*words: str) -> tuple[object, str]:
    """Run a command whose reader has left before it begins; return how it ends, and what stands on stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    err = io.StringIO()
    with os.fdopen(writing, "w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ending:
            return ending.code, err.getvalue()
    return None, err.getvalue()


@pytest.mark.parametrize("words", ["--help", "status --help", "--version", "schema", "monitoring", ""])
def test_text_whose_reader_has_left_ends_0_quietly(words: str) -> None:
    """As in `wc-bridge --help | head -1`; no words at all are those of a shell that completes."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, **({} if words else {"_WC_BRIDGE_COMPLETE": "bash_source"})}
    command = [sys.executable, "-m", "bridge", *words.split()]
    ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environment, check=False)  # noqa: S603 (shows a text)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


async def test_ctrl_c_at_the_question_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await held_capture(shop)

    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(readline=interrupted))
    ran = await shop.types("drop", "1", "--why", "x")
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (130, "", "wc-bridge: stopped")
    assert (await shop.actions())[0]["state"] == "held"


async def test_shell_completes_commands_stores_and_open_actions(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a secret, and without asking anybody but the database."""
    order = await held_capture(shop)
    shop.only["consumer_key"] = "${NOT_SET_ANYWHERE}"
    seen = len(shop.store.faults.seen)
    monkeypatch.setenv("WC_BRIDGE_SETTINGS", str(shop.path))
    monkeypatch.setenv("_WC_BRIDGE_COMPLETE", "zsh_complete")
    for line, told in {
        "wc-bridge pau": ["plain", "pause"],
        "wc-bridge pause but": ["plain", "butiken", "_"],
        "wc-bridge approve --store b": ["plain", "butiken", "_"],
        "wc-bridge drop 1": ["plain", "1", f"capture 100.00 SEK, order {order}, held"],
        "wc-bridge pause x": [],
    }.items():
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
        found = (await asyncio.to_thread(completed)).splitlines()
        assert found[: len(told)] == told, line
    monkeypatch.setenv("COMP_WORDS", "wc-bridge drop 1")
    # The second can't even be looked for, as in a folder that one may not enter.
    monkeypatch.setattr(reading, "PLACES", (Path("x" * 300),))
    for path in ("/nowhere", ""):
        monkeypatch.setenv("WC_BRIDGE_SETTINGS", path)
        assert (await asyncio.to_thread(completed)).strip() == ""
    assert len(shop.store.faults.seen) == seen


def completed() -> str:
    """What the shell is told; click writes it as bytes."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out), pytest.raises(SystemExit) as ending:
        main([])
    assert ending.value.code in (0, None)
    out.seek(0)
    return out.read()


def test_module_is_the_command_too() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bridge", "pause", "--help"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Usage: wc-bridge pause ")
