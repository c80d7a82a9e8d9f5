"""A process of its own for the tests of the embedded log: `python log_process.py MODE PATH ...`.

Each line it prints is something a test may rely on; it goes on when its standard input says so.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from stillfixed.actors.errors import LogFull
from stillfixed.actors.log.contract import CHUNK_LIMIT_BYTES, Append, Appended, Chunk
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.log.turnstile import Turnstile


def say(line: object) -> None:
    print(line, flush=True)


async def append_for_ever(path: Path) -> None:
    """Says each version once it is acknowledged."""
    log = await SqliteLog.open(path)
    claim = await log.claim("a")
    version = claim.version
    while True:
        entry = Append(
            stream="a",
            epoch=claim.epoch,
            expected_version=version,
            events=(b"1", b"2", b"3"),
            chunks=(Chunk.of(b"%d" % version * 1000),),
        )
        version = (await log.append(entry)).version
        say(version)


async def append_some(path: Path, stream: str, count: str) -> None:
    """Begins when told, so that all begin together."""
    log = await SqliteLog.open(path)
    claim = await log.claim(stream)
    say("ready")
    sys.stdin.readline()
    for version in range(int(count)):
        await log.append(
            Append(stream=stream, epoch=claim.epoch, expected_version=version, events=(b"x",))
        )
    await log.close()


async def fill(path: Path) -> None:
    """Meets the file size limit, gets room again, and says what became of each append."""
    log = await SqliteLog.open(path)
    await log.claim("small")
    await log.claim("large")
    limit_bytes = path.with_name(f"{path.name}-wal").stat().st_size + 100_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    # Large enough for the limit, and small enough to share a transaction with the small ones.
    sizes = (*[CHUNK_LIMIT_BYTES] * 3, CHUNK_LIMIT_BYTES - 1000)
    random = tuple(Chunk.of(os.urandom(size)) for size in sizes)
    large = Append(stream="large", epoch=1, expected_version=0, events=(b"x",), chunks=random)
    small = [Append(stream="small", epoch=1, expected_version=n, events=(b"x",)) for n in range(3)]
    outcomes = await asyncio.gather(
        log.append(small[0]), log.append(large), log.append(small[1]), return_exceptions=True
    )
    say([type(outcome).__name__ for outcome in outcomes])
    assert isinstance(outcomes[1], LogFull), outcomes
    say(outcomes[1].message)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for entry in (large, small[2]):
        assert isinstance(await log.append(entry), Appended)
    for chunk in random:
        assert await log.chunk(chunk.id) == chunk.data
    await log.close()
    say("room again")


async def hold(path: Path) -> None:
    """Has the write lock until told."""
    with Turnstile(path):
        say("held")
        sys.stdin.readline()
    say("free")


async def fork_holding(path: Path) -> None:
    """Holds the write lock, and has a forked child that outlives it."""
    with Turnstile(path):
        child = os.fork()
        if child == 0:
            sys.stdin.readline()
            os._exit(0)
        say("held")
        sys.stdin.readline()


MODES = {f.__name__: f for f in (append_for_ever, append_some, fill, hold, fork_holding)}

if __name__ == "__main__":
    mode, path, *rest = sys.argv[1:]
    asyncio.run(MODES[mode](Path(path), *rest))
