from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.commands.checked import Open, well
from tests.commands.shop import Shop, open_shop


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
