"""The events of the log have stable names: those that README lists, at the levels that it states, and no others."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import bridge
from tests.project.settings_table import README

LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
ANY = "any"
"""The level of a call by another name: which one it is, is decided as it runs."""


@cache
def logged() -> dict[str, set[str]]:
    """All events that the code names in a call of its log, and the levels of those calls."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in Path(bridge.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for function in ast.walk(ast.parse(text)) if "get_logger" in text else ():
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for event, level in _calls(function):
                    found[event].add(level)
    return found


def _calls(function: ast.AST) -> Iterator[tuple[str, str]]:
    for call in ast.walk(function):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name("log"), attr=attr), args=[event, *_]) if attr in LEVELS:
                level = LEVELS[attr]
            case ast.Call(func=ast.Name("say"), args=[event, *_]):
                level = ANY
            case ast.Call(func=ast.Name("alarm"), keywords=[*named]):
                level, event = (
                    LEVELS["error"],
                    next((it.value for it in named if it.arg == "event"), ast.Constant("")),
                )
            case _:
                continue
        for name in _texts(function, event):
            yield name, level


def _texts(function: ast.AST, event: ast.expr) -> Iterator[str]:
    """What an event is called, where it is written or a variable of the function has it."""
    if isinstance(event, ast.Name):
        for assigned in ast.walk(function):
            if isinstance(assigned, ast.Assign) and event.id in _names(assigned.targets[0]):
                yield from _strings(assigned.value)
    else:
        yield from _strings(event)


def _names(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _strings(value: ast.AST) -> Iterator[str]:
    for node in ast.walk(value):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[a-z]+\.[a-z_]+", node.value)
        ):
            yield node.value


def listed() -> dict[str, str]:
    """The events of README, with their levels."""
    _, _, section = README.read_text(encoding="utf-8").partition("\n## The log\n")
    rows = re.findall(r"^\| `([a-z.`, _]+)` \| ([a-z, ]+) \|", section.partition("\n## ")[0], re.MULTILINE)
    return {name: level for names, level in rows for name in names.split("`, `")}


def test_readme_lists_every_event_and_no_other() -> None:
    assert set(listed()) == {*logged(), "library.said"}


def test_readme_states_their_levels() -> None:
    certain = {name: ", ".join(sorted(levels)) for name, levels in logged().items() if ANY not in levels}
    assert {name: level for name, level in listed().items() if name in certain} == certain
