"""The event log: what every store promises.

A *stream* is one session's history: events numbered 1, 2, 3 … (its *versions*). The *feed* is all
streams in commit order, numbered by *position*. Events, answers, snapshots and headings are opaque
bytes here (the domain encodes them); times are aware UTC datetimes.

Promises, held by one contract suite that each store passes:

1. **Fencing.** `claim` gives a stream a new *epoch*, higher than all before. An append with an
   older epoch, or on a version that is not the newest, raises `Fenced` and writes nothing. The
   epoch is judged first, then the request id (promise 3), then the version: a retry is answered.
   An append without an epoch claims the stream itself, in its own transaction.
2. **All or nothing.** An append's events, answer, chunks, snapshot, timers and heading commit in
   one transaction, on stable storage before `append` returns.
3. **Once.** A request id is answered once in a stream; a second append with it writes nothing and
   returns the first answer.
4. **The feed has no holes.** A reader that has seen position p will never later find a new event at
   or below p.
5. **Sharing.** Appends that wait at the same moment share one transaction, and fail one by one.
6. **Removal is part of history.** Chunks are removed by an append, in its transaction, so that the
   event that says so and the deed are one. An event refers to a chunk by holding its id in its
   bytes. A chunk that an event after `checked_position` refers to is not removed: the whole append
   raises `Fenced`. An append whose chunks were removed a moment ago stores them again.
7. **Errors** are `LogBusy`, `LogFull`, `LogCorrupted`, `LogTooNew`; after any of them, what was
   acknowledged is still there and what was not acknowledged is either whole or absent.
"""

from asyncio import Future
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from msgspec import Struct

CHUNK_LIMIT_BYTES = 4 * 1024 * 1024
"""The largest chunk of output a store accepts; a larger one is a bug in the caller (ValueError)."""


class Recorded(Struct, frozen=True, gc=False):
    """One event as it lies in the log."""

    position: int
    stream: str
    version: int
    request_id: str | None
    data: bytes


class Chunk(Struct, frozen=True):
    """A piece of raw output, named by its content: the same bytes are stored once."""

    id: str
    data: bytes

    @staticmethod
    def of(data: bytes) -> "Chunk":
        # Twice as fast as BLAKE2b where the processor knows it, as most do now.
        return Chunk(sha256(data).hexdigest()[:32], data)


class Timer(Struct, frozen=True):
    """Something a stream wants to be woken for. `name` is unique in its stream."""

    stream: str
    name: str
    due_at: datetime


class Claim(Struct, frozen=True):
    """What a stream's new owner starts from. `snapshot` covers versions to `snapshot_version`."""

    epoch: int
    version: int
    snapshot: bytes | None
    snapshot_version: int


class Append(Struct, frozen=True, kw_only=True):
    """One conditional write to one stream.

    With `epoch` None the append starts a new epoch, as `claim` would, unless it is refused or was
    answered before: for writers that visit many streams once, and own none of them.
    `events` follow `expected_version`; there may be none (an answer or a snapshot alone).
    `set_timers` replace timers of the same name; `cancel_timers` may name timers that are gone.
    `remove_chunks` are removed for good, whoever stored them (promise 6): the caller knows of all
    that refers to them up to `checked_position`.
    `snapshot` covers everything up to and with these events. `heading` is a small JSON object that
    lists and searches show; None leaves the old one.
    """

    stream: str
    epoch: int | None
    expected_version: int
    events: tuple[bytes, ...] = ()
    request_id: str | None = None
    answer: bytes | None = None
    chunks: tuple[Chunk, ...] = ()
    remove_chunks: tuple[str, ...] = ()
    checked_position: int = 0
    snapshot: bytes | None = None
    set_timers: tuple[Timer, ...] = ()
    cancel_timers: tuple[str, ...] = ()
    heading: bytes | None = None


class Appended(Struct, frozen=True):
    """`version` is the stream's newest version; `earlier_answer` is set when the request id was
    answered before and nothing was written now; `position` is the last event written, or 0."""

    version: int
    position: int
    earlier_answer: bytes | None = None


class StreamInfo(Struct, frozen=True):
    """`position` is that of the stream's newest event."""

    stream: str
    epoch: int
    version: int
    heading: bytes
    position: int = 0


class EventLog(Protocol):
    """See the module's head for what is promised. All methods may raise `LogError`s."""

    # -- ownership ------------------------------------------------------------------------------
    async def place(self, key: str, holder: str, *, instead_of: str | None) -> str:
        """Record that `holder` serves `key`, if nobody or `instead_of` is on record; the winner."""
        ...

    async def holder(self, key: str) -> str | None:
        """Who serves `key` according to the last `place`."""
        ...

    async def claim(self, stream: str, *, placed: tuple[str, str] | None = None) -> Claim:
        """Start a new epoch of `stream` (a stream need not exist yet: version 0).

        With `placed` = (key, holder) the claim holds only while `holder` still serves `key`;
        otherwise `Fenced` is raised and the epoch stays.
        """
        ...

    # -- writing --------------------------------------------------------------------------------
    def append(self, entry: Append) -> Future[Appended]:
        """Queue one write; it is in the queue, in call order, before this returns. The future
        holds the outcome once it is on stable storage, or the error."""
        ...

    async def give_back(self) -> int:
        """Return to the file system what removals left free, beside the writers; the bytes."""
        ...

    # -- reading --------------------------------------------------------------------------------
    async def answer(self, stream: str, request_id: str) -> bytes | None:
        """The stored answer to a request, None if it was never answered."""
        ...

    async def read(
        self, stream: str, *, after_version: int = 0, until_version: int | None = None
    ) -> Sequence[Recorded]:
        """Events of one stream in version order, `until_version` included."""
        ...

    async def read_many(self, streams: Sequence[str]) -> Sequence[Recorded]:
        """All events of these streams, each stream's together and in version order."""
        ...

    async def read_feed(
        self, after_position: int, *, stream: str | None = None, limit: int = 1000
    ) -> Sequence[Recorded]:
        """Up to `limit` events of the feed after a position, of all streams or of one."""
        ...

    def follow(
        self, after_position: int, *, stream: str | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        """The feed from a position on, for ever, in non-empty batches, woken by appends of any
        process on the same log and not by a busy loop. Ends when the log is closed."""
        ...

    async def newest_position(self) -> int: ...

    async def chunk(self, chunk_id: str) -> bytes:
        """The bytes of a chunk. Raises `LogCorrupted` if it is not there."""
        ...

    async def streams(
        self,
        where: Mapping[str, str] | None = None,
        *,
        limit: int = 100,
        before_position: int | None = None,
    ) -> Sequence[StreamInfo]:
        """Streams whose heading has these top-level values, newest activity first. A stream that
        never got a heading is not listed. `before_position` goes on after the last one of an
        earlier list: what became active meanwhile is not listed twice."""
        ...

    async def stream(self, stream: str) -> StreamInfo | None: ...

    async def count_by(self, key: str) -> Mapping[str, int]:
        """How many streams that `streams` would list have which text at the heading's `key`."""
        ...

    # -- timers ---------------------------------------------------------------------------------
    async def due_timers(self, now: datetime, *, limit: int = 100) -> Sequence[Timer]:
        """Timers due at `now` or before, the longest due first. They stay until an append cancels
        or replaces them."""
        ...

    async def next_due(self) -> datetime | None: ...

    async def close(self) -> None:
        """Finish the appends that wait, then release everything. Idempotent."""
        ...
