"""Facts, derived tables and views as Parquet, for batch analytics and other tools.

A table with times is a folder with a part for each month (`month=2026-11/`); one without is a file.
`manifest.json` says which position of the log the export holds.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from stillfixed.actors.errors import QueryError, ViewsFull
from stillfixed.projections.facts import FACTS_VERSION
from stillfixed.projections.reading import Views

TIMES = ("happened_at", "closed_at", "opened_at", "week", "since", "status_since")
"""The first of these that a table has says which month a row belongs to."""


class Manifest(msgspec.Struct, frozen=True):
    version: int
    position: int
    data_until: datetime | None
    tables: tuple[str, ...]


def export(views: Views, folder: Path, progress: Callable[[int, int], None]) -> int:
    """Write everything; the number of tables. Raises `QueryError` for a folder that holds
    something, `ViewsFull`."""
    if folder.exists() and any(folder.iterdir()):
        raise QueryError(f"{folder} is not empty: name a new folder, so that nothing is mixed up.")
    folder.mkdir(parents=True, exist_ok=True)
    found = views.sql(
        "SELECT table_name FROM duckdb_tables() WHERE table_name <> 'checkpoint'"
        " UNION SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
    names = tuple(name for (name,) in found)
    for number, name in enumerate(names, 1):
        try:
            _write(views, name, folder)
        except duckdb.IOException as error:
            raise ViewsFull(
                f"{folder} cannot be written: {error}. Make space, and export again."
            ) from None
        progress(number, len(names))
    manifest = Manifest(FACTS_VERSION, views.position, views.data_until, names)
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return len(names)


def _write(views: Views, name: str, folder: Path) -> None:
    columns = views.sql(f"FROM {name} LIMIT 0").columns
    at = next((column for column in TIMES if column in columns), None)
    target = str(folder / (name if at else f"{name}.parquet")).replace("'", "''")
    if at is None:
        views.execute(f"COPY (FROM {name}) TO '{target}' (FORMAT parquet)")
        return
    views.execute(
        f"COPY (SELECT *, strftime({at}, '%Y-%m') AS month FROM {name})"
        f" TO '{target}' (FORMAT parquet, PARTITION_BY (month))"
    )
