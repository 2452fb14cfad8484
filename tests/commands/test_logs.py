"""How a line of the log looks, by who reads it, and what is kept out of it."""

import json
import logging
import os
import pty
from pathlib import Path
from typing import TextIO

import pytest
import structlog

from bridge import logs
from bridge.settings.secret import Secret

log = structlog.get_logger()


def said(stream: TextIO) -> None:
    logs.configure(logging.INFO, stream)
    log.debug("not.told")
    log.info("order.seen", store="butiken", order=7)
    logging.getLogger("asyncio").error("It broke\nfuture: <Task exception=KeyError('Anna')>")
    stream.flush()


@pytest.mark.parametrize(("stranger", "levels"), [("", [6, 3]), ("1", [None, None])])
def test_lines_are_json_and_the_journal_is_told_their_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: str, levels: list[int | None]
) -> None:
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as stream:
        place = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{place.st_dev}:{stranger}{place.st_ino}")
        said(stream)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [int(line[1]) if line.startswith("<") else None for line in lines] == levels
    ours, theirs = (json.loads(line[line.index("{") :]) for line in lines)
    assert (ours["event"], ours["level"], ours["store"], ours["order"]) == ("order.seen", "info", "butiken", 7)
    assert (theirs["event"], theirs["logger"], theirs["text"]) == ("library.said", "asyncio", "It broke")


def test_a_terminal_gets_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as terminal, os.fdopen(reader, encoding="utf-8") as screen:
        said(terminal)
        ours, theirs = screen.readline(), screen.readline()
    assert ours.endswith("[info     ] order.seen order=7 store=butiken\n")
    assert "[error    ] library.said" in theirs


def test_what_a_secret_has_shown_is_masked_wherever_it_stands(tmp_path: Path) -> None:
    secret, unused = Secret('k&y "of" the shop'), Secret("never-asked-for")
    shown = secret.reveal()
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        logs.configure(logging.INFO, stream)
        log.info("a.line", itself=secret, inside={"keys": [secret, unused]}, text=f"?key={shown}")
        log.info("b.line", sent="?key=k%26y%20%22of%22%20the%20shop&n=1")
        log.error("c.line", exc_info=ConnectionError(5, shown))
    text = (tmp_path / "log").read_text(encoding="utf-8")
    assert [word for word in ("of", "%26y", "never") if word in text.replace("ConnectionError", "")] == []
    first, second, third = (json.loads(line) for line in text.splitlines())
    assert (first["itself"], first["text"]) == ("Secret(***)", "?key=***")
    assert second["sent"] == "?key=***&n=1"
    assert third["exception"].endswith("ConnectionError: ***\n")
