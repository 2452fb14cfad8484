"""Logs: everybody's go one way, to stderr; plain on a terminal, one JSON object a line elsewhere.

Under systemd a line begins with its priority as `<3>`, which the journal takes off and keeps (sd-daemon(3)), so
that `journalctl -p warning` works; the object stays its message, for `journalctl -o cat` and jq. The libraries that
would make journal fields of it bring libsystemd along as compiled code.

Never to stdout, which belongs to the data. What is a `Secret` is shown as such, and what one has revealed is masked
wherever it stands. A traceback is shown without the values of its variables and without the texts of errors
(`bridge.tracebacks`), a retry without the arguments of what is retried: all may hold secrets, or a customer's name.
"""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, TextIO

import stamina.instrumentation
import structlog
from stamina.instrumentation import RetryDetails
from structlog.typing import EventDict, ExcInfo, Processor

from bridge import tracebacks
from bridge.settings.secret import masked

_QUIET: Final = {"apscheduler": logging.ERROR, "tortoise": logging.WARNING, "aiosqlite": logging.WARNING}
"""Whose ordinary talk says nothing: ticks that are left out, and every statement with its values."""
_PRIORITIES: Final = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""Syslog's."""

log = structlog.get_logger()


def configure(level: int, stream: TextIO | None = None) -> None:
    """Send every log of `level` and above (of `logging`) to `stream`, stderr by default."""
    out = stream or sys.stderr
    shared: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, _others],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendered(out)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    stamina.instrumentation.set_on_retry_hooks([_retried])


def _rendered(out: TextIO) -> list[Processor]:
    """The last steps, from an event to a line."""
    if out.isatty():
        screen = structlog.dev.ConsoleRenderer(
            colors=not os.environ.get("NO_COLOR"), pad_event_to=0, exception_formatter=_plain
        )
        return [lambda *event: masked(screen(*event))]
    line = structlog.processors.JSONRenderer(ensure_ascii=False)
    prioritised = _read_by_journal(out)

    def render(logger: Any, method: str, event: EventDict) -> str:
        front = f"<{_PRIORITIES.get(event.get('level', ''), 6)}>" if prioritised else ""
        return f"{front}{masked(str(line(logger, method, event)))}"

    return [structlog.processors.ExceptionRenderer(_traceback), render]


def _read_by_journal(out: TextIO) -> bool:
    """Whether it is systemd's journal that reads `out`, as systemd says itself (systemd.exec(5))."""
    try:
        found = os.fstat(out.fileno())
    except (OSError, ValueError):  # it is no file
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _others(_: Any, __: str, event: EventDict) -> EventDict:
    """What a library says, under one name; asyncio's first line says what, those after it quote whatever failed."""
    event["text"] = str(event["event"]).partition("\n")[0]
    event["event"] = "library.said"
    return event


def _traceback(exc_info: ExcInfo) -> str:
    return tracebacks.shown(exc_info[1])


def _plain(out: TextIO, exc_info: ExcInfo) -> None:
    out.write(f"\n{tracebacks.shown(exc_info[1])}")


def _retried(details: RetryDetails) -> None:
    log.debug(
        "retry.scheduled",
        attempt=details.retry_num,
        cause=type(details.caused_by).__name__,
        wait=f"{details.wait_for:.1f}s",
    )
