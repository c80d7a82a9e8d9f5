"""Batch analytics over an export say what the live views say."""

from pathlib import Path
from typing import get_args

import pytest

from stillfixed.actors.errors import QueryError
from stillfixed.actors.log.sqlite import SqliteLog
from stillfixed.actors.runtime.cluster import Cluster
from stillfixed.projections.batch import Counted, batch_view
from stillfixed.projections.exporting import export
from tests.support import made
from tests.support.views import made as made_views


async def test_rates_by_month_in_tasks_are_those_of_the_views(
    ray_cluster: Cluster, tmp_path: Path
) -> None:
    """Split by month over Ray tasks, weeks on the edge of two months included."""
    log = await SqliteLog.open(tmp_path / "log.db")
    await made.write(log, 4_000)
    views = await made_views(log, tmp_path / "views")
    await log.close()
    export(views, tmp_path / "export", lambda done, total: None)
    assert len(list((tmp_path / "export" / "closed_tickets").glob("month=*"))) > 1
    for view in get_args(Counted):
        live = views.sql(f"FROM {view} ORDER BY ALL").fetchall()
        batch = batch_view(tmp_path / "export", view)
        assert batch.num_rows == len(live) > 1
        assert views._db.sql("FROM batch ORDER BY ALL").fetchall() == live
    views.close()


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    """And so is an export into a folder that holds something."""
    with pytest.raises(QueryError, match="not an export"):
        batch_view(tmp_path, "callback_rate")
