"""A server that goes silent: it neither answers nor closes a connection."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.shop import until
from tests.several.place import Place, open_place

pytestmark = [pytest.mark.on_postgresql(alone=True), pytest.mark.usefixtures("database")]


@contextmanager
def silent(backends: list[int]) -> Iterator[None]:
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)


async def backends(place: Place) -> list[int]:
    """The server's processes for the daemons, by which each of these has its connections."""
    here = "SELECT pid FROM pg_stat_activity WHERE application_name = 'wc-bridge' AND datname = current_database()"
    return [row["pid"] for row in await place.fetch(here)]


async def test_daemon_that_is_to_end_while_its_server_is_silent_ends(tmp_path: Path) -> None:
    """By itself, before systemd kills it after the 30 s of `TimeoutStopSec`."""
    async with open_place(tmp_path, 1, "A") as place, place.daemon("A") as daemon:
        await until(lambda: len(place.asked) > 5)
        with silent(await backends(place)):
            await daemon.says("leases.not_renewed")  # by then what it asks each second waits too
            began = time.monotonic()
            assert (await daemon.stop()).code == 0
            assert time.monotonic() - began < 30
