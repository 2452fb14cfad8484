"""`wc-bridge sandbox`: a shop to try the bridge on, and the lines of its guide."""

import base64
import json
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import aiohttp
import pytest

from bridge.demo.guide import guide, lines
from bridge.demo.playground import playground
from bridge.errors import UsageError
from tests.demo.command import COMMAND, environment, run

PROGRAM = "/opt/wc-bridge/bin/wc-bridge"


def as_curl(line: str) -> Request:
    """Understand a line of the guide as curl does."""
    words = shlex.split(line)
    given: dict[str, str] = {}
    rest = iter(words[1:])
    url = ""
    for word in rest:
        if word in ("-u", "-X", "-H", "-d"):
            given[word] = next(rest)
        elif word != "-s":
            url = word
    headers = dict([given["-H"].split(": ")]) if "-H" in given else {}
    if "-u" in given:
        headers["Authorization"] = f"Basic {base64.b64encode(given['-u'].encode()).decode()}"
    data = given["-d"].encode() if "-d" in given else None
    method = given.get("-X") or ("POST" if data else "GET")
    assert words[0] == "curl"
    assert url.startswith("http://127.0.0.1:")
    return Request(url, data=data, headers=headers, method=method)  # noqa: S310 (the assertion says which)


def answer(line: str) -> Any:
    with urlopen(as_curl(line)) as response:  # noqa: S310 (see as_curl)
        return json.loads(response.read())


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


@contextmanager
def opened(folder: Path) -> Iterator[tuple[dict[str, Any], "subprocess.Popen[str]"]]:
    """The command in a process of its own, once it has said what it says; ended in any case."""
    words = [*COMMAND, "sandbox", "--json", "--port", "0", "--folder", str(folder / "new" / "shop")]
    process = subprocess.Popen(  # noqa: S603 (our own command)
        words, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if line == "}\n":
                    break
            yield json.loads(said), process
        finally:
            process.kill()


def test_staff_complete_an_order_and_the_bridge_captures_it(tmp_path: Path) -> None:
    with opened(tmp_path) as (ground, process):
        typed = shlex.split(ground["lines"]["once"])
        first = subprocess.run(typed, cwd="/", capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
        completed = answer(ground["lines"]["complete"])
        second = run(tmp_path, "once", "--json", "--settings", ground["settings"])
        books = answer(ground["lines"]["books"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    done = [(action["kind"], action["state"], action["amount"]) for action in json.loads(second.stdout)["actions"]]
    order = ground["orders"][0]["order"]
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert completed["status"] == "completed"
    assert done == [("capture", "done", 81125)]
    assert [book["captured"] for book in books if book["order"] == order] == ["811.25"]


async def test_every_curl_line_of_the_guide_works_as_it_stands(tmp_path: Path) -> None:
    async with playground(tmp_path, 0) as ground, aiohttp.ClientSession() as session:
        first = ground.sales("resurs")[0]
        first.house.capture(first.payment_id)
        curls = {name: line for name, line in lines(ground, PROGRAM).items() if line.startswith("curl")}
        for name, line in curls.items():
            asked = as_curl(line)
            body = asked.data if isinstance(asked.data, bytes) else None
            headers = dict(asked.header_items())
            async with session.request(asked.get_method(), asked.full_url, data=body, headers=headers) as response:
                assert response.status < 400, (name, await response.text())
        books, order = first.house.books(first.payment_id), ground.sandboxes.store.order(first.order_id)
        bought = ground.sandboxes.sales[-1]
    assert len(curls) == 8
    assert (books.captured, books.returned) == (81125, 5000)
    assert (order.status, str(order.refunded)) == ("completed", "100.00")
    assert bought.house.books(bought.payment_id).reserved == 81125


async def test_the_guide_has_every_line_and_every_order(tmp_path: Path) -> None:
    async with playground(tmp_path / "Butik & Co", 0) as ground:
        text = guide(ground, PROGRAM)
        assert [line for line in lines(ground, PROGRAM).values() if f"  {line}\n" not in text] == []
        programs = {line.split()[0] for line in lines(ground, PROGRAM).values()}
        assert programs == {"curl", PROGRAM}, "each as it can be typed"
        assert [sale.number for sale in ground.sandboxes.sales if f"{sale.number} (" not in text] == []
        assert "--settings '" in text
        assert ground.settings.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("resurs/{resurs}/refund", 400, "REFUND is not possible"),
        ("resurs/{resurs}/capture?amount=812", 400, "more than can be taken"),
        ("resurs/{resurs}/capture?amount=1.234", 400, "cannot express 1.234"),
        ("ecster/{ecster}/cancel?amount=10", 400, "annuls all"),
        ("ecster/{ecster}/refund", 400, "positive"),
        ("ecster/{resurs}/capture", 404, "no payment"),
        ("klarna/order", 404, "resurs"),
    ],
)
async def test_a_portal_says_what_it_does_not_do(tmp_path: Path, path: str, status: int, words: str) -> None:
    async with playground(tmp_path, 0) as ground, aiohttp.ClientSession() as session:
        numbers = {name: ground.sales(name)[0].number for name in ("resurs", "ecster")}
        before = [sale.house.books(sale.payment_id) for sale in ground.sandboxes.sales]
        async with session.post(f"{ground.portal}/{path.format(**numbers)}") as response:
            assert response.status == status
            assert words in await response.text()
        assert [sale.house.books(sale.payment_id) for sale in ground.sandboxes.sales] == before


@pytest.mark.parametrize("name", ["settings.yaml", "bridge.sqlite3"])
async def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match=f"{name} is there already"):
        async with playground(tmp_path, 0):
            pass
    assert contents(tmp_path) == {name: "mine"}


def test_a_taken_port_is_one_line_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run(tmp_path, "sandbox", "--port", str(min(port, 65532)), "--folder", "shop")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("wc-bridge: can't have the ports")
    assert ran.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


async def test_a_wrong_secret_is_refused_here_too(tmp_path: Path) -> None:
    async with playground(tmp_path, 0) as ground, aiohttp.ClientSession() as session:
        asked = as_curl(lines(ground, PROGRAM)["notes"].replace("cs_sandbox", "cs_wrong"))
        async with session.get(asked.full_url, headers=dict(asked.header_items())) as response:
            assert response.status == 401
