"""One life of the bridge's process: from its start to its end, or to a crash at which nothing more gets through.

A crash is sudden. From that point on no statement reaches the database and no byte a wire, whatever the process's
own `finally` and `except` still try; what was not committed is rolled back, as by a database whose client is gone.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol

OWNER: ContextVar["Life | None"] = ContextVar("owner", default=None)
"""The life that whatever runs now belongs to; None for the world around it."""


class Crashed(BaseException):
    """The process is dead: no code of it catches this."""


class _Cuttable(Protocol):
    def close(self) -> None: ...


@dataclass(slots=True)
class Doom:
    """Where a life ends: at the `count`-th point whose name begins so."""

    where: str
    count: int


@dataclass(slots=True, eq=False)
class Life:
    doom: Doom | None = None
    dead: bool = False
    died_at: str = ""
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list)
    wires: list[_Cuttable] = field(default_factory=list)
    files: list[sqlite3.Connection] = field(default_factory=list)
    context: Context | None = None
    """What tasks that are begun from outside find set, once there is something: tortoise's connections."""
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def reaches(self, point: str) -> bool:
        """Say whether the process is still alive after this point; the crash may be here."""
        if not self.dead and self.doom and point.startswith(self.doom.where):
            self.doom.count -= 1
            if self.doom.count <= 0:
                self.crash(point)
        return not self.dead

    def crash(self, point: str) -> None:
        self.dead, self.died_at = True, point
        for file in self.files:
            file.close()
        for wire in self.wires:
            wire.close()
        self._over.set()

    def end(self) -> None:
        """End the process, which may still write down what it was at."""
        self._over.set()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Begin another task of this process."""
        context = (self.context or copy_context()).copy()
        context.run(OWNER.set, self)
        return context.run(asyncio.get_running_loop().create_task, coroutine, context=context)

    async def live(self, body: Coroutine[Any, Any, None]) -> None:
        """Run `body` as this process, until it ends or crashes; raise what it raised."""
        main = self.spawn(body)
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({main, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            await self._bury()
        if not self.dead and not main.cancelled():
            main.result()

    async def _bury(self) -> None:
        """End all tasks of the process; what they try on the way has no effect once it is dead."""
        for _ in range(100):
            alive = [task for task in self.tasks if not task.done()]
            if not alive:
                return
            for task in alive:
                task.cancel()
            await asyncio.wait(alive, timeout=0.01)
        raise AssertionError(f"tasks that do not end: {alive}")


def adopting(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> "asyncio.Task[Any]":
    """A task factory that gives each task to the life in which it was begun."""
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
    life = OWNER.get()
    if life is not None:
        life.tasks.append(task)
    return task
