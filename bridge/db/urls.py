"""What the `database` of settings.yaml names."""

import re
from pathlib import Path

_SQLITE = "sqlite://"


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite URL (what follows `sqlite://` is the path), or None for another database."""
    return Path(url.partition("?")[0].removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def sqlite_url(path: Path) -> str:
    return f"{_SQLITE}{path}"


def shown(url: str) -> str:
    """The URL as it may stand in a message: without a password."""
    url = re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:***@", url)
    return re.sub(r"(?<=[?&]password=)[^&]*", "***", url)
