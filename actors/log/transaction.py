"""What may be done inside one write transaction of the embedded log.

Each method checks first and writes after: a refusal leaves nothing behind, so that others in the
same transaction are not disturbed. Heads of streams are remembered between transactions for as long
as no other process has written.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import apsw
import zstandard

from stillfixed.actors.errors import Fenced
from stillfixed.actors.log.contract import Append, Appended, Chunk, Claim

HEADS_KEPT = 50_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Head:
    """A stream's number, epoch and version as they are in this transaction."""

    __slots__ = ("epoch", "id", "version")

    def __init__(self, stream_id: int, epoch: int, version: int) -> None:
        self.id = stream_id
        self.epoch = epoch
        self.version = version


class Transaction:
    def __init__(self, connection: apsw.Connection) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._heads: dict[str, Head] = {}
        self._seen = -1
        self._compressor = zstandard.ZstdCompressor(level=1)

    def begin(self) -> None:
        """Forget what may have changed: another connection wrote, or the last try was undone."""
        seen = self._execute("PRAGMA data_version").get
        if seen != self._seen or len(self._heads) > HEADS_KEPT:
            self._heads.clear()
            self._seen = seen

    def undone(self) -> None:
        """The transaction was rolled back."""
        self._heads.clear()

    # -- ownership -----------------------------------------------------------------------------
    def place(self, key: str, holder: str, instead_of: str | None) -> str:
        current = self._execute("SELECT holder FROM placements WHERE key = ?", (key,)).get
        if current != instead_of:
            return str(current)
        self._execute("INSERT OR REPLACE INTO placements VALUES (?, ?)", (key, holder))
        return holder

    def claim(self, stream: str, placed: tuple[str, str] | None) -> Claim:
        if placed is not None:
            key, holder = placed
            current = self._execute("SELECT holder FROM placements WHERE key = ?", (key,)).get
            if current != holder:
                raise Fenced(f"{stream} is placed with {current}, not with {holder}.")
        head = self._head(stream)
        if head is None:
            self._execute(
                "INSERT INTO streams (name, epoch, version, active, heading) "
                "VALUES (?, 1, 0, 0, CAST('{}' AS BLOB))",
                (stream,),
            )
            head = self._heads[stream] = Head(self._connection.last_insert_rowid(), 1, 0)
            return Claim(1, 0, None, 0)
        head.epoch += 1
        self._execute("UPDATE streams SET epoch = ? WHERE id = ?", (head.epoch, head.id))
        row: Any = self._execute(
            "SELECT data, version FROM snapshots WHERE stream = ?", (head.id,)
        ).get
        snapshot, version = row if row is not None else (None, 0)
        return Claim(head.epoch, head.version, snapshot, version)

    def _head(self, stream: str) -> Head | None:
        head = self._heads.get(stream)
        if head is None:
            row: Any = self._execute(
                "SELECT id, epoch, version FROM streams WHERE name = ?", (stream,)
            ).get
            if row is None:
                return None
            head = self._heads[stream] = Head(*row)
        return head

    # -- appending -----------------------------------------------------------------------------
    def append(self, entry: Append) -> Appended:
        head = self._head(entry.stream)
        if head is None or head.epoch != entry.epoch or head.version != entry.expected_version:
            raise Fenced(_why(entry, head))
        if entry.request_id is not None and entry.answer is not None:
            self._execute(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?)",
                (head.id, entry.request_id, entry.answer),
            )
            if self._connection.changes() == 0:
                return self._answered_before(entry, head)
        position = 0
        for data in entry.events:
            head.version += 1
            self._execute(
                "INSERT INTO events (stream, version, request, data) VALUES (?, ?, ?, ?)",
                (head.id, head.version, entry.request_id, data),
            )
            position = self._connection.last_insert_rowid()
        for chunk in entry.chunks:
            self._store(chunk)
        if entry.snapshot is not None:
            self._execute(
                "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)",
                (head.id, head.version, entry.snapshot),
            )
        if entry.set_timers or entry.cancel_timers:
            self._timers(entry, head)
        if entry.heading is not None:
            self._execute("UPDATE streams SET heading = ? WHERE id = ?", (entry.heading, head.id))
        if entry.events:
            self._execute(
                "UPDATE streams SET version = ?, active = ? WHERE id = ?",
                (head.version, position, head.id),
            )
        return Appended(head.version, position)

    def _answered_before(self, entry: Append, head: Head) -> Appended:
        earlier: Any = self._execute(
            "SELECT answer FROM answers WHERE stream = ? AND request = ?",
            (head.id, entry.request_id),
        ).get
        return Appended(head.version, 0, earlier)

    def _store(self, chunk: Chunk) -> None:
        known = self._execute("SELECT 1 FROM chunks WHERE id = ?", (chunk.id,)).get
        if known is None:
            self._execute(
                "INSERT INTO chunks VALUES (?, ?)",
                (chunk.id, self._compressor.compress(chunk.data)),
            )

    def _timers(self, entry: Append, head: Head) -> None:
        for name in entry.cancel_timers:
            self._execute("DELETE FROM timers WHERE stream = ? AND name = ?", (head.id, name))
        for timer in entry.set_timers:
            self._execute(
                "INSERT OR REPLACE INTO timers VALUES (?, ?, ?)",
                (head.id, timer.name, microseconds(timer.due_at)),
            )


def microseconds(time: datetime) -> int:
    """Whole microseconds since 1970, exactly: a float would lose the last digit."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def _why(entry: Append, head: Head | None) -> str:
    if head is None:
        return f"Nobody has claimed {entry.stream}."
    if head.epoch != entry.epoch:
        return f"{entry.stream} is at epoch {head.epoch}; epoch {entry.epoch} writes no more."
    return f"{entry.stream} is at version {head.version}, not {entry.expected_version}."
