"""The worker's own database: facts and the checkpoint, written in one transaction.

Guarantee: exactly once. A batch is in the tables if and only if the checkpoint says so, whatever is
killed when. `derived` tables are brought up to date from the facts, only for what has changed
since, before a copy is published. One process at a time: the worker holds a lock.
"""

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

import duckdb

from stillfixed.actors.errors import ViewsError, ViewsFull, ViewsTooNew
from stillfixed.actors.log.contract import Recorded
from stillfixed.projections.decoding import NOT_UNDERSTOOD, Batch, decode, prepare
from stillfixed.projections.facts import FACTS_VERSION, not_understood

HERE = Path(__file__).parent
MEMORY_LIMIT = "900MB"
"""For DuckDB, beside some 200 MB of Python. What does not fit goes to temporary files."""


class _TakenBack(Exception):
    """Ends a transaction that was only to see whether it would work."""


class Store:
    """`Store.open(path)`. `position` is the last event in the facts, `derived` the last one in the
    derived tables. One thread may `add` while another has `derive` done, from the facts as they are
    when it begins."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        """Not for callers: `open` also makes the tables."""
        self.path = path
        self._db = connection
        self._aside = connection.cursor()
        self._writing = threading.Lock()
        self._deriving = threading.Lock()
        self.position = _number(connection, "SELECT position FROM checkpoint")
        self.derived = _number(connection, "SELECT position FROM derivation")

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open the database, or make it. Raises `ViewsTooNew` for one of a newer release,
        `ViewsError` for a file that is none."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            connection = duckdb.connect(
                path, config={"memory_limit": MEMORY_LIMIT, "preserve_insertion_order": "true"}
            )
        except duckdb.Error as error:
            raise _not_opened(path, error) from error
        try:
            # A publisher copies the file while batches go to the write-ahead log.
            connection.execute("SET checkpoint_threshold = '1TB'")
            if not connection.execute("SELECT 1 FROM duckdb_tables() LIMIT 1").fetchall():
                _create(connection)
            _check_version(path, connection)
            prepare(connection)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    def close(self) -> None:
        """Waits for what other threads do here: a worker that is cancelled leaves them running."""
        with self._writing, self._deriving:
            self._aside.close()
            self._db.close()

    # -- writing ---------------------------------------------------------------------------------
    def add(self, batch: Batch, position: int) -> None:
        """Add what the events up to `position` say, all or nothing. Raises `ViewsFull`; and
        `ViewsStopped` at the first event that cannot be understood, with those before it added."""
        try:
            self._add(batch, batch.odd.position - 1 if batch.odd else position)
        except NOT_UNDERSTOOD as error:
            whole = self._understood(batch.records)
            odd = batch.records[whole]
            self._add(Batch(batch.records[:whole]), odd.position - 1)
            raise not_understood(odd, error) from error
        if batch.odd and batch.error:
            raise not_understood(batch.odd, batch.error) from batch.error

    def _add(self, batch: Batch, position: int) -> None:
        with self._writing, self._transaction(self._db):
            decode(self._db, batch)
            self._db.execute(
                "UPDATE checkpoint SET position = ?, data_until = greatest(data_until, ?)",
                [position, batch.newest],
            )
        self.position = position

    def _understood(self, records: Sequence[Recorded]) -> int:
        """How many events come before the first that cannot be understood: by halves, each tried
        and taken back."""
        good, bad = 0, len(records)
        while bad - good > 1:
            middle = (good + bad) // 2
            try:
                with self._writing, self._transaction(self._db):
                    decode(self._db, Batch(records[:middle]))
                    raise _TakenBack
            except _TakenBack:
                good = middle
            except NOT_UNDERSTOOD:
                bad = middle
        return good

    def derive(self) -> None:
        """Bring the derived tables up to the facts as they are now."""
        if self.derived == self.position:
            return
        db = self._aside
        with self._deriving, self._transaction(db):
            position = _number(db, "SELECT position FROM checkpoint")
            db.execute(_derivation())
            db.execute("UPDATE derivation SET position = ?", [position])
        self.derived = position

    def checkpoint(self) -> None:
        """Move everything into the file itself, which then stays as it is until the next time."""
        with self._writing, _translated(self.path):
            self._db.execute("CHECKPOINT")

    # -- inside ----------------------------------------------------------------------------------
    @contextmanager
    def _transaction(self, db: duckdb.DuckDBPyConnection) -> Iterator[None]:
        with _translated(self.path):
            db.begin()
            try:
                yield
                db.commit()
            except BaseException:
                with suppress(duckdb.TransactionException):  # a commit that failed has ended it
                    db.rollback()
                raise


@lru_cache(maxsize=1)
def _derivation() -> str:
    """The scripts that bring the derived tables up to date, in their order."""
    return "\n".join(path.read_text() for path in sorted((HERE / "derived").glob("*.sql")))


def _number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    [(number,)] = db.execute(query).fetchall()
    return int(number)


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    connection.begin()
    connection.execute((HERE / "facts.sql").read_text())
    connection.execute((HERE / "derived.sql").read_text())
    connection.execute("INSERT INTO checkpoint VALUES (0, NULL, ?)", [FACTS_VERSION])
    connection.execute("INSERT INTO derivation VALUES (0)")
    connection.execute((HERE / "macros.sql").read_text())
    create_views(connection)
    connection.commit()


def view_files() -> list[Path]:
    """The files of the views, by name."""
    return sorted((HERE / "views").glob("*.sql"))


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """All views, where the tables and macros are. They may build on one another: those that name
    none that is still to come go first."""
    texts = {path.stem: path.read_text() for path in view_files()}
    while texts:
        ready = [
            name
            for name, text in texts.items()
            if not any(re.search(rf"\b(FROM|JOIN) {other}\b", text) for other in texts)
        ]
        assert ready, f"these views need one another: {sorted(texts)}"
        for name in ready:
            connection.execute(texts.pop(name))


def _check_version(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    try:
        found = connection.execute("SELECT version FROM checkpoint").fetchall()
    except duckdb.CatalogException:
        found = []
    if len(found) != 1:
        raise ViewsError(
            f"{path} is a DuckDB database, but not one of the views. Move it away;"
            " the views are then built anew from the log."
        )
    [(version,)] = found
    if version != FACTS_VERSION:
        raise ViewsTooNew(
            f"{path} was written by another release (facts {version}, here {FACTS_VERSION})."
            " Update stillfixed, or move the file away to build the views anew."
        )


def _not_opened(path: Path, error: duckdb.Error) -> ViewsError:
    text = str(error)
    if "newer version" in text or "version number" in text:
        return ViewsTooNew(
            f"{path} was written by a newer DuckDB. Update stillfixed, or move the file away to"
            " build the views anew."
        )
    return ViewsError(
        f"{path} cannot be opened: {text}. Move it away; the views are then built anew from the"
        " log."
    )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except NOT_UNDERSTOOD:
        raise
    except duckdb.Error as error:
        text = str(error)
        if "No space left" in text or os.strerror(28) in text or "File too large" in text:
            raise ViewsFull(
                f"The disk with {path} is full. Nothing was lost; the views go on when there is"
                " space again."
            ) from error
        raise ViewsError(f"The views in {path} cannot be written: {text}") from error
