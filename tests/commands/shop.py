"""A shop and its providers on loopback, in real time, and the command as its administrator types it."""

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.cli import main
from bridge.sandbox.ecster import EcsterSandbox
from bridge.sandbox.resurs import ResursSandbox
from bridge.sandbox.server import Server
from bridge.sandbox.store import StoreSandbox

NAME = "butiken"
METHOD = "6f1c2c7e-9a54-4f6b-8a53-3f4d9f0b1c11"
GOODS = {"MUGG": 2, "LAMPA": 1}
"""Comes to 811.25 with freight and VAT."""
SECRETS = ("ck_sandbox", "cs_sandbox", "sandbox-secret", "ecster-key-of-the-shop")
AT_ONCE = {"change": "0s", "refund": "0s", "unknown": "30s", "others": "0s"}


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def last(self) -> str:
        return self.out.splitlines()[-1]


def typed(*words: str) -> Ran:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ending:
            code = ending.code or 0
    return Ran(code, out.getvalue(), err.getvalue())


class Daemon:
    """A command in a process of its own, with what it says as it says it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.err = ""

    async def says(self, text: str) -> None:
        """Wait until its log holds `text`."""
        assert self.process.stderr is not None
        try:
            async with asyncio.timeout(60):
                while text not in self.err:
                    line = (await self.process.stderr.readline()).decode()
                    assert line, f"it ended without saying {text!r}: {self.err}"
                    self.err += line
        except TimeoutError:
            raise AssertionError(f"it never says {text!r}: {self.err}") from None

    async def ended(self) -> Ran:
        out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return Ran(self.process.returncode, out.decode(), self.err + err.decode())

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> Ran:
        self.process.send_signal(how)
        return await self.ended()


async def until(seen: Callable[[], bool]) -> None:
    """Wait until another process has brought this about; a minute is long enough for anything here."""
    async with asyncio.timeout(60):
        while not seen():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def started(*words: str, module: str = "bridge", **options: Any) -> AsyncIterator[Daemon]:
    """Start a command (or another module) as a process; it is gone afterwards, whatever the test did."""
    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        **options,
    )
    try:
        yield Daemon(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@dataclass(slots=True, kw_only=True)
class Shop:
    folder: Path
    store: StoreSandbox
    resurs: ResursSandbox
    ecster: EcsterSandbox
    store_url: str
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Of settings.yaml, written as the settings are now."""
        path = self.folder / "of-the-shop.yaml"
        path.write_text(json.dumps(self.settings, indent=1), encoding="utf-8")
        return path

    @property
    def database(self) -> Path:
        return self.folder / "bridge.sqlite3"

    @property
    def only(self) -> dict[str, Any]:
        """The settings of the first store."""
        found: dict[str, Any] = self.settings["stores"][0]
        return found

    async def types(self, *words: str) -> Ran:
        """Run a command with this shop's settings, while the shop goes on serving."""
        return await asyncio.to_thread(typed, *words, "--settings", str(self.path))

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[Daemon]:
        async with started("run", "--settings", str(self.path)) as daemon:
            await daemon.says("daemon.started")
            yield daemon

    def place(self, lines: dict[str, int] | None = None, *, reserved: str | None = None) -> tuple[int, str]:
        """A customer orders and Resurs reserves the total (or `reserved`); returns order and payment."""
        order = self.store.create_order(lines or GOODS, payment_method=METHOD, status="processing")
        amount = self.store.total(order) if reserved is None else type(self.store.total(order))(reserved)
        payment = self.resurs.create_payment(str(order), amount=amount, approved_limit=amount)
        self.store.set_meta(order, "resursbank_payment_id", payment)
        return order, payment

    async def known(self, **options: Any) -> tuple[int, str]:
        """An order that the bridge has seen to agree with its payment."""
        assert (await self.types("once", "--wait", "0s")).code == 0
        placed = self.place(**options)
        await self.types("once", "--wait", "0s")
        return placed

    async def actions(self, *words: str) -> Any:
        return (await self.types("actions", "--json", *words)).json

    def writes(self) -> list[str]:
        """All that went to shop and providers and was no mere reading."""
        seen = [*self.store.faults.seen, *self.resurs.faults.seen, *self.ecster.faults.seen]
        return [f"{method} {path}" for method, path in seen if method != "GET" and "/oauth2/" not in path]

    def files(self) -> dict[str, bytes]:
        """Everything in the database's folder, byte for byte."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}


def settings_of(name: str, database: Path, store: str, resurs: str, ecster: str) -> dict[str, Any]:
    return {
        "database": f"sqlite://{database}",
        "web": None,
        "stores": [
            {
                "name": name,
                "mode": "live",
                "url": store,
                "consumer_key": "ck_sandbox",
                "consumer_secret": "cs_sandbox",
                "language": "en",
                "settle": dict(AT_ONCE),
                "poll": {"interval": "1s", "overlap": "2m", "sweep": "1s"},
                "providers": [
                    {
                        "type": "resurs",
                        "environment": "test",
                        "base_url": resurs,
                        "client_id": "sandbox",
                        "client_secret": "sandbox-secret",
                        "store_id": "0d4f3c1a-8d8e-4b0e-8a52-2f1f0c8b9d10",
                    },
                    {
                        "type": "ecster",
                        "environment": "test",
                        "base_url": ecster,
                        "api_key": "ecster-key-of-the-shop",
                        "merchant_key": "10000001",
                    },
                ],
            }
        ],
    }


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_shop(folder: Path, name: str = NAME, *, now: Callable[[], datetime] = _now) -> AsyncIterator[Shop]:
    store = StoreSandbox(clock=now, https=False)
    resurs = ResursSandbox(clock=now)
    ecster = EcsterSandbox(clock=now, api_key="ecster-key-of-the-shop", merchant_key="10000001")
    async with AsyncExitStack() as stack:
        urls = [(await stack.enter_async_context(Server(app))).url for app in (store.app, resurs.app, ecster.app)]
        shop = Shop(folder=folder, store=store, resurs=resurs, ecster=ecster, store_url=urls[0])
        shop.settings = settings_of(name, shop.database, *urls)
        try:
            yield shop
        finally:
            for sandbox in (store, resurs, ecster):
                sandbox.faults.release.set()
