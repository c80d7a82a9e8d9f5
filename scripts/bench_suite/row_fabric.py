"""Bench row: one run of `true` over SSH, beside Fabric's `Connection.run`.

Fair because both use one connection that is already open, to the same OpenSSH server, as the same
user, and both hold the host key against a known one. Fabric is synchronous: nothing else goes on in
this process while it runs, as in its users' scripts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from scripts.bench_suite import ssh_server
from scripts.bench_suite.harness import PeerMissing, installed, take_turns
from scripts.bench_suite.ssh_ours import session_on
from scripts.bench_suite.table import Figure, Target

try:
    from fabric import Connection
    from paramiko import RejectPolicy
except ImportError:
    Connection = None


async def measure(quick: bool) -> list[Figure]:
    peer_name = installed("fabric")
    async with ssh_server.serving() as server, session_on(server) as session:
        with _connected(server) as connection:

            async def ours() -> None:
                run = await session.run("true")
                assert run.exit_status == 0

            async def peer() -> None:
                assert connection.run("true", hide=True).ok

            rounds = 3 if quick else 10
            seconds = await take_turns(ours, peer, rounds=rounds, calls=10, warm_up=5)
    return [
        Figure(
            row="fabric",
            what="run of `true` over SSH, median",
            unit="ms",
            ours=seconds[0] * 1e3,
            peer=seconds[1] * 1e3,
            peer_name=f"{peer_name}, {installed('paramiko')}",
            targets=(Target("ratio", "below", 1),),
            note=server.note,
        )
    ]


@contextmanager
def _connected(server: ssh_server.SshServer) -> Iterator["Connection"]:
    if Connection is None:
        raise PeerMissing("fabric is not installed in this Python")
    connection = Connection(
        "127.0.0.1",
        user=server.user,
        port=server.port,
        connect_kwargs={"key_filename": str(server.key), "allow_agent": False},
    )
    connection.client.load_host_keys(str(server.known_hosts))
    connection.client.set_missing_host_key_policy(RejectPolicy())
    connection.open()
    try:
        yield connection
    finally:
        connection.close()
