import pytest

from tests.monitoring.day import Day, lived


@pytest.fixture(scope="session")
def the_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Lived through once for all tests that read of it."""
    return lived(tmp_path_factory.mktemp("day"))
