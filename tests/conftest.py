"""What holds for every test: nobody sleeps between attempts, nobody leaves this machine, no task is left behind."""

import asyncio
import inspect
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
import stamina
import stamina.instrumentation
import structlog
from aiohttp import ClientResponse, StreamReader
from aiohttp.client_proto import ResponseHandler
from aioresponses import aioresponses

from tests import databases, postgres

pytest_plugins = ["tests.stuck"]

_WHOLE = tuple(f"tests/flow/test_{name}" for name in ("design", "outcomes", "unknown", "crash"))
_MANY = 3
"""Cases of a test, from which on not all of them are played each time."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=(*databases.KINDS, "both"),
        default="both",
        help="what to run on; both: all on SQLite, and on PostgreSQL too what is marked `on_postgresql`",
    )
    parser.addoption("--all", action="store_true", help="every case of the large tables of tests/flow")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--database") != "sqlite" and postgres.programs() is None:
        raise pytest.UsageError("PostgreSQL is not installed: apt install postgresql, or say --database sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test of a whole bridge that has many cases, play every sixth one, unless all are asked for.

    And of those that run on both kinds of database, every third one on the second. Those of what becomes of calls
    are always played whole, and so is whatever is chosen by name or by file.
    """
    if config.getoption("--all") or config.getoption("keyword") or config.getoption("--database") != "both":
        return
    if any("::" in str(it) or str(it).endswith(".py") for it in config.invocation_params.args):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        name, _, case = item.nodeid.partition("[")
        if case and name.startswith("tests/flow/") and not name.startswith(_WHOLE):
            cases.setdefault(name, []).append(item)
    left_out = {item for found in cases.values() if len(found) >= _MANY for item in set(found) - set(found[::6])}
    on_second = [it for found in cases.values() if len(found) < _MANY for it in found if "[postgresql" in it.nodeid]
    left_out |= set(on_second) - set(on_second[::3])
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: a test waits for sockets, disks and other processes for a part of its time."""
    return (os.cpu_count() or 1) + 2


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let a test that uses a database have one of each kind that it is to run on."""
    if "database" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        mark = metafunc.definition.get_closest_marker("on_postgresql")
        usual = databases.KINDS if mark else ("sqlite",)
        possible = ("postgresql",) if mark and mark.kwargs.get("alone") else databases.KINDS
        kinds = [kind for kind in possible if kind in (usual if chosen == "both" else (chosen,))]
        if metafunc.definition.get_closest_marker("on_sqlite"):
            kinds = ["sqlite"]
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        yield server


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of database that the test runs on; `tests.databases` makes it."""
    chosen = request.config.getoption("--database")
    # What is no function (a state machine of hypothesis) has no parameters.
    kind: str = getattr(request, "param", "sqlite" if chosen == "both" else chosen)
    with databases.served_by(request.getfixturevalue("postgresql") if kind == "postgresql" else None):
        yield kind


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> None:
    """A shell that runs the suite in the background has SIGINT ignored, and whatever is started inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _retries_at_once() -> Iterator[None]:
    """Retries happen as often as the code says, but without their waits."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command sets up logging for its whole process, which here is the tests' own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.fixture(autouse=True)
def _this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def loopback_only(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in _LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    yield
    for _ in range(3):
        await asyncio.sleep(0)  # what was cancelled gets its turn to end
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"left running: {[task.get_coro() for task in left]}"


@pytest.fixture(autouse=True)
def _tidy(request: pytest.FixtureRequest) -> None:
    """Only tests that have an event loop are asked whether they left something on it."""
    if isinstance(request.node, pytest.Function) and inspect.iscoroutinefunction(request.node.obj):
        request.getfixturevalue("_no_task_left")


def _endless_reader(loop: asyncio.AbstractEventLoop) -> StreamReader:
    return StreamReader(ResponseHandler(loop=loop), limit=2**30, loop=loop)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Canned answers for aiohttp clients.

    aioresponses 0.7.9 does not know the argument `stream_writer` that responses want since aiohttp 3.14, and feeds
    a whole body to a reader that, past 64 kB, wants to hold up a connection which is not there.
    """
    bridged = partial(ClientResponse, stream_writer=Mock(output_size=0))
    monkeypatch.setattr("aioresponses.core.ClientResponse", bridged)
    monkeypatch.setattr("aioresponses.core.stream_reader_factory", _endless_reader)
    with aioresponses() as canned:
        yield canned
