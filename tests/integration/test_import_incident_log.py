"""The real ServiceNow log of the UCI repository, whole where it is at hand, and a sample of it:
counts after an import are those of SQL on the file itself."""

import asyncio
from collections import Counter
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest
from typer.testing import CliRunner, Result

from stillfixed.actors.tickets.events import TicketReopened
from stillfixed.connectors.cli.app import app
from tests.support.tickets import SAMPLE, closures, histories, monday, real_incident_log

# A spell is what lies between two reopenings: the system's own count tells them apart, where the
# import goes by the changes of state.
SPELLS = """
WITH rows AS (
  SELECT number, reopen_count::INT AS spell, incident_state AS state,
         strptime(sys_updated_at, '%d/%m/%Y %H:%M') AS moment, row_number() OVER () AS line
  FROM read_csv(?, all_varchar = true, delim = ',', header = true)
), spells AS (
  SELECT number, spell, coalesce(arg_min(moment, line) FILTER (state = 'Resolved'),
                                 arg_min(moment, line) FILTER (state = 'Closed')) AS closed_at
  FROM rows GROUP BY number, spell
)
"""
WEEKS = SPELLS + "SELECT date_trunc('week', closed_at)::DATE, count(*) FROM spells GROUP BY 1"
TOTALS = """
WITH tickets AS (
  SELECT number, max(reopen_count::INT) AS reopenings
  FROM read_csv(?, all_varchar = true, delim = ',', header = true) GROUP BY number
) SELECT count(*), sum(reopenings) FROM tickets
"""


def run(folder: Path, file: Path) -> Result:
    arguments = [
        "import", "tickets", str(file), "--mapping", "servicenow-updates",
        "--dates", "day-first", "--timezone", "UTC", "--data", str(folder),
        "--rejects", str(folder / "rejects.csv"),
    ]  # fmt: skip
    return CliRunner().invoke(app, arguments)


def compare(file: Path, folder: Path) -> tuple[int, int, int]:
    """Import, and hold every count against SQL; incidents, reopenings and closures."""
    first = run(folder, file)
    assert first.exit_code == 0, first.output
    csv = Path(ZipFile(file).extract(ZipFile(file).namelist()[0], folder))
    duck = duckdb.connect()
    [(incidents, reopenings)] = duck.execute(TOTALS, [str(csv)]).fetchall()
    by_week: dict[date, int] = dict(duck.execute(WEEKS, [str(csv)]).fetchall())

    found = asyncio.run(histories(folder / "stillfixed.db"))
    assert len(found) == incidents
    events = [event for history in found.values() for event in history]
    assert sum(isinstance(event, TicketReopened) for event in events) == reopenings
    moments = [moment for history in found.values() for moment in closures(history)]
    assert Counter(map(monday, moments)) == by_week
    assert not any(getattr(event, "reopened_before", 0) for event in events)

    again = run(folder, file)
    assert again.exit_code == 0, again.output
    assert f"0 new, 0 changed, {incidents:,} as they were" in again.stdout
    return incidents, int(reopenings), len(moments)


def test_the_sample_gives_the_counts_of_its_file(tmp_path: Path) -> None:
    """Incidents, reopenings and closures by week, and nothing when it is imported again."""
    assert compare(SAMPLE, tmp_path) == (193, 69, 262)


@pytest.mark.timeout(600)
def test_the_whole_log_gives_the_counts_of_its_file(tmp_path: Path) -> None:
    """As the sample; the figures are those of the docs."""
    assert compare(real_incident_log(), tmp_path) == (24_918, 331, 25_249)
