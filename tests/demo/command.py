"""The command as a process of its own, in a folder where nothing lies about."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "bridge"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a process whose temporary files go to `folder`."""
    hidden = ("WC_BRIDGE_SETTINGS", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "TMPDIR": str(folder), **more}


def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end in `folder`."""
    return subprocess.run(  # noqa: S603 (our own command)
        [*COMMAND, *words],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
