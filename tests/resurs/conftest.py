from collections.abc import AsyncIterator

import pytest

from tests.resurs.world import World, world


@pytest.fixture
async def shop() -> AsyncIterator[World]:
    """The adapter over a sandbox with every switch at its default."""
    async with world() as made:
        yield made
