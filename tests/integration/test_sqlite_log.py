"""What is special to the embedded log: its file, its locks, its bells, and processes that die."""
# ruff: noqa: ASYNC240 - the tests look at small files, and nothing else runs meanwhile

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import apsw
import pytest

from stillfixed.actors.errors import LogBusy, LogCorrupted, LogError, LogTooNew
from stillfixed.actors.log import bell, commit, writer
from stillfixed.actors.log.contract import Append, Appended, Chunk, Recorded
from stillfixed.actors.log.sqlite import SqliteLog

Process = asyncio.subprocess.Process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(path)
    yield log
    await log.close()


@asynccontextmanager
async def process(mode: str, path: Path, *arguments: str) -> AsyncIterator[Process]:
    """Another process, killed at the end if it still runs."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("log_process.py")),
        mode,
        str(path),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()
        assert started.stdin is not None
        started.stdin.close()  # ends what it may have forked


async def heard(child: Process) -> str:
    assert child.stdout is not None
    return (await child.stdout.readline()).decode().strip()


def tell(child: Process) -> None:
    assert child.stdin is not None
    child.stdin.write(b"go on\n")


def entry(stream: str, version: int, *events: bytes, chunks: tuple[Chunk, ...] = ()) -> Append:
    return Append(stream=stream, epoch=1, expected_version=version, events=events, chunks=chunks)


# -- processes that die ----------------------------------------------------------------------------
async def test_what_a_killed_writer_acknowledged_is_there(path: Path) -> None:
    """After kill -9 in the midst of appends every acknowledged one is there, and none in part."""
    acknowledged = 0
    async with process("append_for_ever", path) as child:
        for _ in range(100):
            acknowledged = int(await heard(child))
        child.kill()
        while line := await heard(child):
            acknowledged = int(line)
    log = await SqliteLog.open(path)
    events = await log.read("a")
    assert len(events) >= acknowledged
    assert [e.version for e in events] == [e.position for e in events]
    assert [e.data for e in events] == [b"1", b"2", b"3"] * (len(events) // 3)
    for version in range(0, len(events), 3):
        await log.chunk(Chunk.of(b"%d" % version * 1000).id)
    claim = await log.claim("a")
    assert (claim.epoch, claim.version) == (2, len(events))
    await log.close()


@pytest.mark.parametrize("mode", ["hold", "fork_holding"])
async def test_a_killed_holder_frees_the_lock(mode: str, path: Path, log: SqliteLog) -> None:
    """The write lock of a process that is killed comes free by itself, whatever it had forked."""
    async with process(mode, path) as child:
        assert await heard(child) == "held"
        claiming = asyncio.ensure_future(log.claim("a"))
        child.kill()
        assert (await claiming).epoch == 1


async def test_writers_in_many_processes_lose_nothing(path: Path, log: SqliteLog) -> None:
    """Eight processes that append at once all succeed; a follower sees every event as it comes."""
    count = 25
    async with AsyncExitStack() as stack:
        children = [
            await stack.enter_async_context(process("append_some", path, f"s{n}", f"{count}"))
            for n in range(8)
        ]
        for child in children:
            assert await heard(child) == "ready"
        for child in children:
            tell(child)
        seen: list[Recorded] = []
        async with aclosing(log.follow(0)) as batches:  # type: ignore[type-var]
            async for batch in batches:
                seen += batch
                if len(seen) >= count * len(children):
                    break
        assert [await child.wait() for child in children] == [0] * len(children)
    assert [e.position for e in seen] == list(range(1, count * len(children) + 1))
    for n in range(len(children)):
        versions = [e.version for e in seen if e.stream == f"s{n}"]
        assert versions == list(range(1, count + 1))


# -- locks -----------------------------------------------------------------------------------------
async def test_a_lock_held_for_too_long_is_busy_and_names_the_holder(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits too long learns which process to look at; later appends work with no reopening."""
    await log.claim("a")
    async with process("hold", path) as child:
        assert await heard(child) == "held"
        monkeypatch.setattr(writer, "WAIT_LIMIT_SECONDS", 0.1)
        with pytest.raises(LogBusy, match=f"process {child.pid} "):
            await log.append(entry("a", 0, b"x"))
        tell(child)
        assert await heard(child) == "free"
    monkeypatch.undo()
    assert await log.append(entry("a", 0, b"y")) == Appended(1, 1)


async def test_a_log_held_for_ever_can_be_closed(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing does not hang when another process hangs with the lock: what waits fails as busy."""
    async with process("hold", path) as child:
        assert await heard(child) == "held"
        monkeypatch.setattr(writer, "WAIT_LIMIT_SECONDS", 0.1)
        claiming = asyncio.ensure_future(log.claim("a"))
        await asyncio.sleep(0)
        await log.close()
        with pytest.raises(LogBusy):
            await claiming


async def test_an_idle_log_held_for_ever_can_be_closed(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing does not hang either when nothing waits to be written."""
    async with process("hold", path) as child:
        assert await heard(child) == "held"
        monkeypatch.setattr(writer, "WAIT_LIMIT_SECONDS", 0.1)
        await log.close()


async def test_a_log_held_for_ever_cannot_be_opened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening waits as long as an append does, then says who holds the log."""
    async with process("hold", path) as child:
        assert await heard(child) == "held"
        monkeypatch.setattr(writer, "WAIT_LIMIT_SECONDS", 0.1)
        with pytest.raises(LogBusy, match=f"process {child.pid} "):
            await SqliteLog.open(path)


async def test_a_tool_that_holds_the_file_makes_the_log_busy(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that knows only SQLite's own lock is waited for as well, and no longer."""
    tool = apsw.Connection(str(path))
    tool.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(writer, "WAIT_LIMIT_SECONDS", 0.1)
    with pytest.raises(LogBusy):
        await log.claim("a")
    monkeypatch.undo()
    tool.execute("ROLLBACK")
    assert (await log.claim("a")).epoch == 1
    tool.close()


# -- the disk --------------------------------------------------------------------------------------
async def test_a_full_disk_refuses_what_does_not_fit_and_only_that(path: Path) -> None:
    """At the file size limit a large append fails alone; with room again it works, not reopened."""
    async with process("fill", path) as child:
        assert await heard(child) == "['Appended', 'LogFull', 'Appended']"
        assert "Free disk space" in await heard(child)
        assert await heard(child) == "room again"
    log = await SqliteLog.open(path)
    assert [(e.stream, e.version) for e in await log.read_feed(0)] == [
        ("small", 1),
        ("small", 2),
        ("large", 1),
        ("small", 3),
    ]
    await log.close()


async def test_a_log_of_a_newer_version_is_left_alone(path: Path) -> None:
    """A file from a newer stillfixed is refused, naming both versions and what to do."""
    await (await SqliteLog.open(path)).close()
    tool = apsw.Connection(str(path))
    tool.pragma("user_version", 99)
    tool.close()
    before = path.read_bytes()
    with pytest.raises(LogTooNew, match=r"format is 99.* up to 1\. Upgrade"):
        await SqliteLog.open(path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_log_is_left_alone(path: Path) -> None:
    """Neither a text nor another program's database is taken for a log, nor changed."""
    path.write_text("my notes, dear to me\n" * 100)
    with pytest.raises(LogCorrupted, match="restore"):
        await SqliteLog.open(path)
    assert path.read_text().startswith("my notes")
    path.unlink()
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE notes (text)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(LogCorrupted, match="not a stillfixed log"):
        await SqliteLog.open(path)
    assert path.read_bytes() == before


@pytest.fixture
async def damaged(path: Path) -> Path:
    """A closed log of some size whose pages, all but the first, are overwritten."""
    log = await SqliteLog.open(path)
    await log.claim("a")
    await log.append(entry("a", 0, *(b"%d" % n * 300 for n in range(500))))
    await log.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    return path


async def test_a_damaged_header_is_told_at_opening(damaged: Path) -> None:
    """A log whose first bytes are gone says that it is damaged and how to save what is left."""
    with damaged.open("r+b") as file:
        file.write(bytes(64))
    with pytest.raises(LogCorrupted, match=r"restore the file.*\.recover"):
        await SqliteLog.open(damaged)


async def test_damaged_pages_are_told_when_they_are_met(damaged: Path) -> None:
    """Damage further in is reported by the reads and the appends that meet it, as what it is."""
    log = await SqliteLog.open(damaged)
    with pytest.raises(LogCorrupted, match="restore the file"):
        await log.read("a")
    with pytest.raises(LogCorrupted):
        await log.newest_position()
    with pytest.raises(LogCorrupted):
        await log.append(entry("a", 500, b"x"))
    with pytest.raises(LogCorrupted):
        await anext(aiter(log.follow(0)))
    await log.close()


async def test_output_that_changed_on_disk_is_not_given_out(path: Path, log: SqliteLog) -> None:
    """A chunk whose bytes are not what its name says is damage, not output."""
    await log.claim("a")
    chunk = Chunk.of(b"evidence " * 1000)
    await log.append(entry("a", 0, b"x", chunks=(chunk,)))
    tool = apsw.Connection(str(path))
    tool.execute("UPDATE chunks SET data = ?", (Chunk.of(b"").data.ljust(9000, b"!"),))
    with pytest.raises(LogCorrupted, match=chunk.id):
        await log.chunk(chunk.id)
    tool.close()


async def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A path that cannot hold a log gives a log error that says what to check."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match="directory"):
        await SqliteLog.open(tmp_path / "file" / "log.db")


# -- bells -----------------------------------------------------------------------------------------
async def test_a_follower_is_woken_by_another_process(
    path: Path, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followers hear of commits elsewhere by their bell: here nothing else would wake them."""
    monkeypatch.setattr(bell, "TICK_SECONDS", 3600.0)
    async with process("append_some", path, "a", "5") as child:
        assert await heard(child) == "ready"
        seen: list[Recorded] = []
        async with aclosing(log.follow(0)) as batches:  # type: ignore[type-var]
            first = asyncio.ensure_future(anext(batches))
            await asyncio.sleep(0)  # the follower hangs its bell as it begins
            assert any(bell.bells_of(path).glob("[!.]*"))
            tell(child)
            seen += await first
            while len(seen) < 5:
                seen += await anext(batches)
    assert [e.version for e in seen] == [1, 2, 3, 4, 5]
    assert list(bell.bells_of(path).iterdir()) == []


async def test_a_commit_whose_bell_never_rang_is_found(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer killed between its commit and its ring delays followers, and no more."""
    monkeypatch.setattr(bell, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(bell.Ringer, "ring", lambda self: None)
    await log.claim("a")
    async with aclosing(log.follow(0)) as batches:  # type: ignore[type-var]
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        await log.append(entry("a", 0, b"x"))
        assert [e.data for e in await waiting] == [b"x"]


async def test_the_bell_of_a_killed_follower_is_removed(path: Path, log: SqliteLog) -> None:
    """A FIFO that nobody reads any more goes with the next commit."""
    bells = bell.bells_of(path)
    bells.mkdir()
    os.mkfifo(bells / "4711-dead")
    await log.claim("a")
    await log.append(entry("a", 0, b"x"))
    assert list(bells.iterdir()) == []


async def test_a_watcher_of_one_stream_is_not_woken_by_others(log: SqliteLog) -> None:
    """A thousand watchers of quiet streams cost nothing when another stream is written."""
    for stream in "ab":
        await log.claim(stream)
    with log._bell.listening("a") as a, log._bell.listening("b") as b:
        await log.append(entry("a", 0, b"x"))
        await a.wait()
        assert not b.is_set()


# -- large output ----------------------------------------------------------------------------------
async def test_large_output_waits_outside_the_queue(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is appended at once, little is on its way at a time, and the order holds."""
    monkeypatch.setattr(writer, "ADMITTED_LIMIT_BYTES", 1_000_000)
    await log.claim("a")
    chunks = [Chunk.of(os.urandom(300_000)) for _ in range(20)]
    most = 0
    admit = log._writer._admit

    def admitted(waiting: writer._Waiting) -> None:
        nonlocal most
        admit(waiting)
        most = max(most, log._writer._admitted_bytes)

    monkeypatch.setattr(log._writer, "_admit", admitted)
    await asyncio.gather(
        *(log.append(entry("a", n, b"x", chunks=(c,))) for n, c in enumerate(chunks))
    )
    assert 0 < most <= 1_000_000
    for chunk in chunks:
        assert await log.chunk(chunk.id) == chunk.data


async def test_the_write_ahead_file_stays_short(path: Path, log: SqliteLog) -> None:
    """Output many times the size of the write-ahead file goes through it, and it does not grow."""
    await log.claim("a")
    for n in range(40):
        chunk = Chunk.of(os.urandom(1_000_000))
        await log.append(entry("a", n, b"x", chunks=(chunk,)))
    one_commit_bytes = 2_000_000
    assert Path(f"{path}-wal").stat().st_size <= commit.JOURNAL_BYTES + one_commit_bytes


# -- the file's indexes ----------------------------------------------------------------------------
async def test_a_file_of_an_earlier_release_gets_the_index_of_today(path: Path) -> None:
    """What is listed is found by it, however many streams have no heading."""
    await (await SqliteLog.open(path)).close()
    connection = apsw.Connection(str(path))
    connection.execute(
        "DROP INDEX streams_listed; CREATE INDEX streams_by_activity ON streams (position)"
    )
    await (await SqliteLog.open(path)).close()
    indexes = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    assert "streams_listed" in indexes
    assert "streams_by_activity" not in indexes
    listing = "SELECT name FROM streams WHERE heading <> '{}' ORDER BY position DESC, id DESC"
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {listing}")]
    connection.close()
    assert plan == ["SCAN streams USING INDEX streams_listed"]
