"""What systemd hears of a daemon that it has started: that it is ready, that it still turns, that it ends.

A word is a datagram to a socket that the environment names. sd_notify(3) promises that this stays so, and shows how
to speak it without a library: of those there are, `sdnotify` has had no release since 2017, and the others bring
libsystemd along as compiled code.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from bridge.liveness import HUNG

log = structlog.get_logger()

TURN: Final = 1.0
"""Seconds from one word to the next, at the most."""
_AT_FIRST: Final = 0.1
"""The same, until it has been told that the daemon is ready: others wait for that."""
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long systemd is kept from what it would conclude, in seconds."""

    ready: float = 60.0
    """For the first good poll of each store; after that the daemon counts as started all the same: a shop that is
    down is no reason to start it anew. The unit's TimeoutStartSec must be longer."""
    hung: float = HUNG


class Watched(Protocol):
    """A store of the daemon."""

    @property
    def name(self) -> str: ...

    @property
    def polled(self) -> bool:
        """Whether it has been polled well, where that is for us to do."""

    def hanging(self, hung: float) -> list[str]:
        """Name its jobs that have given no sign of life for so many seconds."""


class Systemd:
    """The service manager behind `NOTIFY_SOCKET`; without that nobody is told anything."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        waited_for = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        self.watchdog = int(environment.get("WATCHDOG_USEC") or 0) / _MICROSECONDS if waited_for else 0.0
        """Seconds within which it wants to be told that we still turn, again and again; 0: it does not."""

    def say(self, word: str) -> bool:
        """Tell it something; False where that could not be sent: whoever does not listen is not waited for."""
        if not self._address:
            return True
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
                out.sendto(word.encode(), address)
        except OSError:
            return False
        return True


async def keep_informed(
    stores: Callable[[], Iterable[Watched]], stopping: asyncio.Event, patience: Patience
) -> None:
    """Tell whoever has started this process that the daemon is ready, once; that it turns, for as long as nothing
    hangs; and at last that it ends.

    Who is not told for long that it turns takes the loop, or what is done on it, for hung, and starts it anew.
    """
    systemd, loop = Systemd(os.environ, os.getpid()), asyncio.get_running_loop()
    until, ready, before, hung = loop.time() + patience.ready, False, "", False
    while not stopping.is_set():
        unpolled = [store.name for store in stores() if not store.polled]
        hanging = [f"{job} of {store.name}" for store in stores() for job in store.hanging(patience.hung)]
        if hanging and not hung:
            log.error("daemon.hangs", jobs=hanging)
        hung = bool(hanging)
        text = _status(unpolled, hanging)
        if text != before:
            systemd.say(f"STATUS={text}")
        before = text
        if not ready and (not unpolled or loop.time() >= until):
            ready = systemd.say("READY=1")  # lost, it would have the daemon started anew
        if systemd.watchdog and not hanging:
            systemd.say("WATCHDOG=1")
        turn = TURN if ready else _AT_FIRST
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), min(turn, systemd.watchdog / 2 or TURN))
    systemd.say("STOPPING=1")


def _status(unpolled: list[str], hanging: list[str]) -> str:
    """What `systemctl status` shows."""
    if hanging:
        return f"hangs: {', '.join(hanging)}"
    return f"not polled yet: {', '.join(unpolled)}" if unpolled else "every store is polled"
