"""The log's SQLite file: its tables, how it is opened, and what its errors mean.

Guarantee: a connection handed out here belongs to a file that is ours, undamaged at its head and of
a version we can read; every other file is refused with an error that says what to do.
"""

from pathlib import Path
from zlib import crc32

import apsw

from stillfixed.actors.errors import LogBusy, LogCorrupted, LogError, LogFull, LogTooNew

APPLICATION_ID = 0x73666C67  # "sflg", where `file` and we look for it
SCHEMA_VERSION = 1
BUSY_WAIT_MILLISECONDS = 1000  # a fallback: writers queue at the turnstile, only tools do not
CACHE_KIB = 32 * 1024
JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024

# Streams are small integers inside: they repeat in every index. `position` in streams is that of
# the newest event. Chunks keep a rowid, so that a large one goes to the end of the file and only
# its 16-byte id into the index. A chunk is compressed where `size` is not the length of `data`.
# Answers are found by a short hash, and made unique by the writer: an index of the ids themselves,
# which come in no order, costs two and a half times as much to write (10.2 us a row against 3.7).
TABLES = """
CREATE TABLE streams (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL,
  version INTEGER NOT NULL, position INTEGER NOT NULL, heading TEXT NOT NULL
);
CREATE TABLE events (
  position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL,
  request TEXT, data BLOB NOT NULL
);
CREATE UNIQUE INDEX events_by_stream ON events (stream, version);
CREATE TABLE answers (
  number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, request TEXT NOT NULL,
  request_hash INTEGER NOT NULL, answer BLOB NOT NULL
);
CREATE INDEX answers_by_hash ON answers (stream, request_hash);
CREATE TABLE chunks (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE TABLE snapshots (stream INTEGER PRIMARY KEY, version INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE timers (
  stream INTEGER NOT NULL, name TEXT NOT NULL, due_microseconds INTEGER NOT NULL,
  PRIMARY KEY (stream, name)
) WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due_microseconds);
CREATE TABLE placements (key TEXT PRIMARY KEY, holder TEXT NOT NULL) WITHOUT ROWID;
"""

# Only streams with a heading are listed, and there may be a million without (imported tickets).
# It took the place of an index of all streams: a file that has that one is changed when opened.
LISTED = """
DROP INDEX IF EXISTS streams_by_activity;
CREATE INDEX streams_listed ON streams (position) WHERE heading <> '{}';
"""


def request_hash(request_id: str) -> int:
    """What `answers.request_hash` holds. Part of the format."""
    return crc32(request_id.encode())


_READ_FAULTS = {
    apsw.SQLITE_IOERR_READ,
    apsw.SQLITE_IOERR_SHORT_READ,
    apsw.SQLITE_IOERR_CORRUPTFS,
    apsw.SQLITE_IOERR_DATA,
}


def open_writer(path: Path) -> apsw.Connection:
    """The one connection of this process that writes; makes the file if there is none.

    Call it with the write lock held: two processes may be making the file. Raises `LogError`s.
    """
    try:
        connection = apsw.Connection(str(path), statementcachesize=200)
        connection.set_busy_timeout(BUSY_WAIT_MILLISECONDS)
        try:
            _check_or_make(connection, path)
        except BaseException:
            connection.close()
            raise
    except apsw.Error as error:
        raise translated(error, path) from error
    return connection


def open_reader(path: Path) -> apsw.Connection:
    """A connection that reads. It waits for nobody: in WAL mode readers and writers do not meet."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(1000)  # only while another process recovers the file
        connection.pragma("query_only", True)
        connection.pragma("cache_size", -8 * 1024)
    except apsw.Error as error:
        raise translated(error, path) from error
    return connection


def _check_or_make(connection: apsw.Connection, path: Path) -> None:
    application_id = connection.pragma("application_id")
    version = connection.pragma("user_version")
    empty = not connection.execute("SELECT count(*) FROM sqlite_schema").get
    if application_id == APPLICATION_ID and version > SCHEMA_VERSION:
        raise LogTooNew(
            f"{path} was written by a newer stillfixed: its format is {version}, and this version "
            f"reads up to {SCHEMA_VERSION}. Upgrade stillfixed on this machine."
        )
    if application_id != APPLICATION_ID and not (application_id == version == 0 and empty):
        raise LogCorrupted(
            f"{path} is a SQLite file, but not a stillfixed log. Nothing was changed in it. "
            "Give the path of a log, or of a file that does not exist yet."
        )
    if application_id == 0:
        # So that what removals leave free can be given back; a file that exists keeps its mode.
        connection.pragma("auto_vacuum", "incremental")
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    # Pages that are written anyway keep no remains of rows that were moved: what is removed later
    # is gone, then. It costs no writes.
    connection.pragma("secure_delete", "fast")
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("journal_size_limit", JOURNAL_LIMIT_BYTES)
    if application_id == 0:
        connection.execute(
            f"BEGIN IMMEDIATE; {TABLES} {LISTED} PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT"
        )
    elif not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'streams_listed'").get:
        connection.execute(f"BEGIN IMMEDIATE; {LISTED} COMMIT")


def translated(error: apsw.Error, path: Path, *, holder: str = "another process") -> LogError:
    """What a SQLite error means to a caller of the log."""
    match error:
        case apsw.BusyError() | apsw.LockedError():
            return busy(path, holder)
        case apsw.FullError():
            return _full(error, path)
        case apsw.CorruptError() | apsw.NotADBError():
            return damaged(path, str(error))
        case apsw.IOError() if getattr(error, "extendedresult", 0) in _READ_FAULTS:
            return damaged(path, str(error))
        case apsw.IOError():
            return _full(error, path)
        case _:
            return LogError(
                f"The log {path} cannot be used: {error}. Check that the directory exists and that "
                "this user may write the file and its directory."
            )


def busy(path: Path, holder: str) -> LogBusy:
    return LogBusy(
        f"The log {path} is held by {holder} for too long; nothing was written. Try again, and if "
        "it stays so, end that process."
    )


def damaged(path: Path, detail: str) -> LogCorrupted:
    return LogCorrupted(
        f"The log {path} is damaged or is not a log ({detail}). Stop the host and restore the file "
        f"from a copy; without one, save what can be read: sqlite3 '{path}' .recover | "
        "sqlite3 saved.db"
    )


def _full(error: apsw.Error, path: Path) -> LogFull:
    return LogFull(
        f"The log {path} cannot grow ({error}); nothing was written. Free disk space or raise the "
        "file size limit, then try again; the log needs no restart."
    )
