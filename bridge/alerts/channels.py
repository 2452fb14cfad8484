"""The channels: mail by the machine's own mail program, a command, and a heartbeat.

Each says in one sentence why something did not go out; what a program or server answers stays out of it, as it may
hold anything.
"""

import asyncio
import getpass
import json
import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import aiohttp
from yarl import URL

from bridge.db.alerts import COMMAND, EMAIL, HEARTBEAT, Outlet
from bridge.domain.alerts import Message
from bridge.errors import SettingsError
from bridge.settings import Alerts, Email, Secret

NOWHERE = (
    "no channel is set for alerts: nobody hears of what burns but by the log. Set alerts.email.to or "
    "alerts.command in settings.yaml, and try `wc-bridge alert test`"
)
TIMEOUT = 30.0
"""Seconds in which a program must have taken an alert."""
_BEAT = 10.0
"""Seconds in which the heartbeat's address must have answered."""
_OK = 300


class NotDelivered(Exception):
    """It did not go out. The text says why, and what to see to."""


class Program:
    """A program that gets each message on stdin."""

    def __init__(self, words: Sequence[str], *, loud: bool = False, patience: float = TIMEOUT) -> None:
        self._words, self._loud, self._patience = words, loud, patience

    async def send(self, message: Message) -> None:
        """Raises NotDelivered."""
        given = json.dumps(message.fields(), ensure_ascii=False).encode() + b"\n"
        await _run(self._words, given, loud=self._loud, patience=self._patience)


class Mail:
    """The machine's own mail program, which reads the recipients in the mail."""

    def __init__(self, email: Email, *, loud: bool = False, patience: float = TIMEOUT) -> None:
        self._email, self._loud, self._patience = email, loud, patience

    async def send(self, message: Message) -> None:
        """Raises NotDelivered."""
        words, mail = (self._email.sendmail, "-t", "-i"), written(message, self._email.to)
        await _run(words, mail.as_bytes(), loud=self._loud, patience=self._patience)


Channel = Program | Mail


def channels(alerts: Alerts, *, loud: bool = False) -> dict[Outlet, Channel]:
    """The channels that carry alerts, of those that are set. `loud`: what their programs complain of is shown."""
    found: dict[Outlet, Channel] = {}
    if alerts.email.to:
        found[EMAIL] = Mail(alerts.email, loud=loud)
    if alerts.command:
        found[COMMAND] = Program(alerts.command, loud=loud)
    return found


def ways(alerts: Alerts) -> dict[str, object]:
    """What each channel goes by, and the heartbeat: another way is another channel, which may work."""
    return {EMAIL: alerts.email, COMMAND: alerts.command, HEARTBEAT: _address(alerts.heartbeat_url)}


def _address(url: Secret | None) -> str | None:
    try:
        return url.reveal() if url else None
    except SettingsError:
        return None


def written(message: Message, to: Sequence[str]) -> EmailMessage:
    """The message as a mail (RFC 5322), which no vacation notice answers (RFC 3834)."""
    mail = EmailMessage()
    mail["From"] = Address(display_name="wc-bridge", username=_user(), domain=message.host)
    mail["To"] = ", ".join(to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.alerts[-1].at)
    mail["Message-ID"] = f"<{message.id}@{message.host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, charset="utf-8")
    return mail


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process of a user without a name
        return "wc-bridge"


def host() -> str:
    """This machine's name."""
    return socket.gethostname() or "localhost"


async def _run(words: Sequence[str], given: bytes, *, loud: bool, patience: float) -> None:
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=quiet,
            stderr=None if loud else quiet,
            start_new_session=True,
        )
    except OSError as error:
        raise NotDelivered(f"{words[0]} can't be started: {error.strerror}") from None
    try:
        async with asyncio.timeout(patience):
            await process.communicate(given)
    except TimeoutError:
        raise NotDelivered(f"{words[0]} did not end within {patience:g} seconds") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # with all that it has started
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise NotDelivered(f"{words[0]} {_ended(process.returncode)}; `wc-bridge alert test` shows what it says")


def _ended(code: int) -> str:
    return f"ended {code}" if code > 0 else f"was ended by signal {-code}"


async def beat(session: aiohttp.ClientSession, url: Secret) -> None:
    """Fetch the heartbeat's address, of which nothing is ever shown. Raises NotDelivered."""
    try:
        address = URL(url.reveal())
        async with session.get(address, timeout=aiohttp.ClientTimeout(total=_BEAT)) as answer:
            status = answer.status
    except SettingsError as error:
        raise NotDelivered(str(error)) from None
    except (aiohttp.InvalidURL, ValueError):
        raise NotDelivered("alerts.heartbeat_url is no address: correct it in settings.yaml") from None
    except TimeoutError:
        raise NotDelivered(f"the heartbeat's address gave no answer within {_BEAT:g} seconds") from None
    except (aiohttp.ClientError, OSError):
        raise NotDelivered("the heartbeat's address can't be reached") from None
    if status >= _OK:
        raise NotDelivered(f"the heartbeat's address answered HTTP {status}")
