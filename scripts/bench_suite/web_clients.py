"""Bench: browsers without a face: one that asks again and again, and one that keeps pages open.

Both read raw bytes and look at little of them, so that the server is what is measured.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from scripts.bench_suite.web_host import Server

CONNECTIONS = 4
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_REACHED = b"\nevent: reached\ndata:\n\n"
_POSITION = re.compile(rb'data-position="(\d+)"')


class Asking:
    """One connection that is kept alive."""

    def __init__(self, server: Server, headers: Mapping[str, str]) -> None:
        self._port = server.port
        lines = [f"Host: 127.0.0.1:{server.port}", *(f"{k}: {v}" for k, v in headers.items())]
        self._headers = "\r\n".join(lines)

    async def __aenter__(self) -> "Asking":
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port, limit=1024 * 1024
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    def send(self, path: str) -> None:
        self._writer.write(f"GET {path} HTTP/1.1\r\n{self._headers}\r\n\r\n".encode())

    async def get(self, path: str) -> bytes:
        """The body of an answer that says how long it is."""
        self.send(path)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert head.startswith(b"HTTP/1.1 200"), head
        assert length is not None, head
        return await self._reader.readexactly(int(length[1]))

    async def lines(self, path: str) -> asyncio.StreamReader:
        """An event stream, after its head."""
        self.send(path)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        return self._reader


async def requests_a_second(
    server: Server, path: str, headers: Mapping[str, str], seconds: float
) -> float:
    """What a few connections get together, each asking again as soon as it was answered."""
    answered = 0
    started = time.perf_counter()
    until = started + seconds

    async def ask() -> None:
        nonlocal answered
        async with Asking(server, headers) as asking:
            while time.perf_counter() < until:
                await asking.get(path)
                answered += 1

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return answered / (time.perf_counter() - started)


@dataclass
class OpenPage:
    """A session's page that was read and follows its stream. `reached`: up to which position it was
    told everything, and when, in the order of time."""

    session: str
    asking: Asking
    reached: list[tuple[int, float]] = field(default_factory=list)

    async def open(self) -> None:
        page = await self.asking.get(f"/sessions/{self.session}")
        position = _POSITION.search(page)
        assert position is not None, page[:1000]
        after = position[1].decode()
        self._stream = await self.asking.lines(f"/sessions/{self.session}/live?after={after}")
        await self._stream.readuntil(b"retry: 1000\n\n")

    async def follow(self) -> None:
        """Until cancelled."""
        while data := await self._stream.readuntil(_REACHED):
            position = int(data[data.rindex(b"id: ") + 4 : -len(_REACHED)])
            self.reached.append((position, time.perf_counter()))
