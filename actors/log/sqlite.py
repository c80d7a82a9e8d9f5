"""The embedded log: one SQLite file in WAL mode. See `contract.py` for what it promises.

Small reads run on the event loop, on a connection of their own (readers never wait for writers);
what may be large is read in a thread.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import zstandard

from stillfixed.actors.errors import LogCorrupted, LogError
from stillfixed.actors.log.bell import LOOK_AGAIN_SECONDS, Bell, Bells
from stillfixed.actors.log.contract import (
    CHUNK_LIMIT_BYTES,
    Append,
    Appended,
    Claim,
    Recorded,
    StreamInfo,
    Timer,
)
from stillfixed.actors.log.schema import connect, translate
from stillfixed.actors.log.transaction import microseconds
from stillfixed.actors.log.writer import Writer

INLINE_ROWS = 128
"""Longer reads go on in a thread."""

INLINE_BYTES = 64 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVENT = "SELECT position, ?1, version, request, data FROM events WHERE stream = ?2"
_FEED = (
    "SELECT position, name, events.version, request, data FROM events JOIN streams ON id = stream"
)


class SqliteLog:
    """Open with `await SqliteLog.open(path)`; belongs to the event loop it was opened on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bells = Bells(path)
        self._bell: Bell | None = None
        self._writer = Writer(path, self._committed)
        self._transaction = self._writer.transaction
        self._reader = connect(path, write=False)
        self._ids: dict[str, int] = {}
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> "SqliteLog":
        """The log in a file, made if it is not there. Raises `LogError`s."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LogError(f"The data folder {path.parent} cannot be made: {error}") from None
        return cls(path)

    # -- writing -------------------------------------------------------------------------------
    async def place(self, key: str, holder: str, *, instead_of: str | None) -> str:
        winner: str = await self._writer.submit(
            lambda: self._transaction.place(key, holder, instead_of)
        )
        return winner

    async def claim(self, stream: str, *, placed: tuple[str, str] | None = None) -> Claim:
        claim: Claim = await self._writer.submit(lambda: self._transaction.claim(stream, placed))
        return claim

    def append(self, entry: Append) -> "asyncio.Future[Appended]":
        size_bytes = 0
        for chunk in entry.chunks:
            if len(chunk.data) > CHUNK_LIMIT_BYTES:
                raise ValueError(
                    f"A chunk has {len(chunk.data):,} bytes, over {CHUNK_LIMIT_BYTES:,}."
                )
            size_bytes += len(chunk.data)
        return self._writer.submit(lambda: self._transaction.append(entry), size_bytes)

    def _committed(self) -> None:
        self._bells.ring(but=self._bell.name if self._bell else None)
        if self._bell is not None:
            self._bell.ring()

    # -- reading -------------------------------------------------------------------------------
    async def holder(self, key: str) -> str | None:
        row = self._one("SELECT holder FROM placements WHERE key = ?", key)
        return row[0] if row else None

    async def answer(self, stream: str, request_id: str) -> bytes | None:
        stream_id = self._id(stream)
        if stream_id is None:
            return None
        row = self._one(
            "SELECT answer FROM answers WHERE stream = ? AND request = ?", stream_id, request_id
        )
        return row[0] if row else None

    async def read(
        self, stream: str, *, after_version: int = 0, until_version: int | None = None
    ) -> Sequence[Recorded]:
        stream_id = self._id(stream)
        if stream_id is None:
            return []
        until = until_version if until_version is not None else 2**62
        sql = _EVENT + " AND version > ?3 AND version <= ?4 ORDER BY version LIMIT ?5"
        rows = self._all(sql, stream, stream_id, after_version, until, INLINE_ROWS)
        if len(rows) == INLINE_ROWS:
            rest = (stream, stream_id, rows[-1][2], until, -1)
            rows += await asyncio.to_thread(self._apart, sql, rest)
        return [Recorded(*row) for row in rows]

    async def read_feed(
        self, after_position: int, *, stream: str | None = None, limit: int = 1000
    ) -> Sequence[Recorded]:
        if stream is None:
            sql = _FEED + " WHERE position > ?1 ORDER BY position LIMIT ?2"
            first: tuple[Any, ...] = ()
        else:
            stream_id = self._id(stream)
            if stream_id is None:
                return []
            sql = _EVENT + " AND position > ?3 ORDER BY position LIMIT ?4"
            first = (stream, stream_id)
        rows = self._all(sql, *first, after_position, min(limit, INLINE_ROWS))
        if len(rows) == INLINE_ROWS < limit:
            rest = (*first, rows[-1][0], limit - INLINE_ROWS)
            rows += await asyncio.to_thread(self._apart, sql, rest)
        return [Recorded(*row) for row in rows]

    async def follow(
        self, after_position: int, *, stream: str | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        if self._bell is None:
            self._bell = Bell(self._bells.folder)
        while not self._closed:
            rung = self._bell.next_ring()
            batch = await self.read_feed(after_position, stream=stream)
            if batch:
                after_position = batch[-1].position
                yield batch
                continue
            try:
                await asyncio.wait_for(rung.wait(), LOOK_AGAIN_SECONDS)
            except TimeoutError:
                continue

    async def newest_position(self) -> int:
        row = self._one("SELECT max(position) FROM events")
        return row[0] if row and row[0] is not None else 0

    async def chunk(self, chunk_id: str) -> bytes:
        row = self._one("SELECT data FROM chunks WHERE id = ?", chunk_id)
        if row is None:
            raise LogCorrupted(f"The log {self.path} has no output chunk {chunk_id}.")
        data: bytes = row[0]
        if zstandard.frame_content_size(data) <= INLINE_BYTES:
            return _decompress(data)
        return await asyncio.to_thread(_decompress, data)

    async def stream(self, stream: str) -> StreamInfo | None:
        row = self._one("SELECT name, epoch, version, heading FROM streams WHERE name = ?", stream)
        return StreamInfo(*row) if row else None

    async def streams(
        self, where: Mapping[str, str] | None = None, *, limit: int = 100
    ) -> Sequence[StreamInfo]:
        clauses = "".join(
            f" AND heading ->> ?{2 * number + 2} = ?{2 * number + 3}"
            for number in range(len(where or {}))
        )
        sql = (
            "SELECT name, epoch, version, heading FROM streams WHERE version > 0"
            f"{clauses} ORDER BY active DESC LIMIT ?1"
        )
        pairs = [part for key, value in (where or {}).items() for part in (f"$.{key}", value)]
        rows = await asyncio.to_thread(self._apart, sql, (limit, *pairs))
        return [StreamInfo(*row) for row in rows]

    # -- timers --------------------------------------------------------------------------------
    async def due_timers(self, now: datetime, *, limit: int = 100) -> Sequence[Timer]:
        sql = (
            "SELECT streams.name, timers.name, due FROM timers JOIN streams ON id = stream "
            "WHERE due <= ? ORDER BY due LIMIT ?"
        )
        rows = self._all(sql, microseconds(now), limit)
        return [Timer(stream, name, _time(due)) for stream, name, due in rows]

    async def next_due(self) -> datetime | None:
        row = self._one("SELECT min(due) FROM timers")
        return _time(row[0]) if row and row[0] is not None else None

    # -- plumbing ------------------------------------------------------------------------------
    def _id(self, stream: str) -> int | None:
        """Streams never go away, so their numbers may be remembered."""
        known = self._ids.get(stream)
        if known is None:
            row = self._one("SELECT id FROM streams WHERE name = ?", stream)
            if row is None:
                return None
            known = self._ids[stream] = row[0]
        return known

    def _one(self, sql: str, *arguments: Any) -> Any:
        rows = self._all(sql, *arguments)
        return rows[0] if rows else None

    def _all(self, sql: str, *arguments: Any) -> list[Any]:
        if self._closed:
            raise LogError(f"The log {self.path} is closed here. Open it again.")
        try:
            return self._reader.execute(sql, arguments).fetchall()
        except apsw.Error as error:
            raise translate(error, self.path) from None

    def _apart(self, sql: str, arguments: tuple[Any, ...]) -> list[Any]:
        """A read in a thread, on a connection of its own."""
        reader = connect(self.path, write=False)
        try:
            return reader.execute(sql, arguments).fetchall()
        except apsw.Error as error:
            raise translate(error, self.path) from None
        finally:
            reader.close()

    async def close(self) -> None:
        if self._closed:
            return
        await self._writer.close()
        self._closed = True
        if self._bell is not None:
            self._bell.close()
        self._bells.close()
        self._reader.close()


def _decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)


def _time(due: int) -> datetime:
    return _EPOCH + timedelta(microseconds=due)
