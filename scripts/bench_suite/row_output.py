"""Bench row: 1 GiB of output captured durably, beside asyncssh reading and dropping it.

Fair because the same command runs on the same server over the same kind of connection; the peer
takes each piece in a bare protocol callback, which is the fastest way asyncssh has, and drops it.
Ours compresses each piece and has it on stable storage before it goes on.

Two kinds of output: zeros, the best case for what compresses and stores once; and bytes that do
neither. Those are a random file sent over and over; its length is odd, so that no piece of 1 MiB
comes twice and storing pieces once cannot help.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from scripts.bench_suite import ssh_server
from scripts.bench_suite.harness import PeakMemory, installed, take_turns, work_folder
from scripts.bench_suite.ssh_ours import session_on
from scripts.bench_suite.table import Figure, Target
from stillfixed import AsyncSession

MIB = 2**20
LIMIT_BYTES = 2 * 2**30
REPEATED_BYTES = 64 * MIB + 4099


async def measure(quick: bool) -> list[Figure]:
    size_bytes = 128 * MIB if quick else 1024 * MIB
    async with ssh_server.serving() as server, session_on(server) as session:
        with work_folder() as folder:
            zeros, random = f"head -c {size_bytes} /dev/zero", _random_output(folder, size_bytes)
            disk = f"this disk takes {_disk_mb_a_second(folder):.0f} MB/s of a plain file"
            turns = _Turns(server, session, size_bytes, rounds=1 if quick else 3)
            return [
                *await turns.measure("zeros", zeros),
                *await turns.measure("random bytes", random, f"{disk}, durable every 4 MiB"),
            ]


def _disk_mb_a_second(folder: Path) -> float:
    """What bytes that do not compress could reach at the most, whatever stores them."""
    block = os.urandom(4 * MIB)
    started = time.perf_counter()
    with (folder / "plain").open("wb", buffering=0) as file:
        for _ in range(32):
            file.write(block)
            os.fsync(file.fileno())
    return 32 * len(block) / 1e6 / (time.perf_counter() - started)


def _random_output(folder: Path, size_bytes: int) -> str:
    file = folder / "random"
    with file.open("wb") as written:
        for _ in range(REPEATED_BYTES // MIB):
            written.write(os.urandom(MIB))
        written.write(os.urandom(REPEATED_BYTES % MIB))
    folder.chmod(0o755)  # the login user reads it
    times = size_bytes // REPEATED_BYTES + 1
    return f"i=0; while [ $i -lt {times} ]; do cat {file}; i=$((i+1)); done | head -c {size_bytes}"


@dataclass(frozen=True)
class _Turns:
    server: ssh_server.SshServer
    session: AsyncSession
    size_bytes: int
    rounds: int

    async def measure(self, name: str, command: str, note: str = "") -> list[Figure]:
        host = await self.session.host()
        assert host is not None
        memory = PeakMemory(host.pid)

        async def ours() -> None:
            with memory:
                run = await self.session.run(command, output_limit_bytes=LIMIT_BYTES)
            assert run.stdout_bytes == self.size_bytes, f"{run.status}: {run.reason}"

        async with await self.server.connect() as connection:

            async def peer() -> None:
                assert await _read_and_drop(connection, command) == self.size_bytes

            seconds = await take_turns(ours, peer, rounds=self.rounds, warm_up=0)
        what = f"{self.size_bytes / 2**30:g} GiB of output, {name}"
        return [
            Figure(
                row="output",
                what=what,
                unit="MB/s",
                ours=self.size_bytes / 1e6 / seconds[0],
                peer=self.size_bytes / 1e6 / seconds[1],
                peer_name=f"{installed('asyncssh')}, dropping it",
                targets=(Target("ratio", "at least", 0.5),),
                note=note,
            ),
            Figure(
                row="output",
                what=f"{what}: actor's memory grew by",
                unit="MiB",
                ours=memory.growth_bytes / MIB,
                targets=(Target("ours", "at most", 64),),
            ),
        ]


class _Dropping(asyncssh.SSHClientSession[bytes]):
    def __init__(self) -> None:
        self.received_bytes = 0

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self.received_bytes += len(data)


async def _read_and_drop(connection: asyncssh.SSHClientConnection, command: str) -> int:
    dropping = _Dropping()
    channel, _ = await connection.create_session(lambda: dropping, command, encoding=None)
    await channel.wait_closed()
    return dropping.received_bytes
