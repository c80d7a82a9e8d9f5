"""Bench: `stillfixed host` as its users start it, a process of its own; and the peer's server."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bench_suite.harness import free_port
from scripts.bench_suite.static_peer import FOLDER
from stillfixed.connectors.web.identity import EVERY, Grant, Role
from stillfixed.connectors.web.people.local import LocalPeople
from stillfixed.connectors.web.people.records import Doer

TECHNICIAN, DISPATCHER = "ana", "dora"
_PEOPLE: dict[str, Role] = {TECHNICIAN: "technician", DISPATCHER: "dispatcher"}
START_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """Something that listens on loopback. `cookies`: of the browsers that are signed in, by name;
    the name of each cookie is `stillfixed`."""

    pid: int
    port: int
    cookies: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def headers(self, name: str) -> dict[str, str]:
        """What a signed-in browser sends with each request."""
        return {"Cookie": f"stillfixed={self.cookies[name]}"}


@asynccontextmanager
async def hosting(folder: Path) -> AsyncIterator[Server]:
    """The host of a data folder, with a technician and a dispatcher of every client. Every setting
    but the port is the default."""
    cookies = await _sign_in(folder)
    port = free_port()
    program = ["-m", "stillfixed.connectors.cli", "host", "--data", str(folder)]
    async with _process([*program, "--listen", f"127.0.0.1:{port}"], port, folder / "told") as pid:
        yield Server(pid, port, cookies)


@asynccontextmanager
async def static_serving(folder: Path) -> AsyncIterator[Server]:
    """The files of a folder, from uvicorn alone."""
    port = free_port()
    program = ["-m", "uvicorn", "scripts.bench_suite.static_peer:app", "--port", str(port)]
    env = {**os.environ, FOLDER: str(folder)}
    async with _process([*program, "--no-access-log"], port, folder / "told", env) as pid:
        yield Server(pid, port, {})


@asynccontextmanager
async def _process(
    program: list[str], port: int, told: Path, env: dict[str, str] | None = None
) -> AsyncIterator[int]:
    """A server in Python, from its first answer on; what it tells goes to a file. Its id."""
    with told.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *program, stdout=log, stderr=log, env=env
        )
    try:
        await _answering(process, port, told)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _sign_in(folder: Path) -> dict[str, str]:
    people = LocalPeople(folder)
    operator = Doer("bench", "command line")
    try:
        for name, role in _PEOPLE.items():
            people.accounts.add(name, [Grant(role=role, clients=(EVERY,))], operator)
        return {name: (await people.admit(name, browser="bench")).secret for name in _PEOPLE}
    finally:
        await people.close()


async def _answering(process: asyncio.subprocess.Process, port: int, told: Path) -> None:
    """The host takes connections before it is there; it answers once it is."""
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                answered = await reader.readline()
            except OSError:
                answered = b""
            else:
                writer.close()
            if answered:
                return
            await asyncio.sleep(0.1)
    why = await asyncio.to_thread(told.read_text, errors="replace")
    raise RuntimeError(
        f"A server ended with {process.returncode} before it answered. {why[-2000:]}"
    )
