"""What one transaction does: many requests, each judged alone, written together.

Guarantee: a request is judged against everything before it in its batch, and is either refused
before it touches anything or written whole. Runs in the writer's thread, inside BEGIN IMMEDIATE.

Speed comes from few statements, not from clever ones: each statement gives up the interpreter lock
and may wait for it, so rows are looked up and written many at a time.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any, assert_never

import apsw
from msgspec import Struct

from stillfixed.actors.errors import Fenced
from stillfixed.actors.log.contract import Append, Appended, Chunk, Claim
from stillfixed.actors.log.packing import Packed, pack
from stillfixed.actors.log.schema import request_hash

UNIX_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KNOWN_STREAMS_LIMIT = 20_000
_ROWS_LIMIT = 64
GIVEN_BACK_PAGES = 500
"""Moved in one turn, so that whoever waits to write does not wait long."""

Row = tuple[int | str | bytes | None, ...]


class Claiming(Struct, frozen=True):
    stream: str
    placed: tuple[str, str] | None


class Placing(Struct, frozen=True):
    key: str
    holder: str
    instead_of: str | None


class GivingBack(Struct, frozen=True):
    """Give free pages back to the file system, some at a time; the bytes are its outcome."""


Request = Append | Claiming | Placing | GivingBack
Outcome = Appended | Claim | str | int | Fenced


class _Stream(Struct):
    """A row of `streams`, kept between batches. `heading` is None unless this batch changes it."""

    id: int
    name: str
    epoch: int = 0
    version: int = 0
    position: int = 0
    heading: str | None = None


def microseconds(moment: datetime) -> int:
    return (moment - UNIX_START) // _MICROSECOND


class Ledger:
    """Applies batches over one connection. Knows the streams lately written, as long as nobody
    else wrote (`PRAGMA data_version` tells, inside the transaction)."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor
        self._known: dict[str, _Stream] = {}
        self._data_version = -1
        self._newest_stream = 0
        self._newest_position = 0

    def forget(self) -> None:
        """The transaction was undone: what is known may be wrong."""
        self._data_version = -1

    def apply(self, batch: Sequence[tuple[Request, Sequence[Packed]]]) -> list[Outcome]:
        """One outcome a request, in order. The caller commits, or undoes and calls `forget`."""
        self._refresh()
        self._load_streams({r.stream for r, _ in batch if isinstance(r, Append | Claiming)})
        page = _Page(self._answered(r for r, _ in batch if isinstance(r, Append)))
        outcomes: list[Outcome] = []
        for request, chunks in batch:
            match request:
                case Append():
                    outcomes.append(self._append(page, request, chunks))
                case Claiming():
                    outcomes.append(self._claim(page, request))
                case Placing():
                    outcomes.append(self._place(request))
                case GivingBack():
                    outcomes.append(self._give_back())
                case _:
                    assert_never(request)
        page.write(self._cursor)
        return outcomes

    # -- one request -----------------------------------------------------------------------------
    def _append(self, page: "_Page", entry: Append, chunks: Sequence[Packed]) -> Outcome:
        stream = self._known.get(entry.stream)
        if stream is None and entry.epoch is None:
            stream = _Stream(self._newest_stream + 1, entry.stream)
        if stream is None or entry.epoch not in (None, stream.epoch):
            return Fenced(
                f"Epoch {entry.epoch} does not own stream {entry.stream}, epoch "
                f"{stream.epoch if stream else 0} does; nothing was written. Claim it again first."
            )
        request_id = entry.request_id
        if request_id is not None:
            earlier = page.answers.get((stream.id, request_id))
            if earlier is not None:
                return Appended(stream.version, 0, earlier)
        if entry.expected_version != stream.version:
            return Fenced(
                f"Stream {entry.stream} is at version {stream.version}, not at "
                f"{entry.expected_version}; nothing was written. Read what is new first."
            )
        referred = self._referred(page, entry) if entry.remove_chunks else None
        if referred is not None:
            return Fenced(
                f"Chunk {referred} is in use since position {entry.checked_position}; nothing was "
                "removed or written. Look again at what is new."
            )
        if entry.epoch is None:
            self._begin_epoch(page, stream)
        version, position = stream.version, 0
        for data in entry.events:
            version += 1
            self._newest_position = position = self._newest_position + 1
            page.events.append((position, stream.id, version, request_id, data))
        if position:
            stream.version, stream.position = version, position
            page.touched[stream.id] = stream
        if request_id is not None and entry.answer is not None:
            page.answers[stream.id, request_id] = entry.answer
            row = (stream.id, request_id, request_hash(request_id), entry.answer)
            page.new_answers.append(row)
        if entry.heading is not None:
            stream.heading = entry.heading.decode()
            page.touched[stream.id] = stream
        if entry.snapshot is not None:
            page.snapshots[stream.id] = version, entry.snapshot
        for chunk in chunks:
            page.chunks[chunk.id] = chunk
        if len(chunks) < len(entry.chunks):
            stored = {chunk.id for chunk in chunks}
            page.taken_for_stored += [c for c in entry.chunks if bytes.fromhex(c.id) not in stored]
        page.removed += [bytes.fromhex(chunk) for chunk in entry.remove_chunks]
        for name in entry.cancel_timers:
            page.timers[stream.id, name] = None
        for timer in entry.set_timers:
            page.timers[stream.id, timer.name] = microseconds(timer.due_at)
        return Appended(version, position)

    def _referred(self, page: "_Page", entry: Append) -> str | None:
        """A chunk to remove that an event refers to which its remover has not looked at."""
        sql = "SELECT data FROM events WHERE position > ?"
        written = (data for (data,) in self._cursor.execute(sql, (entry.checked_position,)))
        names = [chunk.encode() for chunk in entry.remove_chunks]
        for data in chain(written, (row[4] for row in page.events)):
            for name in names:
                if name in data:
                    return name.decode()
        return None

    def _give_back(self) -> int:
        before, page_bytes = self._free_pages(), self._cursor.execute("PRAGMA page_size").get
        self._cursor.execute(f"PRAGMA incremental_vacuum({GIVEN_BACK_PAGES})").fetchall()
        return (before - self._free_pages()) * int(page_bytes)

    def _free_pages(self) -> int:
        return int(self._cursor.execute("PRAGMA freelist_count").get)

    def _claim(self, page: "_Page", claim: Claiming) -> Outcome:
        if claim.placed is not None:
            key, holder = claim.placed
            if self._holder(key) != holder:
                return Fenced(f"{holder} no longer serves {key}: stream {claim.stream} stays.")
        stream = self._known.get(claim.stream)
        if stream is None:
            stream = _Stream(self._newest_stream + 1, claim.stream)
        self._begin_epoch(page, stream)
        version, data = page.snapshots.get(stream.id, (0, None))
        if data is None:
            sql = "SELECT version, data FROM snapshots WHERE stream = ?"
            version, data = self._cursor.execute(sql, (stream.id,)).get or (0, None)
        return Claim(stream.epoch, stream.version, data, version)

    def _begin_epoch(self, page: "_Page", stream: _Stream) -> None:
        """Of a stream that may be new: only now does it take its number."""
        if stream.epoch == 0:
            self._newest_stream = stream.id
            self._known[stream.name] = stream
        stream.epoch += 1
        page.touched[stream.id] = stream

    def _place(self, place: Placing) -> str:
        on_record = self._holder(place.key)
        if on_record is not None and on_record != place.instead_of:
            return on_record
        sql = "INSERT OR REPLACE INTO placements VALUES (?, ?)"
        self._cursor.execute(sql, (place.key, place.holder))
        return place.holder

    def _holder(self, key: str) -> str | None:
        sql = "SELECT holder FROM placements WHERE key = ?"
        holder: str | None = self._cursor.execute(sql, (key,)).get
        return holder

    # -- what is there ---------------------------------------------------------------------------
    def _refresh(self) -> None:
        data_version: int = self._cursor.execute("PRAGMA data_version").get
        if data_version == self._data_version and len(self._known) < _KNOWN_STREAMS_LIMIT:
            return
        self._known.clear()
        self._newest_position, self._newest_stream = self._cursor.execute(
            "SELECT ifnull((SELECT max(position) FROM events), 0),"
            "  ifnull((SELECT max(id) FROM streams), 0)"
        ).get
        self._data_version = data_version

    def _load_streams(self, wanted: set[str]) -> None:
        names: list[Row] = [(name,) for name in wanted - self._known.keys()]
        for row in _run(self._cursor, _STREAMS, names):
            self._known[row[1]] = _Stream(*row)

    def _answered(self, entries: Iterable[Append]) -> dict[tuple[int, str], bytes]:
        known = self._known
        wanted: list[Row] = [
            (known[entry.stream].id, entry.request_id, request_hash(entry.request_id))
            for entry in entries
            if entry.request_id is not None and entry.stream in known
        ]
        return {(row[0], row[1]): row[2] for row in _run(self._cursor, _ANSWERS, wanted)}


class _Page:
    """What a batch will write, gathered while it is judged. A timer of None is cancelled."""

    def __init__(self, answers: dict[tuple[int, str], bytes]) -> None:
        self.answers = answers
        self.new_answers: list[Row] = []
        self.events: list[Row] = []
        self.touched: dict[int, _Stream] = {}
        self.chunks: dict[bytes, Packed] = {}
        self.removed: list[bytes] = []
        self.taken_for_stored: list[Chunk] = []
        """Chunks that were stored when they were to be packed, and may have been removed since."""
        self.snapshots: dict[int, tuple[int, bytes]] = {}
        self.timers: dict[tuple[int, str], int | None] = {}

    def write(self, cursor: apsw.Cursor) -> None:
        touched = list(self.touched.values())
        _run(
            cursor, _PUT_STREAMS, [(s.id, s.name, s.epoch, s.version, s.position) for s in touched]
        )
        _run(cursor, _PUT_EVENTS, self.events)
        _run(cursor, _PUT_ANSWERS, self.new_answers)
        for stream in touched:
            if stream.heading is not None:
                sql = "UPDATE streams SET heading = ? WHERE id = ?"
                cursor.execute(sql, (stream.heading, stream.id))
                stream.heading = None
        self._remove(cursor)
        self._store_again(cursor)
        _run(cursor, _PUT_CHUNKS, [(c.id, c.size, c.data) for c in self.chunks.values()])
        _run(cursor, _PUT_SNAPSHOTS, [(stream, *kept) for stream, kept in self.snapshots.items()])
        due = [(*key, at) for key, at in self.timers.items() if at is not None]
        gone = [key for key, at in self.timers.items() if at is None]
        _run(cursor, _PUT_TIMERS, due)
        _run(cursor, _DROP_TIMERS, gone)

    def _remove(self, cursor: apsw.Cursor) -> None:
        if self.removed:
            cursor.execute("PRAGMA secure_delete = on")  # overwritten, not just let go
            _run(cursor, _DROP_CHUNKS, [(chunk,) for chunk in self.removed])
            cursor.execute("PRAGMA secure_delete = fast")

    def _store_again(self, cursor: apsw.Cursor) -> None:
        if self.taken_for_stored:
            wanted: list[Row] = [(bytes.fromhex(chunk.id),) for chunk in self.taken_for_stored]
            there = {row[0] for row in _run(cursor, _STORED_CHUNKS, wanted)}
            for chunk in self.taken_for_stored:
                if bytes.fromhex(chunk.id) not in there:
                    packed = pack(chunk)
                    self.chunks[packed.id] = packed


# -- statements over many rows ---------------------------------------------------------------------
_STREAMS = "SELECT id, name, epoch, version, position FROM streams WHERE name IN (VALUES {rows})"
_ANSWERS = (
    "WITH wanted (stream, request, request_hash) AS (VALUES {rows})"
    " SELECT stream, request, a.answer"
    " FROM wanted CROSS JOIN answers a USING (stream, request, request_hash)"
)
_PUT_STREAMS = (
    "INSERT INTO streams (id, name, epoch, version, position, heading)"
    " SELECT column1, column2, column3, column4, column5, '{{}}' FROM (VALUES {rows}) WHERE true"
    " ON CONFLICT (id) DO UPDATE SET"
    "  epoch = excluded.epoch, version = excluded.version, position = excluded.position"
)
_PUT_EVENTS = "INSERT INTO events (position, stream, version, request, data) VALUES {rows}"
_PUT_ANSWERS = "INSERT INTO answers (stream, request, request_hash, answer) VALUES {rows}"
_PUT_CHUNKS = "INSERT OR IGNORE INTO chunks (id, size, data) VALUES {rows}"
_DROP_CHUNKS = "DELETE FROM chunks WHERE id IN (VALUES {rows})"
_STORED_CHUNKS = "SELECT id FROM chunks WHERE id IN (VALUES {rows})"
_PUT_SNAPSHOTS = "INSERT OR REPLACE INTO snapshots (stream, version, data) VALUES {rows}"
_PUT_TIMERS = "INSERT OR REPLACE INTO timers (stream, name, due_microseconds) VALUES {rows}"
_DROP_TIMERS = "DELETE FROM timers WHERE (stream, name) IN (VALUES {rows})"


def _run(cursor: apsw.Cursor, template: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Run a statement over all rows, in groups whose sizes repeat, so that each stays prepared."""
    found: list[tuple[Any, ...]] = []
    start = 0
    while start < len(rows):
        size = min(_ROWS_LIMIT, 1 << ((len(rows) - start).bit_length() - 1))
        values = tuple(chain.from_iterable(rows[start : start + size]))
        found += cursor.execute(_statement(template, len(rows[0]), size), values)
        start += size
    return found


@cache
def _statement(template: str, width: int, size: int) -> str:
    row = f"({', '.join('?' * width)})"
    return template.format(rows=", ".join([row] * size))
