"""A shop in which a bridge has done its work, and databases of it with as many snapshots as one wants."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import orders, snapshots
from tests.bench.orders import Changes
from tests.bench.process import AT_ONCE, once, write_settings
from tests.bench.sandboxes import Sandboxes

SOLD = Changes.of(40)
"""More orders than the sweep asks for besides those that are open: copies are not in the shop."""
DATABASE = "bridge.sqlite3"


def lived(street: Sandboxes, urls: Sequence[str], folder: Path, **changes: Any) -> Path:
    """Let customers buy, staff do this and that, and a bridge carry it over; return its settings.yaml.

    `urls` are where it finds the street; `changes` are keys of the store.
    """
    folder.mkdir()
    settings = write_settings(folder, urls, **AT_ONCE, **changes)
    street.ask(orders.begin, snapshots.COPIES)
    sold = street.ask(orders.sell, SOLD)
    once(settings, wait="0s")
    street.ask(orders.change, sold)
    once(settings, wait="20s")
    return settings


def with_snapshots(settings: Path, count: int) -> Path:
    """Return the settings.yaml of a bridge like this one, whose database has so many snapshots."""
    folder = settings.parent.with_name(f"{settings.parent.name}-{count}")
    folder.mkdir()
    shutil.copy(settings.parent / DATABASE, folder / DATABASE)  # nobody has it open: there is no WAL beside it
    snapshots.fill(folder / DATABASE, count)
    copied = folder / settings.name
    before, after = str(settings.parent.resolve()), str(folder.resolve())
    copied.write_text(settings.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    return copied
