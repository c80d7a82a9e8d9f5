"""Reading the views: the newest published copy, opened read-only.

    with stillfixed.views() as views:
        views.sql("FROM callback_rate WHERE grouping = 'team'").df()
        views.query("SELECT * FROM review_queue")            # Arrow, with a time limit

Guarantee: a reader never waits for the worker and the worker never for a reader. What is read is
one copy, the same until `refresh` or `wait_for`.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import duckdb
import pyarrow as pa

from stillfixed.actors.errors import QueryError, ViewsMissing
from stillfixed.projections.publishing import Copy, copies

QUERY_LIMIT_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.02

Parameters = Sequence[Any] | Mapping[str, Any]


class Views:
    """Open with `stillfixed.views()`. `position`: the last event of the log that is in them.

    `settings` are the variables of `macros.sql`: `window_days=[14]`, `minutes_a_callback=45`,
    `dispatch_minutes=0`, `sample_day=date(…)`.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        """Raises `ViewsMissing` where nothing is published yet."""
        self.folder = folder
        self._settings = settings
        self._copy, self._db = self._open()

    @property
    def position(self) -> int:
        return self._copy.position

    @property
    def path(self) -> Path:
        """The file that is read. Any DuckDB can open it, read-only."""
        return self._copy.path

    @property
    def data_until(self) -> datetime | None:
        """The newest moment in the log, UTC without a zone; None of an empty one."""
        [(until,)] = self._db.execute("SELECT data_until()").fetchall()
        return cast(datetime | None, until)

    def sql(self, query: str, parameters: Parameters | None = None) -> duckdb.DuckDBPyRelation:
        """A lazy DuckDB relation: `.df()`, `.pl()`, `.to_arrow_table()`, and to query further."""
        return self._db.sql(query, params=parameters)

    def query(
        self,
        query: str,
        parameters: Parameters | None = None,
        *,
        limit_seconds: float = QUERY_LIMIT_SECONDS,
    ) -> pa.Table:
        """All rows, in Arrow. Raises `QueryError` for a query that is wrong, that writes, or that
        takes longer than `limit_seconds`."""
        timer = threading.Timer(limit_seconds, self._db.interrupt)
        timer.start()
        try:
            [statement] = self._db.extract_statements(query)
            relation = self._db.sql(statement, params=parameters)
            return pa.table({}) if relation is None else relation.to_arrow_table()
        except duckdb.InterruptException:
            raise QueryError(
                f"The query ran for {limit_seconds:g} seconds and was stopped. Ask for less, or"
                " allow more time."
            ) from None
        except duckdb.Error as error:
            if "read-only" in str(error):
                raise QueryError(
                    "The views are read-only: they follow from the log. To keep tables of your own,"
                    f" attach {self.path} from your own DuckDB database."
                ) from None
            raise QueryError(f"The query cannot be run: {error}") from None
        finally:
            timer.cancel()

    def execute(self, statement: str) -> None:
        """For statements without rows, such as COPY … TO a file."""
        self._db.execute(statement)

    def set(self, **variables: object) -> None:
        """Set variables of `macros.sql`; they stay set over `refresh`."""
        self._settings |= variables
        set_variables(self._db, variables)

    def refresh(self) -> "Views":
        """Read the newest copy from now on. Relations made before stay with theirs."""
        if (newest := copies(self.folder)) and newest[-1] != self._copy:
            self._copy, self._db = self._open()
        return self

    def wait_for(self, position: int, *, limit_seconds: float = 30.0) -> "Views":
        """Read a copy that holds the event at `position`: what you wrote, you see. Raises
        `ViewsMissing` when none comes."""
        until = time.monotonic() + limit_seconds
        while self.refresh().position < position:
            if time.monotonic() >= until:
                raise ViewsMissing(
                    f"The views hold events up to {self.position}, not {position}, after"
                    f" {limit_seconds:g} seconds. See that a worker runs: stillfixed views status"
                )
            time.sleep(LOOK_EVERY_SECONDS)  # a new file in a folder sets no event everywhere
        return self

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> "Views":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> tuple[Copy, duckdb.DuckDBPyConnection]:
        for _ in range(10):
            found = copies(self.folder)
            if not found:
                break
            try:
                db = duckdb.connect(found[-1].path, read_only=True)
            except duckdb.IOException:
                continue  # removed since for a newer one
            set_variables(db, self._settings)
            return found[-1], db
        raise ViewsMissing(
            f"No views are published in {self.folder} yet. Make them: stillfixed views rebuild"
        )


def set_variables(db: duckdb.DuckDBPyConnection, variables: Mapping[str, object]) -> None:
    """Set variables of `macros.sql` on a connection."""
    for name, value in variables.items():
        db.execute(f'SET VARIABLE "{name}" = ?', [value])
