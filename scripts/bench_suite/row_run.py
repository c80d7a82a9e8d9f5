"""Bench row: one run of `true` over SSH, beside asyncssh.

Fair because both use one connection that is already open, to the same OpenSSH server, as the same
user, and read the output as bytes. Ours also crosses to the session's actor and back, keeps the
command, its output and its end on stable storage (two commits, the first before the command leaves)
and judges it; asyncssh does the run and forgets it.
"""

from scripts.bench_suite import ssh_server
from scripts.bench_suite.harness import installed, take_turns
from scripts.bench_suite.ssh_ours import session_on
from scripts.bench_suite.table import Figure, Target


async def measure(quick: bool) -> list[Figure]:
    async with (
        ssh_server.serving() as server,
        session_on(server) as session,
        await server.connect() as connection,
    ):

        async def ours() -> None:
            run = await session.run("true")
            assert run.exit_status == 0

        async def peer() -> None:
            done = await connection.run("true", encoding=None)
            assert done.exit_status == 0

        rounds = 3 if quick else 15
        seconds = await take_turns(ours, peer, rounds=rounds, calls=20, warm_up=10)
    return [
        Figure(
            row="run",
            what="run of `true` over SSH, median",
            unit="ms",
            ours=seconds[0] * 1e3,
            peer=seconds[1] * 1e3,
            peer_name=f"{installed('asyncssh')}, {server.version}",
            targets=(Target("ratio", "at most", 1.5),),
            note=server.note,
        )
    ]
