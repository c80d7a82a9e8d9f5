"""Bench: the peer workerd (npm), with one SQLite Durable Object a session, and a caller for it.

The caller is a few dozen lines on bare asyncio sockets with kept-alive connections, so that what is
measured is workerd and not an HTTP library. `row_requests` also measures its share of a core.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scripts.bench_suite.harness import PeerMissing, free_port, work_folder

PEERS = Path(__file__).parent.parent / "bench_peers"


def binary() -> Path:
    """workerd as npm unpacked it. Raises `PeerMissing`."""
    # The package of the platform holds the program; the one named workerd only points to it, by an
    # install script that npm may not be allowed to run.
    found = sorted(PEERS.glob("node_modules/@cloudflare/workerd-*/bin/workerd"))
    if not found:
        raise PeerMissing("workerd is not installed; npm gets it: sudo apt-get install npm")
    return found[0]


def version() -> str:
    """Such as `workerd 2026-11-17`. Raises `PeerMissing`."""
    try:
        shown = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PeerMissing(f"workerd does not run here: {error}") from None
    return shown.stdout.strip()


class Caller:
    """One kept-alive connection, one request at a time: sends a body, waits for status 200."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def append(self, session: str, body: bytes) -> None:
        head = f"POST /{session} HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"workerd answered {answer.splitlines()[0]!r}")
        length = next(
            int(line.partition(b":")[2])
            for line in answer.splitlines()
            if line.lower().startswith(b"content-length:")
        )
        await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()


class Workerd:
    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.pid = process.pid
        self.port = port

    async def caller(self) -> Caller:
        return Caller(*await asyncio.open_connection("127.0.0.1", self.port))


@asynccontextmanager
async def serving() -> AsyncIterator[Workerd]:
    """workerd, running and answering, with its databases on the disk that ours are on."""
    with work_folder() as folder:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            str(binary()),
            "serve",
            str(PEERS / "config.capnp"),
            f"--socket-addr=http=127.0.0.1:{port}",
            f"--directory-path=disk={folder}",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            peer = Workerd(process, port)
            await _answering(process, peer)
            yield peer
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answering(process: asyncio.subprocess.Process, peer: Workerd) -> None:
    async with asyncio.timeout(30):
        while process.returncode is None:
            try:
                caller = await peer.caller()
            except OSError:
                await asyncio.sleep(0.05)
                continue
            await caller.append("warm-up", b"first")
            caller.close()
            return
    raise PeerMissing(f"workerd ended at once, with exit status {process.returncode}")
