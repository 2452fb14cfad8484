"""The first run of a big store, as a bar on the terminal that whoever started it looks at."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bridge.engine import progress as engine

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class _Bars:
    """A bar for each store that has begun; all vanish together when the last has ended."""

    def __init__(self) -> None:
        self._drawn: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, progress: engine.Progress) -> None:
        if self._drawn is None:
            self._drawn = _columns()
            self._drawn.start()
            _log_to_stderr()
        if progress.store not in self._tasks:
            self._tasks[progress.store] = self._drawn.add_task(f"{progress.store}: baseline", text="")
        task = self._tasks[progress.store]
        self._drawn.update(task, completed=progress.done, total=progress.total, text=_text(progress))
        if self._drawn.finished:
            self.end()

    def end(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()
            _log_to_stderr()
        self._drawn, self._tasks = None, {}


@contextmanager
def bars() -> Iterator[engine.Listener | None]:
    """Give who draws the bars on stderr; None where that is no terminal: the log tells it then."""
    if not sys.stderr.isatty():
        yield None
        return
    drawing = _Bars()
    try:
        yield drawing
    finally:
        drawing.end()


def _columns() -> Progress:
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[text]}"))
    return Progress(*columns, console=console, transient=True, refresh_per_second=4)


def _log_to_stderr() -> None:
    """Let log lines go where stderr leads now: while a bar is drawn, above it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)


def _text(progress: engine.Progress) -> str:
    left = "" if progress.left is None else f", {_long(progress.left)} left"
    return f"{progress.done:,} of {progress.total:,} orders{left}"


def _long(time: timedelta) -> str:
    """A time as people say it, rounded up."""
    if time < _MINUTE:
        return f"{time.total_seconds():.0f} s"
    if time < _HOUR:
        return f"{-(-time // _MINUTE)} min"
    return f"{time // _HOUR} h {time % _HOUR // _MINUTE} min"
