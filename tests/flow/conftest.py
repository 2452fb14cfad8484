import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _on(database: str) -> None:
    """Every test here is a bridge's life on a database."""


@pytest.fixture(autouse=True)
def _errors_only() -> Iterator[None]:
    """What goes wrong on purpose is not shown; what the bridge itself did wrong is, in few words."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)
    structlog.configure(
        processors=[structlog.processors.add_log_level, plain],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
    yield
    structlog.reset_defaults()
