"""The read side: workers that follow the log into DuckDB, and the views people decide on."""

from pathlib import Path
from typing import TYPE_CHECKING

from stillfixed.actors.service import Settings

if TYPE_CHECKING:
    from stillfixed.projections.reading import Views


def views_folder(settings: Settings) -> Path:
    """Where the views of a data folder are."""
    return settings.folder / "views"


def views(settings: Settings | None = None, **variables: object) -> "Views":
    """The newest published views of a data folder, by default the user's, read-only.

    `variables` are those of `macros.sql`, as in `views(window_days=[14])`. Raises `ViewsMissing`
    where nothing is published yet: a host publishes by itself, `stillfixed views refresh` once.
    """
    # DuckDB and Arrow take a while to import, and who only works in sessions needs neither.
    from stillfixed.projections.reading import Views

    return Views(views_folder(settings or Settings()), **variables)
