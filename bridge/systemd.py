"""What systemd hears of a daemon that it has started: that it is ready, that it still turns, that it ends.

A word is a datagram to a socket that the environment names. sd_notify(3) promises that this stays so, and shows how
to speak it without a library: of those there are, `sdnotify` has had no release since 2017, and the others bring
libsystemd along as compiled code.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

_MICROSECONDS: Final = 1_000_000


class Systemd:
    """The service manager behind `NOTIFY_SOCKET`; without that nobody is told anything."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        waited_for = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        self.watchdog = int(environment.get("WATCHDOG_USEC") or 0) / _MICROSECONDS if waited_for else 0.0
        """Seconds within which it wants to be told that we still turn, again and again; 0: it does not."""

    def say(self, *words: str) -> None:
        """Tell it, in one datagram; one that can't be sent is lost: whoever does not listen is not waited for."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
            out.sendto("\n".join(words).encode(), address)


def here() -> Systemd:
    """The one that started this process."""
    return Systemd(os.environ, os.getpid())
