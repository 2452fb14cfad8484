"""What a shell completes: the names of stores, and the numbers of actions that have not ended.

Names come from settings.yaml and numbers from the database; no secret is resolved, and nobody else is asked. What
can't be read completes to nothing: a shell is no place to complain.
"""

import asyncio
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
        try:
            names = store_names(settings_file(ctx))
        except BridgeError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class _Action(click.types.IntParamType):
    """The number of an action."""

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 (click's signature)
        incomplete: str,
    ) -> list[CompletionItem]:
        try:
            found = asyncio.run(_open_actions(database_url(ctx)))
        except BridgeError:
            return []
        return [
            CompletionItem(str(it["id"]), help=f"{it['kind']} {_amount(it)}, order {it['order']}, {it['state']}")
            for it in found
            if str(it["id"]).startswith(incomplete)
        ]


async def _open_actions(url: str) -> list[dict[str, Any]]:
    from bridge.db import queries  # noqa: PLC0415 (a shell waits for names too, which need no database)
    from bridge.db.connection import existing  # noqa: PLC0415 (see above)

    async with existing(url, read_only=True):
        return [it for it in await queries.actions() if it["state"] not in ("done", "dropped")]


def _amount(action: dict[str, Any]) -> str:
    return f"{to_major(action['amount'], action['currency'])} {action['currency']}"


STORE, ACTION = _Store(), _Action()
