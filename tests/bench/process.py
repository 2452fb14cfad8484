"""A bridge as a process: its settings.yaml, its start and end, and what it takes of the machine meanwhile."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bridge.app import utc_now
from bridge.demo.houses import EcsterHouse, ResursHouse

_TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 600.0
"""Seconds in which a `once` must have ended, and a daemon upon SIGTERM."""
AT_ONCE: dict[str, Any] = {
    "settle": {"change": "0s", "refund": "0s", "others": "0s"},
    "limits": {"actions_per_minute": 1_000_000},
    "surge": dict.fromkeys(("capture", "cancel", "refund", "modify"), 1_000_000),
}
"""Settings of a store under which nothing waits for anything but the remotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of a process; bytes."""

    now: int
    peak: int


class Process:
    """A process that runs, by its id, as the kernel tells of it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it has taken so far, all its threads together."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        user, system = after_name[11:13]
        return (int(user) + int(system)) / _TICK

    @property
    def memory(self) -> Memory:
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        told = dict(line.split(":", maxsplit=1) for line in lines)
        now, peak = (int(told[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
        return Memory(now=now, peak=peak)


def write_settings(folder: Path, urls: Sequence[str], *, web: str | None = None, **changes: Any) -> Path:
    """Write a settings.yaml for a live bridge over sandboxes; its database lies beside it.

    `urls` are those of the stores, and of Resurs and Ecster behind them. `changes` are keys of each store, those
    under `providers` of each of its providers. `web`: where it listens.
    """
    *stores, resurs, ecster = urls
    of_each = changes.pop("providers", {})
    houses = ResursHouse(utc_now).settings(resurs), EcsterHouse(utc_now).settings(ecster)
    providers = [{**house, **of_each} for house in houses]
    tree = {
        "database": f"sqlite://{folder.resolve() / 'bridge.sqlite3'}",
        "web": {"listen": web} if web else None,
        "stores": [
            {
                "name": f"store{place}",
                "mode": "live",
                "url": url,
                "consumer_key": "ck_sandbox",
                "consumer_secret": "cs_sandbox",
                "language": "en",
                **changes,
                "providers": providers,
            }
            for place, url in enumerate(stores)
        ],
    }
    path = folder / "settings.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(tree, file)
    return path


def once(settings: Path, *, wait: str = "90s") -> None:
    """Run `wc-bridge once` to its end. Raises RuntimeError, with its log, where it fails."""
    command = [sys.executable, "-m", "bridge", "once", "--wait", wait, "--settings", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)  # noqa: S603
    if ended.returncode not in (0, 1):  # 1: something needs attention
        raise RuntimeError(f"wc-bridge once ended {ended.returncode}:\n{ended.stderr[-4000:]}")


@contextmanager
def running(settings: Path, *, module: Sequence[str] = ("bridge",), **environment: str) -> Iterator[Process]:
    """Run the daemon until the end, with its log beside settings.yaml; `module` runs it in another way.

    Raises RuntimeError, with the end of its log, where it does not end well.
    """
    log = settings.with_suffix(".log")
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *module, "run", "--settings", str(settings)],
            stdout=subprocess.DEVNULL,
            stderr=file,
            env={**os.environ, **environment},
        )
        try:
            yield Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE)
    if code != 0:
        raise RuntimeError(f"wc-bridge run ended {code}:\n{log.read_text(encoding='utf-8')[-4000:]}")
