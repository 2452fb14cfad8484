"""The two shows whole: the day from morning to the balance, and the shop that stays open."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bridge.demo import day
from bridge.demo.books import Row
from bridge.demo.happenings import Happening
from bridge.demo.playground import Playground, playground, stop_signals
from bridge.demo.stage import stage
from bridge.demo.telling import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A day that is over."""

    rows: list[Row]
    happened: list[Happening]

    @property
    def agrees(self) -> bool:
        """Whether every order agrees with its provider's books."""
        return all(row.agrees for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """What happened and what it came to, with stable fields; amounts in minor units."""
        return {
            "agrees": self.agrees,
            "rows": [row.as_json() for row in self.rows],
            "happened": [happening.as_json() for happening in self.happened],
        }


async def live(screen: Console | None, *, tamper: bool) -> Lived:
    """Live through the day and balance the books; tell it on `screen` (None: nowhere) as it happens."""
    happened = []
    with _temporary("demo") as folder:
        async with stage(folder) as built:
            telling = Telling(screen, built.local) if screen else None
            if telling:
                telling.begin()
            async for happening in day.live_through(built, tamper=tamper):
                happened.append(happening)
                if telling:
                    telling.tell(happening)
            rows = day.balance(built)
            if telling:
                telling.end(rows)
    return Lived(rows=rows, happened=happened)


async def stay_open(folder: Path | None, port: int, say: Callable[[Playground], None]) -> None:
    """Keep the sandboxes open until SIGTERM or SIGINT; `say` what there is once they are.

    Without `folder` everything lies in a temporary one. Raises UsageError as `playground` does.
    """
    with _temporary("sandbox") as spare:
        async with playground(folder or spare, port) as ground:
            stopping = stop_signals()
            say(ground)
            await stopping.wait()


@contextmanager
def _temporary(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"wc-bridge-{name}-") as folder:
        yield Path(folder)
