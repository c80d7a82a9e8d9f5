"""Where the report's data comes from: the views, or files. Room: projections.

The guarantee: what comes out is what `adoption_report` takes. Times are UTC without a zone.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pandas as pd

from stillfixed.actors.errors import AdoptionDataError
from stillfixed.projections.reading import Views

Mode = Literal["observe", "warn", "enforce"]

CLOSURES = """
SELECT ticket, team, client, technician, category, proof, closed_at,
    -- A reopening whose moment the ticket system does not tell counts in every window.
    CASE WHEN reopened_undated > 0 THEN closed_at
         ELSE coalesce(least(reopened_at, linked_at), suspected_at) END AS callback_at,
    CASE WHEN reopened_undated > 0 OR reopened_at <= coalesce(linked_at, reopened_at)
         THEN 'reopened'
         WHEN linked_at IS NOT NULL THEN 'new_ticket'
         WHEN suspected_at IS NOT NULL THEN 'suspected' END AS callback_kind
FROM closed_tickets
ORDER BY closed_at
"""

ADOPTION = """
WITH teams AS (SELECT DISTINCT team FROM closed_tickets),
for_teams AS (FROM policy_phase WHERE client = ''),
in_force AS (       -- at every moment when a policy begins: the team's own before everybody's
    SELECT t.team, m.since AS moment,
           max_by(p.mode, {own: p.team <> '', begun: p.since}) AS mode
    FROM teams t, (SELECT DISTINCT since FROM for_teams) m
    JOIN for_teams p ON p.team IN ('', t.team)
        AND p.since <= m.since AND (p.until IS NULL OR p.until > m.since)
    GROUP BY ALL
)
SELECT team, min(moment) FILTER (mode = ?) AS adopted_on
FROM teams LEFT JOIN in_force USING (team)
GROUP BY team ORDER BY team
"""


def closures_frame(views: Views) -> pd.DataFrame:
    """Every closure in the views. An explicit callback goes before a suspected one."""
    return _times(views.sql(CLOSURES).df(), "closed_at", "callback_at")


def adoption_frame(views: Views, mode: Mode = "enforce") -> pd.DataFrame:
    """When a policy of this mode first was in force for each team, whoever the client."""
    return _times(views.sql(ADOPTION, [mode]).df(), "adopted_on")


def data_until(views: Views) -> datetime:
    """The newest moment that the log tells of. Raises AdoptionDataError where it is empty."""
    rows = views.sql("SELECT data_until FROM checkpoint WHERE data_until IS NOT NULL").fetchall()
    if not rows:
        raise AdoptionDataError("The views hold no events yet: import tickets, or work first.")
    found: datetime = rows[0][0]
    return found


def read_frame(path: Path, *times: str) -> pd.DataFrame:
    """A Parquet or CSV file; `times` are read as UTC. Raises AdoptionDataError, OSError."""
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, dtype={"ticket": str, "team": str}, keep_default_na=False)
        return _times(frame, *times)
    except (ValueError, TypeError) as error:  # pyarrow's and pandas' own are of these
        raise AdoptionDataError(f"{path} cannot be read: {error}") from None


def newest(closures: pd.DataFrame) -> datetime:
    """The newest moment a file tells of: it is taken as complete until then."""
    moment = closures[["closed_at", "callback_at"]].max().max()
    if pd.isna(moment):
        raise AdoptionDataError("The file holds no closures: say until when it is complete.")
    found: datetime = moment.floor("us").to_pydatetime()
    return found


def as_utc(moment: datetime) -> datetime:
    """Without its zone; one without is UTC already."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _times(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    for column in columns:
        if column in frame.columns:
            moments = pd.to_datetime(frame[column].replace("", None), utc=True)
            frame[column] = moments.dt.tz_localize(None)
    return frame
