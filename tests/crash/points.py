"""The points at which a daemon can be killed, wrapped around its database and its HTTP client from outside.

A point is told by its name and by how often it was reached in this process. That before a COMMIT stands for the one
before its BEGIN too: the database is the same at both.
"""

import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import aiohttp
import aiosqlite
import asyncpg

from bridge.db import leases, sqlite, statements

_BY_WHICH_ALL_DO = (leases.__name__, sqlite.__name__, statements.__name__)
_ID = re.compile(r"(?<=/)([0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-Za-z]{20})(?=/|$)")
_CHANGE_NOTHING = ("SELECT", "PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "RESET", "SHOW")


@dataclass(frozen=True, slots=True, order=True)
class Point:
    name: str
    """When and what: "before COMMIT of Journal.commit_look"."""
    time: int = 1
    """The how manieth of its name in one process; the first is 1."""

    def __str__(self) -> str:
        return f"{self.name} ({self.time})"


def request_name(method: str, path: str) -> str:
    """A request without what differs from one world to the next: "POST /v2/payments/*/capture"."""
    return f"{method} {_ID.sub('*', path)}"


class Points:
    """Counts the points of this process, and ends it with SIGKILL at one of them."""

    def __init__(self, fatal: Point | None, trace: Path | None) -> None:
        self._fatal = fatal
        self._trace = (trace or Path(os.devnull)).open("a", buffering=1, encoding="utf-8")
        self._reached: Counter[str] = Counter()

    def reach(self, name: str) -> None:
        self._reached[name] += 1
        point = Point(name, self._reached[name])
        self._trace.write(f"{name}\n")
        if point == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch_remotes(self) -> None:
        """Before a request's first byte, and once its whole answer was read."""

        async def before(_: object, __: object, sent: aiohttp.TraceRequestStartParams) -> None:
            self.reach(f"before {request_name(sent.method, sent.url.path)}")

        async def after(_: object, __: object, read: aiohttp.TraceResponseChunkReceivedParams) -> None:
            self.reach(f"answered {request_name(read.method, read.url.path)}")

        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(before)
        trace.on_response_chunk_received.append(after)
        aiohttp.ClientSession = partial(aiohttp.ClientSession, trace_configs=[trace])  # type: ignore[misc, assignment]

    def watch_database(self) -> None:
        """Before and after each COMMIT, and each write that is a transaction of its own."""
        for name in ("execute", "executemany", "executescript", "execute_insert", "execute_fetchall", "commit"):
            self._watch(aiosqlite.Connection, name, lambda connection: connection.in_transaction)
        for name in ("execute", "executemany", "fetch", "fetchrow"):
            self._watch(asyncpg.Connection, name, lambda connection: connection.is_in_transaction())

    def _watch(self, client: type, name: str, within: Callable[[Any], bool]) -> None:
        execute = getattr(client, name)

        async def watched(connection: Any, *said: Any, **more: Any) -> Any:
            word = str(said[0]).split(maxsplit=1)[0].rstrip(";").upper() if said else name.upper()
            waits = name != "executescript" and within(connection) is not (word == "COMMIT")
            if waits or word in _CHANGE_NOTHING:
                return await execute(connection, *said, **more)
            what = f"{word} of {_caller()}"
            self.reach(f"before {what}")
            done = await execute(connection, *said, **more)
            self.reach(f"after {what}")
            return done

        setattr(client, name, watched)


def _caller() -> str:
    """The method of ours that writes: the innermost one, but for those by which all do."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and not _writes(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return frame.f_code.co_qualname if frame else "tortoise"


def _writes(module: str) -> bool:
    return module.startswith("bridge.") and module not in _BY_WHICH_ALL_DO
