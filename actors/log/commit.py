"""One turn of the writer's thread: take the lock, write what waits in one transaction, let go.

Guarantee: what a turn reports as done is on stable storage; of a request that failed nothing is,
and the next turn starts clean.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from stillfixed.actors.errors import LogBusy, LogCorrupted, LogError
from stillfixed.actors.log.batch import GivingBack, Ledger, Outcome, Request
from stillfixed.actors.log.bell import Ringer
from stillfixed.actors.log.packing import Packed
from stillfixed.actors.log.schema import busy, open_writer, translated
from stillfixed.actors.log.turnstile import Turnstile

CHECKPOINT_PAGES = 4000
JOURNAL_BYTES = CHECKPOINT_PAGES * (4096 + 24) + 32

Item = tuple[Request, Sequence[Packed]]
Verdict = Outcome | LogError


class Committer:
    """The write connection with its lock and its bells. Lives in one thread from open to close."""

    def __init__(self, path: Path, turnstile: Turnstile) -> None:
        self._path = path
        self._turnstile = turnstile
        self._ringer = Ringer(path)
        with turnstile:
            self._connection = open_writer(path)
            self._cursor = self._connection.cursor()
            self._ledger = Ledger(self._cursor)
            self._lay_out_journal()
        self._wal_pages = 0
        self._checkpoint_at = CHECKPOINT_PAGES
        self._connection.set_wal_hook(self._on_commit)
        self.blocked_since: float | None = None
        """Since when (monotonic) this thread waits for the lock; None while it does not. Written
        here and read by the loop, which gives up on requests that wait too long."""

    def turn(self, wanted: Callable[[], bool], take: Callable[[], Sequence[Item]]) -> list[Verdict]:
        """Write what `take` gives once the lock is held: a verdict each, in order. Stops waiting
        for a lock that is not ours (a tool's) when nothing is `wanted` any more."""
        with self._turn_of_ours():
            trouble = self._begin(wanted)
            self.blocked_since = None
            if isinstance(trouble, LogBusy):
                return []  # the loop gave up on all who waited; who came just now has time left
            batch = take()
            if trouble is not None:
                return [trouble] * len(batch)
            verdicts = self._write(batch)
        self._ringer.ring()
        return verdicts

    @contextmanager
    def _turn_of_ours(self) -> Iterator[None]:
        self.blocked_since = time.monotonic()
        with self._turnstile:
            yield
        self.blocked_since = None

    def _begin(self, wanted: Callable[[], bool]) -> LogError | None:
        while True:
            try:
                if self._connection.in_transaction:  # an earlier undoing failed
                    self._undo()
                self._cursor.execute("BEGIN IMMEDIATE")
                return None
            except apsw.BusyError:
                if not wanted():
                    return busy(self._path, self._turnstile.holder())
            except apsw.Error as error:
                return translated(error, self._path)

    def _write(self, batch: Sequence[Item]) -> list[Verdict]:
        """Commit the open transaction with the whole batch in it. Should that fail, each request
        gets a transaction of its own, so that one too large for the disk fails alone."""
        try:
            outcomes = self._ledger.apply(batch)
            if any(isinstance(request, GivingBack) for request, _ in batch):
                self._checkpoint_at = 0  # only when the main file has it, is the space free
            self._cursor.execute("COMMIT" if batch else "ROLLBACK")
            return [*outcomes]
        except Exception as error:
            self._undo()
            failure = known(error, self._path)
        if len(batch) == 1 or isinstance(failure, LogCorrupted):
            return [failure] * len(batch)
        verdicts: list[Verdict] = []
        for item in batch:
            trouble = self._begin(lambda: False)
            verdicts += [trouble] if trouble is not None else self._write([item])
        return verdicts

    def _undo(self) -> None:
        self._ledger.forget()
        if self._connection.in_transaction:  # SQLite undoes some failures by itself
            self._cursor.execute("ROLLBACK")

    # -- the write-ahead file ----------------------------------------------------------------------
    def _lay_out_journal(self) -> None:
        """Give the write-ahead file its usual size at once. A commit that makes the file grow costs
        several times one that does not, as the file system must then commit too (1.7 to 2.9 ms
        against 0.16 on ext4). SQLite takes zeros at the end for unused space."""
        try:
            self._cursor.execute("BEGIN IMMEDIATE")  # nobody else appends to the file meanwhile
            try:
                with Path(f"{self._path}-wal").open("r+b") as journal:
                    missing_bytes = JOURNAL_BYTES - journal.seek(0, os.SEEK_END)
                    while missing_bytes > 0:
                        missing_bytes -= journal.write(bytes(min(missing_bytes, 1 << 20)))
                    journal.flush()
                    os.fdatasync(journal.fileno())
            finally:
                self._undo()
        except (OSError, apsw.Error):
            return  # it will grow, or say what is wrong, as it is used

    def _on_commit(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def checkpoint_if_due(self) -> None:
        """Move the write-ahead file into the log, after callers have their answers.

        Under the lock: while others write, SQLite would never reach the end and start it afresh.
        A failure is no loss, the next turn meets it again.
        """
        if self._wal_pages < self._checkpoint_at:
            return
        with self._turn_of_ours():
            try:
                pages, moved = self._connection.wal_checkpoint()
            except apsw.Error:
                pages, moved = self._wal_pages, 0
        # A long reader holds it back: try again later, not at every turn.
        self._checkpoint_at = CHECKPOINT_PAGES + (pages if moved < pages else 0)
        self._wal_pages = 0

    def close(self) -> None:
        self._ringer.close()
        with self._turn_of_ours():
            self._connection.close()
        self._turnstile.close()


def known(error: Exception, path: Path) -> LogError:
    """Any failure as one that the log's callers know."""
    match error:
        case LogError():
            return error
        case apsw.Error():
            return translated(error, path)
        case OSError():
            return LogError(
                f"The log {path} cannot be used: {error}. Check that the directory exists and that "
                "this user may write in it."
            )
        case _:
            return LogError(
                f"A write to the log {path} failed: {error!r}; nothing was written. This is a bug "
                "in what was handed to the log, please report it."
            )
