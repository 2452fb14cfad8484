"""What a shell completes: the names of stores, and the numbers of actions that have not ended.

Names come from settings.yaml and numbers from the database; no secret is resolved, and nobody else is asked. What
can't be read completes to nothing: a shell is no place to complain.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from bridge.cli.shared import database_url, settings_file
from bridge.domain.money import to_major
from bridge.errors import BridgeError
from bridge.settings import store_names


class _Store(click.ParamType[str]):
    """The name of a store."""

    name = "store"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 (click's signature)
        incomplete: str,
    ) -> list[CompletionItem]:
        return _beginning(incomplete, lambda: map(CompletionItem, store_names(settings_file(ctx))))


class _Action(click.types.IntParamType):
    """The number of an action."""

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 (click's signature)
        incomplete: str,
    ) -> list[CompletionItem]:
        return _beginning(incomplete, lambda: map(_item, asyncio.run(_open_actions(database_url(ctx)))))


def _beginning(incomplete: str, found: Callable[[], Iterable[CompletionItem]]) -> list[CompletionItem]:
    """Those that begin with what is typed already; none where they can't be read."""
    try:
        return [item for item in found() if item.value.startswith(incomplete)]
    except (BridgeError, OSError):
        return []


async def _open_actions(url: str) -> list[dict[str, Any]]:
    from bridge.db import queries  # noqa: PLC0415 (a shell waits for names too, which need no database)
    from bridge.db.connection import existing  # noqa: PLC0415 (see above)

    async with existing(url, read_only=True):
        return [it for it in await queries.actions() if it["state"] not in ("done", "dropped")]


def _item(action: dict[str, Any]) -> CompletionItem:
    amount = f"{to_major(action['amount'], action['currency'])} {action['currency']}"
    text = f"{action['kind']} {amount}, order {action['order']}, {action['state']}"
    return CompletionItem(str(action["id"]), help=text)


STORE, ACTION = _Store(), _Action()
