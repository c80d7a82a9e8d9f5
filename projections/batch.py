"""Batch analytics over an export: one Ray task a month, and the same figures as the live views.

Only what adds up is split: a month's closures are counted in its task, and the views are made of
the counts.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import duckdb
import msgspec
import pyarrow as pa

from stillfixed.actors.errors import QueryError
from stillfixed.actors.runtime.cluster import import_ray
from stillfixed.projections.exporting import Manifest
from stillfixed.projections.facts import FACTS_VERSION
from stillfixed.projections.reading import set_variables
from stillfixed.projections.store import HERE

Counted = Literal["callback_rate", "first_contact_resolution", "callback_by_proof", "rework_cost"]
"""The views that are made of `callback_days`."""


def batch_view(
    export: Path, view: Counted, *, window_days: Sequence[int] | None = None
) -> pa.Table:
    """A view of an export. Ray must be running, or is started by Ray itself. Raises `QueryError`
    for a folder that is no export of this release."""
    if view not in get_args(Counted):
        raise QueryError(f"{view} is not made of counts. Choose of {', '.join(get_args(Counted))}.")
    manifest = _manifest(export)
    ray = import_ray()
    count = ray.remote(month_counts).options(num_cpus=1)
    months = sorted(path.name for path in (export / "closed_tickets").glob("month=*"))
    parts = ray.get([count.remote(export, month) for month in months])
    counts = pa.concat_tables(parts, promote_options="permissive")
    with duckdb.connect() as db:
        _prepare(db, manifest)
        if window_days is not None:
            set_variables(db, {"window_days": list(window_days)})
        db.register("counts", counts)
        # A week on the edge of two months is in both parts.
        db.execute("CREATE VIEW callback_days AS FROM counts")
        for name in dict.fromkeys(("windowed_callbacks", "callback_rate", view)):
            db.execute((HERE / "views" / f"{name}.sql").read_text())
        return db.sql(f"FROM {view}").to_arrow_table()


def month_counts(export: Path, month: str) -> pa.Table:
    """The rows of `callback_days` of one month's closures. One task's work."""
    with duckdb.connect() as db:
        _prepare(db, _manifest(export))
        files = str(export / "closed_tickets" / month / "*.parquet").replace("'", "''")
        db.execute(f"CREATE VIEW counted AS FROM read_parquet('{files}')")
        return db.sql("FROM count_callbacks('counted')").to_arrow_table()


def _manifest(export: Path) -> Manifest:
    try:
        data = (export / "manifest.json").read_bytes()
        manifest = msgspec.json.decode(data, type=Manifest)
    except (OSError, msgspec.MsgspecError):
        raise QueryError(
            f"{export} is not an export of the views, or not a whole one. Make one:"
            " stillfixed views export DIR"
        ) from None
    if manifest.version != FACTS_VERSION:
        raise QueryError(
            f"{export} was exported by another release (facts {manifest.version}, here"
            f" {FACTS_VERSION}). Export again."
        )
    return manifest


def _prepare(db: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    db.execute(
        "CREATE TABLE checkpoint AS SELECT ?::TIMESTAMP AS data_until", [manifest.data_until]
    )
    db.execute((HERE / "macros.sql").read_text())
