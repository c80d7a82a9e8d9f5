"""Bench row: the memory of 10,000 open sessions that nobody asks, beside workerd's objects.

Fair because in both each object was asked once, has written durably and is still in memory: ours
with an idle time longer than the row, workerd with `preventEviction`. What can be counted against
us is: the whole memory of the sessions' actor, Python and Ray included, and what this process and
all of Ray grew by. For workerd only its growth is counted, not its own start.

workerd holds three open files an object, so it cannot hold 10,000 where a process may open 20,000
files and nobody may allow it more; its figure is then from as many as fit (it is proportional).
"""

import asyncio
import os
import resource
from collections.abc import Awaitable, Callable

import psutil

from scripts.bench_suite import workerd
from scripts.bench_suite.harness import PeerMissing, rss_bytes, trim, until
from scripts.bench_suite.ours import open_session, stillfixed_running, warm_hosts_ready
from scripts.bench_suite.table import Figure, Target

CALLERS = 64
FILES_AN_OBJECT = 3
FILES_OF_ITS_OWN = 400


async def measure(quick: bool) -> list[Figure]:
    count = 1_000 if quick else 10_000
    ours_bytes, actor_bytes = await _ours(count)
    peer_kb: float | None = None
    name, missing, note = "", "", ""
    try:
        name = workerd.version()
        fit = min(count, (_raise_file_limit() - FILES_OF_ITS_OWN) // FILES_AN_OBJECT)
        peer_kb = await _peer(fit) / fit / 1000
        if fit < count:
            note = f"; workerd with {fit:,} objects, for want of open files"
    except PeerMissing as reason:
        missing = str(reason)
    return [
        Figure(
            row="idle",
            what=f"memory of {count:,} open idle sessions, each",
            unit="KB",
            ours=ours_bytes / count / 1000,
            peer=peer_kb,
            peer_name=name,
            targets=(Target("ours", "at most", 100), Target("ratio", "below", 1)),
            missing=missing,
            note=f"the actor holds {actor_bytes / 1e6:.0f} MB in all{note}",
        )
    ]


async def _ours(count: int) -> tuple[float, float]:
    """Bytes of everything that `count` open sessions cost, and of the actor alone."""
    async with stillfixed_running("client", idle_seconds=24 * 3600.0) as client:
        first = await open_session(client)
        host = await first.host()
        assert host is not None
        await until(lambda: warm_hosts_ready(client))  # they are not what is weighed
        actor_before, all_before = rss_bytes(host.pid), _family_bytes()

        async def one(number: int) -> None:
            await open_session(client, f"T-{number}")

        await _at_once(count - 1, one)
        trim()
        actor_after, all_after = rss_bytes(host.pid), _family_bytes()
        host = await first.host()
        assert host is not None
        assert len(host.sessions) == count, f"only {len(host.sessions)} sessions are in memory"
        return actor_before + (all_after - all_before), actor_after


async def _peer(count: int) -> float:
    """Bytes that workerd grew by for `count` objects."""
    async with workerd.serving() as server:
        before_bytes = rss_bytes(server.pid)
        callers = [await server.caller() for _ in range(CALLERS)]

        async def one(number: int) -> None:
            await callers[number % CALLERS].append(f"session-{number}", b"x" * 300)

        await _at_once(count, one)
        return rss_bytes(server.pid) - before_bytes


async def _at_once(count: int, one: Callable[[int], Awaitable[None]]) -> None:
    """Numbers 0 to count - 1, each caller one after another."""

    async def caller(first: int) -> None:
        for number in range(first, count, CALLERS):
            await one(number)

    await asyncio.gather(*(caller(first) for first in range(CALLERS)))


def _family_bytes() -> int:
    """This process and everything it started: actors, warm hosts, all of Ray."""
    total = rss_bytes(os.getpid())
    for child in psutil.Process().children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _raise_file_limit() -> int:
    """As many open files for this process and its children as it may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, wanted), max(hard, wanted)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
