"""How much a bridge takes and how fast it starts, by how many snapshots its database has.

What it does once a day is due at its start: the sweep over all on which money moved lately, and the daily message.
"""

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.lived import DATABASE, lived, with_snapshots
from tests.bench.process import Memory, running
from tests.bench.sandboxes import sandboxes
from tests.bench.snapshots import let_all_be_due

STARTS = 5
"""Of which the middle one counts."""
PATIENCE = 120.0
"""Seconds in which a daemon must be ready, and in which all must be done that is due at its start."""
REST = 5.0
"""Seconds for which it has nothing to do before it counts as at rest."""
MOVED = 0.002
"""The part of all orders on which money moved in the last 90 days: a shop of many years."""
PEAK = 150.0
"""MB."""
WITHIN = 1.2
_MB = 1_000_000


class Ready:
    """Stands for systemd: hears when a daemon is ready."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.bind(str(path))
        self._heard.settimeout(PATIENCE)

    def wait(self) -> None:
        """Raises TimeoutError."""
        while b"READY=1" not in self._heard.recv(1024):
            pass

    def close(self) -> None:
        self._heard.close()


@contextmanager
def systemd(folder: Path) -> Iterator[Ready]:
    ready = Ready(folder / "notify")
    try:
        yield ready
    finally:
        ready.close()


def started(settings: Path, place: int) -> float:
    """Start a bridge, wait until it is ready, and end it; return the seconds that it took."""
    folder = settings.parent / f"start{place}"
    folder.mkdir()
    with systemd(folder) as heard:
        began = time.monotonic()
        with running(settings, NOTIFY_SOCKET=str(heard.path)):
            heard.wait()
            return time.monotonic() - began


def lasting(settings: Path, moved: int, rest: float) -> Memory:
    """Let a bridge do all that is due once a day, and rest."""
    database = settings.parent / DATABASE
    let_all_be_due(database, moved=moved)
    with running(settings) as bridge:
        until = time.monotonic() + PATIENCE
        while not _is_done(database):
            if time.monotonic() > until:
                raise TimeoutError(f"what is done once a day is not done within {PATIENCE:.0f} s")
            time.sleep(1)
        time.sleep(rest)
        return bridge.memory


def _is_done(database: Path) -> bool:
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as opened:
        [swept] = opened.execute("SELECT swept_slowly FROM stores").fetchone()
        [told] = opened.execute("SELECT used FROM channels WHERE name = 'watch'").fetchone()
    return swept is not None and told > "2026-01-02"


def measure(folder: Path, small: bool) -> list[Figure]:
    """Measure memory and start with few snapshots and with many."""
    few, many = (500, 2_000) if small else (10_000, 1_000_000)
    starts, rest = (1, 0.0) if small else (STARTS, REST)
    with sandboxes() as street:
        settings = lived(street, street.urls, folder / "shop")
        bridges = {count: with_snapshots(settings, count) for count in (few, many)}
        less, more = (lasting(bridge, int(count * MOVED), rest) for count, bridge in bridges.items())
        # By turns, as a machine is not equally quick all the time.
        begun = [[started(bridge, place) for bridge in bridges.values()] for place in range(starts)]
    few_start, many_start = (median(seconds) for seconds in zip(*begun, strict=True))
    return [
        *(
            Figure(
                name=f"memory {when}, {many:,} snapshots",
                value=much / _MB,
                unit="MB",
                compared_with=f"{little / _MB:.1f} MB with {few:,}",
                to_reach="within 20 %" + (f", <= {PEAK:.0f} MB" if when == "at its peak" else ""),
                met=much <= WITHIN * little and (when == "at rest" or much / _MB <= PEAK),
            )
            for when, much, little in (
                ("at rest", more.now, less.now),
                ("at its peak", more.peak, less.peak),
            )
        ),
        Figure(
            name=f"start to ready, {many:,} snapshots",
            value=many_start,
            unit="s",
            compared_with=f"{few_start:.2f} s with {few:,}",
            to_reach="within 20 %",
            met=many_start <= WITHIN * few_start,
        ),
    ]
