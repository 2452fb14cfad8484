"""What the bridge logs in a history: its own bugs are failures, and nothing secret or personal may stand in it."""

import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from bridge.db.failures import FAILURES
from tests.simulation.life import OWNER, Crashed
from tests.simulation.story import Story
from tests.simulation.watch import PERSONAL

_BUGS = ("order.failed", "poll.broken", "action.failed")
"""What is logged where the bridge itself failed; the database's failing is no bug."""


@contextmanager
def reading(story: Story) -> Iterator[None]:
    """Let every log line of the bridge be read here, and go nowhere else."""
    before = structlog.get_config()

    def read(_: Any, name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        life = OWNER.get()
        if life is not None and not life.dead:
            _read(story, name, line)
        raise structlog.DropEvent

    structlog.configure(processors=[read], wrapper_class=structlog.make_filtering_bound_logger(20))
    try:
        yield
    finally:
        structlog.configure(**before)


def _read(story: Story, name: str, line: MutableMapping[str, Any]) -> None:
    told = " ".join(f"{key}={value}" for key, value in line.items() if key != "exc_info")
    for secret in PERSONAL:
        if secret in told:
            story.breaks("promise 9", f"{secret!r} is logged: {told}")
    error = _error(line)
    if line["event"] in _BUGS and not isinstance(error, (*FAILURES, Crashed)):
        story.breaks("a bug", f"{told} {error!r}")
    elif name in ("warning", "error", "exception", "critical"):
        story.tell("log", told)


def _error(line: MutableMapping[str, Any]) -> BaseException | None:
    found = line.get("exc_info")
    return found if isinstance(found, BaseException) else sys.exc_info()[1]
