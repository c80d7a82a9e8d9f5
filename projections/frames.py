"""The data frames that statistics and notebooks start from, out of the views."""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from stillfixed.actors.errors import ViewsMissing
from stillfixed.projections.reading import Views

if TYPE_CHECKING:
    import pandas as pd


class AdoptionFrames(NamedTuple):
    """`closures`: one row a closure (ticket, team, client, technician, category, closed_at,
    callback_at, callback_kind); `adoption`: team, adopted_on, NaT where not yet. Times are UTC,
    without a zone. The data is complete until `as_of`."""

    closures: "pd.DataFrame"
    adoption: "pd.DataFrame"
    as_of: datetime


def adoption_frames(views: Views) -> AdoptionFrames:
    """Raises `ViewsMissing` where nothing happened yet."""
    if (until := views.data_until) is None:
        raise ViewsMissing("The log is empty: there is nothing to count yet.")
    closures = views.sql(
        "SELECT ticket, team, client, technician, category, closed_at, callback_at, callback_kind"
        " FROM closures_and_callbacks ORDER BY closed_at, ticket"
    ).df()
    adoption = views.sql("SELECT team, adopted_at AS adopted_on FROM adoption ORDER BY team").df()
    return AdoptionFrames(closures, adoption, until)
