"""The report's data from files, for who has no log yet. Room: projections.

What comes out is what `adoption_report` takes: times are UTC without a zone. From the views it
comes with `stillfixed.projections.frames.adoption_frames`.
"""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from stillfixed.actors.errors import AdoptionDataError


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
