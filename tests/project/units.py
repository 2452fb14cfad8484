"""The units for systemd, as files and as the keys they set."""

from pathlib import Path

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
DAEMONS = ("wc-bridge.service", "wc-bridge@.service")
PROGRAM = "/opt/wc-bridge/bin/wc-bridge"

Keys = dict[str, list[str]]


def keys(name: str) -> Keys:
    """What a unit sets, whatever the section: a key may come twice."""
    found: Keys = {}
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found
