import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import stamina.instrumentation
import structlog

from tests.commands.checked import Open, well
from tests.commands.shop import Shop, open_shop


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command sets up logging for its whole process, which here is the tests' own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings.yaml lies about, and the terminal is nobody's."""
    monkeypatch.chdir(tmp_path)
    for name in ("WC_BRIDGE_SETTINGS", "COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path) as made:
        yield made


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    async with well(tmp_path) as made:
        yield made
