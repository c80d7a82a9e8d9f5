"""The embedded event log: one SQLite file, written by any number of processes on one machine.

Guarantee: the promises of `stillfixed.actors.log.contract`. Writes go through one thread that
commits them in groups (writer.py); small reads run on the event loop, large ones in threads; each
thread reads through a connection of its own and so from a consistent snapshot.
"""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw
import msgspec

from stillfixed.actors.errors import LogError
from stillfixed.actors.log.batch import UNIX_START, Claiming, GivingBack, Placing, Row, microseconds
from stillfixed.actors.log.bell import Bell
from stillfixed.actors.log.contract import (
    CHUNK_LIMIT_BYTES,
    Append,
    Appended,
    Chunk,
    Claim,
    Recorded,
    StreamInfo,
    Timer,
)
from stillfixed.actors.log.packing import Packed, pack, unpack
from stillfixed.actors.log.schema import damaged, open_reader, request_hash, translated
from stillfixed.actors.log.writer import Packing, Writer

INLINE_LIMIT_BYTES = 8 * 1024
"""Up to this size packing and unpacking cost less than the way to another thread and back."""

FOLLOW_LIMIT = 500
WAKE_LIMIT = 1000

_T = TypeVar("_T")


class SqliteLog:
    """Open with `await SqliteLog.open(path)`, use on that event loop, end with `close()`."""

    def __init__(self, path: Path) -> None:
        """Not for callers: `open` also starts the writer."""
        self._path = path
        self._reader = _Reader(path)
        self._writer = Writer(path)
        self._bell = Bell(path, self._written_since)
        self._threads = ThreadPoolExecutor(2, "log-read")
        self._closed: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, path: Path) -> "SqliteLog":
        """Open the log at `path`; it and its directory are made if need be. Raises `LogError`s."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LogError(f"The directory of the log {path} cannot be made: {error}") from error
        log = cls(path)
        await log._writer.open()
        return log

    # -- ownership -------------------------------------------------------------------------------
    async def place(self, key: str, holder: str, *, instead_of: str | None) -> str:
        return cast(str, await self._writer.put(Placing(key, holder, instead_of)))

    async def holder(self, key: str) -> str | None:
        row = self._row("SELECT holder FROM placements WHERE key = ?", (key,))
        return row[0] if row else None

    async def claim(self, stream: str, *, placed: tuple[str, str] | None = None) -> Claim:
        return cast(Claim, await self._writer.put(Claiming(stream, placed)))

    # -- writing ---------------------------------------------------------------------------------
    def append(self, entry: Append) -> "asyncio.Future[Appended]":
        _check(entry)
        size = sum(map(len, entry.events))
        if not entry.chunks:
            return self._writer.put(entry, size)
        size += (chunks_size := sum(len(chunk.data) for chunk in entry.chunks))
        packed: Sequence[Packed] | Packing = partial(self._pack, entry.chunks)
        if chunks_size <= INLINE_LIMIT_BYTES:
            packed = [pack(chunk) for chunk in entry.chunks]
        return self._writer.put(entry, size, packed)

    def _pack(self, chunks: Sequence[Chunk]) -> Sequence[Packed]:
        """What is stored already is not packed again. Runs in a thread."""
        return [pack(chunk) for chunk in chunks if not self._is_stored(chunk)]

    def _is_stored(self, chunk: Chunk) -> bool:
        try:
            sql = "SELECT 1 FROM chunks WHERE id = ?"
            return bool(self._reader.rows(sql, (bytes.fromhex(chunk.id),)))
        except LogError:
            return False  # the write itself will meet the trouble, and say so

    async def give_back(self) -> int:
        given_bytes = 0
        while some := cast(int, await self._writer.put(GivingBack())):
            given_bytes += some
        return given_bytes

    # -- reading ---------------------------------------------------------------------------------
    async def answer(self, stream: str, request_id: str) -> bytes | None:
        row = self._row(
            "SELECT answer FROM answers WHERE stream = (SELECT id FROM streams WHERE name = ?)"
            " AND request_hash = ? AND request = ?",
            (stream, request_hash(request_id), request_id),
        )
        return row[0] if row else None

    async def read(
        self, stream: str, *, after_version: int = 0, until_version: int | None = None
    ) -> Sequence[Recorded]:
        return await self._in_thread(
            self._events,
            "e.stream = (SELECT id FROM streams WHERE name = ?) AND e.version > ?"
            " AND e.version <= ? ORDER BY e.version",
            (stream, after_version, sys.maxsize if until_version is None else until_version),
        )

    async def read_many(self, streams: Sequence[str]) -> Sequence[Recorded]:
        return await self._in_thread(
            self._events,
            "e.stream IN (SELECT id FROM streams WHERE name IN (SELECT value FROM json_each(?)))"
            " ORDER BY e.stream, e.version",
            (msgspec.json.encode(streams).decode(),),
        )

    async def read_feed(
        self, after_position: int, *, stream: str | None = None, limit: int = 1000
    ) -> Sequence[Recorded]:
        if stream is None:
            return await self._in_thread(
                self._events, "e.position > ? ORDER BY e.position LIMIT ?", (after_position, limit)
            )
        # Positions rise with versions in a stream. Where to start is found from the end, since
        # a follower is near it; "+" keeps SQLite from searching the whole feed instead.
        return await self._in_thread(
            self._events,
            "e.stream = (SELECT id FROM streams WHERE name = ?1) AND e.version > ifnull(("
            "  SELECT version FROM events WHERE stream = (SELECT id FROM streams WHERE name = ?1)"
            "  AND +position <= ?2 ORDER BY version DESC LIMIT 1), 0) ORDER BY e.version LIMIT ?3",
            (stream, after_position, limit),
        )

    def _events(self, where: str, values: Row) -> list[Recorded]:
        sql = (
            "SELECT e.position, s.name, e.version, e.request, e.data"
            f" FROM events e JOIN streams s ON s.id = e.stream WHERE {where}"
        )
        return [Recorded(*row) for row in self._reader.rows(sql, values)]

    async def follow(
        self, after_position: int, *, stream: str | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        with self._bell.listening(stream) as heard:
            while self._closed is None:
                heard.clear()
                batch = await self.read_feed(after_position, stream=stream, limit=FOLLOW_LIMIT)
                if batch:
                    after_position = batch[-1].position
                    yield batch
                if len(batch) < FOLLOW_LIMIT and self._closed is None:
                    await heard.wait()

    def _written_since(self, position: int) -> tuple[int, set[str] | None]:
        """For the bell: the newest position, and whose events came after `position`."""
        newest = self._newest()
        if newest <= position:
            return newest, set()
        if newest - position > WAKE_LIMIT:
            return newest, None
        sql = (
            "SELECT DISTINCT s.name FROM events e JOIN streams s ON s.id = e.stream"
            " WHERE e.position > ? AND e.position <= ?"
        )
        return newest, {name for (name,) in self._reader.rows(sql, (position, newest))}

    async def newest_position(self) -> int:
        return self._newest()

    def _newest(self) -> int:
        row = self._row("SELECT ifnull(max(position), 0) FROM events")
        return int(row[0]) if row else 0

    async def chunk(self, chunk_id: str) -> bytes:
        try:
            key = bytes.fromhex(chunk_id)
        except ValueError:
            key = b""
        row = self._row("SELECT number, size FROM chunks WHERE id = ?", (key,))
        if row is None:
            raise damaged(self._path, f"chunk {chunk_id} is not in it")
        number, size = row
        if size <= INLINE_LIMIT_BYTES:
            data = self._chunk(chunk_id, number, size)
        else:
            data = await self._in_thread(self._chunk, chunk_id, number, size)
        if data is None:
            raise damaged(self._path, f"chunk {chunk_id} is not what its name says")
        return data

    def _chunk(self, chunk_id: str, number: int, size: int) -> bytes | None:
        ((data,),) = self._reader.rows("SELECT data FROM chunks WHERE number = ?", (number,))
        return unpack(chunk_id, size, data)

    async def streams(
        self,
        where: Mapping[str, str] | None = None,
        *,
        limit: int = 100,
        before_position: int | None = None,
    ) -> Sequence[StreamInfo]:
        values: list[str | int] = []
        sql = f"{_STREAM_INFO} WHERE heading <> '{{}}'"  # as its index says it
        for key, value in (where or {}).items():
            sql += (
                " AND EXISTS (SELECT 1 FROM json_each(heading) AS top"
                " WHERE top.key = ? AND top.type = 'text' AND top.atom = ?)"
            )
            values += [key, value]
        if before_position is not None:
            sql += " AND position < ?"
            values.append(before_position)
        sql += " ORDER BY position DESC, id DESC LIMIT ?"
        rows = await self._in_thread(self._reader.rows, sql, (*values, limit))
        return [_stream_info(row) for row in rows]

    async def stream(self, stream: str) -> StreamInfo | None:
        row = self._row(f"{_STREAM_INFO} WHERE name = ?", (stream,))
        return _stream_info(row) if row else None

    async def count_by(self, key: str) -> Mapping[str, int]:
        sql = (
            "SELECT top.atom, count(*) FROM streams, json_each(heading) AS top"
            " WHERE heading <> '{}' AND top.key = ? AND top.type = 'text' GROUP BY 1"
        )
        return dict(await self._in_thread(self._reader.rows, sql, (key,)))

    # -- timers ----------------------------------------------------------------------------------
    async def due_timers(self, now: datetime, *, limit: int = 100) -> Sequence[Timer]:
        rows = self._reader.rows(
            "SELECT s.name, t.name, t.due_microseconds FROM timers t JOIN streams s"
            " ON s.id = t.stream WHERE t.due_microseconds <= ? ORDER BY t.due_microseconds LIMIT ?",
            (microseconds(now), limit),
        )
        return [Timer(stream, name, _moment(due)) for stream, name, due in rows]

    async def next_due(self) -> datetime | None:
        row = self._row("SELECT min(due_microseconds) FROM timers")
        return _moment(row[0]) if row and row[0] is not None else None

    # -- the end ---------------------------------------------------------------------------------
    async def close(self) -> None:
        if self._closed is None:
            self._closed = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closed)

    async def _close(self) -> None:
        self._bell.wake_all()
        await self._writer.close()
        await asyncio.to_thread(self._threads.shutdown)
        self._reader.close()

    def _row(self, sql: str, values: Row = ()) -> tuple[Any, ...] | None:
        rows = self._reader.rows(sql, values)
        return rows[0] if rows else None

    async def _in_thread(self, function: Callable[..., _T], *args: object) -> _T:
        if self._closed is not None:
            raise self._reader.gone()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *args)


class _Reader:
    """A read connection for each thread that asks, all closed together at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._connections: list[apsw.Connection] = []
        self._closed = False

    def rows(self, sql: str, values: Row = ()) -> list[tuple[Any, ...]]:
        """All rows. Each call sees one consistent state of the log. Raises `LogError`s."""
        if self._closed:
            raise self.gone()
        try:
            cursor: apsw.Cursor | None = getattr(self._own, "cursor", None)
            if cursor is None:
                connection = open_reader(self._path)
                self._connections.append(connection)
                cursor = self._own.cursor = connection.cursor()
            return list(cursor.execute(sql, values))
        except apsw.Error as error:
            raise translated(error, self._path) from error

    def gone(self) -> LogError:
        return LogError(f"The log {self._path} is closed: open it again to read.")

    def close(self) -> None:
        self._closed = True
        for connection in self._connections:
            connection.close(True)


_STREAM_INFO = "SELECT name, epoch, version, heading, position FROM streams"


def _stream_info(row: tuple[Any, ...]) -> StreamInfo:
    name, epoch, version, heading, position = row
    return StreamInfo(name, epoch, version, heading.encode(), position)


def _moment(since_1970_microseconds: int) -> datetime:
    return UNIX_START + timedelta(microseconds=since_1970_microseconds)


def _check(entry: Append) -> None:
    """Refuse what no store could keep: a bug in the caller, so ValueError."""
    if entry.answer is not None and entry.request_id is None:
        raise ValueError(f"an answer without a request id, in an append to {entry.stream}")
    for chunk in entry.chunks:
        if len(chunk.data) > CHUNK_LIMIT_BYTES:
            raise ValueError(f"chunk {chunk.id} has {len(chunk.data)} bytes, over the limit")
        if len(bytes.fromhex(chunk.id)) != 16:
            raise ValueError(f"chunk {chunk.id}: make it with Chunk.of, its id names its content")
    for timer in entry.set_timers:
        if timer.stream != entry.stream or timer.due_at.utcoffset() is None:
            raise ValueError(f"timer {timer.name} of {entry.stream}: another stream, or no UTC")
    if entry.heading is not None:
        try:
            msgspec.json.decode(entry.heading, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise ValueError(f"heading of {entry.stream} is not a JSON object: {error}") from error
