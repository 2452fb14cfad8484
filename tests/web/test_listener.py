"""The listener itself: the address that it takes, and what it says when it can't have it."""

from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from bridge.web.listener import AddressTaken, listening
from tests.web.shop import ANY_PORT


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


ROUTES = [web.get("/", hello)]


async def test_null_is_no_server() -> None:
    async with listening(None, ROUTES) as address:
        assert address == ""


async def breaks(_: web.Request) -> web.Response:
    raise RuntimeError("a bug")


async def test_bug_of_ours_is_logged_and_tells_the_asker_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    async with (
        listening(ANY_PORT, [web.get("/", breaks)]) as address,
        aiohttp.ClientSession() as session,
        session.get(address) as answer,
    ):
        assert (answer.status, await answer.text()) == (500, "Internal Server Error\n")
        assert "Server" not in answer.headers
        assert answer.headers["Connection"] == "close"
    told = capsys.readouterr().out
    assert "web.failed" in told
    assert "RuntimeError: a bug" in told


@pytest.mark.parametrize("listen", [ANY_PORT, "localhost:0"])
async def test_it_serves_until_it_is_closed(listen: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with listening(listen, ROUTES) as address, session.get(address) as answer:
            assert await answer.text() == "hello"
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(address)


async def test_address_that_is_taken_says_who_must_do_what() -> None:
    async with listening(ANY_PORT, ROUTES) as address:
        taken = urlsplit(address).netloc
        with pytest.raises(AddressTaken) as caught:
            async with listening(taken, ROUTES):
                pass
    assert str(caught.value) == (
        f"web.listen: {taken} can't be listened on (Address already in use): stop what holds it, or choose another "
        "address, or null, in settings.yaml"
    )
    assert caught.value.exit_code == 3, "systemd tries again: what holds it may end"


@pytest.mark.parametrize(
    ("listen", "says"),
    [("192.0.2.1:8787", "Cannot assign requested address"), ("no..name:8787", "no machine has this name")],
)
async def test_address_that_is_not_this_machines_is_told_apart(listen: str, says: str) -> None:
    with pytest.raises(AddressTaken, match=says):
        async with listening(listen, ROUTES):
            pass
