"""New settings that a daemon has refused, kept for each store that goes by the old ones, for `status` to tell."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bridge.db.leases import Lease
from bridge.db.models import StoreRow


async def refused(lease: Lease, at: datetime, problems: Sequence[str]) -> None:
    """The store goes by older settings than those that were refused then, for these reasons."""
    kept = json.dumps({"at": at.isoformat(timespec="seconds").replace("+00:00", "Z"), "problems": list(problems)})
    await _keep(lease, kept)


async def in_force(lease: Lease) -> None:
    """The store goes by the settings that were loaded last."""
    await _keep(lease, "")


def shown(row: StoreRow) -> dict[str, Any] | None:
    """As `status` shows it; None where no settings are refused."""
    return json.loads(row.refused_settings) if row.refused_settings else None


async def _keep(lease: Lease, text: str) -> None:
    async with lease.guard():
        await StoreRow.filter(name=lease.store).update(refused_settings=text)
