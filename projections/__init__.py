"""The read side: workers that follow the log into DuckDB, and the views people decide on."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from stillfixed.actors.service import Settings

if TYPE_CHECKING:
    from stillfixed.projections.reading import Views


def views_folder(settings: Settings) -> Path:
    """Where the views of a data folder are."""
    return settings.folder / "views"


def views(
    settings: Settings | None = None, *, refresh: bool = False, **variables: object
) -> "Views":
    """The newest published views of a data folder, by default the user's, read-only.

    With `refresh` they are first brought up to the end of the log, in this process; where a host
    runs, it does so by itself. `variables` are those of `macros.sql`, as in
    `views(window_days=[14])`. Raises `ViewsMissing` where nothing is published yet.
    """
    # DuckDB and Arrow take a while to import, and who only works in sessions needs neither.
    from stillfixed.projections.reading import Views

    if refresh:
        refresh_views(settings or Settings())
    return Views(views_folder(settings or Settings()), **variables)


def refresh_views(settings: Settings) -> None:
    """Bring the views up to the end of the log and publish them. Raises `ViewsFenced` where another
    process makes them, `ViewsStopped` at an event that cannot be understood."""
    # A thread of its own, since a notebook has an event loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _refresh(settings)).result()


async def _refresh(settings: Settings) -> None:
    from stillfixed.projections.worker import working

    async with working(settings.log_url, views_folder(settings)) as worker:
        await worker.catch_up()
        await worker.publish()
