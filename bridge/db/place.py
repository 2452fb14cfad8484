"""Where a database lies: of an SQLite file the machine, of PostgreSQL the server and the database's name."""

import hashlib
import platform
from pathlib import Path

from tortoise.connection import get_connection

from bridge.db.urls import sqlite_path
from bridge.domain.binding import Place

MACHINE_ID = Path("/etc/machine-id")
CARDS = Path("/sys/class/net")
_WHICH = "SELECT system_identifier::text AS id, current_database()::text AS name FROM pg_control_system()"


async def place_of(url: str) -> Place:
    """Tell where the database at `url`, which is open, lies."""
    if sqlite_path(url) is not None:
        return _this_machine()
    [row] = await get_connection("default").execute_query_dict(_WHICH)
    return Place(name=f"database {row['name']} of PostgreSQL server {row['id']}", id=f"{row['id']}/{row['name']}")


def _this_machine() -> Place:
    """Tell which machine this is. A container that is given no machine-id has none.

    A copy of a virtual machine keeps that, so its network cards count as well; virtual interfaces, behind which is
    no device, come and go.
    """
    addresses = {_text(card / "address") for card in CARDS.glob("*") if (card / "device").exists()}
    return Place(
        name=platform.node() or "this machine",
        id=_hidden(_text(MACHINE_ID)),
        cards=tuple(sorted(_hidden(address) for address in addresses if address.strip("0:"))),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _hidden(text: str) -> str:
    """Such ids are confidential (machine-id(5)): what is kept of them serves for comparing alone."""
    return hashlib.sha256(f"wc-bridge {text}".encode()).hexdigest()[:32] if text else ""
