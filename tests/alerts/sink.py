"""Where alerts arrive: a program that keeps what it is given, as a mail program or a command, and an address."""

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiohttp import web

_SCRIPT = """#!/bin/sh
echo "$@" >> {folder}/arguments
test -f {folder}/hangs && sleep 60
test -f {folder}/ends && echo "no luck" >&2 && exit "$(cat {folder}/ends)"
cat > {folder}/given && mv {folder}/given {folder}/"$(date +%s%N)".kept
"""


class Sink:
    """The program."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.path = folder / "program"
        self.path.write_text(_SCRIPT.format(folder=folder), encoding="utf-8")
        self.path.chmod(0o755)

    def fail(self, code: int) -> None:
        (self._folder / "ends").write_text(str(code), encoding="utf-8")

    def hang(self) -> None:
        (self._folder / "hangs").touch()

    def work(self) -> None:
        (self._folder / "ends").unlink()

    @property
    def tried(self) -> bool:
        """Whether it was started at all."""
        return (self._folder / "arguments").exists()

    @property
    def arguments(self) -> list[str]:
        """Of each time that it was started."""
        return (self._folder / "arguments").read_text(encoding="utf-8").splitlines()

    @property
    def kept(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted(self._folder.glob("*.kept"))]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(it) for it in self.kept]

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(it, policy=policy.default) for it in self.kept]


class Address:
    """The heartbeat's other end."""

    def __init__(self) -> None:
        self.beats = 0
        self.status = 200
        self.app = web.Application()
        self.app.router.add_get("/ping/s3cret", self._beat)

    async def _beat(self, _: web.Request) -> web.Response:
        self.beats += 1
        return web.Response(status=self.status)
