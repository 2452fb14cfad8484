"""A real PostgreSQL server of the tests' own: a private directory, a free port, gone at the end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")
"""Debian has each major version's programs in a folder of its own, outside the PATH."""
_UNSAFE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""What a test writes need not survive a power cut."""
_ROOM = "max_connections=400"
"""For dozens of daemons side by side."""
OWNER = "bridge"
"""A role that may do everything, and is asked for no password."""
GUARDED, PASSWORD = "guarded", "p@ss/w0rd"
"""A role that is asked for its password."""


@cache
def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, of the newest version; None where there are none."""
    versions = [folder for folder in _DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    if versions:
        return max(versions, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@dataclass(frozen=True, slots=True)
class Server:
    folder: Path
    """Its socket lies here too."""
    port: int

    def url(self, database: str, user: str = OWNER) -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, and stop it at the end. It refuses to run as root: then another user does."""
    place = programs()
    assert place is not None, "PostgreSQL is not installed: apt install postgresql"
    user = _other_than_root()
    folder = Path(tempfile.mkdtemp(prefix="wc-bridge-postgres-"))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        password = folder / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        password.chmod(0o644)
        data = folder / "data"
        initialised = ["-D", str(data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        _as(user, [str(place / "initdb"), *initialised])
        with (data / "pg_hba.conf").open("r+") as rules:
            others = rules.read()
            rules.seek(0)
            rules.write(f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n{others}")
        port = _free_port()
        options = [
            f"port={port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
            *_UNSAFE,
            _ROOM,
        ]
        log = folder / "log"
        start = ["start", "-w", "-D", str(data), "-l", str(log), "-o", " ".join(f"-c {it}" for it in options)]
        _as(user, [str(place / "pg_ctl"), *start])
        try:
            yield Server(folder, port)
        finally:
            _as(user, [str(place / "pg_ctl"), "stop", "-w", "-m", "immediate", "-D", str(data)])
    finally:
        shutil.rmtree(folder)


def _other_than_root() -> pwd.struct_passwd | None:
    """The user to run as, None: as we are. Debian's package makes `postgres`; `nobody` is everywhere."""
    if os.geteuid():
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


def _as(user: pwd.struct_passwd | None, command: list[str]) -> None:
    ran = subprocess.run(  # noqa: S603 (our own)
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=() if user else None,
    )
    assert ran.returncode == 0, f"{command[0]}: {ran.stdout}{ran.stderr}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
