"""The file of the embedded log: its tables, its version, and what its errors mean.

The file names its kind (`application_id`) and its version (`user_version`). A newer version is
refused, an older one is brought up to date when it is opened, a stranger is left alone.
"""

from pathlib import Path

import apsw

from stillfixed.actors.errors import LogBusy, LogCorrupted, LogError, LogFull, LogTooNew

APPLICATION_ID = 0x5F17ED00
SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE streams (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    epoch   INTEGER NOT NULL,
    version INTEGER NOT NULL,
    active  INTEGER NOT NULL,               -- position of the newest event
    heading BLOB NOT NULL
) STRICT;
CREATE TABLE events (
    position INTEGER PRIMARY KEY,           -- commit order: one writer at a time
    stream   INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    request  TEXT,
    data     BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;
CREATE INDEX events_by_stream ON events (stream);   -- and, within a stream, by position
CREATE TABLE answers (
    stream  INTEGER NOT NULL,
    request TEXT NOT NULL,
    answer  BLOB NOT NULL,
    PRIMARY KEY (stream, request)
) STRICT, WITHOUT ROWID;
CREATE TABLE chunks (
    id   TEXT NOT NULL PRIMARY KEY,         -- hash of the content
    data BLOB NOT NULL                      -- zstd
) STRICT;
CREATE TABLE snapshots (
    stream  INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    data    BLOB NOT NULL
) STRICT;
CREATE TABLE timers (
    stream INTEGER NOT NULL,
    name   TEXT NOT NULL,
    due    INTEGER NOT NULL,                -- microseconds since 1970, UTC
    PRIMARY KEY (stream, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due);
CREATE TABLE placements (
    key    TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


def connect(path: Path, *, write: bool) -> apsw.Connection:
    """A connection with the settings that the promises rest on. Raises `LogError`s."""
    try:
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(10_000)
        # WAL: readers never wait. FULL: a commit is on stable storage when it returns.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -16000")
        if not write:
            connection.execute("PRAGMA query_only = ON")
    except apsw.Error as error:
        raise translate(error, path) from None
    return connection


def prepare(connection: apsw.Connection, path: Path) -> None:
    """Make a new file a log, and refuse what is not one or is from a newer release."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _prepare(connection, path)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except apsw.Error as error:
        raise translate(error, path) from None


def _prepare(connection: apsw.Connection, path: Path) -> None:
    application, version = (
        _pragma(connection, "application_id"),
        _pragma(connection, "user_version"),
    )
    tables = connection.execute("SELECT count(*) FROM sqlite_master").get
    if application == 0 and version == 0 and tables == 0:
        connection.execute(SCHEMA)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif application != APPLICATION_ID:
        raise LogCorrupted(
            f"{path} is a database, but not a stillfixed log. It was left as it is; name another "
            "data folder."
        )
    elif version > SCHEMA_VERSION:
        raise LogTooNew(
            f"{path} was written by a newer stillfixed (log version {version}; this one reads up "
            f"to {SCHEMA_VERSION}). Upgrade stillfixed; the file was left as it is."
        )


def _pragma(connection: apsw.Connection, name: str) -> int:
    value = connection.execute(f"PRAGMA {name}").get
    assert isinstance(value, int)
    return value


def translate(error: apsw.Error, path: Path) -> LogError:
    """What a caller sees instead of one of SQLite's errors."""
    match error:
        case apsw.FullError():
            return LogFull(_no_room(path, error))
        case apsw.IOError() if getattr(error, "extendedresult", 0) in _WRITE_ERRORS:
            return LogFull(_no_room(path, error))
        case apsw.CorruptError() | apsw.NotADBError():
            return LogCorrupted(
                f"The log {path} is damaged ({error}). Stop stillfixed, copy the file and its -wal "
                "and -shm files, and restore a backup; `sqlite3 FILE .recover` saves what is whole."
            )
        case apsw.BusyError() | apsw.LockedError():
            return LogBusy(
                f"Another process has held the log {path} for more than 10 s. Nothing was written. "
                "See which one it is with `fuser`, and try again."
            )
        case apsw.CantOpenError() | apsw.PermissionsError() | apsw.ReadOnlyError():
            return LogError(
                f"The log {path} cannot be opened for writing ({error}). Check the folder and its "
                "permissions, or name another data folder."
            )
        case _:
            return LogError(f"The log {path} failed: {type(error).__name__}: {error}")


_WRITE_ERRORS = {
    apsw.SQLITE_IOERR_WRITE,
    apsw.SQLITE_IOERR_FSYNC,
    apsw.SQLITE_IOERR_TRUNCATE,
    apsw.SQLITE_IOERR_SHMSIZE,
}


def _no_room(path: Path, error: apsw.Error) -> str:
    return (
        f"There is no room to write to the log {path} ({error}). Nothing of this request was "
        "recorded. Free disk space or raise the file limit, then ask again."
    )
