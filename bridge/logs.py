"""Logs: everybody's go one way, to stderr; plain on a terminal, one JSON object a line elsewhere.

Never to stdout, which belongs to the data. A traceback is shown without the values of its variables, and a retry
without the arguments of what is retried: both may hold secrets.
"""

import logging
import os
import sys
from collections.abc import Sequence
from typing import Final, TextIO

import stamina.instrumentation
import structlog
from stamina.instrumentation import RetryDetails
from structlog.typing import Processor

_QUIET: Final = {"apscheduler": logging.ERROR, "tortoise": logging.WARNING, "aiosqlite": logging.WARNING}
"""Whose ordinary talk says nothing: ticks that are left out, and every statement with its values."""

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
            foreign_pre_chain=shared,
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
    if out.isatty():
        return [
            structlog.dev.ConsoleRenderer(
                colors=not os.environ.get("NO_COLOR"),
                pad_event_to=0,
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _retried(details: RetryDetails) -> None:
    log.debug(
        "retry.scheduled",
        attempt=details.retry_num,
        cause=type(details.caused_by).__name__,
        wait=f"{details.wait_for:.1f}s",
    )
