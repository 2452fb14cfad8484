"""Through the whole bridge, at the loudest level of its log: neither token nor credentials come to light."""

import io
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bridge import logs
from bridge.sandbox.faults import Fault
from bridge.sandbox.resurs import Switches
from tests.flow.switches import resurs_account
from tests.flow.world import MUG, TOTAL, Placed, World, world

CLIENT, SECRET = "client-of-the-shop", "kept-between-us"


@pytest.fixture
def log() -> io.StringIO:
    """Everything that anybody logs at the loudest level, as the daemon writes it."""
    out = io.StringIO()
    logs.configure(logging.DEBUG, out)
    return out


async def work(w: World, it: Placed) -> None:
    """An order's life in which everything fails once before it succeeds."""
    w.store.set_status(it.id, "completed")
    w.resurs.end_tokens()
    w.resurs.faults.plan(Fault.ERROR_BEFORE, path="/oauth2/token")
    w.resurs.faults.plan(Fault.HTML_BEFORE, path="/oauth2/token")
    w.resurs.faults.plan(Fault.DROP_AFTER, method="POST", path="/capture$")
    await w.cycle()
    w.store.refund(it.id, lines={"MUGG": 1})
    w.resurs.faults.plan(Fault.BUSY, method="POST", path="/refund$")
    w.resurs.faults.plan(Fault.ERROR_BEFORE, method="GET", path="/v2/payments/", times=9)
    await w.cycle()
    assert w.books(it) == (0, TOTAL, MUG)


async def refused_credentials(w: World, it: Placed) -> None:
    w.resurs.replace_client("another", "another secret")
    w.store.set_status(it.id, "completed")
    await w.cycle()
    [failing] = (await w.status())["failing"]
    assert "client_secret" in failing["text"]
    w.resurs.switches = Switches(scopes=())
    w.resurs.replace_client(CLIENT, SECRET)
    await w.cycle()
    [failing] = (await w.status())["failing"]
    assert "invalid_scope" in failing["text"]


async def refused_calls(w: World, it: Placed) -> None:
    w.resurs.switches = Switches(longest_transaction_id=6)
    w.store.set_status(it.id, "completed")
    await w.cycle()
    assert await w.attention() == {it.id: "refused"}


async def a_fault_of_our_own(w: World, it: Placed) -> None:
    """The traceback that is logged has the request's own variables in its frames."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bridge.providers.resurs.api.send", _broken)
        w.store.set_status(it.id, "completed")
        await w.cycle()
    assert w.calls() == []


async def _broken(*_: Any, headers: dict[str, str], **__: Any) -> None:
    raise RuntimeError(f"a fault with {len(headers)} headers at hand")


def _kept(folder: Path) -> str:
    """The database as it lies there."""
    return "".join(path.read_bytes().decode("latin-1") for path in folder.glob("bridge.sqlite3*"))


@pytest.mark.parametrize(
    ("play", "logged"),
    [
        (work, "action.call"),
        (refused_credentials, "look.failed"),
        (refused_calls, "order.attention"),
        (a_fault_of_our_own, "Traceback"),
    ],
)
async def test_neither_token_nor_credentials_come_to_light(
    tmp_path: Path, log: io.StringIO, play: Callable[[World, Placed], Awaitable[None]], logged: str
) -> None:
    async with world(tmp_path) as w:
        w.changes["providers"] = resurs_account(w, client_id=CLIENT, client_secret=SECRET)
        w.resurs.replace_client(CLIENT, SECRET)
        await w.cycle()
        it = w.place()
        await w.cycle()
        await play(w, it)
        told = [await w.story(it.id), await w.status(), await w.actions(), *map(str, w.store.notes(it.id))]
        await w.stop()
    shown = f"{log.getvalue()} {json.dumps(told)} {_kept(tmp_path)}"
    assert logged in shown
    assert w.resurs.tokens
    for secret in (CLIENT, SECRET, *w.resurs.tokens):
        assert secret not in shown
