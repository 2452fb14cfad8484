"""Where README's "On a server" and the units for systemd have it: settings, secrets, the database, the units."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("/etc/wc-bridge")
_STATE = Path("/var/lib/wc-bridge")
_ONLY = "settings"


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge on a server."""

    name: str
    """Of one of several, as in `wc-bridge@NAME`; "" for the only one."""

    @property
    def settings(self) -> Path:
        return FOLDER / f"{self.name or _ONLY}.yaml"

    @property
    def database(self) -> str:
        return f"sqlite://{_STATE / self.name / 'bridge.sqlite3'}"

    @property
    def units(self) -> str:
        """What `systemctl enable` takes: the daemon and its backup."""
        at = self.name and f"@{self.name}"
        return f"wc-bridge{at} wc-bridge-backup{at}.timer"

    def secret(self, name: str) -> Path:
        """The file that a secret is to lie in; several bridges share the folder."""
        return FOLDER / "secrets" / "-".join(filter(None, (self.name, name)))


def of_settings(path: Path) -> Bridge | None:
    """The bridge whose settings these are; None where the file lies elsewhere than on a server."""
    path = path.absolute()
    if path.parent != FOLDER or path.suffix != ".yaml":
        return None
    return Bridge("" if path.stem == _ONLY else path.stem)


def of_unit(unit: str) -> Bridge:
    """The bridge that a unit of systemd belongs to, such as `wc-bridge-backup@NAME.service`."""
    return Bridge(unit.partition("@")[2].rpartition(".")[0])
