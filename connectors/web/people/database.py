"""The file of people: its tables, how it is opened, and what its errors mean.

Guarantee: any number of processes use the file at once; each change is one transaction that is on
the disk before it is answered; a read sees every change made before it, by whichever process.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from stillfixed.actors.errors import AccountsUnavailable

FILE_NAME = "people.db"
APPLICATION_ID = 0x73667070  # "sfpp"
SCHEMA_VERSION = 1
BUSY_WAIT_MILLISECONDS = 5000

# Times are microseconds since 1970. Secrets are random and long, so a plain hash of one is enough
# to find it by and tells nothing of it; passwords are neither, and are kept as argon2id makes them.
TABLES = """
CREATE TABLE people (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded TEXT NOT NULL UNIQUE,
  skeleton TEXT NOT NULL UNIQUE, password TEXT, added INTEGER NOT NULL, removed INTEGER
);
CREATE TABLE grants (
  id INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL REFERENCES people,
  data TEXT NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
  UNIQUE (person, data, source)
);
CREATE TABLE identities (
  issuer TEXT NOT NULL, subject TEXT NOT NULL, person INTEGER NOT NULL REFERENCES people,
  PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE TABLE tokens (
  id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, person INTEGER NOT NULL REFERENCES people,
  label TEXT NOT NULL, grants TEXT, made INTEGER NOT NULL, expires INTEGER NOT NULL,
  revoked INTEGER, used INTEGER
) WITHOUT ROWID;
CREATE TABLE sign_ins (
  id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, person INTEGER NOT NULL REFERENCES people,
  browser TEXT NOT NULL, begun INTEGER NOT NULL, seen INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sign_ins_by_person ON sign_ins (person);
CREATE TABLE changes (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL,
  via TEXT NOT NULL, person TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE TRIGGER changes_stay BEFORE UPDATE ON changes
  BEGIN SELECT RAISE(ABORT, 'the record of changes is only added to'); END;
CREATE TRIGGER changes_remain BEFORE DELETE ON changes
  BEGIN SELECT RAISE(ABORT, 'the record of changes is only added to'); END;
CREATE TABLE keys (name TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO keys VALUES ('browsers', randomblob(32));
"""


class Database:
    """One connection that reads and one that writes, each used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Makes the file, for its owner alone, if there is none. Raises `AccountsUnavailable`."""
        self.path = path
        self._reading, self._writing = threading.Lock(), threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._writer = self._open()
            try:
                self._check_or_make()
                self._reader = self._open()
                self._reader.pragma("query_only", True)
            except BaseException:
                self._writer.close()
                raise
        except (apsw.Error, OSError) as error:
            raise self._unavailable(error) from error

    def _open(self) -> apsw.Connection:
        connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_WAIT_MILLISECONDS)
        connection.pragma("foreign_keys", True)
        return connection

    def _check_or_make(self) -> None:
        writer = self._writer
        writer.pragma("journal_mode", "wal")
        writer.pragma("synchronous", "full")
        with self._transaction():
            ours = writer.pragma("application_id")
            if ours == 0 and not writer.execute("SELECT count(*) FROM sqlite_schema").get:
                writer.execute(
                    f"{TABLES} PRAGMA application_id = {APPLICATION_ID};"
                    f"PRAGMA user_version = {SCHEMA_VERSION};"
                )
            elif ours != APPLICATION_ID:
                raise AccountsUnavailable(
                    f"{self.path} is not a file of people. Nothing was changed in it. Move it away."
                )
            elif writer.pragma("user_version") > SCHEMA_VERSION:
                raise AccountsUnavailable(
                    f"{self.path} was written by a newer stillfixed. Upgrade this machine's."
                )

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """What a query finds. Waits for no writer."""
        try:
            with self._reading:
                return self._reader.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise self._unavailable(error) from error

    @contextmanager
    def change(self) -> Iterator[apsw.Connection]:
        """One transaction, taken back as a whole if what is done in it raises."""
        try:
            with self._writing, self._transaction():
                yield self._writer
        except apsw.Error as error:
            raise self._unavailable(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._writer.execute("COMMIT")
        except BaseException:
            with suppress(apsw.Error):
                self._writer.execute("ROLLBACK")
            raise

    def close(self) -> None:
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()

    def _unavailable(self, error: Exception) -> AccountsUnavailable:
        return AccountsUnavailable(
            f"The people in {self.path} cannot be read or changed: {error}. Try again; if it stays "
            "so, look for a full disk, for another process that holds the file, or restore a copy."
        )
