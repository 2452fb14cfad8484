"""`wc-bridge run` that waits less, by a clock that a test moves: `python -m tests.commands.hasty SETTINGS CLOCK`.

CLOCK is a file with the minutes by which it is ahead.
"""

import asyncio
import logging
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bridge import daemon, logs, ticking
from bridge.alerts import running
from bridge.app import read_settings, workplace
from bridge.db import connection


def hasten() -> None:
    running._SEND = running._BEAT = running._WATCH = 0.05
    ticking.ALERTS = timedelta(seconds=0.2)
    connection._BUSY = 200


if __name__ == "__main__":
    settings, clock = map(Path, sys.argv[1:])

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=float(clock.read_text(encoding="utf-8")))

    hasten()
    vars(daemon).update(utc_now=now, workplace=partial(workplace, now=now))
    logs.configure(logging.INFO)
    read = partial(read_settings, settings)
    asyncio.run(daemon.serve(read(), read=read))
