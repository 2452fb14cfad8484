"""A wire in front of a store, which tells what goes over it, byte for byte."""

import asyncio
from dataclasses import dataclass

from yarl import URL

from tests.bench.sandboxes import Sandboxes, Street

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What went over a wire: so many requests, and their bytes and those of their answers, headers included."""

    requests: int
    sent: int
    got: int
    bodies: int
    """Of the answers, without their headers."""

    @property
    def of_one(self) -> tuple[float, float]:
        """Bytes of one request and its answer together, and of its answer's body."""
        return (self.sent + self.got) / self.requests, self.bodies / self.requests


class Wire:
    """Carries to the address behind it. The requests on it come one after the other."""

    def __init__(self, to: str) -> None:
        self._to = URL(to)
        self._sent, self._got = bytearray(), bytearray()
        self._server: asyncio.Server | None = None

    async def begin(self) -> str:
        """Return its address."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._to.host, self._to.port)
        await asyncio.gather(_carry(reader, back, self._sent), _carry(there, writer, self._got))

    def read(self) -> Carried:
        """Return what went over it since it was last read."""
        sent, got = bytes(self._sent), bytes(self._got)
        self._sent.clear()
        self._got.clear()
        answers = got.split(b"HTTP/1.1 ")[1:]
        return Carried(
            requests=len(answers),
            sent=len(sent),
            got=len(got),
            bodies=sum(len(answer.partition(b"\r\n\r\n")[2]) for answer in answers),
        )


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, log: bytearray) -> None:
    while piece := await reader.read(_PIECE):
        log += piece
        writer.write(piece)
    writer.close()


_wires: list[Wire] = []
"""Of the process of the sandboxes."""


async def _lay(_: Street, to: str) -> str:
    _wires.append(Wire(to))
    return await _wires[-1].begin()


async def _read(_: Street) -> Carried:
    return _wires[-1].read()


def lay(street: Sandboxes) -> list[str]:
    """Lay a wire in front of the first store; return the addresses of all that is in the street, its own for that
    store's.
    """
    return [street.ask(_lay, street.urls[0]), *street.urls[1:]]


def read(street: Sandboxes) -> Carried:
    """Return what went over the wire since it was last read."""
    return street.ask(_read)
