"""All secrets of the settings at once: whether each is there, whether one has changed, who else may read them."""

import grp
import hashlib
import os
import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bridge.errors import SettingsError
from bridge.settings.model import Settings
from bridge.settings.secret import Secret

_SERVICE = "wc-bridge"
"""The user and group that the unit file runs the daemon as."""
_PASSWORD = re.compile(r"^database:\s*[\"']?\w+://[^\s/@:]*:(?!\$\{)[^\s@]+@", re.MULTILINE)


def secrets_in(group: Any) -> Iterator[Secret]:
    """Yield every secret that is set in a group of settings, and in the groups within it."""
    match group:
        case Secret():
            yield group
        case BaseModel():
            for name in type(group).model_fields:
                yield from secrets_in(getattr(group, name))
        case tuple():
            for item in group:
                yield from secrets_in(item)


def resolve(group: BaseModel | tuple[BaseModel, ...]) -> str:
    """Read every secret, and return what tells this reading from one in which any of them differs.

    Raises SettingsError with one line for each that is not there.
    """
    found, missing = hashlib.sha256(), []
    for secret in secrets_in(group):
        try:
            found.update(hashlib.sha256(secret.reveal().encode()).digest())
        except SettingsError as error:
            missing.append(str(error))
    if missing:
        raise SettingsError("\n".join(dict.fromkeys(missing)))
    return found.hexdigest()


def exposed(path: Path, settings: Settings) -> list[str]:
    """Say of each file with secrets in it that anybody on this machine may read, and how to mend it.

    `path` is that of settings.yaml; it counts where a secret itself stands in it, not merely where to find one.
    """
    secrets = list(secrets_in(settings))
    written_out = any(secret.is_written_out for secret in secrets) or _has_password(path)
    files = [*([path] if written_out else []), *(secret.file for secret in secrets if secret.file)]
    return [
        f"{file} holds secrets, and every user of this machine may read it: {_remedy(file)}"
        for file in dict.fromkeys(files)
        if _is_anybodys(file)
    ]


def _has_password(path: Path) -> bool:
    try:
        return _PASSWORD.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, ValueError):
        return False


def _is_anybodys(file: Path) -> bool:
    """Whether users who are nobody to it may read the file, and enter every folder on the way to it."""
    try:
        place = file.resolve()
        ways = all(folder.stat().st_mode & stat.S_IXOTH for folder in place.parents)
        return ways and bool(place.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _remedy(file: Path) -> str:
    """The line that keeps others out, and leaves us in: by the file's owner, or by a group that we are of."""
    name, about = shlex.quote(str(file)), file.stat()
    mode = f"chmod o= {name}"
    if os.geteuid() == 0:
        return f"chown root:{_SERVICE} {name} && {mode}" if _is_group(_SERVICE) else mode
    if about.st_uid == os.geteuid() or about.st_gid in (os.getegid(), *os.getgroups()):
        return mode
    return f"chown root:{grp.getgrgid(os.getegid()).gr_name} {name} && {mode}"


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
