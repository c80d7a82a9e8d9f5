"""Bench row: opening a session while a warm host waits, beside starting a plain Ray actor.

Fair because the peer is what a session would cost without warm hosts: one actor, its class empty,
in the same Ray, until it answers its first call. Ours is timed until the session is open and its
first event durable. Between two turns the warm hosts are waited for, since the row is about them;
what an opening costs when none is ready is the peer's figure.
"""

from typing import Any

from scripts.bench_suite.harness import installed, take_turns, until
from scripts.bench_suite.ours import open_session, stillfixed_running, warm_hosts_ready
from scripts.bench_suite.table import Figure, Target
from stillfixed.actors.runtime.cluster import import_ray


async def measure(quick: bool) -> list[Figure]:
    async with stillfixed_running() as client:
        ray = import_ray()

        class Blank:  # in here, so that Ray carries it by value and its worker imports nothing
            def answer(self) -> bool:
                return True

        blank = ray.remote(Blank)
        actors: list[Any] = []

        async def ours() -> None:
            await open_session(client)

        async def peer() -> None:
            actor = blank.options(num_cpus=0).remote()
            assert await actor.answer.remote()
            actors.append(actor)

        async def settle() -> None:
            while actors:
                ray.kill(actors.pop())
            await until(lambda: warm_hosts_ready(client))

        rounds = 3 if quick else 15
        seconds = await take_turns(ours, peer, rounds=rounds, before=settle)
    return [
        Figure(
            row="open",
            what="opening a session, warm, median",
            unit="ms",
            ours=seconds[0] * 1e3,
            peer=seconds[1] * 1e3,
            peer_name=f"{installed('ray')}, a new actor",
            targets=(Target("ours", "at most", 50),),
        )
    ]
