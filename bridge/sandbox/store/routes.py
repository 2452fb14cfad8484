"""Which request goes to which handler: the table of the API's routes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.sandbox.store.asking import Answer, Asked
from bridge.sandbox.store.lines import Json
from bridge.sandbox.store.mishaps import Mishaps
from bridge.sandbox.store.shop import Shop
from bridge.sandbox.store.wire import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that was let in: `ids` are the numbers in its path, `body` its JSON object or {}."""

    ids: tuple[int, ...]
    asked: Asked
    body: Json
    shop: Shop
    write: Writer
    mishaps: Mishaps
    gateway: bool
    """Whether the shop's own payment plugin can refund (`api_refund`)."""


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` below /wc/v3 with `#` for a number; `allow` as the header has it, whatever we handle of it."""

    path: str
    allow: str
    handlers: Mapping[str, Handler]
    public: bool = False
    since_9: bool = False
    """Absent from 8.2.2."""

    def ids(self, path: str) -> tuple[int, ...] | None:
        """Return the numbers in a path that this route matches, else None."""
        match = re.fullmatch(self.path.replace("#", r"(\d+)"), path)
        return None if match is None else tuple(int(group) for group in match.groups())


def at(path: str, allow: str, *, public: bool = False, since_9: bool = False, **handlers: Handler) -> Route:
    """Make a Route; handlers by method (`get=`, `post=`, ...)."""
    return Route(path, allow, {name.upper(): one for name, one in handlers.items()}, public, since_9)
