"""Answers that a command needs: from its options, else from whoever sits at the terminal, else from a default."""

from collections.abc import Callable, Mapping

import click

from bridge.errors import UsageError

Right = Callable[[str], str]
"""Returns an answer as it is to be taken. Raises ValueError for one that is not right, with what would be."""


class Questions:
    """`given` are the options by name, None where one is not there; `asks`: somebody sits at a terminal."""

    def __init__(self, given: Mapping[str, str | None], *, asks: bool) -> None:
        self._given, self._asks = given, asks
        self.missing: list[str] = []
        """The options without which it can't go on, as nobody is asked and they have no default."""

    def answer(
        self, option: str, question: str, right: Right, default: str | None = None, *, hidden: bool = False
    ) -> str:
        """The answer to a question; "" where it is missing. Raises UsageError for an option that is not right."""
        given = self._given.get(option.replace("-", "_"))
        if given is None and self._asks:
            return str(click.prompt(question, default, hidden, value_proc=_again(right), err=True))
        text = default if given is None else given
        if text is None:
            self.missing.append(f"--{option}")
            return ""
        try:
            return right(text)
        except ValueError as error:
            raise UsageError(f"--{option}: {error}") from None


def _again(right: Right) -> Right:
    """Have click ask again, and say why."""

    def check(text: str) -> str:
        try:
            return right(text)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    return check
