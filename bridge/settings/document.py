"""A YAML file as text with positions: what stands where, before anybody asks what it means.

Every scalar stays the text that was written, and the settings' own types decide what it is: `off` is a word,
`08:00` a time, `0012` an identifier that keeps its zeros, and no amount passes through a float on its way.
Only a plain `null`, `~` or nothing at all becomes None.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bridge.errors import SettingsError
from bridge.settings.broken import why_broken
from bridge.settings.showing import Path, spell

_CORE = "tag:yaml.org,2002:"


class Text(str):
    """A scalar as it was written; `where` is its file, line, column and key path, for messages."""

    __slots__ = ("where",)
    where: str

    def __new__(cls, text: str, where: str) -> Self:
        self = super().__new__(cls, text)
        self.where = where
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake, and where it is. Lines and columns count from 1."""

    line: int
    column: int
    path: Path
    text: str


@dataclass(slots=True, kw_only=True)
class Document:
    """What a file says. `tree` is made of dicts, lists, `Text` and None."""

    file: str
    tree: Any = None
    problems: list[Problem] = field(default_factory=list)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Where each key begins: line and column."""
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Where each value begins."""

    def problem(self, path: Path, text: str, *, at_key: bool = False) -> Problem:
        """Return a mistake at `path`, or, if the file has nothing there, at the nearest thing around it."""
        inner, outer = (self.keys, self.values) if at_key else (self.values, self.keys)
        known = path
        while known and known not in inner and known not in outer:
            known = known[:-1]
            inner, outer = self.keys, self.values
        line, column = inner.get(known) or outer.get(known) or (1, 1)
        return Problem(line=line, column=column, path=path, text=text)

    def raw(self, path: Path) -> Any:
        """Return what is written at `path`; KeyError where nothing is."""
        value = self.tree
        for step in path:
            if not isinstance(value, dict | list):
                raise KeyError(step)
            try:
                value = value[step]  # type: ignore[index]
            except (IndexError, TypeError) as error:
                raise KeyError(step) from error
        return value

    def sentence(self, problem: Problem) -> str:
        """Return the mistake as one line: file, line, column, key path, what is wrong."""
        place = f"{self.file}:{problem.line}:{problem.column}: "
        return place + (f"{spell(problem.path)}: " if problem.path else "") + problem.text


def read(text: str, file: str) -> Document:
    """Read `text` as one YAML document. `file` names it in messages.

    Duplicate keys, keys that are not words, and tags of other programs become `problems`. Raises
    SettingsError where the text is no YAML at all, with the place.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=ReusedAnchorWarning):  # which quotes the file
            root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise SettingsError(f"{place}: this is no YAML: {why_broken(error)}") from None
    except ReaderError as error:
        before = text[: error.position]
        place = f"{file}:{before.count(chr(10)) + 1}:{error.position - before.rfind(chr(10))}"
        raise SettingsError(
            f"{place}: this is no YAML: a character that no text has; type the value anew"
        ) from None
    except YAMLError:
        raise SettingsError(f"{file}: this is no YAML") from None
    document = Document(file=file)
    document.tree = {} if root is None else _value(document, root, (), frozenset())
    return document


def _value(document: Document, node: Node, path: Path, around: frozenset[int]) -> Any:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    absent = isinstance(node, ScalarNode) and not node.value and not node.style
    if not absent:  # what is not there has its key's place, not that of whatever follows
        document.values[path] = (line, column)
    if not str(node.tag).startswith(_CORE):
        document.problems.append(document.problem(path, "a value that begins with ! must be in quotes"))
    if id(node) in around:
        document.problems.append(document.problem(path, "an alias that contains itself"))
        return None
    around |= {id(node)}
    match node:
        case MappingNode():
            return dict(_items(document, node, path, around))
        case SequenceNode():
            return [_value(document, child, (*path, i), around) for i, child in enumerate(node.value)]
        case ScalarNode() if node.tag == f"{_CORE}null":
            return None
        case _:
            return Text(node.value, f"{document.file}:{line}:{column}: {spell(path)}")


def _items(document: Document, node: MappingNode, path: Path, around: frozenset[int]) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for key, value in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if not isinstance(key, ScalarNode):
            text = "a key must be a word"
            document.problems.append(Problem(line=line, column=column, path=path, text=text))
            continue
        here = (*path, key.value)
        if key.value in seen:
            text = f"this key is here twice; the first is on line {seen[key.value]}"
            document.problems.append(Problem(line=line, column=column, path=here, text=text))
            continue
        seen[key.value] = line
        document.keys[here] = (line, column)
        yield key.value, _value(document, value, here, around)
