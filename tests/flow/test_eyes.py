"""What a poll costs, and how long it looks back: counted in requests, and in bytes on the wire."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from yarl import URL

from bridge.engine.cycles import look_around
from bridge.sandbox.store import StoreSandbox
from tests.flow.ways import complete
from tests.flow.world import START, World, known_order, world

STORAGES = pytest.mark.parametrize("storage", ["hpos", "posts"])
Storage = Literal["hpos", "posts"]

BESIDES = b"""\
Server: nginx\r
Connection: keep-alive\r
X-Powered-By: PHP/8.2.36\r
Vary: Origin\r
X-Robots-Tag: noindex\r
X-Content-Type-Options: nosniff\r
Access-Control-Expose-Headers: X-WP-Total, X-WP-TotalPages, Link\r
Access-Control-Allow-Headers: Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type\r
Expires: Wed, 11 Jan 1984 05:00:00 GMT\r
Cache-Control: no-cache, must-revalidate, max-age=0, no-store, private\r
"""
"""Headers that WordPress and nginx add to those of the sandbox."""
KEY = len("ck_0123456789abcdef0123456789abcdef01234567") - len("ck_sandbox")
"""By how much a real key is longer."""


@dataclass(slots=True)
class Wire:
    """What goes to the store and comes back, byte for byte; `dates` is put in the place of each Date header."""

    url: str = ""
    dates: bytes | None = None
    sent: list[bytes] = field(default_factory=list)
    got: list[bytes] = field(default_factory=list)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, log: list[bytes]) -> None:
        while piece := await reader.read(1 << 16):
            if self.dates is not None and log is self.got:
                piece = re.sub(rb"\r\nDate: [^\r]*", self.dates, piece)
            log.append(piece)
            writer.write(piece)
        writer.close()


@asynccontextmanager
async def wired(w: World) -> AsyncIterator[Wire]:
    """Let the bridge, which must not have started yet, reach its store through a wire that is watched."""
    store, wire = URL(w.urls[0]), Wire()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(store.host, store.port)
        await asyncio.gather(wire.carry(reader, back, wire.sent), wire.carry(there, writer, wire.got))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        wire.url = w.urls[0] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield wire
        await w.stop()


def fill(store: StoreSandbox, count: int, status: str = "completed", age: timedelta = timedelta(days=400)) -> None:
    """Let the shop have so many orders more, last changed so long ago."""
    like = store.order(store.create_order({"MUGG": 1}, payment_method="bacs", status=status))
    for number in range(count - 1):
        order_id = next(store.shop.ids)
        modified = like.created - age + timedelta(seconds=number)
        store.shop.orders[order_id] = replace(like, id=order_id, number=str(order_id), modified=modified)
    like.modified = like.created - age


def asked(w: World) -> list[str]:
    """The requests to the store since this was last called: status and moment of a listing, else the path."""
    told = []
    for _, address in w.store.faults.seen:
        query = parse_qs(urlsplit(address).query)
        after = query.get("modified_after", [""])[0].rpartition("T")[2]
        name = query["status"][0] if "status" in query else urlsplit(address).path.rpartition("/v3/")[2]
        told.append(f"{name} {after}".strip())
    w.store.faults.seen.clear()
    return told


async def polls(w: World, times: int, *, every: int = 30) -> list[str]:
    """Let the daemon's polls come, without a sweep; return what they asked the store."""
    asked(w)
    for _ in range(times):
        w.clock.advance(every)
        assert await look_around(await w.bridge(), sweeping=False) == ""
    return asked(w)


@STORAGES
async def test_an_idle_poll_of_a_big_store_is_one_small_request(tmp_path: Path, storage: Storage) -> None:
    async with world(tmp_path, storage=storage, language="auto") as w, wired(w) as wire:
        it = w.place()
        await w.cycle()
        fill(w.store, 50_000)
        await complete(w, it)
        await polls(w, 6)
        wire.sent.clear()
        wire.got.clear()
        assert len(await polls(w, 1)) == 1
        sent, got = b"".join(wire.sent), b"".join(wire.got)
        assert sent.count(b"HTTP/1.1") == got.count(b"HTTP/1.1") == 1
        assert got.partition(b"\r\n\r\n")[2] == b"[]"
        assert len(sent) + KEY + len(got) + len(BESIDES) < 1500


async def test_the_overlap_is_read_again_until_it_has_passed_and_not_after(tmp_path: Path) -> None:
    """The last change is at 08:20:00, the overlap two minutes."""
    async with known_order(tmp_path, storage="posts") as (w, it):
        w.clock.advance(int((START + timedelta(minutes=20) - w.clock.now()).total_seconds()))
        w.store.set_status(it.id, "on-hold")
        _, *window = await polls(w, 6)
        assert window == ["any 08:18:00"] * 4 + ["any 08:20:00"]
        assert await polls(w, 3) == ["any 08:20:00"] * 3
        w.store.set_status(it.id, "processing")
        assert (await polls(w, 2))[1] == "any 08:22:30"
        assert (await w.story(it.id))["status"] == "processing"


async def test_what_shows_later_than_the_overlap_allows_is_found_with_the_sweep(tmp_path: Path) -> None:
    """A save took ten minutes, and the poll has come to rest meanwhile."""
    async with known_order(tmp_path) as (w, _):
        await polls(w, 20)
        late = w.place(status="completed")
        w.store.order(late.id).modified = START - timedelta(seconds=60)
        assert len(await polls(w, 2)) == 2
        assert (await w.status())["orders"] == 1
        await look_around(await w.bridge(), sweeping=True)
        assert (await w.story(late.id))["status"] == "completed"


async def test_the_trash_is_asked_with_the_sweep(tmp_path: Path) -> None:
    async with known_order(tmp_path) as (w, _):
        assert len(await polls(w, 5)) == 5
        await look_around(await w.bridge(), sweeping=True)
        assert [it.partition(" ")[0] for it in asked(w)] == ["any", "trash", "any"]


async def test_an_order_that_went_to_the_trash_between_two_sweeps_is_found(tmp_path: Path) -> None:
    """Never seen before, and many polls before the trash is asked for the first time."""
    async with world(tmp_path) as w:
        w.place()
        await w.cycle(w.instant)
        w.clock.advance(60)
        it = w.place()
        w.store.trash(it.id)
        w.clock.advance(600)
        w.place()
        await polls(w, 3)
        await look_around(await w.bridge(), sweeping=True)
        assert (await w.story(it.id))["status"] == "trash"


async def test_of_two_that_went_to_the_trash_in_one_second_the_second_is_found_too(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.cycle()
        w.clock.advance(3600)
        first, second = w.place(), w.place()
        w.store.trash(first.id)
        await look_around(await w.bridge(), sweeping=True)
        w.store.trash(second.id)
        w.clock.advance(600)
        await look_around(await w.bridge(), sweeping=True)
        assert (await w.story(second.id))["status"] == "trash"


async def test_without_an_overlap_the_last_second_is_read_again_all_the_same(tmp_path: Path) -> None:
    async with known_order(tmp_path, poll={"overlap": "0s"}) as (w, it):
        w.clock.advance(600)
        w.store.set_status(it.id, "on-hold")
        unit = await w.bridge()
        await look_around(unit, sweeping=False)
        w.store.set_status(it.id, "processing")
        await polls(w, 1)
        assert (await w.story(it.id))["status"] == "processing"
